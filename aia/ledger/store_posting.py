"""What a batch reads and writes, in few statements that are the same for one transfer and for ten thousand.

The head's lock makes the writer alone with accounts, holds and journal, so nothing else is locked. Both
dialects take sets: PostgreSQL arrays, on the driver's connection of the same transaction (a statement there
costs a fraction of what it costs through SQLAlchemy), SQLite lists of rows.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

import sqlalchemy as sa

from aia.core.clock import Instant, rfc3339
from aia.core.money import Units
from aia.infra.sql import Tx
from aia.ledger.log import Node
from aia.ledger.model import Account, Hold, HoldState, PostedTransfer, Token, Transfer, TransferKind, is_text
from aia.ledger.posting import Posting, State, touched
from aia.ledger.store import HEAD, KIND_NO, KINDS, MOVES_NOTHING, STATE_NO, STATES, Head, memos
from aia.ledger.store_ids import HOLD, TRANSFER, number_of, text_of

Row = Sequence[Any]

_TOKENS = {token.value: token for token in Token}
_ACCOUNTS = "select no, id, token, owner, purpose, floor, posted, held, closed, last_seq from account where id {}"
_TRANSFERS = """select t.seq, t.id, d.id, c.id, d.token, t.amount, t.kind, t.hold, t.reverses, t.expires_at,
    t.debit_after, t.credit_after, m.memo, t.at, t.debit_prev, t.credit_prev
    from transfer t join account d on d.no = t.debit join account c on c.no = t.credit
    left join transfer_memo m on m.no = t.memo where t.id {}"""
_HOLDS = """select h.id, d.id, c.id, d.token, h.amount, h.state, h.expires_at
    from hold h join account d on d.no = h.debit join account c on c.no = h.credit where h.id {}"""
_REVERSED = f"""select reverses, sum(amount) from transfer
    where kind = {KIND_NO[TransferKind.REVERSAL]} and reverses {{}} group by reverses"""  # noqa: S608 - constants
TRANSFER_COLUMNS = """seq, amount, debit_after, credit_after, debit_prev, credit_prev, debit, credit, id, kind,
    memo, hold, reverses, expires_at, at"""
HOLD_COLUMNS = "id, amount, debit, credit, state, expires_at"
_SQLITE_TRANSFER = f"insert into transfer ({TRANSFER_COLUMNS}) values ({','.join('?' * 15)})"  # noqa: S608 - constants
_SQLITE_HOLD = f"insert into hold ({HOLD_COLUMNS}) values (?, ?, ?, ?, ?, ?)"  # noqa: S608 - constants


Column = Sequence[Any]


@dataclass(frozen=True, slots=True)
class Change:
    """What to write, column by column in the order of this module's statements; ids are numbers, times instants.

    `at` is the time of every transfer. A set without rows has no columns.
    """

    at: Instant
    transfers: Sequence[Column]
    accounts: Sequence[Column]
    holds_created: Sequence[Column]
    holds_closed: Sequence[Column]
    nodes: Sequence[Node]


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
    def instant_back(self, value: Any) -> Instant: ...


class Known(Protocol):
    """Rows that need not be read, as they are at hand."""

    @property
    def accounts(self) -> Mapping[str, Account]: ...

    @property
    def holds(self) -> Mapping[str, Hold]: ...

    def transfers(self, ids: Iterable[str]) -> dict[str, PostedTransfer]: ...

    def is_new(self, number: int) -> bool:
        """Whether a transfer or hold of that number, not being at hand, is as good as sure not to stand."""
        ...


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a batch must know, as a database can be asked; `unusable` are ids it cannot be asked for.

    `at_hand`: transfers that need not be read; `numbers`: of the others, by id.
    """

    accounts: list[str]
    transfers: list[int]
    holds: list[int]
    reversed: list[int]
    at_hand: Mapping[str, PostedTransfer]
    numbers: Mapping[str, int]
    unusable: frozenset[str]

    def nothing(self) -> bool:
        return not (self.accounts or self.transfers or self.holds or self.reversed)


@dataclass(frozen=True, slots=True)
class Found:
    """The rows of what was wanted, in the columns of this module's queries."""

    accounts: Sequence[Row]
    transfers: Sequence[Row]
    holds: Sequence[Row]
    reversed: Sequence[Row]


Rows = tuple[list[Account], list[PostedTransfer], list[Hold], dict[str, int]]
"""Accounts, transfers, holds, and how much was reversed of transfers."""


