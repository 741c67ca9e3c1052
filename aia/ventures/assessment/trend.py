"""Momentum: does a need's share of all documents grow? Quasi-Poisson, with an interval.

The rate of month m is exp(a + b t_m) times all documents of that month (the offset), so volume alone
makes no momentum. A ridge prior on b keeps sparse needs near 0. The dispersion (Pearson, at least 1)
widens the standard error, and needs rank by the lower bound b - t se, a 90 % one-sided bound with the
quantile of Student's t at months - 2 degrees of freedom, so that few months do not look surer than they are.
Source of the model: McCullagh and Nelder, 1989, Generalized Linear Models, chapters 6 and 9.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import Any

import numpy as np
from scipy import special

from aia.ventures.model import Momentum

PERIODS_MIN = 4
RIDGE = 1.0
CONFIDENCE = 0.9
ITERATIONS_MAX = 50
HALVINGS_MAX = 20
DOCUMENTS_MIN = 3
STEP_MAX = 3.0
CONVERGED = 1e-10
KIN = 0.25
"""Needs that would be one at a quarter of the resolution, two doublings, show the same trend."""
REPEAT_COUNTS = 0.3

Months = Sequence[tuple[str, int, int]]


def month_of(day: date) -> str:
    return f"{day.year:04d}-{day.month:02d}"


def monthly(documents: Sequence[date | None], members: set[int]) -> tuple[tuple[str, int, int], ...]:
    """(month, documents of the need, all documents) for each month with documents."""
    everything: Counter[str] = Counter(month_of(day) for day in documents if day is not None)
    mine = Counter(month_of(day) for i in members if (day := documents[i]) is not None)
    return tuple((month, mine[month], everything[month]) for month in sorted(everything))


def momentum(months: Months) -> Momentum | None:
    """Slope of the log rate per month, or None with fewer than four months or three dated documents."""
    counts = np.array([[count for _, count, _ in months]], dtype=np.float64)
    return momenta(counts, [month for month, _, _ in months], [total for _, _, total in months])[0]


def momenta(counts: np.ndarray, months: Sequence[str], totals: Sequence[int]) -> list[Momentum | None]:
    """The momentum of each row of `counts` (needs, months); `totals` are all documents of each month."""
    exposure = np.array(totals, dtype=np.float64)
    if len(months) < PERIODS_MIN or exposure.sum() <= 0:
        return [None] * len(counts)
    times = np.array([_number(month) for month in months], dtype=np.float64)
    times -= float(np.average(times, weights=exposure))
    levels, slopes = fit(counts, exposure, times)
    expected = exposure * np.exp(levels[:, None] + slopes[:, None] * times)
    information = (expected * times * times).sum(axis=1) + RIDGE
    freedom = len(months) - 2
    pearson = (((counts - expected) ** 2) / np.maximum(expected, 1e-9)).sum(axis=1)
    errors = np.sqrt(np.maximum(1.0, pearson / freedom) / information)
    t: Any = special.stdtrit(freedom, CONFIDENCE)
    lower = slopes - float(t) * errors
    return [
        Momentum(round(float(b), 6), round(float(e), 6), round(float(low), 6), len(months)) if enough else None
        for b, e, low, enough in zip(slopes, errors, lower, counts.sum(axis=1) >= DOCUMENTS_MIN, strict=True)
    ]


def distinct_first(lower: Sequence[float], kinship: np.ndarray) -> list[int]:
    """Places of needs by the lower bound of their growth; what near kin has shown already counts three tenths.

    An intent that fell into two needs would else take two places of a short list. `kinship` (n, n) is that of
    `needs.kinship`; -inf stands for no momentum. Ties go to the lower place.
    """
    worth = np.array(lower, dtype=np.float64)
    shown: list[int] = []
    for i in np.argsort(-worth, kind="stable").tolist():
        if worth[i] <= 0:
            break
        if shown and kinship[i, shown].max() >= KIN:
            worth[i] *= REPEAT_COUNTS
        else:
            shown.append(i)
    return np.argsort(-worth, kind="stable").tolist()


def fit(counts: np.ndarray, totals: np.ndarray, times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(levels, slopes) that maximise each row's penalised Poisson likelihood, by Newton with halving.

    `counts` (needs, months), `totals` and `times` (months,).
    """
    levels = np.log(np.maximum(counts.sum(axis=1), 0.5) / totals.sum())
    slopes = np.zeros(len(counts))
    best = _penalised(counts, totals, times, levels, slopes)
    for _ in range(ITERATIONS_MAX):
        expected = totals * np.exp(levels[:, None] + slopes[:, None] * times)
        rest = counts - expected
        first, second = rest.sum(axis=1), (rest * times).sum(axis=1) - RIDGE * slopes
        a, b = expected.sum(axis=1), (expected * times).sum(axis=1)
        c = (expected * times * times).sum(axis=1) + RIDGE
        determinant = np.maximum(a * c - b * b, 1e-12)
        up = np.clip((c * first - b * second) / determinant, -STEP_MAX, STEP_MAX)
        turn = np.clip((a * second - b * first) / determinant, -STEP_MAX, STEP_MAX)
        scale, value = np.ones(len(counts)), best
        for _ in range(HALVINGS_MAX):
            value = _penalised(counts, totals, times, levels + scale * up, slopes + scale * turn)
            worse = value < best
            if not worse.any():
                break
            scale[worse] /= 2
        better = value >= best
        moved = np.where(better, value - best, 0.0)
        levels = np.where(better, levels + scale * up, levels)
        slopes = np.where(better, slopes + scale * turn, slopes)
        best = np.where(better, value, best)
        if moved.max(initial=0.0) < CONVERGED:
            break
    return levels, slopes


def _penalised(
    counts: np.ndarray, totals: np.ndarray, times: np.ndarray, levels: np.ndarray, slopes: np.ndarray
) -> np.ndarray:
    eta = np.clip(levels[:, None] + slopes[:, None] * times, -50, 50)
    return (counts * eta - totals * np.exp(eta)).sum(axis=1) - RIDGE * slopes * slopes / 2


def _number(month: str) -> int:
    year, _, number = month.partition("-")
    return int(year) * 12 + int(number)
