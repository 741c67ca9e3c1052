"""Needs and claims are dealt out whole, by rating, and everyone keeps some."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aia.agents import default_roster
from aia.ventures.discovery.allocation import deals, dealt


def analysts():
    roster = default_roster()
    return [agent for agent in roster.agents if "assess" in agent.skills]


def test_without_ratings_everyone_has_a_turn():
    agents = analysts()
    found = deals(agents, [1] * len(agents), {}, seed=0)
    assert [deal.places for deal in found] == [(i,) for i in range(len(agents))]


@given(st.integers(0, 200), st.lists(st.tuples(st.floats(1, 50), st.floats(1, 50)), min_size=3, max_size=3))
def test_every_item_is_dealt_once_and_counted_as_it_is_dealt(items, posteriors):
    agents = analysts()[:3]
    known = {agent.id: list(p) for agent, p in zip(agents, posteriors, strict=True)}
    found = deals(agents, [1] * len(agents), known, seed=items)
    hands = [dealt(range(items), deal.to_json()) for deal in found]
    assert sorted(item for hand in hands for item in hand) == list(range(items))
    assert [deal.number(items) for deal in found] == [len(hand) for hand in hands]
    assert all(deal.places for deal in found)
    assert sum(deal.part(100) for deal in found) >= 100


def test_the_better_rated_takes_more_and_the_worse_keeps_some():
    agents = analysts()[:3]
    known = {agents[0].id: [2.0, 40.0], agents[1].id: [40.0, 2.0]}
    worse, better, _ = deals(agents, [1] * 3, known, seed=1)
    assert len(better.places) > 2 * len(worse.places) > 0


def test_of_two_who_are_as_good_the_cheaper_takes_more():
    agents = analysts()[:2]
    known = {agent.id: [30.0, 10.0] for agent in agents}
    cheap, dear = deals(agents, [10, 20], known, seed=1)
    assert len(cheap.places) > len(dear.places)


def test_a_plan_of_before_ratings_steered_is_still_dealt():
    assert dealt("abcdefg", {"share": 1, "of": 3}) == ["b", "e"]
    with pytest.raises(KeyError):
        dealt("abc", {"of": 3})
