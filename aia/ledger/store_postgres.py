"""The ledger's statements on PostgreSQL, on the driver's own connection.

Sets travel as text that the server casts to arrays: asyncpg looks at every element of a list, which costs more
than all else. One statement writes a batch, and only if the head stands where it was read; so the poster needs
no transaction block: one statement reads, one writes, each a transaction, and nobody came between.
"""

import uuid
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from datetime import UTC
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection

from aia.core.clock import Instant, rfc3339
from aia.infra.sql import Tx
from aia.ledger.model import TransferKind
from aia.ledger.store import HEAD, KIND_NO, Head
from aia.ledger.store_posting import (
    HOLD_COLUMNS,
    TRANSFER_COLUMNS,
    Change,
    Column,
    Driver,
    Found,
    News,
    Row,
    SqliteDriver,
    Wanted,
)

if TYPE_CHECKING:  # it loads with the first connection, so that SQLite does without
    import asyncpg

READ = f"""
select 0, next_seq, epoch, null::bigint, null::bigint, null::bigint, null::bigint, null::bigint, null::uuid,
    null::uuid, null::uuid, null, null, null, null, null::timestamptz, null::timestamptz, frontier
    from ledger_head where id = {HEAD}
union all select 1, no, floor, posted, held, closed::int, last_seq, null, null, null, null, id, token, owner, purpose,
    null, null, null from unnest($1::text::text[]) k (name) join account on id = k.name
union all select 2, t.seq, t.amount, t.debit_after, t.credit_after, t.debit_prev, t.credit_prev, t.kind, t.id, t.hold,
    t.reverses, d.id, c.id, d.token, m.memo, t.at, t.expires_at, null
    from unnest($2::text::uuid[]) k (name) join transfer t on t.id = k.name join account d on d.no = t.debit
    join account c on c.no = t.credit left join transfer_memo m on m.no = t.memo
union all select 3, h.amount, h.state, null, null, null, null, null, h.id, null, null, d.id, c.id, d.token, null,
    null, h.expires_at, null
    from unnest($3::text::uuid[]) k (name) join hold h on h.id = k.name join account d on d.no = h.debit
    join account c on c.no = h.credit
union all select 4, sum(amount)::bigint, null, null, null, null, null, null, reverses, null, null, null, null, null,
    null, null, null, null from transfer
    where kind = {KIND_NO[TransferKind.REVERSAL]} and reverses = any($4::text::uuid[]) group by reverses"""  # noqa: S608

_STANDS = f"""id = {HEAD} and next_seq = ${{}} and epoch = ${{}} and coalesce(frontier, '') = ${{}}
    and not exists (select from transfer where id = any(${{}}::text::uuid[]))
    and not exists (select from hold where id = any(${{}}::text::uuid[]))"""  # noqa: S608 - constants

WRITE = f"""
with moved as (
    update ledger_head set next_seq = $28, frontier = $29, root = $30
    where {_STANDS.format(31, 32, 41, 42, 43)} returning id
), new_transfer as (
    insert into transfer ({TRANSFER_COLUMNS})
    select n.*, $15::timestamptz from unnest($1::text::bigint[], $2::text::bigint[], $3::text::bigint[],
        $4::text::bigint[], $5::text::bigint[], $6::text::bigint[], $7::text::int[], $8::text::int[],
        $9::text::uuid[], $10::text::smallint[], $11::text::int[], $12::text::uuid[], $13::text::uuid[],
        $14::text::timestamptz[]) as n cross join moved
), changed_account as (
    update account a set posted = n.posted, held = n.held, last_seq = n.last_seq
    from unnest($16::text::int[], $17::text::bigint[], $18::text::bigint[], $19::text::bigint[])
        as n (no, posted, held, last_seq), moved where a.no = n.no
), new_hold as (
    insert into hold ({HOLD_COLUMNS})
    select n.* from unnest($20::text::uuid[], $21::text::bigint[], $22::text::int[], $23::text::int[],
        $24::text::smallint[], $25::text::timestamptz[]) as n cross join moved
), closed_hold as (
    update hold h set state = n.state, expires_at = null
    from unnest($26::text::uuid[], $27::text::smallint[]) as n (id, state), moved where h.id = n.id
), new_node as (
    insert into log_node (level, position, hash)
    select n.* from unnest($33::text::smallint[], $34::text::bigint[], $35::text::bytea[]) as n cross join moved
), news as (
    insert into outbox (tx_id, id, organisation, topic, version, body, at)
    select pg_current_xact_id()::text::bigint, $36::text, $37::text, $38::text, 1, $39::text::jsonb,
        $40::timestamptz from moved
    where $36::text is not null
)
select count(*) from moved"""  # noqa: S608 - constants


