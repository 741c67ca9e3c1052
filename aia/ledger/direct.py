"""Posting on PostgreSQL in one round trip, or two: rows that are not at hand are read, and one statement writes.

Nothing is locked between. The statement writes only if the ledger's head still stands where the rows were right;
then nobody came between, and the batch is what it would have been under the lock. What needs more than these
statements (watched transfers, accounts of the treasury) is left to the caller.
"""

import json
from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from aia.core.clock import Instant
from aia.core.ids import NewId
from aia.core.principal import Principal
from aia.infra.sql import Database
from aia.ledger.log import grow
from aia.ledger.model import DONE, TREASURY_OWNER, Result, Token, Transfer, TransferKind
from aia.ledger.posting import Posting, State, post
from aia.ledger.row_cache import RowCache
from aia.ledger.service import POSTED
from aia.ledger.store import Head
from aia.ledger.store_ids import HOLD, TRANSFER, number_of
from aia.ledger.store_postgres import NOTHING_ABSENT, Absent, PostgresDriver
from aia.ledger.store_posting import News, Wanted, change_of, nothing_found, rows_of, wanted_of

MEMOS_MAX = 10_000


class DirectPosting:
    """Keeps one connection of the database's pool while it is used; for one caller, who posts one batch at a time."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._organisation = Principal.system().organisation
        self._conn: AsyncConnection | None = None
        self._driver: PostgresDriver | None = None
        self._recent: RowCache | None = None
        self._memos: dict[str, int] = {}

    def takes(self, batch: Sequence[Transfer]) -> bool:
        """Whether these statements are enough for a batch."""
        if self._database.dialect != "postgresql":
            return False
        return not any(t.token is Token.AIA_GOV or t.kind is TransferKind.MINT for t in batch)

    async def post(self, batch: Sequence[Transfer]) -> tuple[Result, ...] | None:
        """The results, durable; None, and nothing is posted, if it must go the long way."""
        try:
            async with self._database.outside() as (now, new_id):
                driver = await self._connected()
                results = None
                if self._recent is not None:  # if another writer came between, read anew
                    results = await self._post(driver, batch, now, new_id)
                return results or await self._post(driver, batch, now, new_id)
        except BaseException:
            await self.close()
            raise

    async def _post(
        self, driver: PostgresDriver, batch: Sequence[Transfer], now: Instant, new_id: NewId
    ) -> tuple[Result, ...] | None:
        recent, self._recent = self._recent, None  # until it is known where the head stands
        recent, state, wanted = await _read(driver, recent, batch, now)
        if any((debit := state.accounts.get(t.debit)) and debit.owner == TREASURY_OWNER for t in batch):
            return None  # a signed order may ask for it, which the ledger finds out
        posting = post(state, batch, now)
        before, absent = recent.head, _doubted(batch, posting, recent, state)
        if not posting.transfers:  # what was refused must be refused by what stands
            if not await driver.stands(before, absent):
                return None
        else:
            frontier, root, nodes = grow(before.frontier, posting.transfers)
            after = Head(posting.next_seq, frontier, root, before.epoch)
            body = json.dumps({"first_seq": before.next_seq, "last_seq": posting.next_seq - 1})
            news = News(new_id("evt"), self._organisation, POSTED, body, now)
            notes = await self._memo_numbers(driver, {t.memo for t in posting.transfers if t.memo})
            change = change_of(posting, state, wanted, nodes, notes)
            if not await driver.write(change, before, after, news, absent):
                return None
            recent.follow(posting, after)
        self._recent = None if recent.full else recent
        return posting.results

    async def _memo_numbers(self, driver: PostgresDriver, texts: set[str]) -> dict[str, int]:
        """The numbers of memos. A number never changes, so it is known whatever the head does."""
        missing = texts - self._memos.keys()
        if missing:
            if len(self._memos) > MEMOS_MAX:
                self._memos = {text: self._memos[text] for text in texts - missing}
            self._memos |= await driver.memo_numbers(sorted(missing))
        return {text: self._memos[text] for text in texts}

    def forget(self) -> None:
        """Have nothing at hand, so that the next batch reads all it needs: for when the head moves otherwise."""
        self._recent = None

    async def _connected(self) -> PostgresDriver:
        if self._driver is not None and self._driver.is_closed():  # the server went away between two batches
            await self.close()
        if self._driver is None:
            self._conn = await self._database.engine.connect()
            self._driver = await PostgresDriver.on(self._conn)
            await self._driver.plan_once()
        return self._driver

    async def close(self) -> None:
        """Give the connection back; a broken one is not used again."""
        conn, self._conn = self._conn, None
        self._driver = self._recent = None
        if conn is not None:
            await conn.invalidate()
            await conn.close()


def _doubted(batch: Sequence[Transfer], posting: Posting, recent: RowCache, state: State) -> Absent:
    """What was taken to be new and whose transfers were refused.

    The index that would refuse to write such an id twice is not asked when nothing of it is written, and who asks
    again for what was done must hear so, not that it cannot be done any more.
    """
    refused = [t for t, result in zip(batch, posting.results, strict=True) if result.outcome not in DONE]
    if not refused:
        return NOTHING_ABSENT
    transfers = {name for t in refused for name in (t.id, t.reverses) if name and name not in state.existing}
    holds = {t.hold_id for t in refused if t.hold_id is not None and t.hold_id not in recent.holds}
    return Absent(
        [n for name in transfers if (n := number_of(TRANSFER, name)) is not None and recent.is_new(n)],
        [n for name in holds if (n := number_of(HOLD, name)) is not None and recent.is_new(n)],
    )


async def _read(
    driver: PostgresDriver, recent: RowCache | None, batch: Sequence[Transfer], now: Instant
) -> tuple[RowCache, State, Wanted]:
    """All that a batch must know, and what is at hand after it was read. Read rows under another head replace it."""
    wanted = wanted_of(batch, recent)
    rows = nothing_found()
    if recent is None or not wanted.nothing():
        head, found = await driver.read(wanted)
        if recent is not None and not head.is_at(recent.head):
            return await _read(driver, None, batch, now)
        recent = recent or RowCache(head, now)
        rows = rows_of(driver, found)
    accounts, existing, holds, reversed_units = rows
    recent.learn(accounts, holds)
    state = State(
        accounts=recent.accounts,
        holds=recent.holds,
        existing={**wanted.at_hand, **{row.id: row for row in existing}},
        reversed_units=reversed_units,
        next_seq=recent.head.next_seq,
        unusable=wanted.unusable,
    )
    return recent, state, wanted
