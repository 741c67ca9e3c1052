"""Statements: what the n-gram model adds to the rules, and what it leaves alone."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aia.text.statements import find_statements
from aia.text.statements.learned import shipped_model
from aia.text.statements.ngrams import BUCKETS, features
from aia.ventures.discovery.tools import extract


@pytest.fixture(scope="module")
def model():
    return shipped_model()


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("They kept calling my sister at work even after I paid.", "problem"),
        ("I called many times and got nowhere.", "problem"),
        ("They raised my premium without any explanation.", "problem"),
        ("Tell me about the refund policy.", "request"),
        ("Kindly forward the certificate to my office.", "request"),
    ],
)
def test_the_model_finds_what_is_said_without_a_word_of_complaint(model, text, kind):
    assert find_statements(text) == ()
    (found,) = find_statements(text, model)
    assert (found.kind.value, text[found.start : found.end]) == (kind, text)


@pytest.mark.parametrize(
    "text",
    [
        "I opened a savings account with the bank in March.",
        "We make scheduling software for dental clinics.",
        "The parcel was delivered on Monday morning.",
        "Thanks for the wonderful concert.",
    ],
)
def test_what_states_nothing_is_left_alone(model, text):
    assert find_statements(text, model) == ()


def test_what_the_rules_find_stays_as_it_was(model):
    text = "The app crashes daily. I opened it in May. They kept calling my sister at work even after I paid."
    rules, both = find_statements(text), find_statements(text, model)
    assert set(rules) < set(both)
    assert all(a.end <= b.start for a, b in pairwise(both))


def test_a_scout_uses_the_model_only_when_asked_to():
    documents = [(0, "I called many times and got nowhere.")]
    assert extract(documents)["statements"] == []
    assert len(extract(documents, "model")["statements"]) == 1


def test_the_model_is_small(model):
    assert model.weights.nbytes <= 2**20
    assert model.weights.shape[0] == BUCKETS


@given(st.lists(st.text(max_size=200), max_size=5))
def test_any_text_is_judged_alone_as_among_others(texts):
    found = shipped_model().kinds(texts)
    assert len(found) == len(texts)
    assert [shipped_model().kinds([text])[0] for text in texts] == found
    buckets, owners = features(texts)
    assert len(buckets) == len(owners)
    assert not len(buckets) or (buckets.min() >= 0 and buckets.max() < BUCKETS)


@pytest.mark.parametrize(
    "text",
    [
        "I never had any problem with this kettle.",
        "No issues at all with the hotel.",
        "The staff were never rude.",
        "I can't fault the service.",
        "We couldn't be happier.",
        "It has not just recipes but shopping lists.",
    ],
)
def test_praise_in_the_words_of_a_denial_states_no_problem(text):
    assert find_statements(text) == ()


@pytest.mark.parametrize(
    "text",
    [
        "The app has no error message when payment fails",
        "I did not have any late payments",
        "I have had no answer to my problem, so I am not able to log in.",
        "I don't see any issue with my card, so why is it blocked?",
        "I can't complain to anybody as they ignored me.",
    ],
)
def test_a_denial_that_is_a_complaint_is_one(text):
    assert len(find_statements(text)) == 1


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ("Verified stay | The shower is broken.", "The shower is broken."),
        ("<p>Please add a dark mode.</p><br/>Sent from my phone", "Please add a dark mode."),
        ("<div class='x'>Boots are nice</div><li>I cannot pay by card</li>", "I cannot pay by card"),
        ("Love the songs 😍 I cannot log in 😡😡 My dog is called Rex", "I cannot log in 😡😡"),
    ],
)
def test_bars_tags_and_pictures_end_a_sentence_and_marks_are_not_quoted(text, quoted):
    (found,) = find_statements(text)
    assert text[found.start : found.end] == quoted