_PLAN_ONCE = """set plan_cache_mode = force_generic_plan;
    set enable_seqscan = off; set enable_hashjoin = off; set enable_mergejoin = off"""
"""Planned anew for the arrays of each batch, `WRITE` takes longer to plan than a small batch takes to write. A plan
that stays must be right for tables that grow: one made for small tables, which reads them whole, is not."""

_NEW_MEMOS = "insert into transfer_memo (memo) select unnest($1::text::text[]) on conflict do nothing"
_MEMOS = "select memo, no from transfer_memo where memo in (select unnest($1::text::text[]))"


class Absent(NamedTuple):
    """Numbers of transfers and of holds that must not stand when a batch is written."""

    transfers: Sequence[int] = ()
    holds: Sequence[int] = ()


NOTHING_ABSENT = Absent()


async def driver_of(tx: Tx) -> Driver:
    """The driver of a transaction that has executed something already, as only then it has begun."""
    if tx.dialect == "sqlite":
        return SqliteDriver(tx)
    return await PostgresDriver.on(tx.conn)


class PostgresDriver:
    """PostgreSQL, on asyncpg's own connection: within the transaction that SQLAlchemy began on it, or in none."""

    def __init__(
        self, conn: "asyncpg.Connection", errors: tuple[type[Exception], ...], taken: type[Exception]
    ) -> None:
        self._conn = conn
        self._errors = errors
        self._taken = taken  # an id that must be new stands already

    @classmethod
    async def on(cls, conn: AsyncConnection) -> "PostgresDriver":
        """The driver beneath a connection of SQLAlchemy's, and what it raises."""
        raw = await conn.get_raw_connection()
        module: Any = conn.dialect.dbapi
        errors = (module.asyncpg.PostgresError, module.asyncpg.InterfaceError, OSError)
        return cls(cast("asyncpg.Connection", raw.driver_connection), errors, module.asyncpg.UniqueViolationError)

    def is_closed(self) -> bool:
        """Whether the server, or anybody here, has ended the connection."""
        return self._conn.is_closed()

    async def among(self, query: str, values: Sequence[Any], of: str) -> Sequence[Row]:
        test = f"in (select unnest($1::text::{of}[]))"  # joined, where `any` may look through the list for each row
        with named_errors(self._errors):
            return cast("Sequence[Row]", await self._conn.fetch(query.format(test), _array(values, of)))

    async def read(self, wanted: Wanted) -> tuple[Head, Found]:
        """All that a batch must know, and the head it stood under, as of one instant. Nothing is locked."""
        arrays = (_array(wanted.accounts, "text"), *(self._ids(w) for w in (wanted.transfers, wanted.holds)))
        with named_errors(self._errors):
            rows = await self._conn.fetch(READ, *arrays, self._ids(wanted.reversed))
        head = Head(1, b"", b"")
        found: dict[int, list[Row]] = {1: [], 2: [], 3: [], 4: []}
        for row in rows:
            what, a, b, c, d, e, f, g, u, v, w, s1, s2, s3, s4, at, expires_at, raw = row
            if what == 0:
                head = Head(a, raw or b"", b"", b)
            elif what == 1:
                found[1].append((a, s1, s2, s3, s4, b, c, d, e, f))
            elif what == 2:
                found[2].append((a, u, s1, s2, s3, b, g, v, w, expires_at, c, d, s4, at, e, f))
            elif what == 3:
                found[3].append((u, s1, s2, s3, a, b, expires_at))
            else:
                found[4].append((u, a))
        return head, Found(found[1], found[2], found[3], found[4])

    def _ids(self, numbers: Sequence[int]) -> str:
        return _array([self.number(number) for number in numbers], "uuid")

    async def memo_numbers(self, texts: Sequence[str]) -> dict[str, int]:
        """The numbers of memos, those made that are new: at once, and they stay if nothing is posted with them."""
        with named_errors(self._errors):
            found = await self._conn.fetch(_MEMOS, _array(texts, "text"))
            if len(found) < len(texts):
                await self._conn.execute(_NEW_MEMOS, _array(texts, "text"))
                found = await self._conn.fetch(_MEMOS, _array(texts, "text"))
        return {row[0]: row[1] for row in found}

    async def write(
        self,
        change: Change,
        before: Head,
        after: Head,
        news: News | None = None,
        absent: Absent = NOTHING_ABSENT,
    ) -> bool:
        """Write a batch if the head stands, and ids are new or absent; else nothing is written, and False."""
        *numbers, ids, kinds, notes, holds, reverses, expires_at = change.transfers
        hold_ids, *kept, hold_expires_at = change.holds_created
        closed_ids, closed_states = change.holds_closed
        arguments = (
            *map(_numbers, numbers),
            *(_uuids(ids), _numbers(kinds), _nullable(notes), _uuids(holds), _uuids(reverses), _times(expires_at)),
            change.at,
            *map(_numbers, change.accounts),
            *(_uuids(hold_ids), *map(_numbers, kept), _times(hold_expires_at)),
            *(_uuids(closed_ids), _numbers(closed_states)),
            *(after.next_seq, after.frontier, after.root, before.next_seq, before.epoch),
            *(_numbers([n.level for n in change.nodes]), _numbers([n.position for n in change.nodes])),
            _array([f'"\\\\x{n.hash.hex()}"' for n in change.nodes], "bytea"),
            *((None,) * 5 if news is None else (news.id, news.organisation, news.topic, news.body, news.at)),
            before.frontier,
            *(self._ids(absent.transfers), self._ids(absent.holds)),
        )
        with named_errors(self._errors):
            try:
                return bool(await self._conn.fetchval(WRITE, *arguments))
            except self._taken:
                return False

    async def plan_once(self) -> None:
        """Have the server plan each statement once for this connection, and by indexes."""
        with named_errors(self._errors):
            await self._conn.execute(_PLAN_ONCE)

    async def stands(self, head: Head, absent: Absent = NOTHING_ABSENT) -> bool:
        """Whether the head stands there now, and ids are absent."""
        query = f"select count(*) from ledger_head where {_STANDS.format(1, 2, 3, 4, 5)}"  # noqa: S608 - constants
        with named_errors(self._errors):
            ids = (self._ids(absent.transfers), self._ids(absent.holds))
            return bool(await self._conn.fetchval(query, head.next_seq, head.epoch, head.frontier, *ids))

    def number(self, value: int) -> str:
        return f"{value:032x}"

    def number_back(self, value: uuid.UUID) -> int:
        return value.int

    def instant_back(self, value: Instant) -> Instant:
        return value.astimezone(UTC)


