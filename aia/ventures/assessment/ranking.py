"""Ranking: what the counts leave open becomes an interval, and the rank is by its cautious end.

The skeleton is Ulwick's opportunity score, importance + max(importance - satisfaction, 0) with both on
0 to 10 (Ulwick, 2002, "Turn customer input into innovation", Harvard Business Review), scaled to 0 to
100. Importance joins three posteriors: reach (Gamma, of documents), severity (Beta, of the statements'
severities) and growth (normal, of the momentum slope); satisfaction is the Beta posterior of the share
of documents that say it is solved. 1,000 joint draws give median, 80 % interval and P(top 10); the
rank goes by the 20th percentile.
"""

from collections.abc import Sequence

import numpy as np

from aia.ventures.model import Assessment, Ranked

DRAWS = 1_000
RANK_QUANTILE = 0.2
TOP = 10
WEIGHTS = {"reach": 0.5, "severity": 0.25, "growth": 0.25}
GROWTH_MONTHS = 6.0
"""Growth counts by what it makes of the rate over half a year."""


def rank(assessments: Sequence[Assessment], *, seed: int, draws: int = DRAWS) -> tuple[Ranked, ...]:
    """Needs by the 20th percentile of their score, best first; ties by need id."""
    if not assessments:
        return ()
    ordered = sorted(assessments, key=lambda a: a.need)
    rng = np.random.default_rng(seed)
    reach = np.array([rng.gamma(a.documents + 0.5, 1.0, draws) for a in ordered])
    most = np.quantile(reach, 0.5, axis=1).max()
    importance = 10 * (
        WEIGHTS["reach"] * np.sqrt(np.minimum(reach / most, 1.0))
        + WEIGHTS["severity"] * np.array([_severity(a, rng, draws) for a in ordered])
        + WEIGHTS["growth"] * np.array([_growth(a, rng, draws) for a in ordered])
    )
    satisfaction = 10 * np.array(
        [rng.beta(1 + a.satisfied, 4 + max(a.documents - a.satisfied, 0), draws) for a in ordered]
    )
    scores = 5 * (importance + np.maximum(importance - satisfaction, 0))
    places = (-scores).argsort(axis=0, kind="stable").argsort(axis=0, kind="stable")
    low, cautious, median, high = np.quantile(scores, [0.1, RANK_QUANTILE, 0.5, 0.9], axis=1)
    ranked = [
        Ranked(
            need=a.need,
            score=round(float(median[i]), 2),
            low=round(float(low[i]), 2),
            high=round(float(high[i]), 2),
            rank_quantile=round(float(cautious[i]), 4),
            probability_top_10=round(float((places[i] < TOP).mean()), 3),
        )
        for i, a in enumerate(ordered)
    ]
    return tuple(sorted(ranked, key=lambda r: (-r.rank_quantile, r.need)))


def _severity(assessment: Assessment, rng: np.random.Generator, draws: int) -> np.ndarray:
    hurt = assessment.severity_sum
    return rng.beta(1 + hurt, 1 + max(assessment.statements - hurt, 0.0), draws)


def _growth(assessment: Assessment, rng: np.random.Generator, draws: int) -> np.ndarray:
    """0 to 1: 0.5 for a steady share, or where dates do not tell."""
    if assessment.momentum is None:
        return np.full(draws, 0.5)
    slope = rng.normal(assessment.momentum.slope, assessment.momentum.standard_error, draws)
    return 1 / (1 + np.exp(-np.clip(slope * GROWTH_MONTHS, -30, 30)))
