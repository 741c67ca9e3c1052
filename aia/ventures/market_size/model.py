"""Assumptions of market sizes: factors with their sources, and the formulas over them. Values and pure rules.

A factor is told as `low`, `mid` and `high` (an 80 % interval about the median), as a `value`, or as a `count` of the
report's table, alone or `of` another. Exactly one of `url`, `document` (with `quote`), `count` and `assumption` says
where it comes from.
"""

import ast
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from aia.core.errors import Invalid
from aia.ventures.market_size.formula import dimension_of, names_in, parse_formula
from aia.ventures.market_size.units import Dimension, Unit, parse_unit

FIGURES = ("tam", "sam", "som")
SIZES_MAX, FACTORS_MAX, WORDS_MAX = 50, 30, 10
TEXT_MAX, QUOTE_MAX = 500, 400
DIGITS_MAX = 18
COUNTS = frozenset(
    {"documents", "statements", "requests", "authors", "voices", "sources", "harmed", "paying", "solved"}
    | {"companiesNear", "companiesRead", "corpusDocuments", "corpusVoices"}
)
"""Columns of an opportunity's table that are whole numbers, and what the corpus holds of each."""
NUMBERS = ("low", "mid", "high", "value")
SOURCES = ("url", "document", "count", "assumption")
_KNOWN = frozenset({*NUMBERS, *SOURCES, "unit", "quote", "of", "distribution"})
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_URL = re.compile(r"https?://[^\s\"<>]{3,400}")
_NUMBER = re.compile(r"\d[\d,' \u00a0\u202f]*(?:\.\d+)?")


class BadAssumptions(Invalid):
    """The assumptions cannot be used; the message names size, factor and member."""

    code = "bad-assumptions"
    title = "The assumptions cannot be used"


@dataclass(frozen=True, slots=True)
class Factor:
    """One input. Numbers are decimals as they were written; `source` is the URL, the document, or the reason."""

    name: str
    unit: str
    basis: str
    source: str
    distribution: str
    low: str = ""
    mid: str = ""
    high: str = ""
    quote: str = ""
    count: str = ""
    of: str = ""

    @property
    def measure(self) -> Unit:
        return parse_unit(self.unit)

    def to_json(self) -> dict[str, str]:
        return {name: value for name in self.__slots__ if (value := getattr(self, name))}


@dataclass(frozen=True, slots=True)
class SizeTree:
    """Factors, and formulas of tam, sam and som over them; for the needs that `need` or `words` name, else all."""

    factors: tuple[Factor, ...]
    figures: tuple[tuple[str, str], ...]
    need: str = ""
    words: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self.check()

    def trees(self) -> list[tuple[str, ast.expr]]:
        return [(figure, parse_formula(text, figure)) for figure, text in self.figures]

    def check(self) -> dict[str, Dimension]:
        """The dimension of every figure; raises `BadAssumptions` for one that is not money a year."""
        known = {factor.name: factor.measure.dimension for factor in self.factors}
        used: set[str] = set()
        found: dict[str, Dimension] = {}
        for figure, tree in self.trees():
            used.update(names_in(tree))
            dimension = dimension_of(tree, known, figure)
            if dimension.currency is None:
                raise BadAssumptions(f"{figure} comes out in {dimension}: it must be money a year, like USD/year")
            known[figure] = found[figure] = dimension
        if idle := [factor.name for factor in self.factors if factor.name not in used]:
            raise BadAssumptions(f"factor {idle[0]!r} is used by no figure: use it or leave it out")
        return found

    def fits(self, need: str, words: frozenset[str]) -> bool:
        """Whether it is about a need of this id and these words."""
        if self.need:
            return self.need == need
        return all(word in words for word in self.words)

    def to_json(self) -> dict[str, Any]:
        about = {"need": self.need} if self.need else {"words": list(self.words)} if self.words else {}
        return about | dict(self.figures) | {"factor": {f.name: _written(f) for f in self.factors}}


