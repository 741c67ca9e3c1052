"""Database, Read and Tx: one request or step is one transaction, committed at the edge."""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager, nullcontext
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.sql.base import Executable

from aia.core.clock import Clock, Instant
from aia.core.errors import Invalid, Unavailable
from aia.core.ids import NewId
from aia.core.principal import Principal
from aia.infra.sql.outbox import Event, append
from aia.infra.sql.schema import insert_new

SQLITE_BUSY_TIMEOUT_MS = 30_000


class Read:
    """A consistent look at one organisation's rows; it cannot write."""

    def __init__(self, conn: AsyncConnection, principal: Principal, now: Instant) -> None:
        self.conn = conn
        self.principal = principal
        self.now = now

    @property
    def organisation(self) -> str:
        """The tenant that every statement of a store filters by."""
        return self.principal.organisation

    @property
    def dialect(self) -> str:
        return self.conn.dialect.name

    async def rows(self, statement: Executable) -> Sequence[sa.Row[Any]]:
        return (await self.conn.execute(statement)).all()

    async def row(self, statement: Executable) -> sa.Row[Any] | None:
        """The only row, or None; more than one is a programming error and raises."""
        return (await self.conn.execute(statement)).one_or_none()


class Tx(Read):
    """A transaction: what it writes and the events it emits are kept together or not at all."""

    def __init__(self, conn: AsyncConnection, principal: Principal, now: Instant, new_id: NewId) -> None:
        super().__init__(conn, principal, now)
        self.new_id = new_id
        self._events: list[tuple[str, Event]] = []

    async def run(self, statement: Executable) -> int:
        """Execute one writing statement; the number of rows it touched."""
        return (await self.conn.execute(statement)).rowcount

    async def insert(self, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> None:
        """Insert a set in one statement; nothing happens for an empty set."""
        if rows:
            await self.conn.execute(sa.insert(table), [dict(row) for row in rows])

    async def insert_new(self, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> None:
        """Insert a set, leaving rows alone whose key is there already (content-addressed rows)."""
        if rows:
            await self.conn.execute(insert_new(self.dialect, table), [dict(row) for row in rows])

    def emit(self, event: Event) -> None:
        """Queue an event; its outbox row is written by this transaction, just before the commit."""
        self._events.append((self.new_id("evt"), event))

    async def flush(self) -> None:
        if self._events:
            events, self._events = self._events, []
            await append(self.conn, self.organisation, self.now, events)


class Gate:
    """Counts who is inside; when closed, waits until all have left, and lets nobody in."""

    def __init__(self) -> None:
        self._inside = 0
        self._empty = asyncio.Event()
        self._empty.set()
        self._opened = asyncio.Event()
        self._opened.set()

    @asynccontextmanager
    async def passed(self) -> AsyncGenerator[None]:
        await self._opened.wait()
        self._inside += 1
        self._empty.clear()
        try:
            yield
        finally:
            self._inside -= 1
            if not self._inside:
                self._empty.set()

    async def close(self) -> None:
        self._opened.clear()
        await self._empty.wait()

    def open(self) -> None:
        self._opened.set()


class Database:
    """Opens transactions. Thinking happens outside of them: see `Tx` and ADR 0004."""

    def __init__(self, engine: AsyncEngine, clock: Clock, new_id: NewId) -> None:
        self.engine = engine
        self._clock = clock
        self._new_id = new_id
        # SQLite has one writer. Waiting here is fair and wakes at once; its busy handler is neither.
        self._writer = asyncio.Lock() if engine.dialect.name == "sqlite" else nullcontext()
        self._gate = Gate()

    @property
    def dialect(self) -> str:
        return self.engine.dialect.name

    @asynccontextmanager
    async def begin(self, principal: Principal) -> AsyncGenerator[Tx]:
        """A writing transaction: committed when the block ends, rolled back when it raises."""
        async with self._gate.passed(), self._writer, self.engine.connect() as conn:
            await conn.execution_options(aia_write=True)
            async with conn.begin():
                tx = Tx(conn, principal, self._clock(), self._new_id)
                yield tx
                await tx.flush()

    @asynccontextmanager
    async def read(self, principal: Principal) -> AsyncGenerator[Read]:
        """A reading transaction: one snapshot on SQLite, read committed on PostgreSQL."""
        async with self._gate.passed(), self.engine.connect() as conn, conn.begin():
            yield Read(conn, principal, self._clock())

    @asynccontextmanager
    async def outside(self) -> AsyncGenerator[tuple[Instant, NewId]]:
        """For statements on a connection of one's own, each of which is a transaction; the time, and new ids.

        Until the block ends `stilled` waits for it.
        """
        async with self._gate.passed():
            yield self._clock(), self._new_id

    @asynccontextmanager
    async def stilled(self) -> AsyncGenerator[None]:
        """Within the block no transaction is open, and new ones wait: the moment to cancel tasks.

        A task cancelled inside a driver's call can leave its connection with a lock that nobody frees.
        """
        await self._gate.close()
        try:
            yield
        finally:
            self._gate.open()

    async def ping(self) -> None:
        """Raises `Unavailable` when the database does not answer."""
        try:
            async with self.engine.connect() as conn:
                await conn.execute(sa.text("select 1"))
        except (DBAPIError, OSError, TimeoutError) as error:
            raise Unavailable(f"the {self.dialect} database does not answer: {_first_line(error)}") from error


def open_database(url: str, clock: Clock, new_id: NewId, *, pool_size: int = 8) -> Database:
    """A Database for `sqlite:///path` or `postgresql://user:password@host/name`; nothing connects yet.

    Raises `Invalid` naming DATABASE_URL for any other scheme.
    """
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise Invalid("DATABASE_URL is not a URL: use sqlite:///path or postgresql://…") from error
    match parsed.get_backend_name():
        case "sqlite":
            engine = create_async_engine(
                parsed.set(drivername="sqlite+aiosqlite"), pool_size=pool_size, max_overflow=0
            )
            _prepare_sqlite(engine.sync_engine)
        case "postgresql" | "postgres":
            engine = create_async_engine(
                parsed.set(drivername="postgresql+asyncpg"),
                pool_size=pool_size,
                max_overflow=0,
                pool_pre_ping=True,
            )
        case other:
            raise Invalid(
                f"DATABASE_URL has the scheme {other!r}: use sqlite:///path or postgresql://…",
                field="DATABASE_URL",
            )
    return Database(engine, clock, new_id)


def _prepare_sqlite(engine: sa.Engine) -> None:
    @event.listens_for(engine, "connect")
    def on_connect(connection: Any, _: Any) -> None:  # pyright: ignore[reportUnusedFunction]
        connection.isolation_level = None  # we begin ourselves: see on_begin
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout={SQLITE_BUSY_TIMEOUT_MS}")
        cursor.execute("PRAGMA journal_mode=WAL")
        # FULL, so that an acknowledged payment survives a power cut (WAL with NORMAL may lose it).
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.close()

    @event.listens_for(engine, "begin")
    def on_begin(conn: sa.Connection) -> None:  # pyright: ignore[reportUnusedFunction]
        # A deferred transaction that turns into a writer can fail at once with SQLITE_BUSY.
        write = conn.get_execution_options().get("aia_write", False)
        conn.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
