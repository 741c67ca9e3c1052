"""The forecast of a theme's log share change, learnt on earlier days only, with an interval.

    change ~ level + b . (trend, smallness)          b by ridge towards "a share goes on as it does"
    variance = process x years + 1/before + 1/after  what themes do of themselves, and noise of both counts

The realised share has sampling noise of its own, so the interval of what will be counted holds it. What
themes do of themselves is taken as a random walk. The means of a random walk over two adjacent spans of a and
b years differ by a variance of (a + b) / 3 of its variance a year, which is found on earlier days by Paule
and Mandel's estimator (1982, J. Res. NBS 87). A day's residuals are taken from weights learnt on the days whose
outcomes do not overlap with its own, and the interval is as wide as it had to be on them (split conformal:
Vovk, Gammerman and Shafer, 2005; Lei et al., 2018). Outcomes that overlap in time are not independent, so
the correction for few of them counts themes times periods apart. With too few, Student's t gives the width.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from aia.ventures.backtest.history import Array

PRIOR = np.array([0.3, 0.0])
"""A standardised trend of 1 is taken to go on as a log share change of 0.3 until the past tells better."""
RIDGE = 0.3
PROCESS_UNKNOWN = 0.125
PROCESS_MAX = 25.0
COVERAGE = 0.8
PAST_MIN = 20
FREEDOM_UNKNOWN = 4.0
HALVINGS = 60


@dataclass(frozen=True, slots=True)
class Past:
    """What was known on an earlier day (a month's number), and what came of it in the months after.

    `months` are those counted over before and after the day, `after` is how many documents came.
    """

    day: int
    months: tuple[int, int]
    features: Array
    change: Array
    before: Array
    after: float

    @property
    def until(self) -> int:
        return self.day + self.months[1]


@dataclass(frozen=True, slots=True)
class Forecast:
    """Mean and half width of the 80 % interval of each theme; `calibrated` on how many past outcomes.

    `freedom` is how many of those are independent.
    """

    mean: Array
    half: Array
    calibrated: int
    freedom: float

    @property
    def probability_grows(self) -> Array:
        t = _width(self.freedom) * self.mean / np.maximum(self.half, 1e-9)
        return np.asarray(special.stdtr(self.freedom, t), dtype=np.float64)


def forecast(
    features: Array, before: Array, expected_after: float, months: tuple[int, int], past: Sequence[Past]
) -> Forecast:
    """The change from the months before to those after, of which `expected_after` documents are expected."""
    weights, level = _learn(past)
    mean = level + features @ weights
    noise = _noise(before, expected_after)
    number = sum(len(p.change) for p in past)
    if number < PAST_MIN:
        half = _width(FREEDOM_UNKNOWN) * np.sqrt(PROCESS_UNKNOWN * _years(months) + noise)
        return Forecast(mean, half, 0, FREEDOM_UNKNOWN)
    residuals = np.concatenate([_residual(p, past) for p in past])
    noises = np.concatenate([_noise(p.before, p.after) for p in past])
    years = np.concatenate([np.full(len(p.change), _years(p.months)) for p in past])
    process = _process(residuals, years, noises)
    freedom = _independent(past)
    level_kept = min(1.0, COVERAGE * (1 + 1 / freedom))
    scaled = np.abs(residuals) / np.sqrt(process * years + noises)
    width = float(np.quantile(scaled, level_kept, method="higher"))
    return Forecast(mean, width * np.sqrt(process * _years(months) + noise), number, freedom)


def _learn(past: Sequence[Past]) -> tuple[Array, float]:
    """Weights of the features and the level; the prior and 0 where nothing is past."""
    if not past:
        return PRIOR, 0.0
    x = np.concatenate([p.features for p in past])
    y = np.concatenate([p.change - p.change.mean() for p in past])
    penalty = RIDGE * len(x) * np.eye(x.shape[1])
    moved = np.linalg.solve(x.T @ x + penalty, x.T @ (y - x @ PRIOR))
    return (PRIOR + moved).astype(np.float64), float(np.mean([p.change.mean() for p in past]))


def _residual(p: Past, past: Sequence[Past]) -> Array:
    """What a forecast on that day would have missed, learnt on days whose outcomes lie apart from its own."""
    apart = [q for q in past if q.until <= p.day or p.until <= q.day]
    weights, level = _learn(apart)
    return p.change - level - p.features @ weights


def _process(residuals: Array, years: Array, noises: Array) -> float:
    """Variance a year with which the scaled squares of the residuals average to 1; 0 when noise explains all."""
    low, high = 0.0, PROCESS_MAX
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        if float(np.mean(residuals**2 / (middle * years + noises))) > 1:
            low = middle
        else:
            high = middle
    return low


def _independent(past: Sequence[Past]) -> float:
    """Themes, times the periods of outcomes that can lie side by side in the time all of them cover."""
    span = max(p.until for p in past) - min(p.day for p in past)
    periods = max(1.0, span / float(np.mean([p.months[1] for p in past])))
    return periods * float(np.mean([len(p.change) for p in past]))


def _years(months: tuple[int, int]) -> float:
    """By how many years of a random walk its means over two adjacent spans differ."""
    return sum(months) / 36


def _width(freedom: float) -> float:
    """How many standard errors an 80 % interval reaches to both sides, by Student's t."""
    return float(special.stdtrit(freedom, (1 + COVERAGE) / 2))  # pyright: ignore[reportUnknownArgumentType]


def _noise(before: Array, after: float) -> Array:
    """Variance of the log ratio of two Poisson counts, the later one as large as the share before gives."""
    share = (before + 0.5) / (before.sum() + 0.5 * len(before))
    return 1 / (before + 0.5) + 1 / (after * share + 0.5)
