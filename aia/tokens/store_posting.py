"""What a batch reads and writes, in few statements that are the same for one transfer and for ten thousand.

The head's lock makes the writer alone with accounts, holds and journal, so nothing else is locked. Both
dialects take sets: PostgreSQL arrays, on the driver's connection of the same transaction (a statement there
costs a fraction of what it costs through SQLAlchemy), SQLite lists of rows.
"""

import uuid
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Protocol, cast

import asyncpg
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from aia.core.clock import Instant, rfc3339
from aia.core.money import Units
from aia.infra.sql import Tx
from aia.tokens.log import grow
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
_TRANSFER_COLUMNS = """seq, amount, debit_after, credit_after, debit_prev, credit_prev, at, debit, credit, id, kind,
    memo, hold, reverses, expires_at"""
_HOLD_COLUMNS = "id, amount, debit, credit, state, expires_at"
_SQLITE_TRANSFER = f"insert into transfer ({_TRANSFER_COLUMNS}) values ({','.join('?' * 15)})"  # noqa: S608 - constants
_SQLITE_HOLD = f"insert into hold ({_HOLD_COLUMNS}) values (?, ?, ?, ?, ?, ?)"  # noqa: S608 - constants


class Driver(Protocol):
    """The connection of a transaction, in its dialect: statements over sets, and how it keeps values."""

    async def among(self, query: str, values: Sequence[Any]) -> Sequence[Row]:
        """The rows of a query whose `{}` is a test to be among the values, of which there is one at least."""
        ...

    async def write(
        self,
        transfers: Sequence[Row],
        accounts: Sequence[Row],
        holds_created: Sequence[Row],
        holds_closed: Sequence[Row],
        head: Row,
    ) -> None: ...

    def number(self, value: int) -> Any: ...
    def number_back(self, value: Any) -> int: ...
    def instant(self, value: Instant) -> Any: ...
    def instant_back(self, value: Any) -> Instant: ...


async def driver_of(tx: Tx) -> Driver:
    """The driver of a transaction that has executed something already, as only then it has begun."""
    if tx.dialect == "sqlite":
        return SqliteDriver(tx)
    raw = await tx.conn.get_raw_connection()
    return PostgresDriver(cast("asyncpg.Connection", raw.driver_connection))


async def load_state(driver: Driver, batch: Sequence[Transfer], next_seq: int) -> State:
    """Everything the rules must know about a batch; the head is locked."""
    wanted = touched(batch)
    transfers = {name: number_of(TRANSFER, name) for name in wanted.transfers}
    holds = {name: number_of(HOLD, name) for name in wanted.holds}
    unusable = {name for names in (transfers, holds) for name, number in names.items() if number is None}
    reversed_ids = {t.reverses for t in batch if t.reverses is not None} - unusable
    accounts = [_account(row) for row in await _among(driver, _ACCOUNTS, _storable(wanted.accounts))]
    existing = [_posted(driver, row) for row in await _among(driver, _TRANSFERS, _numbers(driver, transfers))]
    open_or_closed = [_hold(driver, row) for row in await _among(driver, _HOLDS, _numbers(driver, holds))]
    reversed_numbers = _numbers(driver, {name: transfers[name] for name in reversed_ids})
    sums = await _among(driver, _REVERSED, reversed_numbers)
    return State(
        accounts={account.id: account for account in accounts},
        holds={hold.id: hold for hold in open_or_closed},
        existing={row.id: row for row in existing},
        reversed_units={text_of(TRANSFER, driver.number_back(row[0])): int(row[1]) for row in sums},
        next_seq=next_seq,
        unusable=frozenset(unusable),
    )


async def _among(driver: Driver, query: str, values: Sequence[Any]) -> Sequence[Row]:
    return await driver.among(query, values) if values else ()


def _storable(names: Sequence[str]) -> list[str]:
    """Names that an account can have."""
    return [name for name in names if is_text(name)]


def _numbers(driver: Driver, numbers: dict[str, int | None]) -> list[Any]:
    return [driver.number(number) for number in numbers.values() if number is not None]


