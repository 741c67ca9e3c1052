"""Assessment: who counts as a voice, what each term says, how needs rank, and what to find out next."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from aia.core.errors import Invalid
from aia.corpora.model import Document
from aia.text.model import Statement, StatementKind
from aia.ventures.assessment import Audience, Basis, Skills, assess, exposure, rank, voice_months, voices
from aia.ventures.assessment.cues import HARM, PAYING, PROMOTION, SOLVED, harm, is_foreign
from aia.ventures.assessment.flags import CAP_GRAVE, confidence_cap, flags_of
from aia.ventures.assessment.information import next_experiment, value_of_terms
from aia.ventures.assessment.posterior import UNITS, draw_terms
from aia.ventures.model import Assessment, Counts, Market, Momentum, Need, Ranked

DAY = date(2024, 1, 15)
LONG = "the field app loses every photo that I take on a site without any signal"


def counts(voices: int = 40, *, harmed: int | None = None, **changes) -> Counts:
    harmed = voices // 2 if harmed is None else harmed
    values = {
        "voices": voices,
        "exposure": 1_000,
        "largest_voice": 1,
        "unheard": 0,
        "sources": 3,
        "largest_source": voices // 3,
        "companies": 0,
        "largest_company": 0,
        "undated": 0,
        "foreign": 0,
        "regulated": 0,
        "severity": (voices - harmed, harmed, 0, 0, 0, 0),
        "paying": 0,
        "solved": 0,
    }
    return Counts(**values | changes)


def assessment(need: str, voices: int = 40, *, slope: float | None = 0.0, market: Market | None = None, **changes):
    found = None if slope is None else Momentum(slope, 0.05, slope - 0.064, 8)
    counted = counts(voices, **changes)
    return Assessment(
        need, need, ("t",), voices, voices, voices, 0, counted, found, (), ((0, 0, 5),), market, (("web", 0.4),)
    )


def test_an_author_is_one_voice_however_much_and_however_spelt_it_posts():
    documents = [Document(str(i), f"{LONG} {i}", DAY, "Ann " if i % 2 else "ann") for i in range(50)]
    assert {voice for voice in voices(documents, range(50)).values() if voice} == {"a:ann"}
    assert exposure([*documents, Document("x", "other"), Document("y", "other still")]) == 3


def test_a_text_that_is_passed_around_has_three_voices_and_people_in_their_own_words_all_theirs():
    words = LONG.split()
    copied = [Document(str(i), f"{LONG} {words[i % 14]} {i}", DAY, f"author-{i}") for i in range(200)]
    own = [Document(f"own-{i}", " ".join(np.random.default_rng(i).permutation(words)), DAY) for i in range(20)]
    found = voices([*copied, *own], range(220))
    assert sum(found[i] is not None for i in range(200)) == 3
    assert sum(found[i] is not None for i in range(200, 220)) == 20


def test_a_short_text_counts_for_each_who_signs_it_and_three_times_unsigned():
    signed = [Document(str(i), "my card is lost", DAY, f"author-{i}") for i in range(9)]
    unsigned = [Document(str(i), f"my card is lost {i}", DAY) for i in range(9)]
    assert sum(voice is not None for voice in voices(signed, range(9)).values()) == 9
    assert sum(voice is not None for voice in voices(unsigned, range(9)).values()) == 3


def test_an_advertisement_has_no_voice():
    documents = [Document("1", "Need a loan? Click here for the best rates", DAY), Document("2", LONG, DAY)]
    assert voices(documents, [0, 1]) == {0: None, 1: "d:2"}


def test_a_voice_counts_once_a_month_for_its_need_and_for_all():
    days = [DAY, DAY + timedelta(days=1), DAY + timedelta(days=40)]
    documents = [Document(str(i), f"{LONG} {i}", day, "ann") for i, day in enumerate(days)]
    documents += [Document("other", "we met in the park", DAY, "bob")]
    assert voice_months(documents, voices(documents, [0, 1, 2])) == (("2024-01", 1, 2), ("2024-02", 1, 1))


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("They charged me $35 and I waited for 3 weeks.", 2),
        ("I called them four times and nobody answers.", 1),
        ("It would be nice to have a dark mode.", 0),
        ("This horrible scam has cost my job; I will sue.", 2),
    ],
)
def test_kinds_of_harm_are_told_apart(text, kinds):
    assert harm(text) == kinds


def test_money_for_a_way_round_an_offer_and_a_price_complaint_tell_willingness_to_pay():
    for text in (
        "I already paid 40 dollars for a work-around.",
        "We would gladly pay for this.",
        "It is too expensive",
    ):
        assert PAYING.search(text)
    assert not PAYING.search("Please add a dark mode.")
    assert SOLVED.search("I switched to Ledgerly last month")
    assert not SOLVED.search("I switched to nothing")
    assert PROMOTION.search("Best prices on shoes, order today!")


def test_text_that_is_not_english_is_told():
    assert is_foreign("lorem ipsum dolor sit amet consectetur adipiscing elit sed do eiusmod tempor")
    assert not is_foreign("the app does not open when I am on the train and that is a problem for me")


@given(st.text(max_size=400))
def test_cues_take_any_text(text):
    assert 0 <= harm(text) <= len(HARM)
    assert is_foreign(text) in {True, False}


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 60), st.integers(0, 60))
def test_the_draws_of_reach_and_shares_are_those_of_their_posteriors(voices, paying):
    paying = min(paying, voices)
    a = assessment("n", voices, harmed=0, paying=paying)
    drawn = draw_terms([a], Skills(frozenset(), {}), seed=1, draws=1_000)
    for name, posterior in (
        ("reach", stats.gamma(voices + 0.5)),
        ("paying", stats.beta(paying + 0.5, voices - paying + 0.5)),
    ):
        found = np.quantile(drawn[name][0], [0.1, 0.5, 0.9])
        assert found == pytest.approx(posterior.ppf([0.1, 0.5, 0.9]), rel=0.02, abs=1e-3)


def test_more_reach_growth_harm_or_money_and_fewer_rivals_rank_higher():
    near, none = Market(900, 12, 9.0, ()), Market(900, 0, 0.0, ())
    for better, worse in (
        (assessment("a", 90), assessment("b", 9)),
        (assessment("a", slope=0.3), assessment("b", slope=-0.3)),
        (assessment("a", harmed=36), assessment("b", harmed=4)),
        (assessment("a", paying=20), assessment("b", paying=0)),
        (assessment("a", solved=0), assessment("b", solved=30)),
        (assessment("a", market=none), assessment("b", market=near)),
    ):
        assert [r.need for r in rank([worse, better], seed=0)] == ["a", "b"]


def test_the_ranking_does_not_depend_on_the_order_of_its_input():
    needs = [assessment(f"n{i:02d}", 5 + i, slope=0.01 * i) for i in range(30)]
    assert rank(needs, seed=1) == rank(needs[::-1], seed=1)
    assert sum(r.probability_top_10 for r in rank(needs, seed=1)) == pytest.approx(10, abs=0.1)
    assert all(r.low <= r.score <= r.high for r in rank(needs, seed=1))
    assert all(t.low <= t.median <= t.high for r in rank(needs, seed=1) for t in r.terms)


def test_without_a_company_corpus_competition_is_not_known_and_wide():
    (unknown,), (known,) = (
        rank([assessment("n")], seed=0),
        rank([assessment("n", market=Market(900, 2, 1.0, ()))], seed=0),
    )
    one, other = (next(t for t in r.terms if t.name == "competition") for r in (unknown, known))
    assert (one.known, one.of, other.known, other.of) == (False, 0, True, 900)
    assert one.high - one.low > other.high - other.low
    assert unknown.high - unknown.low > known.high - known.low


def test_a_cautious_quantile_puts_the_better_known_need_first_and_bounds_hold():
    known = assessment("known", 40, market=Market(900, 1, 0.8, ()))
    guess = assessment("guess", 40, market=None)
    cautious = rank([known, guess], seed=0, basis=Basis(quantile=0.05))
    assert cautious[0].need == "known"
    for quantile in (0.0, 0.6):
        with pytest.raises(Invalid, match="rank quantile"):
            Basis(quantile=quantile)


def test_a_missing_skill_makes_the_effort_and_a_held_one_does_not():
    a = assessment("n")
    held = rank([a], seed=0, basis=Basis(Skills(frozenset({"web"}), {"web": 60.0})))[0].rice
    missing = rank([a], seed=0, basis=Basis(Skills(frozenset(), {"web": 60.0})))[0].rice
    assert (held.effort, missing.effort) == (1.0, 1.6)
    assert held.score > missing.score


@pytest.mark.parametrize(
    ("changes", "flag"),
    [
        ({"largest_voice": 30}, "one voice"),
        ({"largest_source": 40, "sources": 1}, "one source"),
        ({"unheard": 30}, "mostly repeated or advertising"),
        ({"largest_company": 25}, "one company"),
        ({"regulated": 20}, "regulated domain"),
        ({"undated": 30}, "many without a date"),
        ({"foreign": 30}, "many not in English"),
    ],
)
def test_narrow_evidence_is_flagged_and_caps_confidence(changes, flag):
    a = assessment("n", **changes)
    assert flag in flags_of(a)
    assert flag not in flags_of(assessment("n"))
    (ranked,) = rank([a], seed=0)
    assert flag in ranked.flags
    assert ranked.rice.confidence <= confidence_cap([flag])
    assert (
        confidence_cap(["one voice"]) == CAP_GRAVE < confidence_cap(["few voices"]) < 1 == confidence_cap(["growing"])
    )


def test_a_need_whose_name_only_condemns_ranks_behind_one_that_can_be_built_whatever_its_score():
    loud, plain = replace(assessment("a", 400), says_little=True), assessment("b")
    first, last = rank([loud, plain], seed=0)
    assert (first.need, last.need) == ("b", "a")
    assert last.score > first.score
    assert "a verdict or a plea, no need named" in last.flags
    need = Need("n", "Worst kettle ever", ("kettle",), (0,), (0,))
    documents = [Document("d", "Worst kettle ever.", DAY)]
    statement = Statement(0, 0, 18, StatementKind.PROBLEM, 1.0, 0.0)
    assert assess(need, [statement], documents, audience=Audience.of(documents)).says_little


def test_a_need_without_dates_is_told_once_that_it_has_none():
    dated, undated = replace(assessment("n"), momentum=None), replace(assessment("n", undated=30), momentum=None)
    assert "no momentum: too few dates" in flags_of(dated)
    assert "many without a date" in flags_of(undated)
    assert "no momentum: too few dates" not in flags_of(undated)


def test_the_value_of_a_term_is_what_arithmetic_gives():
    """u = x with x normal(0, 1), against 0 for certain: E[max(x, 0)] = 1 / sqrt(2 pi); noise is worth nothing."""
    x = stats.norm.ppf((np.arange(1_000) + 0.5) / 1_000)
    noise = np.random.default_rng(0).permutation(x)
    (found,) = value_of_terms({"x": x[None], "noise": noise[None]}, x[None], top=1)
    assert found["x"] == pytest.approx((2 * np.pi) ** -0.5, abs=0.01)
    assert found["noise"] < 0.05
    assert next_experiment({"x": 0.4, "noise": 0.3}, {"x": 1.0, "noise": 0.1}) == "noise"
    assert next_experiment({"x": 0.0, "noise": 0.0}, {"x": 1.0, "noise": 0.1}) is None


def test_learning_is_worth_most_where_the_decision_is_open():
    needs = [assessment(f"n{i:02d}", 200, harmed=190) for i in range(10)]
    needs += [assessment("edge", 200, harmed=185), assessment("hopeless", 1, harmed=0)]
    worth = {r.need: max(t.value_per_aia or 0 for t in r.terms) for r in rank(needs, seed=0)}
    assert worth["edge"] > 1 > worth["hopeless"]


def test_values_survive_their_journal_form():
    found = assessment("x", 4, slope=0.1, market=Market(10, 2, 1.5, (("c1", 0.7),)))
    (ranked,) = rank([found], seed=0)
    assert Assessment.from_json(found.to_json()) == found
    assert Ranked.from_json(ranked.to_json()) == ranked
    assert [term.name for term in ranked.terms] == list(UNITS)
