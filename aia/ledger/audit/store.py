"""What the audit reads, at the driver: raw tuples in large batches, the same columns on both databases.

Ids come as 16 bytes, times and texts as the bytes the database keeps, so that nothing is converted a
million times that need not be, and no damaged value is repaired on the way.
"""

import functools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol, cast

from aia.core.clock import rfc3339
from aia.infra.sql import Read
from aia.ledger.audit.replay import Entry, Number, StoredAccount, StoredHold
from aia.ledger.log.leaf import microseconds

_POSTGRES_EPOCH_US = 946_684_800_000_000  # 2000-01-01, from where PostgreSQL counts
_ENTRY = "seq, kind, debit, credit, amount, debit_after, credit_after, debit_prev, credit_prev"


@dataclass(frozen=True, slots=True)
class Standing:
    """Head, accounts and holds of one instant. `frontier` and `root` are None where there is no head."""

    next_seq: int
    frontier: bytes | None
    root: bytes | None
    accounts: tuple[StoredAccount, ...]
    holds: tuple[StoredHold, ...]


@dataclass(frozen=True, slots=True)
class NamedRows:
    """Rows of leaves, by the number of an account its id and token, and the organisations of each row's two."""

    rows: Sequence[Sequence[Any]]
    names: dict[int, tuple[str, str]]
    owners: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Signed:
    """A checkpoint as kept, and where the log stands now: the frontier of the ledger's head."""

    note: str
    frontier: bytes


class Dialect(Protocol):
    """How a database writes what the audit asks for."""

    def number(self, column: str) -> str:
        """A column of ids as 16 bytes."""
        ...

    def text(self, column: str) -> str:
        """A column of text as UTF-8."""
        ...

    def time(self, column: str) -> str:
        """A column of times as the bytes `microseconds` reads."""
        ...

    def literal(self, number: Number) -> str:
        """An id as a literal."""
        ...

    def microseconds(self, value: bytes) -> int:
        """A time in microseconds since 1970; raises ValueError for bytes that no writer leaves."""
        ...

    def mark(self, number: int) -> str:
        """The place of a parameter, counted from 1."""
        ...

    async def rows(self, query: str, *parameters: int) -> Sequence[Sequence[Any]]:
        """The rows of a query; one whose text stays the same is prepared once for a connection."""
        ...


class _Sqlite:
    def __init__(self, driver: Any) -> None:
        self._driver = driver
        self.microseconds = functools.lru_cache(maxsize=4096)(_sqlite_microseconds)

    def number(self, column: str) -> str:
        return column

    def text(self, column: str) -> str:
        return f"cast({column} as blob)"

    def time(self, column: str) -> str:
        return f"cast({column} as blob)"

    def literal(self, number: Number) -> str:
        return f"x'{number.hex()}'"

    def mark(self, number: int) -> str:
        return f"?{number}"

    async def rows(self, query: str, *parameters: int) -> Sequence[Sequence[Any]]:
        return cast("Sequence[Sequence[Any]]", await self._driver.execute_fetchall(query, parameters))


class _Postgres:
    def __init__(self, driver: Any) -> None:
        self._driver = driver

    def number(self, column: str) -> str:
        return f"uuid_send({column})"

    def text(self, column: str) -> str:
        return f"convert_to({column}, 'UTF8')"

    def time(self, column: str) -> str:
        return f"timestamptz_send({column})"

    def literal(self, number: Number) -> str:
        return f"'{number.hex()}'::uuid"

    def microseconds(self, value: bytes) -> int:
        return int.from_bytes(value, "big", signed=True) + _POSTGRES_EPOCH_US

    def mark(self, number: int) -> str:
        return f"${number}"

    async def rows(self, query: str, *parameters: int) -> Sequence[Sequence[Any]]:
        return cast("Sequence[Sequence[Any]]", await self._driver.fetch(query, *parameters))


def _sqlite_microseconds(value: bytes) -> int:
    text = value.decode()
    at = datetime.fromisoformat(text).astimezone(UTC)
    if rfc3339(at) != text:
        raise ValueError(f"the time {text!r} is not as AIA writes it")
    return microseconds(at)


