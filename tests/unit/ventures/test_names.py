"""Names of needs: whole clauses that someone wrote, about what a group has in common."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aia.ventures.needs.clauses import CLAUSES_MAX, WORDS_MAX, WORDS_MIN, clauses_of
from aia.ventures.needs.names import name_groups


def offered(text: str) -> dict[str, float]:
    return {" ".join(clause.words): clause.whole for clause in clauses_of(text)}


@pytest.mark.parametrize(
    ("text", "clause"),
    [
        ("Where is my refund?", "Where is my refund"),
        ("Hello, I can't withdraw cash at the ATM", "I can't withdraw cash at the ATM"),
        ("I called and spoke to a rude clerk who hung up on me.", "I called and spoke to a rude clerk"),
        ("On 03/04/2019 they charged me twice, and nobody answers.", "they charged me twice"),
        ("Report stolen card", "Report stolen card"),
    ],
)
def test_a_clause_that_can_stand_alone_is_offered_whole(text, clause):
    assert offered(text)[clause] >= 0.5


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("They sent me a letter stating XXXX.", "They sent me a letter stating"),
        ("The amount should be around $400 a month.", "The amount should be around"),
        ("XXXX left my balance at zero.", "left my balance at zero"),
        ("They withheld the information by refusing my calls.", "information by refusing"),
        ("Where is my refund?", "is my refund"),
    ],
)
def test_what_is_cut_off_at_either_end_is_no_name(text, cut):
    assert cut not in offered(text)


@given(st.text(alphabet="aI wX1.,?\n'-é ", max_size=300) | st.text(max_size=300))
def test_clauses_are_runs_of_the_words_of_any_text_and_bounded(text):
    found = list(clauses_of(text))
    assert len(found) <= CLAUSES_MAX
    for clause in found:
        assert WORDS_MIN <= len(clause.words) <= WORDS_MAX
        assert 0 <= clause.whole <= 1
        place = 0
        for word in clause.words:
            place = text.index(word, place) + len(word)


def test_a_name_says_what_most_say_and_not_whom_one_of_them_means():
    refunds = [
        "Zubank will not refund the late fee to me.",
        "They will not refund the late fee.",
        "The late fee was not taken back, they refuse a refund.",
        "I asked for a refund of the late fee and they refused.",
        "No refund of my late fee.",
    ]
    logins = [f"I cannot log in to my account on my {thing}." for thing in ("phone", "tablet", "watch", "laptop")]
    refund, login = name_groups([refunds, logins])
    assert "Zubank" not in refund.title
    assert {"refund", "late", "fee"} <= set(refund.title.lower().split())
    assert login.title.startswith("I cannot log in")


def test_no_two_groups_share_a_title_and_texts_without_a_clause_are_named_by_their_words():
    same = [["I cannot log in."] * 3, ["I cannot log in."] * 3, ["kaputt XXXX", "kaputt 12"]]
    titles = [name.title for name in name_groups(same)]
    assert len(set(titles)) == 3
    assert titles[2] == "kaputt"


def test_groups_without_a_clause_to_their_name_have_names_of_their_own():
    groups = [["support days"] * 4 for _ in range(5)]
    titles = [name.title for name in name_groups(groups)]
    assert len(set(titles)) == 5
    assert max(map(len, titles)) <= len("support, days (5)")
