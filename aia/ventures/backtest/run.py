"""Backtests of a dated corpus at several days: AIA beside popularity, inverse popularity and chance.

At each cut-off only documents up to that day are grouped, measured and learnt from. The forecast learns
on earlier days of the same corpus whose outcomes end by the cut-off. Every partition is drawn with
several seeds and the figures are their means, since one partition is an accident.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from aia.core.errors import Invalid
from aia.corpora.model import Document
from aia.text.vectors.embedder import Embedder
from aia.ventures.backtest.forecast import Forecast, Past, forecast
from aia.ventures.backtest.history import (
    AFTER_MIN,
    BEFORE_MIN,
    Array,
    Dated,
    Day,
    Known,
    day_of,
    growth_after,
    known_on,
)
from aia.ventures.backtest.measures import brier, precision_top_fifth, spearman, spearman_interval
from aia.ventures.backtest.themes import theme_centres, theme_graph

ORDERS = ("aia", "momentum", "inverse_popularity", "popularity", "random")
PAST_MAX = 20
CUTOFFS_DEFAULT = 5
CUTOFFS_MAX = 50
PARTITIONS_DEFAULT = 8
RANDOM_ORDERS = 20


class HistoryTooThin(Invalid):
    """There are not enough dated documents around a cut-off to train on and to compare with."""

    code = "history-too-thin"
    title = "Not enough dated documents"


@dataclass(frozen=True, slots=True)
class BacktestOptions:
    """Months trained on before a cut-off, months compared after it, and partitions averaged."""

    cutoffs: tuple[date, ...] = ()
    window_months: int = 60
    horizon_months: int = 24
    partitions: int = PARTITIONS_DEFAULT
    seed: int = 0

    def __post_init__(self) -> None:
        for name, low, high in (("window_months", 4, 600), ("horizon_months", 1, 240), ("partitions", 1, 20)):
            if not low <= getattr(self, name) <= high:
                raise Invalid(f"{name} is {getattr(self, name)}: choose {low} to {high}", field=name)
        if len(self.cutoffs) > CUTOFFS_MAX:
            raise Invalid(f"{len(self.cutoffs)} cut-offs were given: at most {CUTOFFS_MAX}", field="cutoffs")


@dataclass(frozen=True, slots=True)
class CutOffResult:
    """What one cut-off showed; means over partitions. `coverage` is of the 80 % intervals."""

    cutoff: str
    documents_before: int
    documents_after: int
    themes: float
    calibrated_on: float
    spearman: dict[str, float]
    spearman_interval: tuple[float, float]
    precision_top_fifth: dict[str, float]
    coverage_80: float
    brier: float
    brier_base_rate: float

    def to_json(self) -> dict[str, Any]:
        return {name: _rounded(getattr(self, name)) for name in self.__slots__}


def backtest(
    documents: Sequence[Document],
    embedder: Embedder,
    options: BacktestOptions,
    progress: Callable[[str], None] = lambda _: None,
) -> tuple[CutOffResult, ...]:
    """One result for each cut-off, in order of time; raises `HistoryTooThin`."""
    dated = _dated(documents, embedder)
    cutoffs = sorted({month_number(day) for day in options.cutoffs}) or _default_cutoffs(dated, options)
    bench = _Bench(dated, options)
    results: list[CutOffResult] = []
    for cutoff in cutoffs:
        progress(f"cut-off {_shown(cutoff)}")
        results.append(bench.at(cutoff))
    return tuple(results)


def summary(results: Sequence[CutOffResult]) -> dict[str, Any]:
    """Means over cut-offs; coverage is pooled over all themes of all cut-offs."""
    themes = np.array([r.themes for r in results])
    found: dict[str, Any] = {
        "cutoffs": len(results),
        "spearman": {o: float(np.mean([r.spearman[o] for r in results])) for o in ORDERS},
        "precision_top_fifth": {o: float(np.mean([r.precision_top_fifth[o] for r in results])) for o in ORDERS},
        "coverage_80": float(np.average([r.coverage_80 for r in results], weights=themes)),
        "brier": float(np.average([r.brier for r in results], weights=themes)),
        "brier_base_rate": float(np.average([r.brier_base_rate for r in results], weights=themes)),
    }
    found["spearman_minus_inverse_popularity"] = found["spearman"]["aia"] - found["spearman"]["inverse_popularity"]
    return {name: _rounded(value) for name, value in found.items()}


def month_number(day: date) -> int:
    return day.year * 12 + day.month - 1


class _Bench:
    """Partitions and what was known, worked out once for each day and seed."""

    def __init__(self, dated: Dated, options: BacktestOptions) -> None:
        self._dated = dated
        self._options = options
        self._known: dict[tuple[int, int], Known | None] = {}
        self._days: dict[int, tuple[Day, Any] | None] = {}
        months = np.unique(dated.months)
        self._step = max(1, (int(months[-1]) - int(months[0])) // 36)

    def at(self, cutoff: int) -> CutOffResult:
        options, dated = self._options, self._dated
        until = cutoff + options.horizon_months
        before = len(dated.between(cutoff - options.window_months, cutoff))
        after = len(dated.between(cutoff, until))
        if before < BEFORE_MIN or after < AFTER_MIN:
            raise HistoryTooThin(
                f"{before} dated documents stand in the {options.window_months} months up to {_shown(cutoff)} and "
                f"{after} in the {options.horizon_months} after: at least {BEFORE_MIN} and {AFTER_MIN} are needed; "
                "choose another cut-off, or --window-months and --horizon-months"
            )
        rows = [row for k in range(options.partitions) if (row := self._partition(cutoff, until, k)) is not None]
        if not rows:
            raise HistoryTooThin(
                f"the {before} documents up to {_shown(cutoff)} do not make five themes of ten documents in at least "
                "four months: choose a later cut-off or a longer --window-months"
            )

        def mean(name: str) -> float:
            return float(np.mean([row[name] for row in rows]))

        return CutOffResult(
            cutoff=_shown(cutoff),
            documents_before=before,
            documents_after=after,
            themes=mean("themes"),
            calibrated_on=mean("calibrated_on"),
            spearman={order: mean(f"spearman/{order}") for order in ORDERS},
            spearman_interval=(mean("low"), mean("high")),
            precision_top_fifth={order: mean(f"precision/{order}") for order in ORDERS},
            coverage_80=mean("coverage"),
            brier=mean("brier"),
            brier_base_rate=mean("brier_base"),
        )

    def _partition(self, cutoff: int, until: int, number: int) -> dict[str, float] | None:
        seed = self._options.seed + number
        known = self._known_on(cutoff, seed)
        outcome = None if known is None else growth_after(self._dated, known, cutoff, until)
        if known is None or outcome is None:
            return None
        change, _ = outcome
        past = self._past(cutoff, seed)
        # Documents to come are judged by the pace of the last year, which is all that is known on the day.
        months = max(1, min(self._options.horizon_months, int(self._dated.months.max()) - cutoff))
        pace = len(self._dated.between(cutoff - 12, cutoff)) / 12
        found = forecast(known.features, known.before, max(pace * months, 1.0), (known.months, months), past)
        rng = np.random.default_rng([seed, cutoff])
        return _measured(known, change, found, rng)

    def _past(self, cutoff: int, seed: int) -> list[Past]:
        """Earlier days and what came of them by the cut-off, the latest twenty."""
        first = int(self._dated.months.min())
        least = max(1, self._step, min(12, self._options.horizon_months // 2))
        days = range(cutoff - least, first + 3, -self._step)
        found: list[Past] = []
        for day in days:
            known = self._known_on(day, seed)
            if known is None:
                continue
            months = min(cutoff - day, self._options.horizon_months)
            outcome = growth_after(self._dated, known, day, day + months)
            if outcome is not None:
                change, after = outcome
                found.append(
                    Past(day, (known.months, months), known.features, change, known.before, float(after.sum()))
                )
            if len(found) == PAST_MAX:
                break
        return found

    def _known_on(self, day: int, seed: int) -> Known | None:
        if (day, seed) not in self._known:
            known = None
            if (told := self._day(day)) is not None:
                on, graph = told
                centres = theme_centres(graph, self._dated.vectors[on.rows], seed)
                known = None if centres is None else known_on(self._dated, on, centres)
            self._known[day, seed] = known
        return self._known[day, seed]

    def _day(self, day: int) -> tuple[Day, Any] | None:
        """What every partition of a day shares, and the graph that they part; None with too few documents."""
        if day not in self._days:
            self._days[day] = None
            on = day_of(self._dated, day, self._options.window_months, BEFORE_MIN)
            if on is not None:
                self._days[day] = (on, theme_graph(self._dated.vectors[on.rows]))
        return self._days[day]


def _measured(known: Known, change: Array, found: Forecast, rng: np.random.Generator) -> dict[str, float]:
    orders = {
        "aia": found.mean,
        "momentum": known.slope,
        "inverse_popularity": -known.before,
        "popularity": known.before,
    }
    grew = (change > 0).astype(np.float64)
    row: dict[str, float] = {
        "themes": len(change),
        "calibrated_on": found.calibrated,
        "coverage": float(np.mean(np.abs(change - found.mean) <= found.half)),
        "brier": brier(found.probability_grows, grew),
        "brier_base": brier(np.full(len(change), float(grew.mean())), grew),
    }
    for name, order in orders.items():
        row[f"spearman/{name}"] = spearman(order, change)
        row[f"precision/{name}"] = precision_top_fifth(order, change)
    chance = [rng.permutation(len(change)).astype(np.float64) for _ in range(RANDOM_ORDERS)]
    row["spearman/random"] = float(np.mean([spearman(order, change) for order in chance]))
    row["precision/random"] = float(np.mean([precision_top_fifth(order, change) for order in chance]))
    row["low"], row["high"] = spearman_interval(found.mean, change, rng)
    return row


def _dated(documents: Sequence[Document], embedder: Embedder) -> Dated:
    kept = [d for d in documents if d.day is not None]
    if len(kept) < BEFORE_MIN + AFTER_MIN:
        raise HistoryTooThin(
            f"{len(kept)} of {len(documents)} documents have a date that can be read: a backtest needs "
            f"{BEFORE_MIN + AFTER_MIN}; name the field with --date-field"
        )
    months = np.array([month_number(d.day) for d in kept if d.day is not None], dtype=np.int64)
    order = np.argsort(months, kind="stable")
    return Dated(months[order], embedder.encode([kept[i].text for i in order.tolist()]))


def _default_cutoffs(dated: Dated, options: BacktestOptions) -> list[int]:
    """The latest five days that leave half the horizon: half a year apart, or a sixth of a shorter history."""
    first, last = int(dated.months.min()), int(dated.months.max())
    step = max(1, min(6, (last - first) // 6))
    latest = last - max(1, min(options.horizon_months // 2, (last - first) // 4))
    days = [latest - step * i for i in range(CUTOFFS_DEFAULT)]
    return sorted(day for day in days if day > first + 3) or [latest]


def _shown(month: int) -> str:
    return f"{month // 12:04d}-{month % 12 + 1:02d}"


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 4)
    if isinstance(value, dict):
        return {name: _rounded(inner) for name, inner in value.items()}
    return [_rounded(inner) for inner in value] if isinstance(value, tuple | list) else value