async def write_posting(tx: Tx, driver: Driver, posting: Posting, before: State, head: Head) -> None:
    """Append the journal and bring accounts, holds and head to where it ends."""
    numbers = {name: account.no for name, account in before.accounts.items()}
    notes = await _memo_numbers(tx, {t.memo for t in posting.transfers if t.memo})
    await driver.write(
        [_transfer_row(driver, row, numbers, notes) for row in posting.transfers],
        [(a.no, a.posted, a.held, a.last_seq) for a in posting.accounts],
        [_hold_row(driver, hold, numbers) for hold in posting.holds_created],
        [(driver.number(_number(HOLD, hold.id)), STATE_NO[hold.state]) for hold in posting.holds_changed],
        (posting.next_seq, *(await grow(tx, head.frontier, posting.transfers))),
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


def _transfer_row(driver: Driver, t: PostedTransfer, numbers: dict[str, int], notes: dict[str, int]) -> Row:
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

    async def among(self, query: str, values: Sequence[Any]) -> Sequence[Row]:
        marks = ",".join("?" * len(values))
        return (await self._conn.exec_driver_sql(query.format(f"in ({marks})"), tuple(values))).all()

    async def write(
        self,
        transfers: Sequence[Row],
        accounts: Sequence[Row],
        holds_created: Sequence[Row],
        holds_closed: Sequence[Row],
        head: Row,
    ) -> None:
        await self._many(_SQLITE_TRANSFER, transfers)
        changed = [(posted, held, last_seq, no) for no, posted, held, last_seq in accounts]
        await self._many("update account set posted = ?, held = ?, last_seq = ? where no = ?", changed)
        await self._many(_SQLITE_HOLD, holds_created)
        closed = [(state, number) for number, state in holds_closed]
        await self._many("update hold set state = ?, expires_at = null where id = ?", closed)
        await self._many("update ledger_head set next_seq = ?, frontier = ?, root = ? where id = ?", [(*head, HEAD)])

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


_POSTGRES_WRITE = f"""
with new_transfer as (
    insert into transfer ({_TRANSFER_COLUMNS})
    select * from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[],
        $7::timestamptz[], $8::int[], $9::int[], $10::uuid[], $11::smallint[], $12::int[], $13::uuid[], $14::uuid[],
        $15::timestamptz[])
), changed_account as (
    update account a set posted = n.posted, held = n.held, last_seq = n.last_seq
    from unnest($16::int[], $17::bigint[], $18::bigint[], $19::bigint[]) as n (no, posted, held, last_seq)
    where a.no = n.no
), new_hold as (
    insert into hold ({_HOLD_COLUMNS})
    select * from unnest($20::uuid[], $21::bigint[], $22::int[], $23::int[], $24::smallint[], $25::timestamptz[])
), closed_hold as (
    update hold h set state = n.state, expires_at = null
    from unnest($26::uuid[], $27::smallint[]) as n (id, state) where h.id = n.id
)
update ledger_head set next_seq = $28, frontier = $29, root = $30 where id = {HEAD}"""  # noqa: S608 - constants


class PostgresDriver:
    """PostgreSQL, on asyncpg's own connection within the transaction that SQLAlchemy began on it."""

    def __init__(self, conn: "asyncpg.Connection") -> None:
        self._conn = conn

    async def among(self, query: str, values: Sequence[Any]) -> Sequence[Row]:
        with _named_errors():
            return cast("Sequence[Row]", await self._conn.fetch(query.format("= any($1)"), values))

    async def write(
        self,
        transfers: Sequence[Row],
        accounts: Sequence[Row],
        holds_created: Sequence[Row],
        holds_closed: Sequence[Row],
        head: Row,
    ) -> None:
        sets = ((transfers, 15), (accounts, 4), (holds_created, 6), (holds_closed, 2))
        columns = [column for rows, width in sets for column in _columns(rows, width)]
        with _named_errors():
            await self._conn.fetch(_POSTGRES_WRITE, *columns, *head)

    def number(self, value: int) -> str:
        return f"{value:032x}"  # asyncpg takes text for a uuid, and quicker than a UUID

    def number_back(self, value: uuid.UUID) -> int:
        return value.int

    def instant(self, value: Instant) -> Instant:
        return value

    def instant_back(self, value: Instant) -> Instant:
        return value.astimezone(UTC)


def _columns(rows: Sequence[Row], width: int) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in range(width)]


@contextmanager
def _named_errors() -> Generator[None]:
    """What the driver raises, as SQLAlchemy would raise it, so that nobody must know two kinds."""
    try:
        yield
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
        raise OperationalError("a statement of the ledger", None, error) from error
