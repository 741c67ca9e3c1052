"""Claims, critics and rulings; what is read and when reading stops; planted claims never published."""

from dataclasses import replace
from functools import cache
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aia.corpora.sample import generate
from aia.corpora.sources import ReadOptions, read_rows
from aia.missions import Task, TaskState
from aia.performance import work_weights
from aia.reports import Cell, Claim, Evidence, Opportunity
from aia.text.model import Statement
from aia.ventures.discovery.claims import (
    PLANTED_ONE_IN,
    ClaimContext,
    ClaimKind,
    NeedClaim,
    claims_of,
    handed_out,
    plant,
)
from aia.ventures.discovery.critics import check, examine
from aia.ventures.discovery.reviewing import review
from aia.ventures.discovery.scoring import analyst_verdicts, critic_scores, critic_verdicts, scout_verdicts
from aia.ventures.discovery.sharding import Round, new_of, shards_of, stops
from aia.ventures.discovery.task_results import PlantedClaim, without_planted
from aia.ventures.discovery.tools import assess, extract, group, rank
from aia.ventures.model import Assessment, Need

SEED = 5


@cache
def casebook() -> ClaimContext:
    """The sample as its honest agents assess it."""
    documents = read_rows("sample", generate(0, 500)[0], ReadOptions()).documents
    found = extract([(i, d.text) for i, d in enumerate(documents)])["statements"]
    statements = [Statement.from_json(row) for row in found]
    texts = [documents[s.document].text[s.start : s.end] for s in statements]
    needs = [Need.from_json(row) for row in group(statements, texts, 0, 30)["needs"]]
    rows = assess(needs, statements, documents)["assessments"]
    assessed = {row["need"]: Assessment.from_json(row) for row in rows}
    order = [row["need"] for row in rank(list(assessed.values()), 0, 20)["ranked"]]
    return ClaimContext(tuple(assessed[n] for n in order), {n.id: n for n in needs}, statements, documents)


def task(key: str, agent: str, skill: str, **result) -> Task:
    return Task(key, None, 0, agent, skill, key, {}, 0, TaskState.DONE, 1, result, 0, 0)


def test_honest_analysts_say_nothing_false_of_counts_growth_or_passages():
    book = casebook()
    wrong = {claim.kind: found for claim in claims_of(book) if (found := examine(claim, book)) is not None}
    assert set(wrong) <= {ClaimKind.SEVERAL, ClaimKind.UNSOLVED, ClaimKind.DISTINCT}
    assert {claim.kind for claim in claims_of(book)} == set(ClaimKind)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000))
