"""What a batch reads and writes, in few statements that are the same for one transfer and for ten thousand.

The head's lock makes the writer alone with accounts, holds and journal, so nothing else is locked. Both
dialects take sets: PostgreSQL arrays, on the driver's connection of the same transaction (a statement there
costs a fraction of what it costs through SQLAlchemy), SQLite lists of rows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

import sqlalchemy as sa

from aia.core.clock import Instant, rfc3339
from aia.core.money import Units
from aia.infra.sql import Tx
from aia.tokens.log import Node
from aia.tokens.model import Account, Hold, HoldState, PostedTransfer, Token, Transfer, TransferKind, is_text
from aia.tokens.posting import Posting, State, touched
from aia.tokens.store import HEAD, KIND_NO, KINDS, MOVES_NOTHING, STATE_NO, STATES, Head, memos
from aia.tokens.store_ids import HOLD, TRANSFER, number_of, text_of

Row = Sequence[Any]

_ACCOUNTS = "select no, id, token, owner, purpose, floor, posted, held, closed, last_seq from account where id {}"
_TRANSFERS = """select t.seq, t.id, d.id, c.id, d.token, t.amount, t.kind, t.hold, t.reverses, t.expires_at,
    t.debit_after, t.credit_after, m.memo, t.at, t.debit_prev, t.credit_prev
    from transfer t join account d on d.no = t.debit join account c on c.no = t.credit
    left join transfer_memo m on m.no = t.memo where t.id {}"""
_HOLDS = """select h.id, d.id, c.id, d.token, h.amount, h.state, h.expires_at
    from hold h join account d on d.no = h.debit join account c on c.no = h.credit where h.id {}"""
_REVERSED = f"""select reverses, sum(amount) from transfer
    where kind = {KIND_NO[TransferKind.REVERSAL]} and reverses {{}} group by reverses"""  # noqa: S608 - constants
TRANSFER_COLUMNS = """seq, amount, debit_after, credit_after, debit_prev, credit_prev, at, debit, credit, id, kind,
    memo, hold, reverses, expires_at"""
HOLD_COLUMNS = "id, amount, debit, credit, state, expires_at"
_SQLITE_TRANSFER = f"insert into transfer ({TRANSFER_COLUMNS}) values ({','.join('?' * 15)})"  # noqa: S608 - constants
_SQLITE_HOLD = f"insert into hold ({HOLD_COLUMNS}) values (?, ?, ?, ?, ?, ?)"  # noqa: S608 - constants


@dataclass(frozen=True, slots=True)
class Change:
    """The rows to write, in the columns of this module's statements."""

    transfers: Sequence[Row]
    accounts: Sequence[Row]
    holds_created: Sequence[Row]
    holds_closed: Sequence[Row]
    nodes: Sequence[Node]

    def sets(self) -> tuple[tuple[Sequence[Row], int], ...]:
        """Each set of rows, and how many columns it has."""
        return ((self.transfers, 15), (self.accounts, 4), (self.holds_created, 6), (self.holds_closed, 2))


@dataclass(frozen=True, slots=True)
class News:
    """An event of the outbox that a driver writes itself; `body` is JSON."""

    id: str
    organisation: str
    topic: str
    body: str
    at: Instant


class Driver(Protocol):
    """The connection of a transaction, in its dialect: statements over sets, and how it keeps values."""

    async def among(self, query: str, values: Sequence[Any], of: str) -> Sequence[Row]:
        """The rows of a query whose `{}` is a test to be among values of a type, of which there is one at least."""
        ...

    async def write(self, change: Change, before: Head, after: Head) -> bool: ...

    def number(self, value: int) -> Any: ...
    def number_back(self, value: Any) -> int: ...
    def instant(self, value: Instant) -> Any: ...
    def instant_back(self, value: Any) -> Instant: ...


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a batch must know, as a database can be asked; `unusable` are ids it cannot be asked for."""

    accounts: list[str]
    transfers: list[int]
    holds: list[int]
    reversed: list[int]
    unusable: frozenset[str]


@dataclass(frozen=True, slots=True)
class Found:
    """The rows of what was wanted, in the columns of this module's queries."""

    accounts: Sequence[Row]
    transfers: Sequence[Row]
    holds: Sequence[Row]
    reversed: Sequence[Row]


