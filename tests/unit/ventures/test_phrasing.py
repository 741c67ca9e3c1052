"""What of a model's answer may be used: only the form asked for, only passages that were given."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aia.ventures.discovery.phrasing import (
    INVENTED,
    LOOSE_WORDS,
    NO_JSON,
    POINTS_MAX,
    UNASKED,
    UNCITED,
    Point,
    accepted,
)

GOOD = {"name": "a calm tool", "summary": "People need calm.", "pro": [], "contra": []}
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 9) | st.floats(allow_nan=False) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)
points = st.lists(
    st.fixed_dictionaries({"point": st.text(max_size=30), "passages": json_values}) | json_values, max_size=9
)


def answer(**changes) -> str:
    return json.dumps(GOOD | changes)


def test_points_that_cite_given_passages_are_taken_as_they_are():
    phrase = accepted(answer(pro=[{"point": "It hurts", "passages": [2, 2, 1]}]), 2, 7)
    assert phrase.pro == (Point("It hurts", (1, 0)),)
    assert (phrase.name, phrase.summary, phrase.tokens, dict(phrase.dropped)) == (
        "a calm tool",
        "People need calm.",
        7,
        {},
    )


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"pro": [{"point": "It hurts", "passages": [3]}]}, INVENTED),
        ({"pro": [{"point": "It hurts", "passages": [0]}]}, INVENTED),
        ({"contra": [{"point": "It hurts", "passages": ["doc-17"]}]}, INVENTED),
        ({"contra": [{"point": "It hurts", "passages": [True]}]}, INVENTED),
        ({"pro": [{"point": "It hurts", "passages": [1.0]}]}, INVENTED),
        ({"pro": [{"point": "It hurts", "passages": []}]}, UNCITED),
        ({"pro": [{"point": "It hurts"}]}, LOOSE_WORDS),
        ({"pro": [{"point": 'They say "buy"', "passages": [1]}]}, LOOSE_WORDS),
        ({"pro": [{"point": "Nine of 10 say so", "passages": [1]}]}, LOOSE_WORDS),
        ({"pro": [{"point": "See www.example.org", "passages": [1]}]}, LOOSE_WORDS),
        ({"pro": "everything"}, LOOSE_WORDS),
        ({"name": "x"}, LOOSE_WORDS),
        ({"quotations": ["Buy now"]}, UNASKED),
    ],
)
def test_each_loose_piece_is_dropped_and_counted_under_its_reason(changes, reason):
    phrase = accepted(answer(**changes), 2, 0)
    assert dict(phrase.dropped) == {reason: 1}
    assert phrase.pro == phrase.contra == ()


@pytest.mark.parametrize("text", ["", "no", "[1, 2]", "{", "{]}", "{" * 9_000, '"a"', "null"])
def test_what_is_not_an_object_is_dropped_whole(text):
    assert dict(accepted(text, 3, 5).dropped) == {NO_JSON: 1}


@given(pro=points, contra=points, name=json_values, given_=st.integers(0, 5))
def test_no_answer_can_cite_what_it_was_not_given(pro, contra, name, given_):
    phrase = accepted(json.dumps({"name": name, "pro": pro, "contra": contra}), given_, 0)
    for side in (phrase.pro, phrase.contra):
        assert len(side) <= POINTS_MAX
        assert all(0 <= passage < given_ for point in side for passage in point.passages)
        assert all(point.passages for point in side)


@given(st.text(max_size=300))
def test_any_text_at_all_is_answered_without_an_error(text):
    assert accepted(text, 2, 0).pro == ()