def test_one_claim_in_twenty_is_planted_every_one_false_and_none_of_them_said_by_an_analyst(seed):
    book = casebook()
    claims = claims_of(book)
    planted = plant(claims, book, seed)
    assert len(planted) == -(-len(claims) // PLANTED_ONE_IN)
    assert all(examine(claim, book) is not None for claim in planted)
    assert len({claim.kind for claim in planted}) >= 3
    said = [(claim.need, claim.kind, claim.content) for claim in claims]
    assert [c for c in planted if (c.need, c.kind, c.content) in said] == []
    together = handed_out(claims, planted, seed)
    assert sorted(c.id for c in together) == sorted({c.id for c in [*claims, *planted]})
    assert [c.id for c in plant(claims, book, seed)] == [c.id for c in planted]


def test_a_critic_finds_contrary_evidence_and_a_need_of_one_source():
    book = casebook()
    need = book.candidates[0].need
    mine = book.documents_of(need)
    told = "I need an export of my invoices. It has been fixed now, thank you."
    documents = [replace(d, author="one", text=told if i in mine else d.text) for i, d in enumerate(book.documents)]
    changed = replace(book, documents=documents)
    found = {c.kind: examine(c, changed) for c in claims_of(book) if c.need == need}
    assert found[ClaimKind.SEVERAL] == f"one source wrote {len(mine)} of {len(mine)}"
    assert found[ClaimKind.UNSOLVED] == "1 of 1 voices say that it is solved"
    assert found[ClaimKind.PASSAGE] == "the quotation does not stand there"


def test_a_need_is_said_to_be_solved_only_where_its_own_count_says_so():
    """Praise of something else in the same document is none: the flag and the number beside it are one count."""
    book = casebook()
    a = book.candidates[0]
    mine = book.documents_of(a.need)
    praise = " " * 500 + "Thanks, the rest of it is excellent and I recommend it."
    documents = [replace(d, text=d.text + praise if i in mine else d.text) for i, d in enumerate(book.documents)]
    changed = replace(book, documents=documents)
    counted = Assessment.from_json(assess([book.needs[a.need]], book.statements, documents)["assessments"][0]).counts
    (claim,) = [c for c in claims_of(book) if c.need == a.need and c.kind is ClaimKind.UNSOLVED]
    assert (counted.solved, examine(claim, changed)) == (0, None)


def ruled(findings_of, critics: int = 2):
    """The review of the sample when each critic answers by `findings_of(its claims, planted ids)`."""
    book = casebook()
    claims = claims_of(book)
    planted = plant(claims, book, SEED)
    together = handed_out(claims, planted, SEED)
    handed = {f"check/{i:02d}": together[i::critics] for i in range(critics)}
    ids = {claim.id for claim in planted}
    findings = {key: findings_of(mine, ids, book) for key, mine in handed.items()}
    tasks = [task(key, f"critic-{i}", "check") for i, key in enumerate(handed)]
    return review(findings, handed, planted, book), claims, planted, tasks


def test_a_careful_critic_finds_every_planted_claim_raises_no_false_alarm_and_scores_one():
    result, _, planted, tasks = ruled(lambda mine, _, book: check(mine, book)["findings"])
    upheld = {claim for critic in result["critics"].values() for claim in critic["upheld"]}
    assert {claim.id for claim in planted} <= upheld
    assert [v.false_alarms for v in critic_verdicts(result)] == [0, 0]
    assert sum(v.outcomes for v in critic_verdicts(result)) == len(planted) + len(result["broken"])
    assert [score.value for score in critic_scores(result, tasks)] == [1.0, 1.0]


def test_a_silent_critic_earns_no_bounty_and_scores_zero():
    result, _, _, tasks = ruled(lambda *_: {})
    assert [v.outcomes for v in critic_verdicts(result)] == [0, 0]
    assert [score.value for score in critic_scores(result, tasks)] == [0.0, 0.0]


def test_a_critic_who_accuses_everything_pays_for_each_false_alarm_and_refuses_nothing_by_it():
    honest, *_ = ruled(lambda mine, _, book: check(mine, book)["findings"])
    result, claims, planted, tasks = ruled(lambda mine, *_: {claim.id: "no" for claim in mine} | {"clm_none": "no"})
    verdicts = critic_verdicts(result)
    assert sum(v.false_alarms for v in verdicts) == len(claims) + 2 - len(result["broken"])
    assert result["refused"] == honest["refused"]
    assert result["accepted"] == honest["accepted"]
    assert all(0 < score.value < 0.2 for score in critic_scores(result, tasks))
    assert len(planted) >= 2


def test_an_analyst_is_paid_for_each_claim_that_stands_and_a_false_count_refuses_its_need():
    book = casebook()
    liar = book.candidates[1]
    lied = replace(book, candidates=(book.candidates[0], replace(liar, documents=liar.documents + 1)))
    claims = claims_of(lied)
    result = review({"check/00": check(claims, lied)["findings"]}, {"check/00": claims}, [], lied)
    assert list(result["refused"]) == [liar.need]
    by_task = {"assess/00": [book.candidates[0].need], "assess/01": [liar.need, "need_unchecked"]}
    honest, caught = analyst_verdicts(result, claims, by_task)
    own = [c for c in claims if c.need == liar.need]
    assert caught.outcomes == len(own) - sum(c.id in result["broken"] for c in own) < len(own)
    assert honest.outcomes == len([c for c in claims if c.need != liar.need and c.id not in result["broken"]])


def test_a_scout_is_paid_for_new_statements_that_found_a_place_and_not_for_copies():
    tasks = [
        task("extract/00000", "scout-1", "extract", statements=[1, 2, 3]),
        task("extract/00001", "scout-2", "extract", statements=[1, 2]),
    ]
    verdicts, scores = scout_verdicts(tasks, ["a", "b", "a", "b", "c"], used={0, 1, 2, 3, 4})
    assert [(v.task, v.outcomes) for v in verdicts] == [("extract/00000", 2), ("extract/00001", 1)]
    assert [(s.agent, s.value) for s in scores] == [("scout-1", 2 / 3), ("scout-2", 1 / 2)]
    verdicts, _ = scout_verdicts(tasks, ["a", "b", "c", "d", "e"], used={1})
    assert [v.outcomes for v in verdicts] == [1, 0]


@pytest.mark.parametrize("kind", [ClaimKind.PASSAGE, ClaimKind.COUNT, ClaimKind.GROWTH, ClaimKind.DISTINCT])
def test_a_planted_claim_in_a_report_stops_its_publication(kind):
    content = {
        ClaimKind.PASSAGE: {"document": 0, "start": 2, "end": 5, "quotation": "xyz"},
        ClaimKind.COUNT: {"column": "documents", "value": 9},
        ClaimKind.GROWTH: {"lower": 0.25},
        ClaimKind.DISTINCT: {},
    }[kind]

    def published(need: str, documents: int, slope: str, start: int) -> Opportunity:
        passage = Evidence("d", start, start + 3, "abc", "0" * 64)
        claim = Claim("t", (passage,), (Cell("opp", "documents"),))
        values = {"documents": documents, "slopeLower": slope}
        return Opportunity("opp", need, "n", "p", (claim,), values, (), ())

    text = type("Stored", (), {"id": "d"})()
    planted = [NeedClaim("clm_x", "need_a", kind, content)]
    clean = (published("need_a" if kind is not ClaimKind.DISTINCT else "need_b", 8, "0.2000", 0),)
    assert without_planted(clean, planted, [text]) == clean
    with pytest.raises(PlantedClaim, match="clm_x"):
        without_planted((published("need_a", 9, "0.2500", 2),), planted, [text])


@given(st.integers(1, 30_000), st.integers(1, 200), st.integers(1, 6))
def test_shards_cover_what_can_be_read_evenly_and_never_twice(documents, read_max, rounds):
    shards = shards_of(documents, read_max, rounds=rounds)
    assert 1 <= len(shards) <= read_max
    assert all(0 <= s.first < s.end <= documents for s in shards)
    assert all(a.end <= b.first for a, b in pairwise(shards))
    assert {s.round for s in shards} == set(range(min(rounds, len(shards))))
    everything = shards_of(documents, 10**6, rounds=1)
    assert sum(s.end - s.first for s in everything) == documents
    gaps = [b.number - a.number for a, b in pairwise(shards)]
    assert not gaps or max(gaps) - min(gaps) <= 1


def test_reading_stops_when_a_round_brings_less_than_asked_for_its_price():
    aia = 1_000_000
    assert not stops([Round(100, 2 * aia)], 50)
    assert stops([Round(500, 2 * aia), Round(99, 2 * aia)], 50)
    assert stops([Round(500, aia), Round(0, 0, skipped=True)], 50)
    assert not stops([Round(0, aia)], 0)
    assert not stops([], 50)
    assert new_of([["a", "a", "b"], ["b", "c"], []]) == [2, 1, 0]


def test_better_agents_get_more_work_dearer_ones_less_and_nobody_nothing():
    agents = ["a", "b", "c"]
    assert len(set(work_weights(agents, [5, 5, 5], {}, 0))) == 1
    good, bad, new = work_weights(agents, [5, 5, 5], {"a": [90.0, 10.0], "b": [10.0, 90.0]}, 0)
    assert good > new > bad > 0
    cheap, dear, _ = work_weights(agents, [5, 10, 10], {a: [50.0, 50.0] for a in agents}, 0)
    assert cheap > dear > 0
    assert work_weights(agents, [5, 5, 5], {"a": [9.0, 1.0]}, 3) == work_weights(
        agents, [5, 5, 5], {"a": [9.0, 1.0]}, 3
    )
