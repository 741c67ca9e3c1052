"""Backtests: what grows steadily is foretold, chance is not, nothing after the day is looked at."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from aia.cli.backtest import cutoffs_of
from aia.core.errors import Invalid
from aia.corpora.model import Document
from aia.corpora.sources import ReadOptions, read_rows
from aia.ventures.backtest import BacktestOptions, HistoryTooThin, backtest, summary
from aia.ventures.backtest.forecast import Past, forecast
from aia.ventures.backtest.history import Dated, movement
from aia.ventures.backtest.measures import brier, precision_top_fifth, spearman

THEMES = 12


class Directions:
    """Documents of theme k point one way, with noise: no language is needed to test a backtest."""

    name = "directions"

    def encode(self, texts):
        rng = np.random.default_rng(0)
        ways = rng.normal(size=(THEMES, 32))
        vectors = np.stack([ways[int(text.split()[0])] + 0.5 * rng.normal(size=32) for text in texts])
        return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def history(rates, months: int = 60, seed: int = 0) -> list[Document]:
    """Documents a month of each theme, Poisson, growing by its log rate a month."""
    rng = np.random.default_rng(seed)
    found = []
    for month in range(months):
        for theme, rate in enumerate(rates):
            for _ in range(rng.poisson(3 * np.exp(rate * (month - months / 2)))):
                day = date(2018 + month // 12, month % 12 + 1, 15)
                found.append(Document(f"d{len(found)}", f"{theme} document", day))
    return found


OPTIONS = BacktestOptions((date(2021, 6, 1), date(2022, 1, 1)), window_months=36, horizon_months=12, partitions=1)


def test_steady_growth_is_foretold_far_beyond_chance_and_popularity():
    found = summary(backtest(history(np.linspace(-0.04, 0.04, THEMES)), Directions(), OPTIONS))
    assert found["spearman"]["aia"] > 0.6
    assert found["spearman_minus_inverse_popularity"] > 0.2
    assert found["brier"] < found["brier_base_rate"]
    assert abs(found["spearman"]["random"]) < 0.3


def test_without_trends_intervals_cover_what_they_say_and_the_forecast_claims_little():
    found = summary(backtest(history(np.zeros(THEMES)), Directions(), OPTIONS))
    assert 0.6 <= found["coverage_80"] <= 1
    assert found["spearman"]["momentum"] < 0.5


def test_nothing_after_a_cut_off_changes_what_was_forecast_on_it():
    """The order is compared with the outcome; the themes and the forecast themselves must not know it."""
    documents = history(np.linspace(-0.04, 0.04, THEMES))
    before = [d for d in documents if d.day <= date(2021, 6, 30)]
    later = [Document(f"later-{i}", f"{i % 2} document", date(2021, 9, 1)) for i in range(200)]
    options = BacktestOptions((date(2021, 6, 1),), window_months=36, horizon_months=12, partitions=1)
    (real,) = backtest(documents, Directions(), options)
    (other,) = backtest([*before, *later], Directions(), options)
    assert (real.themes, real.documents_before) == (other.themes, other.documents_before)
    assert real.calibrated_on == other.calibrated_on


def test_a_backtest_is_the_same_each_time():
    documents = history(np.linspace(-0.02, 0.02, THEMES))
    assert backtest(documents, Directions(), OPTIONS) == backtest(documents, Directions(), OPTIONS)


def test_years_without_a_document_teach_nothing_and_stop_nothing():
    documents = history(np.linspace(-0.04, 0.04, THEMES))
    before = [replace(d, id=f"before-{d.id}", day=d.day.replace(year=d.day.year - 12)) for d in documents]
    options = BacktestOptions((date(2021, 6, 1),), window_months=6, horizon_months=12, partitions=1)
    (found,) = backtest([*before, *documents], Directions(), options)
    assert found.themes >= 5


def test_too_little_history_is_refused_with_the_numbers():
    documents = history(np.zeros(THEMES))
    with pytest.raises(HistoryTooThin, match="have a date"):
        backtest([Document(d.id, d.text) for d in documents], Directions(), OPTIONS)
    for day in (date(2018, 1, 1), date(2023, 6, 1)):
        with pytest.raises(HistoryTooThin, match="at least 60 and 20"):
            backtest(documents, Directions(), BacktestOptions((day,), horizon_months=12))


def test_without_earlier_days_the_forecast_says_that_it_is_not_calibrated():
    features = np.array([[1.0, 0.0], [-1.0, 0.0]])
    found = forecast(features, np.array([40.0, 40.0]), 80.0, (60, 24), [])
    assert found.calibrated == 0
    assert found.mean[0] > 0 > found.mean[1]


def outcomes(rng, days, themes=25, months=(36, 12), yearly=0.09, after=1_250.0):
    """Past days of themes whose log shares walk at random, and whose counts are Poisson: changes as counted."""
    share = np.full(themes, 1 / themes)
    found = []
    for day in range(days):
        trend = rng.normal(size=themes)
        walk = rng.normal(0, np.sqrt(yearly * sum(months) / 36), themes)
        before = rng.poisson(1_250 * share) + 0.0
        later = rng.poisson(after * share * np.exp(0.4 * trend + walk)) + 0.0
        change = np.log((later + 0.5) / later.sum()) - np.log((before + 0.5) / before.sum())
        features = np.stack([trend, np.zeros(themes)], axis=1)
        found.append(Past(day * months[1], months, features, change, before, float(later.sum())))
    return found


def covered(rng, runs=40, **last):
    held = []
    for _ in range(runs):
        *past, tested = [*outcomes(rng, 5), *outcomes(rng, 1, **last)]
        found = forecast(tested.features, tested.before, tested.after, tested.months, past)
        held.append(np.mean(np.abs(tested.change - found.mean) <= found.half))
    return np.mean(held)


def test_the_interval_holds_as_often_as_it_says_on_outcomes_of_the_same_kind():
    assert covered(np.random.default_rng(1)) == pytest.approx(0.8, abs=0.05)


def test_the_interval_widens_with_fewer_documents_to_come_and_with_a_longer_horizon():
    """Calibrated on a year and 1,250 documents, it holds for 250 documents and for three years as well."""
    assert covered(np.random.default_rng(2), after=250.0) == pytest.approx(0.8, abs=0.07)
    assert covered(np.random.default_rng(3), months=(36, 36)) == pytest.approx(0.8, abs=0.07)


def test_outcomes_that_overlap_in_time_count_for_less_than_their_number():
    rng = np.random.default_rng(4)
    apart = outcomes(rng, 6)
    crowded = [replace(p, day=i) for i, p in enumerate(apart)]
    tested = apart[-1]
    arguments = (tested.features, tested.before, tested.after, tested.months)
    assert forecast(*arguments, crowded).freedom < forecast(*arguments, apart).freedom / 3


def test_neighbours_in_meaning_share_what_they_know_of_where_text_moves():
    """The one centre nobody wrote about yet lies where text moves to, and is told to grow."""
    rng = np.random.default_rng(5)
    months = np.sort(rng.integers(0, 48, 400))
    angle = months / 48 + rng.normal(0, 0.2, 400)
    vectors = np.stack([np.cos(angle), np.sin(angle)], axis=1).astype(np.float32)
    centres = np.array([[1, 0], [np.cos(0.5), np.sin(0.5)], [np.cos(1.4), np.sin(1.4)]], dtype=np.float32)
    found = movement(Dated(months, vectors), np.arange(400), 1.0).of(centres)
    assert found[0] < found[1] < found[2]


def test_measures_are_those_of_their_definitions():
    order = np.arange(10.0)
    assert spearman(order, order**3) == 1.0
    assert spearman(order, -order) == -1.0
    assert spearman(order, np.zeros(10)) == 0.0
    assert precision_top_fifth(order, order) == 1.0
    assert precision_top_fifth(order, -order) == 0.0
    assert brier(np.array([1.0, 0.5]), np.array([1.0, 0.0])) == 0.125


def test_cut_offs_are_months_days_or_decimal_years():
    assert cutoffs_of("2020-07, 2020-07-31,2020.5") == (date(2020, 7, 1),) * 3
    assert cutoffs_of(None) == ()
    for wrong in ("soon", "2020-13", "0000.5"):
        with pytest.raises(Invalid, match="cut-off"):
            cutoffs_of(wrong)


def test_a_decimal_year_is_read_as_a_date():
    rows = [{"text": f"a company that does thing {i}", "batch_index": 2020.0 + 0.25 * (i % 4)} for i in range(8)]
    documents = read_rows("batches", rows, ReadOptions()).documents
    assert [d.day for d in documents[:4]] == [date(2020, m, 1) for m in (1, 4, 7, 10)]
