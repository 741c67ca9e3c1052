from collections import Counter
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aia.core.clock import rfc3339
from aia.core.errors import Invalid
from aia.core.ids import ALPHABET, content_id, random_ids
from aia.core.money import UNITS_MAX, Units, apportion, format_units, parse_units
from aia.core.pages import PageRequest, page_of


@given(st.integers(0, UNITS_MAX))
def test_money_is_read_back_as_it_was_written(units):
    assert parse_units(format_units(units)) == units


@pytest.mark.parametrize(
    "text", ["", "-1", "1.0000001", "1e3", "NaN", "١", " 1", "1,5", "9999999999999", "0x1", "+1"]
)
def test_what_is_not_a_plain_decimal_is_refused_by_name(text):
    with pytest.raises(Invalid, match="budget"):
        parse_units(text, "budget")


@given(st.integers(0, 10**12), st.lists(st.integers(0, 10**6), min_size=1, max_size=30).filter(any))
def test_apportioned_parts_sum_to_the_whole_and_are_within_one_unit_of_their_share(total, weights):
    parts = apportion(Units(total), weights)
    assert sum(parts) == total
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part * sum(weights) - total * weight) < sum(weights)


@pytest.mark.parametrize("weights", [[], [0, 0], [-1, 2]])
def test_weights_that_cannot_share_are_refused(weights):
    with pytest.raises(ValueError, match="weights"):
        apportion(Units(5), weights)


def test_ids_of_a_later_millisecond_sort_later():
    early = random_ids(lambda: datetime(2026, 1, 1, tzinfo=UTC))("x")
    late = random_ids(lambda: datetime(2026, 1, 1, 0, 0, 1, tzinfo=UTC))("x")
    assert early < late
    assert len(early) == len("x_") + 26


def test_ids_of_one_millisecond_begin_alike_and_take_every_digit_as_often():
    """The digits are those of a ULID: the time in ten, then eighty random bits in sixteen."""
    at = datetime(2026, 1, 1, tzinfo=UTC)
    new_id = random_ids(lambda: at)
    digits = [new_id("x").removeprefix("x_") for _ in range(4_000)]
    assert len(set(digits)) == 4_000
    (stamp,) = {text[:10] for text in digits}
    assert sum(ALPHABET.index(d) * 32**place for place, d in enumerate(reversed(stamp))) == at.timestamp() * 1000
    counts = Counter("".join(text[10:] for text in digits))
    assert set(counts) == set(ALPHABET)
    assert max(counts.values()) - min(counts.values()) < 10 * (16 * 4_000 / 32) ** 0.5


@given(st.lists(st.text(max_size=5), max_size=4), st.lists(st.text(max_size=5), max_size=4))
def test_content_ids_differ_when_the_parts_differ(a, b):
    assert (content_id("x", *a) == content_id("x", *b)) == (a == b)


@given(st.lists(st.integers(0, 999), unique=True).map(sorted), st.integers(1, 200))
def test_walking_pages_gives_every_item_once(items, limit):
    seen, cursor = [], None
    while True:
        request = PageRequest.of(limit, cursor)
        after = -1 if request.after is None else int(request.after)
        page = page_of([i for i in items if i > after][: limit + 1], request, str)
        seen += page.items
        cursor = page.next_cursor
        if cursor is None:
            break
    assert seen == items


@pytest.mark.parametrize("cursor", ["x", "e30", "WzFd", "\u2603", "W10"])
def test_a_foreign_cursor_is_refused(cursor):
    with pytest.raises(Invalid, match="cursor"):
        PageRequest.of(10, cursor)


@pytest.mark.parametrize("limit", [0, 201, -5])
def test_a_limit_out_of_bounds_is_refused(limit):
    with pytest.raises(Invalid, match="limit"):
        PageRequest.of(limit, None)


def test_naive_times_have_no_place():
    with pytest.raises(ValueError, match="naive"):
        rfc3339(datetime(2026, 1, 1))  # noqa: DTZ001 - a naive time is what is tested