def _array(values: Iterable[Any], of: str) -> str:
    """An array as PostgreSQL writes it; only a text needs quoting."""
    if of == "text":
        values = [f'"{_escaped(value)}"' for value in values]
    return "{" + ",".join(values) + "}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"') if "\\" in text or '"' in text else text


def _numbers(column: Column) -> str:
    """An array of integers: Python writes a list of them as PostgreSQL reads it, but for the brackets."""
    return "{" + repr(list(column))[1:-1] + "}"


def _nullable(column: Column) -> str:
    """An array of integers or NULL; of nothing but NULL it is empty, which `unnest` fills up with NULL."""
    return "{}" if _blank(column) else _numbers(column).replace("None", "NULL")


def _uuids(column: Column) -> str:
    return "{}" if _blank(column) else _array(["NULL" if n is None else f"{n:032x}" for n in column], "uuid")


def _times(column: Column) -> str:
    return "{}" if _blank(column) else _array(["NULL" if at is None else rfc3339(at) for at in column], "timestamptz")


def _blank(column: Column) -> bool:
    return column.count(None) == len(column)


@contextmanager
def named_errors(errors: tuple[type[Exception], ...]) -> Generator[None]:
    """What the driver raises, as SQLAlchemy would raise it, so that nobody must know two kinds."""
    try:
        yield
    except errors as error:
        raise OperationalError("a statement of the ledger", None, error) from error
