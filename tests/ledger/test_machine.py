"""The Hypothesis state machine on databases."""

import asyncio
from itertools import count

from hypothesis.stateful import run_state_machine_as_test

from aia.core.ids import random_ids
from aia.infra.sql import migrate, open_database
from tests.ledger.books import Clock, DatabaseBook
from tests.ledger.machine import LedgerMachine, thorough
from tests.ledger.steered import START


def test_any_history_of_the_ledger_on_a_database_is_the_oracles(database_url: str):
    numbers = count()
    with asyncio.Runner() as runner:
        clock = Clock(START)
        database = open_database(database_url, clock, random_ids())
        runner.run(migrate(database))
        book = DatabaseBook(database, clock)
        try:
            run_state_machine_as_test(
                lambda: LedgerMachine(book, runner, f"m{next(numbers)}"), settings=thorough(examples=25)
            )
        finally:
            runner.run(book.done())
            runner.run(database.engine.dispose())