def nothing_found() -> Rows:
    return [], [], [], {}


def wanted_of(batch: Sequence[Transfer], known: Known | None = None) -> Wanted:
    """What must be read for a batch, beside what is known."""

    def asked(number: int) -> bool:
        return known is None or not known.is_new(number)

    rows = touched(batch)
    accounts, held = ({}, {}) if known is None else (known.accounts, known.holds)
    at_hand = {} if known is None else known.transfers(rows.transfers)
    transfers = {name: number_of(TRANSFER, name) for name in rows.transfers if name not in at_hand}
    holds = {name: number_of(HOLD, name) for name in rows.holds if name not in held}
    numbers = {name: number for name, number in transfers.items() if number is not None}
    unusable = {name for names in (transfers, holds) for name, number in names.items() if number is None}
    return Wanted(
        accounts=[name for name in rows.accounts if name not in accounts and is_text(name)],
        transfers=[number for number in numbers.values() if asked(number)],
        holds=[number for number in holds.values() if number is not None and asked(number)],
        reversed=[n for n in {number_of(TRANSFER, t.reverses) for t in batch if t.reverses} if n is not None],
        at_hand=at_hand,
        numbers=numbers,
        unusable=frozenset(unusable),
    )


def rows_of(driver: Driver, found: Found) -> Rows:
    """The values of rows."""
    reversed_units = {text_of(TRANSFER, driver.number_back(row[0])): int(row[1]) for row in found.reversed}
    return (
        [_account(row) for row in found.accounts],
        [_posted(driver, row) for row in found.transfers],
        [_hold(driver, row) for row in found.holds],
        reversed_units,
    )


async def load_state(driver: Driver, batch: Sequence[Transfer], next_seq: int) -> tuple[State, Wanted]:
    """Everything the rules must know about a batch; the head is locked."""
    wanted = wanted_of(batch)
    found = Found(
        accounts=await driver.among(_ACCOUNTS, wanted.accounts, "text") if wanted.accounts else (),
        transfers=await _among(driver, _TRANSFERS, wanted.transfers),
        holds=await _among(driver, _HOLDS, wanted.holds),
        reversed=await _among(driver, _REVERSED, wanted.reversed),
    )
    accounts, existing, holds, reversed_units = rows_of(driver, found)
    state = State(
        accounts={account.id: account for account in accounts},
        holds={hold.id: hold for hold in holds},
        existing={row.id: row for row in existing},
        reversed_units=reversed_units,
        next_seq=next_seq,
        unusable=wanted.unusable,
    )
    return state, wanted


async def _among(driver: Driver, query: str, numbers: Sequence[int]) -> Sequence[Row]:
    return await driver.among(query, [driver.number(number) for number in numbers], "uuid") if numbers else ()


async def write_posting(
    tx: Tx, driver: Driver, work: tuple[Posting, State, Wanted, Sequence[Node]], before: Head, after: Head
) -> None:
    """Append the journal and the log, and bring accounts, holds and head to where they end; the head is locked."""
    posting, state, wanted, nodes = work
    notes = await _memo_numbers(tx, {t.memo for t in posting.transfers if t.memo})
    written = await driver.write(change_of(posting, state, wanted, nodes, notes), before, after)
    assert written, "nobody moves a head that is locked"


def change_of(
    posting: Posting, before: State, wanted: Wanted, nodes: Sequence[Node], notes: Mapping[str, int]
) -> Change:
    """The columns to write for a posting of one transfer at least."""
    accounts, numbers = before.accounts, wanted.numbers
    columns = tuple(zip(*posting.transfers, strict=True))
    seq, ids, debit, credit, _, _, asked, kinds, holds, reverses, expires_at, debit_after, credit_after, *rest = (
        columns
    )
    memo_texts, at, debit_prev, credit_prev = rest
    changed = posting.accounts
    return Change(
        at=at[0],
        transfers=(
            *(seq, asked, debit_after, credit_after, debit_prev, credit_prev),
            [accounts[name].no for name in debit],
            [accounts[name].no for name in credit],
            [numbers[name] for name in ids],
            [KIND_NO[kind] for kind in kinds],
            [notes.get(text) for text in memo_texts] if notes else (None,) * len(seq),
            [None if name is None else _number(HOLD, name) for name in holds],
            [None if name is None else _number(TRANSFER, name) for name in reverses],
            expires_at,
        ),
        accounts=(
            [a.no for a in changed],
            [a.posted for a in changed],
            [a.held for a in changed],
            [a.last_seq for a in changed],
        ),
        holds_created=_hold_columns(posting.holds_created, accounts),
        holds_closed=(
            [_number(HOLD, h.id) for h in posting.holds_changed],
            [STATE_NO[h.state] for h in posting.holds_changed],
        ),
        nodes=nodes,
    )


