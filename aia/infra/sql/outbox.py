"""The transactional outbox, and a reader that cannot skip a late commit.

An event row is written in the transaction that makes it true. On PostgreSQL ids are handed out
before commits, so a cursor `id > last` passes over rows of a slower transaction for ever. Readers
here order by (transaction id, sequence) and stay behind the oldest running transaction:
`tx_id < pg_snapshot_xmin(pg_current_snapshot())`. SQLite has one writer, so order of ids is order of
commits and `tx_id` is 0. See docs/decisions/0003-outbox-cursor.md.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from aia.core.clock import Instant
from aia.infra.sql.schema import insert_new, outbox, outbox_cursor


@dataclass(frozen=True, slots=True)
class Event:
    """News that became true in a transaction: `topic` in the past tense, `body` plain JSON."""

    topic: str
    body: Mapping[str, Any]
    version: int = 1


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event as read back; `id` lets a consumer outside SQL recognise a repeat."""

    tx_id: int
    seq: int
    id: str
    organisation: str
    topic: str
    version: int
    body: Mapping[str, Any]
    at: Instant


@dataclass(frozen=True, slots=True)
class Cursor:
    tx_id: int = 0
    seq: int = 0


async def append(conn: AsyncConnection, organisation: str, at: Instant, events: Sequence[tuple[str, Event]]) -> None:
    """Write (id, event) pairs in one statement, inside the caller's transaction."""
    tx_id: Any = 0
    if conn.dialect.name == "postgresql":
        tx_id = sa.text("pg_current_xact_id()::text::bigint")
    await conn.execute(
        sa.insert(outbox).values(tx_id=tx_id),
        [
            {
                "id": event_id,
                "organisation": organisation,
                "topic": event.topic,
                "version": event.version,
                "body": dict(event.body),
                "at": at,
            }
            for event_id, event in events
        ],
    )


async def read_after(
    conn: AsyncConnection, cursor: Cursor, limit: int, *, organisation: str | None = None
) -> list[StoredEvent]:
    """Events after the cursor that no running transaction can still precede, oldest first."""
    query = sa.select(outbox).order_by(outbox.c.tx_id, outbox.c.seq).limit(limit)
    query = query.where(
        sa.or_(
            outbox.c.tx_id > cursor.tx_id,
            sa.and_(outbox.c.tx_id == cursor.tx_id, outbox.c.seq > cursor.seq),
        )
    )
    if conn.dialect.name == "postgresql":
        query = query.where(outbox.c.tx_id < sa.text("pg_snapshot_xmin(pg_current_snapshot())::text::bigint"))
    if organisation is not None:
        query = query.where(outbox.c.organisation == organisation)
    return [_stored(row) for row in await conn.execute(query)]


def _stored(row: sa.Row[Any]) -> StoredEvent:
    return StoredEvent(row.tx_id, row.seq, row.id, row.organisation, row.topic, row.version, row.body, row.at)


class Consumer(Protocol):
    """Reads the outbox in order. `handle` runs in the transaction that moves its cursor.

    What it writes through `conn` therefore happens exactly once; anything else at least once.
    """

    @property
    def name(self) -> str: ...

    async def handle(self, conn: AsyncConnection, events: Sequence[StoredEvent]) -> None: ...


class OutboxReader:
    """Moves consumers along the outbox, a batch and a transaction at a time."""

    def __init__(self, *, batch: int = 500) -> None:
        self._batch = batch

    async def step(self, conn: AsyncConnection, consumer: Consumer) -> int:
        """Hand one batch to the consumer inside the open transaction; the number of events read.

        On PostgreSQL the cursor row is locked, so of many processes one reads at a time; the others
        get 0 at once instead of waiting.
        """
        cursor = await self._lock_cursor(conn, consumer.name)
        if cursor is None:
            return 0
        events = await read_after(conn, cursor, self._batch)
        if events:
            await consumer.handle(conn, events)
            await conn.execute(
                sa.update(outbox_cursor)
                .where(outbox_cursor.c.consumer == consumer.name)
                .values(tx_id=events[-1].tx_id, seq=events[-1].seq)
            )
        return len(events)

    async def _lock_cursor(self, conn: AsyncConnection, name: str) -> Cursor | None:
        query = sa.select(outbox_cursor.c.tx_id, outbox_cursor.c.seq).where(outbox_cursor.c.consumer == name)
        row = (await conn.execute(query.with_for_update(skip_locked=True))).one_or_none()
        if row is not None:
            return Cursor(row.tx_id, row.seq)
        known = (await conn.execute(query)).one_or_none()
        if known is not None:
            return None
        await conn.execute(insert_new(conn.dialect.name, outbox_cursor), {"consumer": name, "tx_id": 0, "seq": 0})
        row = (await conn.execute(query.with_for_update(skip_locked=True))).one_or_none()
        return None if row is None else Cursor(row.tx_id, row.seq)
