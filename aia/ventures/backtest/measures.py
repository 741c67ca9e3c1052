"""How well an order foretold what came: rank correlation, the top fifth, calibration."""

import numpy as np
from scipy import stats

from aia.ventures.backtest.history import Array

RESAMPLES = 1_000


def spearman(order: Array, outcome: Array) -> float:
    """Spearman's rank correlation; 0 where one of both does not vary."""
    return float(_spearmans(order[None, :], outcome[None, :])[0])


def _spearmans(orders: Array, outcomes: Array) -> Array:
    """(rows,) of each row of both (rows, themes)."""
    if orders.shape[1] < 3:
        return np.zeros(len(orders))
    apart = [ranks - ranks.mean(axis=1, keepdims=True) for ranks in (_ranks(orders), _ranks(outcomes))]
    products = np.sum(apart[0] * apart[1], axis=1)
    sizes = np.sqrt(np.sum(apart[0] ** 2, axis=1) * np.sum(apart[1] ** 2, axis=1))
    return np.where(sizes > 0, np.round(products / np.maximum(sizes, 1e-12), 9), 0.0)


def _ranks(values: Array) -> Array:
    return np.asarray(stats.rankdata(values, axis=1), dtype=np.float64)


def spearman_interval(order: Array, outcome: Array, rng: np.random.Generator) -> tuple[float, float]:
    """80 % interval by bootstrap over themes (Efron, 1979)."""
    drawn = rng.integers(0, len(order), (RESAMPLES, len(order)))
    low, high = np.quantile(_spearmans(order[drawn], outcome[drawn]), [0.1, 0.9])
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
