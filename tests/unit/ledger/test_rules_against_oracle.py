"""The posting rules against an independent oracle: seeded steered batches, and a Hypothesis state machine."""

import asyncio

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from tests.ledger.books import PureBook
from tests.ledger.contest import EVERY_OUTCOME, Contest
from tests.ledger.machine import LedgerMachine, thorough


@pytest.mark.anyio
async def test_ten_thousand_steered_transfers_get_the_oracles_answers():
    contest = Contest()
    for seed in range(10):
        await contest.play(f"pure-{seed}", 1_000)
    assert contest.operations >= 10_000
    assert EVERY_OUTCOME - contest.told.keys() == set()


def test_any_history_is_the_oracles():
    with asyncio.Runner() as runner:
        run_state_machine_as_test(lambda: LedgerMachine(None, runner, "pure"), settings=thorough(examples=150))


def test_the_machine_notices_a_balance_that_is_one_unit_off():
    class Careless(PureBook):
        def snapshot(self):
            accounts, holds = super().snapshot()
            return {name: (posted + (posted > 0), held) for name, (posted, held) in accounts.items()}, holds

    def machine(runner: asyncio.Runner) -> LedgerMachine:
        made = LedgerMachine(None, runner, "careless")
        made.pure = Careless()
        return made

    with asyncio.Runner() as runner, pytest.raises(AssertionError, match="the oracle's"):
        run_state_machine_as_test(
            lambda: machine(runner),
            # The same histories each time: a check of the check is no place for chance.
            settings=settings(thorough(examples=50), derandomize=True, print_blob=False, report_multiple_bugs=False),
        )