def wanted_of(batch: Sequence[Transfer]) -> Wanted:
    rows = touched(batch)
    transfers = {name: number_of(TRANSFER, name) for name in rows.transfers}
    holds = {name: number_of(HOLD, name) for name in rows.holds}
    unusable = {name for names in (transfers, holds) for name, number in names.items() if number is None}
    reversed_ids = {t.reverses for t in batch if t.reverses is not None}
    return Wanted(
        accounts=[name for name in rows.accounts if is_text(name)],
        transfers=[number for number in transfers.values() if number is not None],
        holds=[number for number in holds.values() if number is not None],
        reversed=[number for name in reversed_ids if (number := transfers[name]) is not None],
        unusable=frozenset(unusable),
    )


def state_of(driver: Driver, wanted: Wanted, found: Found, next_seq: int) -> State:
    accounts = [_account(row) for row in found.accounts]
    existing = [_posted(driver, row) for row in found.transfers]
    holds = [_hold(driver, row) for row in found.holds]
    return State(
        accounts={account.id: account for account in accounts},
        holds={hold.id: hold for hold in holds},
        existing={row.id: row for row in existing},
        reversed_units={text_of(TRANSFER, driver.number_back(row[0])): int(row[1]) for row in found.reversed},
        next_seq=next_seq,
        unusable=wanted.unusable,
    )


async def load_state(driver: Driver, batch: Sequence[Transfer], next_seq: int) -> State:
    """Everything the rules must know about a batch; the head is locked."""
    wanted = wanted_of(batch)
    found = Found(
        accounts=await driver.among(_ACCOUNTS, wanted.accounts, "text") if wanted.accounts else (),
        transfers=await _among(driver, _TRANSFERS, wanted.transfers),
        holds=await _among(driver, _HOLDS, wanted.holds),
        reversed=await _among(driver, _REVERSED, wanted.reversed),
    )
    return state_of(driver, wanted, found, next_seq)


async def _among(driver: Driver, query: str, numbers: Sequence[int]) -> Sequence[Row]:
    return await driver.among(query, [driver.number(number) for number in numbers], "uuid") if numbers else ()


async def write_posting(
    tx: Tx, driver: Driver, change: tuple[Posting, State, Sequence[Node]], before: Head, after: Head
) -> None:
    """Append the journal and the log, and bring accounts, holds and head to where they end; the head is locked."""
    posting, state, nodes = change
    notes = await _memo_numbers(tx, {t.memo for t in posting.transfers if t.memo})
    written = await driver.write(change_of(driver, posting, state, nodes, notes), before, after)
    assert written, "nobody moves a head that is locked"


def change_of(
    driver: Driver, posting: Posting, before: State, nodes: Sequence[Node], notes: Mapping[str, int]
) -> Change:
    numbers = {name: account.no for name, account in before.accounts.items()}
    return Change(
        transfers=[_transfer_row(driver, row, numbers, notes) for row in posting.transfers],
        accounts=[(a.no, a.posted, a.held, a.last_seq) for a in posting.accounts],
        holds_created=[_hold_row(driver, hold, numbers) for hold in posting.holds_created],
        holds_closed=[(driver.number(_number(HOLD, h.id)), STATE_NO[h.state]) for h in posting.holds_changed],
        nodes=nodes,
    )


async def _memo_numbers(tx: Tx, texts: set[str]) -> dict[str, int]:
    """The numbers of memos, those made that are new; nobody else makes any meanwhile."""
    if not texts:
        return {}
    query = sa.select(memos.c.memo, memos.c.no).where(memos.c.memo.in_(sorted(texts)))
    found = {row.memo: row.no for row in await tx.rows(query)}
    missing = sorted(texts - found.keys())
    if missing:
        await tx.insert(memos, [{"memo": text} for text in missing])
        found = {row.memo: row.no for row in await tx.rows(query)}
    return found


# Values to rows and back


def _number(prefix: str, text: str) -> int:
    number = number_of(prefix, text)
    assert number is not None, "the rules refuse ids that cannot be kept"
    return number


def _transfer_row(driver: Driver, t: PostedTransfer, numbers: dict[str, int], notes: Mapping[str, int]) -> Row:
    return (
        *(t.seq, t.asked, t.debit_after, t.credit_after, t.debit_prev, t.credit_prev),
        *(driver.instant(t.at), numbers[t.debit], numbers[t.credit], driver.number(_number(TRANSFER, t.id))),
        KIND_NO[t.kind],
        notes[t.memo] if t.memo else None,
        None if t.hold_id is None else driver.number(_number(HOLD, t.hold_id)),
        None if t.reverses is None else driver.number(_number(TRANSFER, t.reverses)),
        None if t.expires_at is None else driver.instant(t.expires_at),
    )


