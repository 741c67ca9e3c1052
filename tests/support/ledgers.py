"""Ledgers with everything in them, for those who look for what is wrong: every kind of transfer, and checkpoints."""

from contextlib import asynccontextmanager

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from aia.core.ids import random_ids
from aia.core.principal import Principal
from aia.infra.sql import migrate, open_database
from aia.ledger.audit.service import TransferLog
from aia.ledger.log import SigningKey
from tests.ledger.books import Clock, DatabaseBook
from tests.ledger.steered import START, World

LOG = TransferLog(SigningKey("test.example/ledger", Ed25519PrivateKey.from_private_bytes(bytes(range(32)))))
SYSTEM = Principal.system()


@asynccontextmanager
async def opened(url: str):
    """A migrated database and the ledger on it."""
    clock = Clock(START)
    database = open_database(url, clock, random_ids())
    try:
        await migrate(database)
        async with DatabaseBook(database, clock).opened() as book:
            yield book
    finally:
        await database.engine.dispose()


async def play(book: DatabaseBook, seed: str, transfers: int) -> int:
    """Play a steered world until the journal has that many transfers or more, a checkpoint after every batch."""
    world = World(seed, seed)
    await book.open(world.oracle.accounts)
    world.oracle.head["seq"] = await book.last_seq()
    opening = world.opening()
    world.play(opening)
    batch = opening
    while True:
        await book.post(batch, world.now)
        async with book.database.begin(SYSTEM) as tx:
            await LOG.checkpoint(tx)
        if world.oracle.head["seq"] >= transfers:
            return world.oracle.head["seq"]
        batch, _ = world.next_batch()