class Source:
    """The rows of the ledger, on the connection and in the transaction of a `Read`."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self.microseconds: Callable[[bytes], int] = dialect.microseconds

    @classmethod
    async def of(cls, read: Read) -> "Source":
        if not read.conn.in_transaction() or read.dialect != "sqlite":
            await read.conn.exec_driver_sql("select 1")  # the driver's transaction begins only now
        raw = await read.conn.get_raw_connection()
        driver = raw.driver_connection
        return cls(_Sqlite(driver) if read.dialect == "sqlite" else _Postgres(driver))

    async def standing(self) -> Standing:
        """One statement, and so one snapshot, whatever the isolation of the transaction."""
        d = self._dialect
        none = "null" if isinstance(d, _Sqlite) else "null::bytea"
        rows = await d.rows(
            f"""select 0, next_seq, 0, 0, 0, null, 0, frontier, root from ledger_head where id = 1
            union all select 1, no, posted, held, last_seq, floor, cast(closed as integer), {d.text("id")},
            {d.text("token")} from account
            union all select 2, amount, debit, credit, state, null, 0, {d.number("id")},
            case when expires_at is null then {none} else {d.time("expires_at")} end from hold"""  # noqa: S608
        )
        head = next((row for row in rows if row[0] == 0), None)
        kept = [row[1:] for row in rows if row[0] == 1]
        accounts = (StoredAccount(r[0], _text(r[6]), _text(r[7]), r[4], r[1], r[2], r[3], bool(r[5])) for r in kept)
        holds = (StoredHold(r[7], r[1], r[2], r[3], r[4], r[8]) for r in rows if r[0] == 2)
        next_seq, frontier, root = (1, None, None) if head is None else (head[1], head[7], head[8])
        return Standing(next_seq, frontier, root, tuple(accounts), tuple(holds))

    async def newest(self) -> int:
        """The largest sequence number in the journal, 0 if it is empty."""
        return (await self._dialect.rows("select coalesce(max(seq), 0) from transfer"))[0][0]

    async def entries(self, first: int, last: int) -> Sequence[Entry]:
        """The journal from one sequence number to another, for the replay."""
        where = f"where seq between {first} and {last} order by seq"
        return cast("Sequence[Entry]", await self._dialect.rows(f"select {self._entry()} from transfer {where}"))  # noqa: S608

    async def entries_of(self, numbers: Sequence[Number]) -> list[Entry]:
        """The transfers of these ids that there are."""
        found: list[Entry] = []
        for start in range(0, len(numbers), 500):
            among = ", ".join(self._dialect.literal(number) for number in numbers[start : start + 500])
            rows = await self._dialect.rows(f"select {self._entry()} from transfer where id in ({among})")  # noqa: S608
            found.extend(Entry(*row) for row in rows)
        return found

    def _entry(self) -> str:
        d = self._dialect
        ids = f"{d.number('id')}, {d.number('hold')}, {d.number('reverses')}"
        return f"{_ENTRY}, {d.time('at')}, {ids}, {d.time('expires_at')}"

    async def leaf_rows(self, first: int, last: int) -> Sequence[Sequence[Any]]:
        """What the leaves of these transfers are made of: (seq, id, kind, debit, credit, amount, debit_after,
        credit_after, at, hold, reverses, expires_at, memo)."""
        where = f"where t.seq between {first} and {last} order by t.seq"
        return await self._dialect.rows(
            f"select {self._leaf()} from transfer t left join transfer_memo m on m.no = t.memo {where}"  # noqa: S608
        )

    async def named_leaf_rows(self, ranges: Sequence[tuple[int, int]]) -> NamedRows:
        """The same for a few short ranges, and what is to be known of just their accounts."""
        if not ranges:
            return _named(())
        where = " or ".join(f"t.seq between {first} and {last}" for first, last in ranges)
        return _named(await self._dialect.rows(f"{self._named_leaf(where)} order by t.seq"))

    async def for_proof(
        self, tree_size: int | None, first: int, last: int, nodes: Sequence[tuple[int, int]]
    ) -> tuple[Signed | None, NamedRows, dict[tuple[int, int], bytes]]:
        """What a proof of inclusion is mostly made of, in one statement that is prepared once.

        The checkpoint of a size or the newest, the rows of the leaf's block, and those of the nodes that are stored.
        """
        d = self._dialect
        marks = [d.mark(3 + n) for n in range(2 * len(nodes))]
        pairs = ", ".join(
            f"(cast({level} as smallint), cast({position} as bigint))"
            for level, position in zip(marks[::2], marks[1::2], strict=True)
        )
        no = ["null"] * 13
        newest = "(select max(tree_size) from log_checkpoint)"
        size = newest if tree_size is None else d.mark(3 + 2 * len(nodes))
        rows = await d.rows(
            f"""select * from
              ({self._named_leaf(f"t.seq between {d.mark(1)} and {d.mark(2)}")} order by t.seq) leaves
            union all select n.level, n.hash, null, null, null, n.position, {", ".join(no)}
            from (values {pairs}) w join log_node n on n.level = w.column1 and n.position = w.column2
            union all select null, (select frontier from ledger_head where id = 1), {", ".join(no[:7])},
              {d.text("note")}, {", ".join(no[:9])} from log_checkpoint where tree_size = {size}""",  # noqa: S608
            *(
                first,
                last,
                *(number for node in nodes for number in node),
                *(() if tree_size is None else (tree_size,)),
            ),
        )
        leaves = [row for row in rows if row[3] is not None]
        found = {(row[0], row[5]): row[1] for row in rows if row[3] is None and row[0] is not None}
        signed = next((Signed(_text(row[9]), row[1] or b"") for row in rows if row[0] is None), None)
        return signed, _named(leaves), found

    def _named_leaf(self, where: str) -> str:
        """The query of leaves' rows with, of debit and credit account, id and token, and then their organisations."""
        d = self._dialect
        about = [d.text(column) for column in ("d.id", "d.token", "c.id", "c.token")]
        return f"""select {self._leaf()}, {", ".join(about)}, d.organisation, c.organisation
            from transfer t join account d on d.no = t.debit join account c on c.no = t.credit
            left join transfer_memo m on m.no = t.memo where {where}"""  # noqa: S608

    def _leaf(self) -> str:
        d = self._dialect
        return f"""t.seq, {d.number("t.id")}, t.kind, t.debit, t.credit, t.amount, t.debit_after, t.credit_after,
            {d.time("t.at")}, {d.number("t.hold")}, {d.number("t.reverses")}, {d.time("t.expires_at")},
            case when t.memo is null then {d.text("''")} else {d.text("m.memo")} end"""

    async def seq_of(self, number: Number) -> int | None:
        """The sequence number of the transfer of that id."""
        rows = await self._dialect.rows(f"select seq from transfer where id = {self._dialect.literal(number)}")  # noqa: S608
        return rows[0][0] if rows else None

    async def nodes_at(self, wanted: Iterable[tuple[int, int]]) -> dict[tuple[int, int], bytes]:
        """The hashes of those nodes that are stored."""
        # A list of pairs would be looked up one by one only on PostgreSQL; SQLite would read the whole table.
        among = " or ".join(f"level = {level} and position = {position}" for level, position in wanted)
        if not among:
            return {}
        rows = await self._dialect.rows(f"select level, position, hash from log_node where {among}")  # noqa: S608
        return {(row[0], row[1]): row[2] for row in rows}

    async def signed(self, tree_size: int | None) -> Signed | None:
        """The checkpoint of that size, or the newest."""
        where = "" if tree_size is None else f"where tree_size = {tree_size}"
        rows = await self._dialect.rows(
            f"""select note, (select frontier from ledger_head where id = 1) from log_checkpoint {where}
            order by tree_size desc limit 1"""  # noqa: S608
        )
        return Signed(rows[0][0], rows[0][1] or b"") if rows else None

    async def names(self) -> dict[int, tuple[str, str]]:
        """Of each account, by its number: id and token."""
        d = self._dialect
        rows = await d.rows(f"select no, {d.text('id')}, {d.text('token')} from account")  # noqa: S608
        return {row[0]: (_text(row[1]), _text(row[2])) for row in rows}

    async def nodes(self, size: int) -> Sequence[Sequence[Any]]:
        """(level, position, hash) of every stored node over the first `size` transfers."""
        rows = await self._dialect.rows("select level, position, hash from log_node order by level, position")
        # A node beyond was completed since the size was read.
        return [row for row in rows if not 0 <= row[0] < 64 or (row[1] + 1) << row[0] <= size]

    async def checkpoints(self) -> Sequence[Sequence[Any]]:
        """(tree size, note as UTF-8) of every stored checkpoint, the smallest first."""
        note = self._dialect.text("note")
        return await self._dialect.rows(f"select tree_size, {note} from log_checkpoint order by tree_size")  # noqa: S608


def _named(rows: Sequence[Sequence[Any]]) -> NamedRows:
    names = {row[3]: (_text(row[13]), _text(row[14])) for row in rows}
    names.update((row[4], (_text(row[15]), _text(row[16]))) for row in rows)
    return NamedRows([row[:13] for row in rows], names, [(row[17], row[18]) for row in rows])


def _text(raw: bytes) -> str:
    """Damaged text stays readable, and is never another text."""
    return raw.decode(errors="backslashreplace")
