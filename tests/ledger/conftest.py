"""A ledger on a fresh database of each kind, with a clock that tests move."""

from collections.abc import AsyncGenerator

import pytest

from aia.core.ids import random_ids
from aia.infra.sql import migrate, open_database
from tests.ledger.bank import Bank
from tests.ledger.books import Clock, DatabaseBook
from tests.ledger.steered import START


@pytest.fixture
async def book(database_url: str) -> AsyncGenerator[DatabaseBook]:
    clock = Clock(START)
    database = open_database(database_url, clock, random_ids())
    try:
        await migrate(database)
        async with DatabaseBook(database, clock).opened() as book:
            yield book
    finally:
        await database.engine.dispose()


@pytest.fixture
async def bank(book: DatabaseBook) -> Bank:
    return await Bank(book).open()
