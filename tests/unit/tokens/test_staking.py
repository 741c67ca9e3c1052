"""Rewards by an index against the loop over all stakers that it replaces, in fractions; nothing is lost."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aia.core.money import UNITS_MAX, Units
from aia.ledger import Token
from aia.tokens.staking import NothingStaked, Pool, SlashTooLarge, Stake, StakeLocked, StakeTooSmall
from aia.tokens.staking.model import (
    SCALE,
    accrue,
    claim,
    empty_pool,
    fund,
    lower_stake,
    raise_stake,
    slash,
)

NOW = datetime(2026, 1, 1, tzinfo=UTC)
STAKERS = 4


def stake(amount: int = 0, index: int = 0) -> Stake:
    return Stake("w", Token.AIA, "stake:w", amount, 0, NOW, index, 0, 0)


class Loop:
    """The naive way: every funding visits every staker."""

    def __init__(self) -> None:
        self.amounts = [Fraction(0)] * STAKERS
        self.owed = [Fraction(0)] * STAKERS

    def fund(self, units: int) -> None:
        total = sum(self.amounts)
        for i, amount in enumerate(self.amounts):
            self.owed[i] += units * amount / total


operations = st.lists(
    st.tuples(
        st.sampled_from(["stake", "unstake", "fund", "fund", "claim", "slash"]),
        st.integers(0, STAKERS - 1),
        st.integers(1, 10**15),
    ),
    max_size=60,
)


@settings(max_examples=300)
@given(operations)
def test_the_index_pays_what_a_loop_over_all_stakers_would_and_accounts_for_every_fraction(todo):
    pool, stakes, loop = empty_pool(Token.AIA), [stake() for _ in range(STAKERS)], Loop()
    fundings = 0
    for what, who, units in todo:
        mine = stakes[who]
        if what == "stake":
            pool, stakes[who] = raise_stake(pool, mine, Units(units % 10**13 + 1), NOW)
            loop.amounts[who] += units % 10**13 + 1
        elif what == "unstake" and mine.amount:
            taken = Units(units % mine.amount + 1)
            pool, stakes[who] = lower_stake(pool, mine, taken, NOW)
            loop.amounts[who] -= taken
        elif what == "fund" and pool.staked:
            pool = fund(pool, Units(units))
            loop.fund(units)
            fundings += 1
        elif what == "claim":
            pool, stakes[who], paid = claim(pool, mine)
            loop.owed[who] -= paid
        elif what == "slash" and mine.amount + mine.cooling:
            taken = Units(units % (mine.amount + mine.cooling) + 1)
            before = mine.amount
            pool, stakes[who], _ = slash(pool, mine, taken, 10_000)
            loop.amounts[who] -= before - stakes[who].amount
        check(pool, stakes, loop, fundings)


def check(pool: Pool, stakes: list[Stake], loop: Loop, fundings: int) -> None:
    due = [accrue(pool, mine).owed for mine in stakes]
    assert sum(due) + pool.remainder + pool.paid * SCALE == pool.funded * SCALE
    assert pool.staked == sum(mine.amount for mine in stakes)
    assert 0 <= pool.paid <= pool.funded
    assert [mine.amount for mine in stakes] == loop.amounts
    # Each funding may move less than one 1/SCALE a staked unit, and each emptied stake less than a unit.
    tolerance = Fraction(fundings * 4 * 10**14, SCALE) + STAKERS * fundings
    for ours, theirs in zip(due, loop.owed, strict=True):
        assert abs(Fraction(ours, SCALE) - theirs) <= tolerance


@given(st.lists(st.integers(1, 10**13), min_size=1, max_size=20), st.lists(st.integers(1, 10**15), max_size=20))
def test_without_movements_each_claim_is_the_exact_share_rounded_down(amounts, fundings):
    pool, stakes = empty_pool(Token.AIA), []
    for amount in amounts:
        pool, mine = raise_stake(pool, stake(), Units(amount), NOW)
        stakes.append(mine)
    for units in fundings:
        pool = fund(pool, Units(units))
    for amount, mine in zip(amounts, stakes, strict=True):
        exact = Fraction(sum(fundings) * amount, sum(amounts))
        pool, _, paid = claim(pool, mine)
        assert paid <= exact < paid + 1 + Fraction(1, 100)


def test_a_stake_that_joins_late_earns_nothing_of_the_past():
    pool, first = raise_stake(empty_pool(Token.AIA), stake(), Units(100), NOW)
    pool = fund(pool, Units(1_000))
    pool, second = raise_stake(pool, stake(index=pool.index), Units(100), NOW)
    pool = fund(pool, Units(1_000))
    assert claim(pool, first)[2] == 1_500
    assert claim(pool, second)[2] == 500


def test_an_emptied_stake_gives_its_fraction_back_to_the_pool():
    pool = empty_pool(Token.AIA)
    pool, one = raise_stake(pool, stake(), Units(1), NOW)
    pool, two = raise_stake(pool, stake(), Units(2), NOW)
    pool = fund(pool, Units(10))
    pool, one = lower_stake(pool, one, Units(1), NOW)
    pool, one, paid = claim(pool, one)
    assert (paid, one.owed) == (3, 0)
    assert pool.remainder == SCALE // 3 + 1  # a third of a unit, and the rest of the division
    pool, two, paid = claim(fund(pool, Units(1)), two)
    assert paid == 8
    assert accrue(pool, two).owed + pool.remainder + pool.paid * SCALE == 11 * SCALE


def test_rewards_for_nobody_are_refused():
    with pytest.raises(NothingStaked):
        fund(empty_pool(Token.AIA), Units(1))


def test_the_largest_numbers_stay_exact():
    pool, mine = raise_stake(empty_pool(Token.AIA), stake(), Units(UNITS_MAX), NOW)
    pool = fund(pool, Units(UNITS_MAX))
    assert claim(pool, mine)[2] == UNITS_MAX - (1 if pool.remainder else 0)
    small, one = raise_stake(empty_pool(Token.AIA), stake(), Units(1), NOW)
    assert claim(fund(small, Units(UNITS_MAX)), one)[2] == UNITS_MAX


def test_a_lock_holds_to_its_instant_and_raising_a_stake_never_shortens_it():
    day = timedelta(days=1)
    pool, mine = raise_stake(empty_pool(Token.AIA), stake(), Units(10), NOW + day)
    with pytest.raises(StakeLocked):
        lower_stake(pool, mine, Units(1), NOW + day - timedelta(microseconds=1))
    assert lower_stake(pool, mine, Units(1), NOW + day)[1].cooling == 1
    assert raise_stake(pool, mine, Units(1), NOW)[1].locked_until == NOW + day


def test_no_more_is_unstaked_than_was_staked():
    pool, mine = raise_stake(empty_pool(Token.AIA), stake(), Units(10), NOW)
    with pytest.raises(StakeTooSmall, match="0.00001 are staked"):
        lower_stake(pool, mine, Units(11), NOW)


def test_a_slashing_takes_what_earns_first_then_what_cools_and_no_more_than_its_bound():
    pool, mine = raise_stake(empty_pool(Token.AIA), stake(), Units(60), NOW)
    pool, mine = lower_stake(pool, mine, Units(40), NOW)
    with pytest.raises(SlashTooLarge, match="5000 bps"):
        slash(pool, mine, Units(31), 5_000)
    pool, cut, of_cooling = slash(pool, mine, Units(30), 5_000)
    assert (cut.amount, cut.cooling, of_cooling, pool.staked) == (0, 30, 10, 0)


def test_slashing_keeps_what_was_earned_before():
    pool, mine = raise_stake(empty_pool(Token.AIA), stake(), Units(100), NOW)
    pool, cut, _ = slash(fund(pool, Units(50)), mine, Units(50), 5_000)
    assert claim(pool, replace(cut))[2] == 50