async def _memo_numbers(tx: Tx, texts: set[str]) -> dict[str, int]:
    """The numbers of memos, those made that are new; on PostgreSQL the poster may make the same meanwhile."""
    if not texts:
        return {}
    query = sa.select(memos.c.memo, memos.c.no).where(memos.c.memo.in_(sorted(texts)))
    found = {row.memo: row.no for row in await tx.rows(query)}
    missing = sorted(texts - found.keys())
    if missing:
        await tx.insert_new(memos, [{"memo": text} for text in missing])
        found = {row.memo: row.no for row in await tx.rows(query)}
    return found


# Values to rows and back


def _number(prefix: str, text: str) -> int:
    number = number_of(prefix, text)
    assert number is not None, "the rules refuse ids that cannot be kept"
    return number


def _hold_columns(holds: Sequence[Hold], accounts: Mapping[str, Account]) -> Sequence[Column]:
    return (
        [_number(HOLD, h.id) for h in holds],
        [h.amount for h in holds],
        [accounts[h.debit].no for h in holds],
        [accounts[h.credit].no for h in holds],
        [STATE_NO[h.state] for h in holds],
        [h.expires_at if h.state is HoldState.OPEN else None for h in holds],
    )


def _account(row: Row) -> Account:
    no, name, token, owner, purpose, floor, posted, held, closed, last_seq = row
    return Account(name, _TOKENS[token], owner, purpose, floor, posted, held, bool(closed), no, last_seq)


def _posted(driver: Driver, row: Row) -> PostedTransfer:
    seq, number, debit, credit, token, amount, kind_no, hold, reverses, expires_at, *rest = row
    debit_after, credit_after, memo, at, debit_prev, credit_prev = rest
    kind = KINDS[kind_no]
    return PostedTransfer(
        seq=seq,
        id=text_of(TRANSFER, driver.number_back(number)),
        debit=debit,
        credit=credit,
        token=_TOKENS[token],
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
        token=_TOKENS[token],
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
        *kept, ids, kinds, notes, holds, reverses, expires_at = change.transfers
        sixteen, times = [self._numbers(column) for column in (ids, holds, reverses)], self._times(expires_at)
        at = (rfc3339(change.at),) * len(ids)
        rows = zip(*kept, sixteen[0], kinds, notes, *sixteen[1:], times, at, strict=True)
        await self._many(_SQLITE_TRANSFER, tuple(rows))
        numbers, *values = change.accounts
        changed = tuple(zip(*values, numbers, strict=True))
        await self._many("update account set posted = ?, held = ?, last_seq = ? where no = ?", changed)
        ids, *kept, expires_at = change.holds_created
        await self._many(_SQLITE_HOLD, tuple(zip(self._numbers(ids), *kept, self._times(expires_at), strict=True)))
        ids, states = change.holds_closed
        closed = tuple(zip(states, self._numbers(ids), strict=True))
        await self._many("update hold set state = ?, expires_at = null where id = ?", closed)
        await self._many("insert into log_node (level, position, hash) values (?, ?, ?)", change.nodes)
        moved = (
            "update ledger_head set next_seq = ?, frontier = ?, root = ? where id = ? and next_seq = ? and epoch = ?"
        )
        where = (HEAD, before.next_seq, before.epoch)
        done = await self._conn.exec_driver_sql(moved, (after.next_seq, after.frontier, after.root, *where))
        return done.rowcount == 1

    def _numbers(self, column: Column) -> list[bytes | None]:
        return [None if number is None else self.number(number) for number in column]

    def _times(self, column: Column) -> list[str | None]:
        return [None if at is None else rfc3339(at) for at in column]

    async def _many(self, statement: str, rows: Sequence[Row]) -> None:
        if rows:
            await self._conn.exec_driver_sql(statement, [tuple(row) for row in rows])

    def number(self, value: int) -> bytes:
        return value.to_bytes(16, "big")

    def number_back(self, value: bytes) -> int:
        return int.from_bytes(value, "big")

    def instant_back(self, value: str) -> Instant:
        return datetime.fromisoformat(value).astimezone(UTC)
