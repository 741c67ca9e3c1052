"""Units of factors, so that people a year times a price is money a year and nothing else passes for it.

A unit is written as `people/year`, `USD per practice per month`, `%`, or `1`. Words are counted things, three
capital letters a currency; currencies are never converted. Times are brought to years.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from aia.core.errors import Invalid

DAYS_A_YEAR = 365.25
TIMES: Mapping[str, float] = {
    "hour": 1 / (24 * DAYS_A_YEAR),
    "day": 1 / DAYS_A_YEAR,
    "week": 7 / DAYS_A_YEAR,
    "month": 1 / 12,
    "quarter": 1 / 4,
    "year": 1.0,
}
YEAR = "year"
UNIT_MAX = 80
_CURRENCY = re.compile(r"[A-Z]{3}")
_WORD = re.compile(r"[A-Za-z][A-Za-z_-]*")
_IRREGULAR = {"people": "person", "persons": "person", "men": "man", "women": "woman", "children": "child"}


@dataclass(frozen=True, slots=True)
class Dimension:
    """Powers of base units, in order of name."""

    powers: tuple[tuple[str, int], ...] = ()

    def times(self, other: "Dimension", sign: int = 1) -> "Dimension":
        found = dict(self.powers)
        for name, power in other.powers:
            found[name] = found.get(name, 0) + sign * power
        return Dimension(tuple(sorted((name, power) for name, power in found.items() if power)))

    @property
    def currency(self) -> str | None:
        """The currency when this is money a year; else None."""
        found = dict(self.powers)
        (name,) = [n for n in found if _CURRENCY.fullmatch(n)] or [None]
        return name if name is not None and found == {name: 1, YEAR: -1} else None

    def __str__(self) -> str:
        above = [name if power == 1 else f"{name}^{power}" for name, power in self.powers if power > 0]
        below = [name if power == -1 else f"{name}^{-power}" for name, power in self.powers if power < 0]
        return "/".join(["*".join(above) or "1", *below])


@dataclass(frozen=True, slots=True)
class Unit:
    """A dimension and how many base units one of this is."""

    dimension: Dimension = field(default_factory=Dimension)
    scale: float = 1.0


def parse_unit(text: str) -> Unit:
    """Raises `Invalid` naming the part that is no unit."""
    if len(text) > UNIT_MAX:
        raise Invalid(f"unit {text[:40]!r}... is longer than {UNIT_MAX} characters", field="unit")
    parts = re.split(r"\s*([*/])\s*|\s+(per)\s+", text.strip())
    found, sign = Unit(), 1
    for part in parts:
        if part is None or part == "*":
            continue
        if part in {"/", "per"}:
            sign = -1
            continue
        unit = _base(part, text)
        found = Unit(found.dimension.times(unit.dimension, sign), found.scale * unit.scale**sign)
        sign = 1
    return found


def _base(word: str, text: str) -> Unit:
    if word in {"", "1"}:
        return Unit()
    if word == "%":
        return Unit(scale=0.01)
    if _CURRENCY.fullmatch(word):
        return Unit(Dimension(((word, 1),)))
    if not _WORD.fullmatch(word):
        raise Invalid(
            f"unit {text[:40]!r}: {word[:20]!r} is none; write like people/year, USD/practice/month, % or 1",
            field="unit",
        )
    name = _singular(word.lower())
    if name in TIMES:
        return Unit(Dimension(((YEAR, 1),)), TIMES[name])
    return Unit(Dimension(((name, 1),)))


def _singular(word: str) -> str:
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if word.endswith("ies"):
        return word[:-3] + "y"
    return word[:-1] if word.endswith("s") and not word.endswith(("ss", "us", "is")) else word
