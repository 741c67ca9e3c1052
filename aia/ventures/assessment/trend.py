"""Momentum: does a need's share of all documents grow? Quasi-Poisson, with an interval.

The rate of month m is exp(a + b t_m) times all documents of that month (the offset), so volume alone
makes no momentum. A ridge prior on b keeps sparse needs near 0. The dispersion (Pearson) widens the
standard error, and needs rank by the lower bound b - 1.28 se, a 90 % one-sided credible bound.
Source of the model: McCullagh and Nelder, 1989, Generalized Linear Models, chapters 6 and 9.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import date

import numpy as np

from aia.ventures.model import Momentum

PERIODS_MIN = 4
RIDGE = 1.0
LOWER_Z = 1.2816
ITERATIONS_MAX = 50
DOCUMENTS_MIN = 3


def month_of(day: date) -> str:
    return f"{day.year:04d}-{day.month:02d}"


def monthly(documents: Sequence[date | None], members: set[int]) -> tuple[tuple[str, int, int], ...]:
    """(month, documents of the need, all documents) for each month with documents."""
    everything: Counter[str] = Counter(month_of(day) for day in documents if day is not None)
    mine = Counter(month_of(day) for i in members if (day := documents[i]) is not None)
    return tuple((month, mine[month], everything[month]) for month in sorted(everything))


def momentum(months: Sequence[tuple[str, int, int]]) -> Momentum | None:
    """Slope of the log rate per month, or None with fewer than four months or three dated documents."""
    counts = np.array([count for _, count, _ in months], dtype=np.float64)
    totals = np.array([total for _, _, total in months], dtype=np.float64)
    if len(months) < PERIODS_MIN or counts.sum() < DOCUMENTS_MIN:
        return None
    times = np.array([_number(month) for month, _, _ in months], dtype=np.float64)
    times -= float(np.average(times, weights=totals))
    level, slope = fit(counts, totals, times)
    expected = totals * np.exp(level + slope * times)
    information = float((expected * times * times).sum()) + RIDGE
    freedom = max(len(months) - 2, 1)
    dispersion = max(1.0, float((((counts - expected) ** 2) / np.maximum(expected, 1e-9)).sum()) / freedom)
    error = (dispersion / information) ** 0.5
    lower = slope - LOWER_Z * error
    return Momentum(round(slope, 6), round(error, 6), round(lower, 6), len(months))


def fit(counts: np.ndarray, totals: np.ndarray, times: np.ndarray) -> tuple[float, float]:
    """(level, slope) that maximise the penalised Poisson likelihood, by Newton with halving."""
    level, slope = float(np.log(max(counts.sum(), 0.5) / totals.sum())), 0.0
    best = _penalised(counts, totals, times, level, slope)
    for _ in range(ITERATIONS_MAX):
        expected = totals * np.exp(level + slope * times)
        gradient = np.array([(counts - expected).sum(), ((counts - expected) * times).sum() - RIDGE * slope])
        cross = (expected * times).sum()
        hessian = np.array([[expected.sum(), cross], [cross, (expected * times * times).sum() + RIDGE]])
        step = np.linalg.solve(hessian, gradient)
        scale = 1.0
        while scale > 1e-6:
            trial = level + scale * float(step[0]), slope + scale * float(step[1])
            value = _penalised(counts, totals, times, *trial)
            if value >= best:
                break
            scale /= 2
        else:
            break
        moved = value - best
        (level, slope), best = trial, value
        if moved < 1e-10:
            break
    return level, slope


def _penalised(counts: np.ndarray, totals: np.ndarray, times: np.ndarray, level: float, slope: float) -> float:
    eta = np.clip(level + slope * times, -50, 50)
    return float((counts * eta - totals * np.exp(eta)).sum() - RIDGE * slope * slope / 2)


def _number(month: str) -> int:
    year, _, number = month.partition("-")
    return int(year) * 12 + int(number)
