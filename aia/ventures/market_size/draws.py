"""A Fermi tree drawn: 1,000 joint draws of its factors, its figures' medians, intervals and what drives their width.

    log-normal   two half log-normals that meet at mid, with low and high as 10th and 90th percentiles
    triangular   least low, likeliest mid, most high: for shares, which cannot pass 1
    beta         a share counted as k of n: Beta(k + 1/2, n - k + 1/2) (Jeffreys)
    constant     a value, or a count

Each factor has its own stratified draws (McKay, Beckman and Conover, 1979), seeded by its name, so that one
more factor moves no other. What drives the width is told by holding each factor at its median in turn.
"""

import ast
import operator
from collections.abc import Mapping, Sequence
from decimal import Decimal
from zlib import crc32

import numpy as np
import numpy.typing as npt
from scipy import special

from aia.reports import FigureLine
from aia.ventures.market_size.formula import value_of
from aia.ventures.market_size.model import BadAssumptions, Factor, SizeTree

Array = npt.NDArray[np.float64]

DRAWS = 1_000
Z_80 = 1.2815515655446004
DIGITS = 4
_ACTS = {ast.Mult: operator.mul, ast.Div: operator.truediv, ast.Add: operator.add}


def draw_figures(tree: SizeTree, counted: Mapping[str, int], seed: int) -> tuple[FigureLine, ...]:
    """Each figure of a tree; `counted` are the report's counts by name.

    Raises `BadAssumptions` when a part is larger than its whole, or a counted share is of nothing.
    """
    dimensions = tree.check()
    drawn = {factor.name: _draws(factor, counted, seed) for factor in tree.factors}
    values = _values(tree, drawn)
    fixed = {name: _values(tree, drawn | {name: _middle(draws)}) for name, draws in drawn.items()}
    _parts_within_wholes(values)
    lines: list[FigureLine] = []
    for figure, formula in tree.figures:
        low, median, high = np.quantile(values[figure], [0.1, 0.5, 0.9])
        driver, narrows = _driver(figure, values, fixed)
        line = FigureLine(
            name=figure,
            formula=formula,
            unit=str(dimensions[figure]),
            median=_rounded(float(median)),
            low=_rounded(float(low)),
            high=_rounded(float(high)),
            driver=driver,
            narrows=narrows,
        )
        lines.append(line)
    return tuple(lines)


def _values(tree: SizeTree, drawn: Mapping[str, Array]) -> dict[str, Array]:
    known = dict(drawn)
    for figure, formula in tree.trees():
        known[figure] = value_of(formula, known, _ACTS)
    return {figure: known[figure] for figure, _ in tree.figures}


def _draws(factor: Factor, counted: Mapping[str, int], seed: int) -> Array:
    """The factor in base units."""
    scale = factor.measure.scale
    if factor.count and not factor.of:
        return np.full(DRAWS, counted[factor.count] * scale)
    if factor.distribution == "constant":
        return np.full(DRAWS, float(factor.mid) * scale)
    rng = np.random.default_rng([seed, crc32(factor.name.encode())])
    u = (rng.permutation(DRAWS) + rng.random(DRAWS)) / DRAWS
    if factor.distribution == "beta":
        k, n = counted[factor.count], counted[factor.of]
        if n < max(k, 1):
            raise BadAssumptions(f"factor {factor.name}: {k} {factor.count} of {n} {factor.of} are no share")
        return np.asarray(special.betaincinv(k + 0.5, n - k + 0.5, u), dtype=np.float64) * scale
    low, mid, high = (float(value) for value in (factor.low, factor.mid, factor.high))
    if factor.distribution == "triangular":
        turn = (mid - low) / (high - low)
        rising = low + np.sqrt(u * (high - low) * (mid - low))
        falling = high - np.sqrt((1 - u) * (high - low) * (high - mid))
        return np.where(u < turn, rising, falling) * scale
    z = special.ndtri(u)
    spread = np.where(z < 0, np.log(mid / low), np.log(high / mid)) / Z_80
    return mid * np.exp(z * spread) * scale


def _middle(draws: Array) -> Array:
    return np.full(DRAWS, float(np.median(draws)))


def _parts_within_wholes(values: Mapping[str, Array]) -> None:
    for (whole, outer), (part, inner) in zip(list(values.items())[:-1], list(values.items())[1:], strict=True):
        if (over := float(np.mean(inner > outer * (1 + 1e-9)))) > 0:
            raise BadAssumptions(
                f"{part} is larger than {whole} in {100 * over:.0f} % of the draws: a part cannot be"
            )


def _driver(figure: str, values: Mapping[str, Array], fixed: Mapping[str, Mapping[str, Array]]) -> tuple[str, str]:
    """The factor without whose doubt the interval is narrowest, and by which share; nothing when none is wide."""
    width = _width(values[figure])
    if width < 1e-12:
        return "", "0.00"
    left = {name: _width(without[figure]) for name, without in fixed.items()}
    name = min(sorted(left), key=lambda n: left[n])
    return name, f"{max(0.0, 1 - left[name] / width):.2f}"


def _width(draws: Array) -> float:
    low, high = np.quantile(np.log(np.maximum(draws, 1e-300)), [0.1, 0.9])
    return float(high - low)


def _rounded(value: float) -> str:
    """Four significant digits, never with an exponent: more would claim what nobody knows."""
    return format(Decimal(f"{value:.{DIGITS - 1}e}"), "f")


def size(trees: Sequence[SizeTree], counted: Mapping[str, int], seed: int) -> list[tuple[FigureLine, ...]]:
    """The figures of several trees on the same counts; loaded as a plugin, since drawing needs numpy."""
    return [draw_figures(tree, counted, seed) for tree in trees]
