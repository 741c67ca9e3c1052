"""What to find out next: the expected value of learning one term exactly, for its price.

The decision is which ten needs to pursue; the value of a need is its score times how far the organisation
can deliver it. For a need with value u and the marginal alternative worth c (the best need left out, or
the last of the ten), learning term x is worth

    EVPPI(x) = E[ max( E[u | x], c ) ] - max( E[u], c )

with E[u | x] by regression of the joint draws of u on x (Strong, Oakley and Brennan, 2014, "Estimating
multiparameter partial expected value of perfect information from a probabilistic sensitivity analysis
sample"), here a cubic in the ranks of x, which a few outliers cannot bend.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from aia.ventures.assessment.posterior import Array

DEGREE = 3
VALUE_MIN = 0.01
"""Points of the score; less is noise of the draws and no reason to spend."""


def value_of_terms(terms: Mapping[str, Array], value: Array, *, top: int) -> list[dict[str, float]]:
    """For each need the expected value of learning each of its terms, in points of the score."""
    means = value.mean(axis=1)
    order = np.argsort(-means, kind="stable")
    found: list[dict[str, float]] = []
    for i in range(len(value)):
        other = _alternative(means, order, i, top)
        found.append({name: _evppi(draws[i], value[i], other) for name, draws in terms.items()})
    return found


def _alternative(means: Array, order: np.ndarray, i: int, top: int) -> float:
    """What is pursued instead: the best one left out, or for one left out the last of the ten; else nothing."""
    chosen = order[:top].tolist()
    if i not in chosen:
        return float(means[chosen[-1]])
    return float(means[order[top]]) if len(order) > top else 0.0


def _evppi(x: Array, value: Array, other: float) -> float:
    ranks = np.argsort(np.argsort(x, kind="stable"), kind="stable") / len(x) - 0.5
    basis = np.vander(ranks, DEGREE + 1)
    fitted = basis @ np.linalg.lstsq(basis, value, rcond=None)[0]
    return max(0.0, float(np.maximum(fitted, other).mean() - max(value.mean(), other)))


def next_experiment(values: Mapping[str, float], prices_aia: Mapping[str, float]) -> str | None:
    """The term with most value for an AIA; None when learning nothing would change what is pursued."""
    worth: Sequence[str] = [name for name, value in values.items() if value >= VALUE_MIN]
    if not worth:
        return None
    return max(worth, key=lambda name: (values[name] / prices_aia[name], name))
