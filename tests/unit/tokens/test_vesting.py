"""Vesting against an oracle in fractions: exact at every moment, everything at the end, never more."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from math import floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aia.core.money import UNITS_MAX, Units
from aia.ledger import Token
from aia.tokens.vesting import BadSchedule, Schedule, check_terms

START = datetime(2026, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def schedule(total=1_000, cliff=10 * DAY, duration=100 * DAY, released=0, revoked_at=None) -> Schedule:
    return Schedule(
        id="v",
        token=Token.AIA,
        account="vesting:v",
        beneficiary="b",
        origin="o",
        total=Units(total),
        released=Units(released),
        start=START,
        cliff=cliff,
        duration=duration,
        revocable=True,
        revoked_at=revoked_at,
    )


def seconds(delta: timedelta) -> Fraction:
    return Fraction(delta.days * 86_400 + delta.seconds) + Fraction(delta.microseconds, 1_000_000)


def oracle(total: int, cliff: timedelta, duration: timedelta, elapsed: timedelta) -> int:
    if seconds(elapsed) < seconds(cliff):
        return 0
    return floor(total * min(Fraction(1), seconds(elapsed) / seconds(duration)))


deltas = st.timedeltas(timedelta(0), timedelta(days=36_525))


@given(st.integers(1, UNITS_MAX), st.tuples(deltas, deltas), deltas)
def test_what_has_vested_is_what_fractions_say(total, terms, elapsed):
    cliff, duration = sorted(terms)
    duration = max(duration, timedelta(microseconds=1))
    assert schedule(total, cliff, duration).vested(START + elapsed) == oracle(total, cliff, duration, elapsed)


@given(st.integers(1, UNITS_MAX), st.lists(deltas, max_size=20))
def test_releases_at_any_moments_sum_to_the_total_and_never_pass_what_has_vested(total, moments):
    released = 0
    for elapsed in [*sorted(moments), 100 * DAY]:
        now = START + min(elapsed, 100 * DAY)
        released += schedule(total, released=released).releasable(now)
        assert released <= oracle(total, 10 * DAY, 100 * DAY, now - START)
    assert released == total


def test_nothing_vests_before_the_cliff_and_what_was_due_comes_with_it():
    assert schedule().vested(START + 10 * DAY - timedelta(microseconds=1)) == 0
    assert schedule().vested(START + 10 * DAY) == 100
    assert schedule().vested(START - DAY) == 0


def test_a_cliff_as_long_as_the_duration_releases_all_at_once():
    all_at_once = schedule(cliff=5 * DAY, duration=5 * DAY)
    assert [all_at_once.vested(START + n * DAY) for n in (4, 5)] == [0, 1_000]


def test_a_revoked_schedule_stays_at_what_had_vested():
    revoked = schedule(total=300, released=100, revoked_at=START + 30 * DAY)
    assert revoked.releasable(START + 31 * DAY) == revoked.releasable(START + 900 * DAY) == 200


def test_a_clock_that_goes_back_releases_nothing():
    assert schedule(released=500).releasable(START + 20 * DAY) == 0


@pytest.mark.parametrize(
    ("total", "cliff", "duration", "field"),
    [
        (0, DAY, DAY, "amount"),
        (1, DAY, timedelta(0), "duration"),
        (1, DAY, 40_000 * DAY, "duration"),
        (1, 2 * DAY, DAY, "cliff"),
        (1, -DAY, DAY, "cliff"),
    ],
)
def test_terms_out_of_bounds_are_named(total, cliff, duration, field):
    with pytest.raises(BadSchedule, match=field):
        check_terms(Units(total), cliff, duration)
