"""The ledger against an independent oracle: every answer, every balance, every hold, after every batch."""

import pytest

from tests.ledger.books import DatabaseBook
from tests.ledger.contest import EVERY_OUTCOME, Contest

OPERATIONS = 10_000
SEEDS = range(5)
"""Five worlds on each of two databases: 100,000 operations."""


@pytest.mark.anyio
@pytest.mark.parametrize("seed", SEEDS)
async def test_ten_thousand_steered_transfers_get_the_oracles_answers_on_a_database(book: DatabaseBook, seed, capsys):
    contest = Contest(book)
    await contest.play(f"ci-{seed}", OPERATIONS)
    assert contest.operations >= OPERATIONS
    assert EVERY_OUTCOME - contest.told.keys() == set()
    with capsys.disabled():
        print(f" [{book.database.dialect}, seed ci-{seed}: {contest.operations} operations, 0 differences]", end="")