def _written(factor: Factor) -> dict[str, str]:
    """A factor as it may be read again."""
    told = {name: value for name in ("low", "mid", "high", "quote", "of") if (value := getattr(factor, name))}
    if factor.distribution == "constant" and not factor.count:
        told = {"value": factor.mid} | ({"quote": factor.quote} if factor.quote else {})
    how = {"distribution": factor.distribution} if factor.distribution in {"log-normal", "triangular"} else {}
    return told | how | {"unit": factor.unit, factor.basis: factor.source}


@dataclass(frozen=True, slots=True)
class Assumptions:
    """What a person assumes of market sizes."""

    sizes: tuple[SizeTree, ...] = field(default_factory=tuple[SizeTree, ...])

    def to_json(self) -> dict[str, Any]:
        """The same again for `parse_assumptions`: numbers as decimal strings."""
        return {"size": [size.to_json() for size in self.sizes]}

    @property
    def quotes(self) -> list[tuple[str, str]]:
        """(document, quote) of factors that cite the corpus."""
        return [(f.source, f.quote) for size in self.sizes for f in size.factors if f.basis == "document"]


def parse_assumptions(given: Mapping[str, Any]) -> Assumptions:
    """From a mapping such as TOML or JSON gives; raises `BadAssumptions` naming what is wrong."""
    rows = given.get("size")
    if not isinstance(rows, list) or not 1 <= len(rows) <= SIZES_MAX or set(given) != {"size"}:
        raise BadAssumptions(f"assumptions are a list of 1 to {SIZES_MAX} [[size]] and nothing else")
    sizes: list[SizeTree] = []
    for number, row in enumerate(rows, 1):
        try:
            sizes.append(_size(row))
        except Invalid as error:
            raise BadAssumptions(f"size {number}: {error.detail}", **error.facts) from None
    return Assumptions(tuple(sizes))


def _size(row: Any) -> SizeTree:
    if not isinstance(row, Mapping):
        raise BadAssumptions("it is no table")
    if unknown := sorted(set(map(str, row)) - {*FIGURES, "need", "words", "factor"}):
        raise BadAssumptions(f"{unknown[0][:40]!r} is not known; known are tam, sam, som, need, words and factor")
    figures = tuple((name, _text(row, name, TEXT_MAX)) for name in FIGURES if name in row)
    if not figures:
        raise BadAssumptions("it has no figure: give a formula for tam, and for sam and som if you like")
    factors = row.get("factor")
    if not isinstance(factors, Mapping) or not 1 <= len(factors) <= FACTORS_MAX:
        raise BadAssumptions(f"it needs 1 to {FACTORS_MAX} factors, as [size.factor.NAME]")
    words = row.get("words", [])
    if not isinstance(words, list) or len(words) > WORDS_MAX or not all(isinstance(w, str) for w in words):
        raise BadAssumptions(f"words are a list of at most {WORDS_MAX} words")
    if words and "need" in row:
        raise BadAssumptions("give need or words, not both")
    need = _text(row, "need", 40) if "need" in row else ""
    # In order of name: a database may give the members of JSON back in another order.
    parsed = tuple(_factor(str(name), factor) for name, factor in sorted(factors.items(), key=lambda f: str(f[0])))
    return SizeTree(parsed, figures, need, tuple(word.casefold() for word in words))


def _factor(name: str, row: Any) -> Factor:
    if not _NAME.fullmatch(name) or name in FIGURES:
        raise BadAssumptions(f"factor {name[:40]!r}: name it in small letters, digits and _, and not like a figure")
    try:
        if not isinstance(row, Mapping):
            raise BadAssumptions("it is no table")
        if unknown := sorted(set(map(str, row)) - _KNOWN):
            raise BadAssumptions(f"{unknown[0][:40]!r} is not known; known are {', '.join(sorted(_KNOWN))}")
        (basis,) = _one([s for s in SOURCES if s in row], "url, document, count or assumption")
        made = Factor(
            name,
            _text(row, "unit", TEXT_MAX) if "unit" in row or basis != "count" else "1",
            basis,
            _text(row, basis, TEXT_MAX),
            **(_counted(row) if basis == "count" else _told(row)),
            quote=_text(row, "quote", QUOTE_MAX) if "quote" in row else "",
        )
        parse_unit(made.unit)
        _cited(made)
    except Invalid as error:
        raise BadAssumptions(f"factor {name}: {error.detail}") from None
    return made


