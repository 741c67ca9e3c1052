"""A slice of the campaign of budgets: many spenders at once, and no node of the tree overspends."""

import asyncio

import pytest

from campaigns.budgets import after_the_call, campaign


def test_no_node_of_a_tree_of_budgets_overspends_whatever_is_asked_at_once(database_url: str):
    tally = asyncio.run(campaign(database_url, 100, "slice"))
    assert tally.overspent == 0
    assert tally.looks > 0
    assert sum(tally.spent.values()) > 0
    assert tally.refused > 0


@pytest.mark.parametrize("seed", ["a", "b"])
def test_counting_after_the_call_overspends_under_the_same_load(seed: str):
    assert asyncio.run(after_the_call(1_000, seed)) > 0
