"""The forecast of a theme's log share change, learnt on earlier days only, with an interval.

    change ~ b . (slope, smallness)          b by ridge towards "a share goes on as it does"
    variance = process + 1/before + 1/after  Poisson noise of both counts, and what themes do of themselves

Regression to the mean is a feature, with what weight the past days tell. The interval is scaled so that
on the past days it held as often as it says (split conformal: Vovk, Gammerman and Shafer, 2005).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from aia.ventures.backtest.history import Array

PRIOR = np.array([0.3, 0.0])
RIDGE = 0.3
PROCESS_UNKNOWN = 0.25
PROCESS_MIN = 0.01
COVERAGE = 0.8
Z_80 = 1.2816
PAST_MIN = 20


@dataclass(frozen=True, slots=True)
class Past:
    """What was known on an earlier day and what came of it, before the tested day."""

    features: Array
    change: Array
    before: Array
    after: Array


@dataclass(frozen=True, slots=True)
class Forecast:
    """Mean and half width of the 80 % interval of each theme; `calibrated` on how many past outcomes."""

    mean: Array
    half: Array
    calibrated: int

    @property
    def probability_grows(self) -> Array:
        return special.ndtr(self.mean / np.maximum(self.half / Z_80, 1e-9))


def forecast(features: Array, before: Array, expected_after: float, past: Sequence[Past]) -> Forecast:
    """`expected_after` are documents to come, judged from the pace before the day."""
    share = (before + 0.5) / (before.sum() + 0.5 * len(before))
    after = expected_after * share
    if sum(len(p.change) for p in past) < PAST_MIN:
        mean = features @ PRIOR
        return Forecast(mean, Z_80 * np.sqrt(PROCESS_UNKNOWN + _noise(before, after)), 0)
    weights = _learn(past)
    residuals = np.concatenate([p.change - p.change.mean() - p.features @ weights for p in past])
    noise = np.concatenate([_noise(p.before, _expected(p)) for p in past])
    process = max(PROCESS_MIN, float(np.median(residuals**2)) / 0.455 - float(np.median(noise)))
    scaled = np.abs(residuals) / np.sqrt(process + noise)
    width = float(np.quantile(scaled, COVERAGE, method="higher"))
    mean = features @ weights + float(np.mean([p.change.mean() for p in past]))
    return Forecast(mean, width * np.sqrt(process + _noise(before, after)), len(residuals))


def _learn(past: Sequence[Past]) -> Array:
    x = np.concatenate([p.features for p in past])
    y = np.concatenate([p.change - p.change.mean() for p in past])
    penalty = RIDGE * len(x) * np.eye(x.shape[1])
    moved = np.linalg.solve(x.T @ x + penalty, x.T @ (y - x @ PRIOR))
    return (PRIOR + moved).astype(np.float64)


def _expected(p: Past) -> Array:
    share = (p.before + 0.5) / (p.before.sum() + 0.5 * len(p.before))
    return p.after.sum() * share


def _noise(before: Array, after: Array) -> Array:
    return 1 / (before + 0.5) + 1 / (after + 0.5)
