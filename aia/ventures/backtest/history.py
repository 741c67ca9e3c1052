"""What was known of each theme on a day, and what came after it. Times are months, counted from year 0."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from aia.text.vectors import Vectors
from aia.ventures.assessment.trend import fit

Array = npt.NDArray[np.float64]

SOFT_COSINE = 0.05
"""A document counts for every theme by exp((cosine - best cosine) / 0.05): near the border it counts for both."""
WINDOW_RIDGE, HISTORY_RIDGE = 30.0, 100.0
"""Of the regressions of a document's year on its vector; found on cut-offs before 2018 (docs/decisions)."""
PERIODS_MIN = 4
BEFORE_MIN, AFTER_MIN = 60, 20
SMOOTHED = 0.5


@dataclass(frozen=True, slots=True)
class Dated:
    """Documents with a date: month numbers in order, and a vector for each."""

    months: npt.NDArray[np.int64]
    vectors: Vectors

    def between(self, after: int, until: int) -> npt.NDArray[np.int64]:
        """Documents of months after `after`, up to `until`."""
        return np.flatnonzero((self.months > after) & (self.months <= until))


@dataclass(frozen=True, slots=True)
class Known:
    """Features of each theme on a day, standardised over the themes, and how many documents it had.

    `features` columns: the trend, and less the log size. `months` are those that `before` was counted over.
    """

    centres: Vectors
    features: Array
    before: Array
    slope: Array
    months: int


@dataclass(frozen=True, slots=True)
class Movement:
    """Where text moves: from its `middle` (d,), by `direction` (d,) a year."""

    middle: Array
    direction: Array

    def of(self, centres: Vectors) -> Array:
        """(themes,): how far each centre lies along the way."""
        return np.asarray((centres - self.middle) @ self.direction, dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Day:
    """What the documents up to a day tell, whatever themes are drawn of them: worked out once for all partitions."""

    cutoff: int
    window: int
    rows: npt.NDArray[np.int64]
    movements: tuple[Movement, Movement]


def day_of(dated: Dated, cutoff: int, window: int, least: int) -> Day | None:
    """The documents of the window, where its text and all text before moved; None of fewer than `least`."""
    rows = dated.between(cutoff - window, cutoff)
    if len(rows) < least:
        return None
    history = np.flatnonzero(dated.months <= cutoff)
    return Day(cutoff, window, rows, (movement(dated, rows, WINDOW_RIDGE), movement(dated, history, HISTORY_RIDGE)))


def known_on(dated: Dated, day: Day, centres: Vectors) -> Known | None:
    """What the months up to the cut-off tell; None with fewer than four months of documents in the window.

    The trend is the mean of three standardised measures, since a combination of forecasts errs less than
    its parts (Bates and Granger, 1969): the slope of the theme's own log share, the drift of the window's
    text towards its centre, and the drift of all text up to the cut-off.
    """
    rows, cutoff, window = day.rows, day.cutoff, day.window
    cosines = dated.vectors[rows] @ centres.T
    months = dated.months[rows]
    periods = np.unique(months)
    if len(periods) < PERIODS_MIN:
        return None
    soft = np.exp((cosines - cosines.max(axis=1, keepdims=True)) / SOFT_COSINE)
    soft /= soft.sum(axis=1, keepdims=True)
    totals = np.array([(months == p).sum() for p in periods], dtype=np.float64)
    counts = np.array([soft[months == p].sum(axis=0) for p in periods], dtype=np.float64)
    times = (periods - np.average(periods, weights=totals)) / 12
    _, slope = fit(np.ascontiguousarray(counts.T), totals, times)
    before = np.bincount(cosines.argmax(axis=1), minlength=len(centres)).astype(np.float64)
    size = -np.log(counts.sum(axis=0) + 1)
    measures = (slope, *(movement.of(centres) for movement in day.movements))
    trend = np.mean([standardised(measure) for measure in measures], axis=0)
    features = np.stack([standardised(trend), standardised(size)], axis=1)
    return Known(centres, features, before, slope, min(window, cutoff - int(dated.months.min())))


def movement(dated: Dated, rows: npt.NDArray[np.int64], ridge: float) -> Movement:
    """Where the text of `rows` moves: the ridge regression of a document's year on its vector.

    Themes are small and their slopes noisy; neighbours in meaning move together, and here they share what
    they know (Hoerl and Kennard, 1970, ridge regression).
    """
    vectors = dated.vectors[rows].astype(np.float64)
    years = dated.months[rows] / 12
    middle = vectors.mean(axis=0)
    apart = vectors - middle
    penalty = ridge * np.eye(vectors.shape[1])
    return Movement(middle, np.linalg.solve(apart.T @ apart + penalty, apart.T @ (years - years.mean())))


def standardised(values: Array) -> Array:
    return (values - values.mean()) / max(float(values.std()), 1e-9)


def growth_after(dated: Dated, known: Known, cutoff: int, until: int) -> tuple[Array, Array] | None:
    """(log share after less log share before, documents after) of each theme; None with too few documents.

    Both shares are of nearest centres, with half a document added to each theme.
    """
    rows = dated.between(cutoff, until)
    if len(rows) < AFTER_MIN:
        return None
    after = np.bincount((dated.vectors[rows] @ known.centres.T).argmax(axis=1), minlength=len(known.before))
    return log_share(after) - log_share(known.before), after.astype(np.float64)


def log_share(counts: npt.NDArray[np.float64] | npt.NDArray[np.int64]) -> Array:
    return np.log((counts + SMOOTHED) / (counts.sum() + SMOOTHED * len(counts)))
