"""How well an order foretold what came: rank correlation, the top fifth, calibration."""

import numpy as np
from scipy import stats

from aia.ventures.backtest.history import Array

RESAMPLES = 1_000


def spearman(order: Array, outcome: Array) -> float:
    """Spearman's rank correlation; 0 where one of both does not vary."""
    if len(order) < 3 or np.ptp(order) == 0 or np.ptp(outcome) == 0:
        return 0.0
    ranks = [stats.rankdata(values) for values in (order, outcome)]
    return round(float(np.corrcoef(*ranks)[0, 1]), 9)


def spearman_interval(order: Array, outcome: Array, rng: np.random.Generator) -> tuple[float, float]:
    """80 % interval by bootstrap over themes (Efron, 1979)."""
    drawn = rng.integers(0, len(order), (RESAMPLES, len(order)))
    ranks = np.array([spearman(order[rows], outcome[rows]) for rows in drawn])
    low, high = np.quantile(ranks, [0.1, 0.9])
    return float(low), float(high)


def precision_top_fifth(order: Array, outcome: Array) -> float:
    """Of the fifth put first, the share that is in the fifth that grew most; by chance 0.2."""
    n = max(1, len(order) // 5)
    first = set(np.argsort(-order, kind="stable")[:n].tolist())
    grew = set(np.argsort(-outcome, kind="stable")[:n].tolist())
    return len(first & grew) / n


def brier(probability: Array, happened: Array) -> float:
    """Mean squared error of a probability (Brier, 1950): 0 is perfect, 0.25 is not knowing."""
    return float(np.mean((probability - happened) ** 2))
