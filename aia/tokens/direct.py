"""Posting on PostgreSQL in one round trip, or two: rows that are not known are read, and one statement writes.

Nothing is locked between. The statement writes only if the ledger's head still stands where the rows were right;
then nobody came between, and the batch is what it would have been under the lock. A batch can be prepared while the
one before it is being written: it counts on that one, and is written after it or not at all. What needs more
than these statements (memos, watched transfers, accounts of the treasury) is left to the caller.
"""

import asyncio
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from aia.core.clock import Instant
from aia.core.ids import NewId
from aia.core.principal import Principal
from aia.infra.sql import Database
from aia.tokens.log import grow
from aia.tokens.model import TREASURY_OWNER, Outcome, Result, Token, Transfer, TransferKind
from aia.tokens.posting import Posting, State, post
from aia.tokens.recent import Recent
from aia.tokens.service import POSTED
from aia.tokens.store import Head
from aia.tokens.store_ids import HOLD, TRANSFER, number_of
from aia.tokens.store_postgres import PostgresDriver
from aia.tokens.store_posting import Change, News, Rows, Wanted, change_of, rows_of, wanted_of

_DONE = frozenset({Outcome.CREATED, Outcome.EXISTS})


@dataclass(frozen=True, slots=True)
class Prepared:
    """A batch with its results, and what to write for them: nothing if no transfer was made."""

    results: tuple[Result, ...]
    change: Change | None
    before: Head
    after: Head
    news: News | None


@dataclass(frozen=True, slots=True)
class _Line:
    """A connection of the pool that is kept."""

    connection: AsyncConnection
    driver: PostgresDriver


class DirectPosting:
    """Keeps two connections of the database's pool while it is used: one writes while the other reads.

    For one caller, who prepares one batch after another and writes them in that order.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._reader: _Line | None = None
        self._writer: _Line | None = None
        self._recent: Recent | None = None
        self._idle = asyncio.Event()  # nothing is being written
        self._idle.set()

    def takes(self, batch: Sequence[Transfer]) -> bool:
        """Whether these statements are enough for a batch."""
        if self._database.dialect != "postgresql":
            return False
        return not any(t.memo or t.token is Token.AIA_GOV or t.kind is TransferKind.MINT for t in batch)

    async def prepare(self, batch: Sequence[Transfer]) -> Prepared | None:
        """The batch as it will be if what was prepared before it is written; None if it must go the long way."""
        try:
            async with self._database.outside() as (now, new_id):
                return await self._prepare(batch, now, new_id)
        except BaseException:
            self.forget()
            await self._drop_reader()
            raise

    async def _prepare(self, batch: Sequence[Transfer], now: Instant, new_id: NewId) -> Prepared | None:
        if self._recent is None or self._recent.full:
            await self._idle.wait()  # rows read now must be those of all that was prepared
            self._recent = None
        known = await self._state(batch, now)
        if known is None:
            return None
        recent, state, wanted = known
        accounts = recent.accounts
        if any((debit := accounts.get(t.debit)) and debit.owner == TREASURY_OWNER for t in batch):
            return None  # a signed order may ask for it, which the ledger finds out
        posting = post(state, batch, now)
        doubted = _doubted(batch, posting, recent)
        if doubted:
            known = await self._state(batch, now, doubted)
            if known is None:
                return None
            recent, state, wanted = known
            posting = post(state, batch, now)
        before = recent.head
        if not posting.transfers:
            return Prepared(posting.results, None, before, before, None)
        frontier, root, nodes = grow(before.frontier, posting.transfers)
        after = Head(posting.next_seq, frontier, root, before.epoch)
        change = change_of(posting, state, wanted, nodes, {})
        recent.count_on(posting, after)
        body = json.dumps({"first_seq": before.next_seq, "last_seq": posting.next_seq - 1})
        news = News(new_id("evt"), Principal.system().organisation, POSTED, body, now)
        return Prepared(posting.results, change, before, after, news)

    async def _state(
        self, batch: Sequence[Transfer], now: Instant, doubted: Collection[str] = frozenset()
    ) -> tuple[Recent, State, Wanted] | None:
        if any(t.reverses is not None for t in batch):
            await self._idle.wait()  # sums of reversals are not among what is known
        recent = self._recent
        wanted = wanted_of(batch, recent, doubted)
        rows: Rows = ([], [], [], {})
        if recent is None or not wanted.nothing():
            self._reader = line = self._reader or await self._connect()
            head, found = await line.driver.read(wanted)
            if recent is None:
                self._recent = recent = Recent(head, now)
            elif not (head.is_at(recent.head) or head.is_at(recent.written)):
                self.forget()
                return None
            rows = rows_of(line.driver, found)
        accounts, existing, holds, reversed_units = rows
        recent.learn(accounts, holds)
        read = {row.id: row for row in existing}
        at_hand = {t.id: row for t in batch if (row := recent.transfer(t.id))}
        reversed_ones = {t.reverses: row for t in batch if t.reverses and (row := recent.transfer(t.reverses))}
        state = State(
            accounts=recent.accounts,
            holds=recent.holds,
            existing=read | at_hand | reversed_ones,
            reversed_units=reversed_units,
            next_seq=recent.head.next_seq,
            unusable=wanted.unusable,
        )
        return recent, state, wanted

    async def write(self, prepared: Prepared) -> bool:
        """Make a batch durable; False, and nothing is written, if what it counts on is not what stands."""
        self._idle.clear()
        done = False
        try:
            async with self._database.outside():
                self._writer = line = self._writer or await self._connect()
                if prepared.change is None:  # what was refused must be refused by what stands
                    done = await line.driver.stands(prepared.before)
                else:
                    done = await line.driver.write(prepared.change, prepared.before, prepared.after, prepared.news)
        except BaseException:
            writer, self._writer = self._writer, None
            await _drop(writer)
            raise
        finally:
            if not done:
                self.forget()
            elif self._recent is not None:
                self._recent.written = prepared.after
            self._idle.set()
        return done

    def forget(self) -> None:
        """Know nothing, so that the next batch reads all it needs: for when somebody else has posted."""
        self._recent = None

    async def _connect(self) -> _Line:
        connection = await self._database.engine.connect()
        return _Line(connection, await PostgresDriver.on(connection))

    async def _drop_reader(self) -> None:
        reader, self._reader = self._reader, None
        await _drop(reader)

    async def close(self) -> None:
        """Give the connections back."""
        self.forget()
        writer, self._writer = self._writer, None
        await self._drop_reader()
        await _drop(writer)


def _doubted(batch: Sequence[Transfer], posting: Posting, recent: Recent) -> set[str]:
    """Ids that were taken to be new and whose transfers were refused.

    The index that would refuse to write such an id twice is not asked when nothing of it is written, and who asks
    again for what was done must hear so, not that it cannot be done any more.
    """
    refused = [t for t, result in zip(batch, posting.results, strict=True) if result.outcome not in _DONE]
    names = ((TRANSFER, t.id) for t in refused if not recent.has(t.id))
    holds = ((HOLD, t.hold_id) for t in refused if t.hold_id is not None and t.hold_id not in recent.holds)
    numbers = {name: number_of(prefix, name) for prefix, name in (*names, *holds)}
    return {name for name, number in numbers.items() if number is not None and recent.is_new(number)}


async def _drop(line: _Line | None) -> None:
    """Give a connection back; a broken one is not used again."""
    if line is not None:
        await line.connection.invalidate()
        await line.connection.close()
