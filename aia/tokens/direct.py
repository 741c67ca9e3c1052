"""Posting a batch on PostgreSQL in two round trips: one statement reads, one writes, and nothing is locked between.

The second writes only if the ledger's head still stands where the first read it; then nobody came between, and
the batch is what it would have been under the lock. If somebody did, the caller posts it under the lock. What
needs more than these two statements (memos, watched transfers) is left to the caller too.
"""

import json
from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from aia.core.principal import Principal
from aia.infra.sql import Database
from aia.tokens.log import grow
from aia.tokens.model import Result, Token, Transfer, TransferKind
from aia.tokens.posting import post
from aia.tokens.service import POSTED, Ledger
from aia.tokens.store import Head
from aia.tokens.store_postgres import PostgresDriver
from aia.tokens.store_posting import News, change_of, state_of, wanted_of


class DirectPosting:
    """Keeps one connection of the database's pool while it is used."""

    def __init__(self, database: Database, ledger: Ledger) -> None:
        self._database = database
        self._ledger = ledger
        self._conn: AsyncConnection | None = None

    def takes(self, batch: Sequence[Transfer]) -> bool:
        """Whether two statements are enough for a batch."""
        if self._database.dialect != "postgresql":
            return False
        return not any(t.memo or t.token is Token.AIA_GOV or t.kind is TransferKind.MINT for t in batch)

    async def post(self, batch: Sequence[Transfer]) -> tuple[Result, ...] | None:
        """The results, durable; None, and nothing is posted, when another writer came between."""
        try:
            if self._conn is None:
                self._conn = await self._database.engine.connect()
            return await self._post(self._conn, batch)
        except BaseException:
            await self.close()
            raise

    async def _post(self, conn: AsyncConnection, batch: Sequence[Transfer]) -> tuple[Result, ...] | None:
        async with self._database.outside(Principal.system(), conn) as tx:
            driver = await PostgresDriver.on(conn)
            wanted = wanted_of(batch)
            head, found = await driver.read(wanted)
            state = state_of(driver, wanted, found, head.next_seq)
            posting = post(state, batch, tx.now)
            if posting.transfers:
                frontier, root, nodes = grow(head.frontier, posting.transfers)
                after = Head(posting.next_seq, frontier, root, head.epoch)
                body = json.dumps({"first_seq": head.next_seq, "last_seq": posting.next_seq - 1})
                news = News(tx.new_id("evt"), tx.organisation, POSTED, body, tx.now)
                if not await driver.write(change_of(driver, posting, state, nodes, {}), head, after, news):
                    return None
        self._ledger.count(posting.results)
        return posting.results

    async def close(self) -> None:
        """Give the connection back; a broken one is not used again."""
        conn, self._conn = self._conn, None
        if conn is not None:
            await conn.invalidate()
            await conn.close()