def _one(found: Sequence[str], of: str) -> tuple[str]:
    if len(found) != 1:
        raise BadAssumptions(f"it needs exactly one of {of}; it has {', '.join(found) or 'none'}")
    return (found[0],)


def _counted(row: Mapping[str, Any]) -> dict[str, str]:
    if told := [n for n in (*NUMBERS, "distribution") if n in row]:
        raise BadAssumptions(f"it is counted, and {told[0]} is told as well: give one of them")
    for member in ("count", "of"):
        if member in row and row[member] not in COUNTS:
            raise BadAssumptions(f"{member} is {str(row[member])[:40]!r}; it may be {', '.join(sorted(COUNTS))}")
    of = str(row.get("of", ""))
    return {"distribution": "beta" if of else "constant", "count": str(row["count"]), "of": of}


def _told(row: Mapping[str, Any]) -> dict[str, str]:
    if "of" in row:
        raise BadAssumptions("of belongs to a count")
    if "value" in row:
        if both := [n for n in ("low", "mid", "high", "distribution") if n in row]:
            raise BadAssumptions(f"it has a value, and {both[0]} as well: give one of them")
        return {"distribution": "constant", "mid": _decimal(row, "value")}
    if missing := [n for n in ("low", "mid", "high") if n not in row]:
        raise BadAssumptions(f"{missing[0]} is missing: give low, mid and high, or a value")
    low, mid, high = (_decimal(row, n) for n in ("low", "mid", "high"))
    if not Decimal(low) < Decimal(mid) < Decimal(high):
        raise BadAssumptions(f"low, mid and high are {low}, {mid} and {high}: each must be above the one before")
    share = Decimal(high) * Decimal(str(parse_unit(str(row.get("unit", "1"))).scale)) <= 1
    usual = "triangular" if share and not parse_unit(str(row.get("unit", "1"))).dimension.powers else "log-normal"
    distribution = str(row.get("distribution", usual))
    if distribution not in {"log-normal", "triangular"}:
        raise BadAssumptions(f"distribution is {distribution[:40]!r}: log-normal or triangular")
    return {"distribution": distribution, "low": low, "mid": mid, "high": high}


def _cited(factor: Factor) -> None:
    if factor.basis == "url" and not _URL.fullmatch(factor.source):
        raise BadAssumptions(f"url is {factor.source[:60]!r}: write an address that begins with https://")
    if factor.basis == "document" and not factor.quote:
        raise BadAssumptions("a document is cited by a quote that stands in it: give quote")
    if factor.quote and factor.basis not in {"url", "document"}:
        raise BadAssumptions("quote belongs to a url or a document")
    if factor.quote:
        said = numbers_in(factor.quote)
        backed = Decimal(factor.mid) in said or (factor.low and {Decimal(factor.low), Decimal(factor.high)} <= said)
        if not backed:
            raise BadAssumptions(f"the quote says neither {factor.mid} nor both its low and its high")


def numbers_in(text: str) -> set[Decimal]:
    """The numbers of a text, however their thousands are set apart."""
    found: set[Decimal] = set()
    for match in _NUMBER.finditer(text):
        digits = re.sub(r"[^\d.]", "", match[0])
        found.add(Decimal(digits))
        found.update(Decimal(part) for part in re.findall(r"\d+(?:\.\d+)?", match[0]))
    return found


def _decimal(row: Mapping[str, Any], name: str) -> str:
    number = _number(row[name])
    if number is None or not number > 0 or abs(number.adjusted()) > DIGITS_MAX:
        told = str(row[name])[:40]
        raise BadAssumptions(f"{name} is {told!r}: give a number above 0 of at most {DIGITS_MAX} digits")
    return format(number, "f")


def _number(value: Any) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() and len(number.as_tuple().digits) <= DIGITS_MAX else None


def _text(row: Mapping[str, Any], name: str, most: int) -> str:
    value = row.get(name)
    if not isinstance(value, str) or not 1 <= len(value.strip()) <= most or not value.isprintable():
        raise BadAssumptions(f"{name} must be a text of 1 to {most} printable characters")
    return value.strip()