def _hold_row(driver: Driver, hold: Hold, numbers: dict[str, int]) -> Row:
    to_expire = hold.expires_at if hold.state is HoldState.OPEN else None
    return (
        driver.number(_number(HOLD, hold.id)),
        hold.amount,
        numbers[hold.debit],
        numbers[hold.credit],
        STATE_NO[hold.state],
        None if to_expire is None else driver.instant(to_expire),
    )


def _account(row: Row) -> Account:
    no, name, token, owner, purpose, floor, posted, held, closed, last_seq = row
    return Account(name, Token(token), owner, purpose, floor, posted, held, bool(closed), no, last_seq)


def _posted(driver: Driver, row: Row) -> PostedTransfer:
    seq, number, debit, credit, token, amount, kind_no, hold, reverses, expires_at, *rest = row
    debit_after, credit_after, memo, at, debit_prev, credit_prev = rest
    kind = KINDS[kind_no]
    return PostedTransfer(
        seq=seq,
        id=text_of(TRANSFER, driver.number_back(number)),
        debit=debit,
        credit=credit,
        token=Token(token),
        amount=Units(0 if kind in MOVES_NOTHING else amount),
        asked=Units(amount),
        kind=kind,
        hold_id=None if hold is None else text_of(HOLD, driver.number_back(hold)),
        reverses=None if reverses is None else text_of(TRANSFER, driver.number_back(reverses)),
        expires_at=None if expires_at is None else driver.instant_back(expires_at),
        debit_after=debit_after,
        credit_after=credit_after,
        memo=memo or "",
        at=driver.instant_back(at),
        debit_prev=debit_prev,
        credit_prev=credit_prev,
    )


def _hold(driver: Driver, row: Row) -> Hold:
    number, debit, credit, token, amount, state_no, expires_at = row
    state = STATES[state_no]
    return Hold(
        id=text_of(HOLD, driver.number_back(number)),
        debit=debit,
        credit=credit,
        token=Token(token),
        amount=Units(amount),
        remaining=Units(amount if state is HoldState.OPEN else 0),
        state=state,
        expires_at=None if expires_at is None else driver.instant_back(expires_at),
    )


# The two dialects


class SqliteDriver:
    """SQLite, through SQLAlchemy's connection: a list of rows is one call."""

    def __init__(self, tx: Tx) -> None:
        self._conn = tx.conn

    async def among(self, query: str, values: Sequence[Any], of: str) -> Sequence[Row]:  # noqa: ARG002 - no types
        marks = ",".join("?" * len(values))
        return (await self._conn.exec_driver_sql(query.format(f"in ({marks})"), tuple(values))).all()

    async def write(self, change: Change, before: Head, after: Head) -> bool:
        await self._many(_SQLITE_TRANSFER, change.transfers)
        changed = [(posted, held, last_seq, no) for no, posted, held, last_seq in change.accounts]
        await self._many("update account set posted = ?, held = ?, last_seq = ? where no = ?", changed)
        await self._many(_SQLITE_HOLD, change.holds_created)
        closed = [(state, number) for number, state in change.holds_closed]
        await self._many("update hold set state = ?, expires_at = null where id = ?", closed)
        await self._many("insert into log_node (level, position, hash) values (?, ?, ?)", change.nodes)
        moved = (
            "update ledger_head set next_seq = ?, frontier = ?, root = ? where id = ? and next_seq = ? and epoch = ?"
        )
        where = (HEAD, before.next_seq, before.epoch)
        done = await self._conn.exec_driver_sql(moved, (after.next_seq, after.frontier, after.root, *where))
        return done.rowcount == 1

    async def _many(self, statement: str, rows: Sequence[Row]) -> None:
        if rows:
            await self._conn.exec_driver_sql(statement, [tuple(row) for row in rows])

    def number(self, value: int) -> bytes:
        return value.to_bytes(16, "big")

    def number_back(self, value: bytes) -> int:
        return int.from_bytes(value, "big")

    def instant(self, value: Instant) -> str:
        return rfc3339(value)

    def instant_back(self, value: str) -> Instant:
        return datetime.fromisoformat(value).astimezone(UTC)
