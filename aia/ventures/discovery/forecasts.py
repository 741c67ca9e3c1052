"""Forecasts: the probability that a need's share of all documents grows, and how well it turned out. Pure.

A forecast is made from the months of one discovery and resolved by those of a later one on newer data of
the same subject: the share in the half year after the forecast against that in the half year before it.
Brier's score (1950, "Verification of forecasts expressed in terms of probability") is (p - outcome)^2; a
rating gets 1 less it.
"""

from collections.abc import Sequence
from math import erf, sqrt
from typing import Any

from aia.ventures.model import Assessment

LIMITS = (0.05, 0.95)
"""No forecaster is surer than this: months of text do not carry more."""
SHRINK = 0.8
RECENT_MONTHS = 3
BEFORE_MONTHS = 6
AFTER_MONTHS = 6
DOCUMENTS_AFTER_MIN = 20
METHODS = ("trend", "recent")

Months = Sequence[tuple[str, int, int]]


def forecast(assessments: Sequence[Assessment], method: str) -> dict[str, Any]:
    """A forecaster: a probability for each need whose dates carry one, and the month after which it counts."""
    rows = [
        {"need": a.need, "probability": round(p, 4), "after": a.months[-1][0], "method": method}
        for a in assessments
        if (p := probability(a, method)) is not None
    ]
    return {"forecasts": rows}


def probability(a: Assessment, method: str) -> float | None:
    """P(the share grows): from the momentum's posterior, or from the last quarter against what was before."""
    if a.momentum is None or not a.months:
        return None
    z = a.momentum.slope / max(a.momentum.standard_error, 1e-9)
    if method == "recent":
        z = _recent(a.months)
    shrunk = 0.5 + SHRINK * (_phi(z) - 0.5)
    return min(max(shrunk, LIMITS[0]), LIMITS[1])


def _recent(months: Months) -> float:
    """z of the last quarter's share against the earlier share, by the pooled two-proportion test."""
    last, before = months[-RECENT_MONTHS:], months[:-RECENT_MONTHS]
    (k1, n1), (k0, n0) = _sum(last), _sum(before)
    if not n1 or not n0 or not k1 + k0:
        return 0.0
    pooled = (k1 + k0) / (n1 + n0)
    error = sqrt(pooled * (1 - pooled) * (1 / n1 + 1 / n0))
    return (k1 / n1 - k0 / n0) / error if error else 0.0


def _sum(months: Months) -> tuple[int, int]:
    return sum(count for _, count, _ in months), sum(every for _, _, every in months)


def _phi(z: float) -> float:
    return 0.5 * (1 + erf(z / sqrt(2)))


def outcome(months: Months, after: str) -> bool | None:
    """Whether the share grew after that month; None while too little newer text is known."""
    later = [m for m in months if after < m[0] <= _month_after(after)]
    before = [m for m in months if m[0] <= after][-BEFORE_MONTHS:]
    (k1, n1), (k0, n0) = _sum(later), _sum(before)
    if n1 < DOCUMENTS_AFTER_MIN or not n0:
        return None
    return k1 * n0 > k0 * n1


def _month_after(month: str) -> str:
    """The month until which a forecast holds."""
    number = int(month[:4]) * 12 + int(month[5:7]) - 1 + AFTER_MONTHS
    return f"{number // 12:04d}-{number % 12 + 1:02d}"


def brier(p: float, grew: bool) -> float:
    return (p - grew) ** 2
