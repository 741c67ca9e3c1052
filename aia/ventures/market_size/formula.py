"""Formulas of a Fermi tree: names, `*`, `/`, `+` and brackets. No numbers stand in them: each is a factor."""

import ast
from collections.abc import Callable, Mapping
from typing import TypeVar

from aia.core.errors import Invalid
from aia.ventures.market_size.units import Dimension

FORMULA_MAX = 400
T = TypeVar("T")


def parse_formula(text: str, figure: str) -> ast.expr:
    """Raises `Invalid` naming the figure and what cannot stand in it."""
    if not 1 <= len(text) <= FORMULA_MAX:
        raise Invalid(f"{figure} must be a formula of 1 to {FORMULA_MAX} characters", field=figure)
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise Invalid(f"{figure} is {text[:60]!r}: write like people * price", field=figure) from None
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant):
            raise Invalid(f"{figure} holds the number {node.value!r}: make it a factor with a source", field=figure)
        if not isinstance(node, ast.Name | ast.Load | ast.BinOp | ast.Mult | ast.Div | ast.Add):
            raise Invalid(
                f"{figure} holds {ast.unparse(node)[:40]!r}: only names, *, /, + and brackets", field=figure
            )
    return tree


def names_in(tree: ast.expr) -> list[str]:
    """The names of a formula in order of appearance, each once."""
    found = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
    return list(dict.fromkeys(node.id for node in sorted(found, key=lambda node: node.col_offset)))


def dimension_of(tree: ast.expr, known: Mapping[str, Dimension], figure: str) -> Dimension:
    """Raises `Invalid` for a name that is unknown, or a sum of different things."""
    match tree:
        case ast.Name(id=name):
            if name not in known:
                have = ", ".join(sorted(known)) or "none"
                raise Invalid(f"{figure} names {name!r}, which is no factor; there are {have}", field=figure)
            return known[name]
        case ast.BinOp(left=left, op=op, right=right):
            here, there = dimension_of(left, known, figure), dimension_of(right, known, figure)
            if not isinstance(op, ast.Add):
                return here.times(there, 1 if isinstance(op, ast.Mult) else -1)
            if here != there:
                raise Invalid(f"{figure} adds {here} to {there}: only like may be added", field=figure)
            return here
        case _:
            raise AssertionError("parse_formula lets nothing else through")


def value_of(tree: ast.expr, known: Mapping[str, T], act: Mapping[type, Callable[[T, T], T]]) -> T:
    """The formula's value, with an operation for each of `ast.Mult`, `ast.Div` and `ast.Add`."""
    match tree:
        case ast.Name(id=name):
            return known[name]
        case ast.BinOp(left=left, op=op, right=right):
            return act[type(op)](value_of(left, known, act), value_of(right, known, act))
        case _:
            raise AssertionError("parse_formula lets nothing else through")
