"""Schedules, matching of needs across runs, alerts, forecasts: pure rules."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aia.core.errors import Invalid
from aia.ventures.discovery.forecasts import brier, forecast, outcome, probability
from aia.ventures.model import Momentum
from aia.ventures.monitoring.changes import alerts, changes, match
from aia.ventures.monitoring.cron import next_time
from aia.ventures.monitoring.model import AlertKind, ChangeKind, Quotation, SeenNeed, next_due, parse_every

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def need(name: str, places: set[int], *, documents: int = 20, read: int = 1_000, lower: float | None = 0.0, rank=1):
    made = frozenset((f"d{i}", 0, 5) for i in places)
    quotation = Quotation(f"d{max(places)}", 0, 5, "words")
    return SeenNeed(name, f"title {name}", rank, documents, read, lower, made, ("p",), (quotation,))


def far(now, before):
    return [[0.0] * len(before) for _ in now]


@pytest.mark.parametrize(("text", "seconds"), [("30m", 1_800), ("12h", 43_200), ("7d", 604_800), ("2w", 1_209_600)])
def test_a_time_between_runs_is_read(text, seconds):
    assert parse_every(text) == seconds


@pytest.mark.parametrize("text", ["", "7", "d", "0d", "-1d", "7 d", "400d", "1.5h", "99999999w", "7D"])
def test_a_time_that_cannot_be_used_is_named(text):
    with pytest.raises(Invalid, match="every is"):
        parse_every(text)


@given(st.integers(60, 10**6), st.integers(0, 10**8))
def test_however_much_was_missed_the_next_run_is_after_now_and_on_the_grid(every_s, late_s):
    now = NOW + timedelta(seconds=late_s)
    due = next_due(NOW, every_s, now)
    assert now < due <= now + timedelta(seconds=every_s)
    assert (due - NOW).total_seconds() % every_s == 0


@pytest.mark.parametrize(
    ("cron", "then"),
    [
        ("0 6 * * mon", datetime(2026, 1, 5, 6, tzinfo=UTC)),
        ("*/15 * * * *", datetime(2026, 1, 1, 0, 15, tzinfo=UTC)),
        ("30 4 1,15 * *", datetime(2026, 1, 1, 4, 30, tzinfo=UTC)),
        ("0 0 29 2 *", datetime(2028, 2, 29, tzinfo=UTC)),
        ("0 0 13 * 5", datetime(2026, 1, 2, tzinfo=UTC)),
    ],
)
def test_a_cron_schedule_gives_the_next_time_in_utc(cron, then):
    """When day and weekday are both given either will do, as in crontab(5)."""
    assert next_time(cron, NOW) == then


@pytest.mark.parametrize(
    "cron",
    ["", "0 6 * *", "0 6 * * * *", "@daily", "61 * * * *", "0 0 30 2 *", "R * * * *", "a" * 200, "0 6 * * mon\n"],
)
def test_what_is_no_schedule_or_never_comes_is_refused(cron):
    with pytest.raises(Invalid, match="cron"):
        next_time(cron, NOW)


@given(
    st.lists(st.sampled_from(["*", "*/5", "1", "2-4", "7", "1,3"]), min_size=5, max_size=5),
    st.integers(0, 10**9),
)
def test_the_next_time_of_a_schedule_is_after_now_and_the_one_after_it_after_that(fields, offset_s):
    now = NOW + timedelta(seconds=offset_s)
    first = next_time(" ".join(fields), now)
    assert now < first < next_time(" ".join(fields), first)
    assert first.second == 0


def test_needs_are_matched_by_id_then_by_statements_then_by_meaning_and_each_once():
    before = [need("a", {1, 2}), need("b", {3, 4, 5, 6}), need("c", {7, 8}), need("d", {9, 10})]
    now = [need("a", {90, 91}), need("x", {3, 4, 5, 50, 51}), need("y", {70, 71}), need("z", {80, 81})]
    cosines = far(now, before)
    cosines[2][2], cosines[3][2] = 0.9, 0.8
    assert match(now, before, cosines) == {"a": "a", "x": "b", "y": "c"}


def test_changes_name_what_is_new_gone_grown_and_shrunk_and_keep_lineage_and_new_quotations():
    before = [
        need("a", {1, 2}, documents=20, rank=1),
        need("b", {3, 4}, documents=60, rank=2),
        need("c", {5}, rank=3),
    ]
    now = [
        need("a2", {1, 2, 99}, documents=60, rank=2),
        need("b", {3, 4}, documents=10, rank=1),
        need("n", {77}, rank=3),
    ]
    matched = match(now, before, far(now, before))
    known = frozenset({"d1", "d2", "d3", "d4", "d5"})
    made = changes(now, before, matched, {"a": "a0"}, known)
    kinds = {c.need: c.kind for c in made}
    assert kinds == {"a2": ChangeKind.GROWN, "b": ChangeKind.SHRUNK, "n": ChangeKind.NEW, "c": ChangeKind.GONE}
    a = next(c for c in made if c.need == "a2")
    assert (a.was, a.lineage, a.rank, a.rank_before) == ("a", "a0", 2, 1)
    assert [q.document for q in a.new_evidence] == ["d99"]
    assert next(c for c in made if c.need == "b").new_evidence == ()


@given(st.integers(0, 40), st.integers(0, 40))
def test_the_same_run_twice_has_no_changes(one, two):
    now = [need("a", {1}, documents=one), need("b", {2}, documents=two)]
    made = changes(now, now, match(now, now, far(now, now)), {}, frozenset({"d1", "d2"}))
    assert [(c.kind, c.new_evidence) for c in made] == [(ChangeKind.SAME, ())] * 2


def raised(now, before, **changed):
    made = changes(now, before, match(now, before, far(now, before)), {}, frozenset())
    common = {"first": not before, "subject": "s", "mission": "m", "documents_min": 5, "lower_min": 0.05, "now": NOW}
    return [(a.need, a.kind, a.id) for a in alerts(made, **common | changed)]


def test_what_emerges_raises_an_alert_once_for_its_lineage_and_what_is_small_or_flat_none():
    before = [need("a", {1}, lower=0.01), need("b", {2}, lower=0.2)]
    now = [
        need("a", {1}, lower=0.1),
        need("b", {2}, lower=0.3),
        need("n", {3}, lower=0.0),
        need("s", {4}, documents=4),
    ]
    found = raised(now, before)
    assert [(n, k) for n, k, _ in found] == [("a", AlertKind.GROWING), ("n", AlertKind.NEW_NEED)]
    assert raised(now, before, mission="m2")[0][2] == found[0][2]
    assert raised(now, before, subject="other")[0][2] != found[0][2]
    assert [(n, k) for n, k, _ in raised(now, [])] == [("a", AlertKind.GROWING), ("b", AlertKind.GROWING)]


@dataclass(frozen=True)
class Assessed:
    """What a forecaster reads of an assessment."""

    momentum: Momentum | None
    months: tuple[tuple[str, int, int], ...]
    need: str = "a"


def assessed(slope: float | None) -> Assessed:
    months = (("2025-01", 2, 100), ("2025-02", 3, 100), ("2025-03", 4, 100))
    return Assessed(None if slope is None else Momentum(slope, 0.1, slope - 0.128, len(months)), months)


@given(st.floats(-5, 5))
def test_a_probability_is_never_sure_and_rises_with_the_slope(slope):
    p = probability(assessed(slope), "trend")
    assert p is not None
    assert 0.05 <= p <= 0.95
    assert (p > 0.5) == (slope > 0) or abs(slope) < 1e-9
    assert probability(assessed(None), "trend") is None


def test_forecasters_by_different_methods_say_different_things_and_name_the_last_month():
    months = (("2025-01", 30, 100), ("2025-02", 30, 100), *((f"2025-0{m}", 5, 100) for m in (3, 4, 5)))
    a = replace(assessed(0.2), months=months)
    trend, recent = (forecast([a, assessed(None)], method)["forecasts"] for method in ("trend", "recent"))
    assert [row["after"] for row in (*trend, *recent)] == ["2025-05", "2025-05"]
    assert trend[0]["probability"] > 0.5 > recent[0]["probability"]


def test_a_forecast_is_resolved_by_newer_months_alone_and_scored_by_brier():
    months = [("2025-01", 10, 100), ("2025-02", 10, 100)]
    assert outcome(months, "2025-02") is None
    assert outcome([*months, ("2025-03", 9, 19)], "2025-02") is None, "too little newer text"
    assert outcome([*months, ("2025-03", 9, 50)], "2025-02") is True
    assert outcome([*months, ("2025-03", 2, 50)], "2025-02") is False
    assert outcome([*months, ("2025-03", 9, 50), ("2025-09", 0, 5_000)], "2025-02") is True, "half a year counts"
    assert brier(0.9, True) == pytest.approx(0.01)
    assert brier(0.9, False) == pytest.approx(0.81)
