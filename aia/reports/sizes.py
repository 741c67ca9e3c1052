"""Market sizes of an opportunity as the report carries them: figures, and every input with where it comes from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class FactorLine:
    """One input. `basis` is url, document, count or assumption; `source` the address, document or reason.

    Numbers are decimals as they were written; for a count, `counted` (of `among`) is what the report counts.
    `evidence` is the id of the quotation when a document is cited.
    """

    name: str
    unit: str
    distribution: str
    basis: str
    source: str
    low: str = ""
    middle: str = ""
    high: str = ""
    quote: str = ""
    count: str = ""
    of: str = ""
    counted: int | None = None
    among: int | None = None
    evidence: str = ""


@dataclass(frozen=True, slots=True)
class FigureLine:
    """TAM, SAM or SOM: its formula, unit, median and 80 % interval, and the factor that drives the width.

    `narrows` is by which share the interval (of the logarithm) is narrower when that factor is known.
    """

    name: str
    formula: str
    unit: str
    median: str
    low: str
    high: str
    driver: str
    narrows: str


@dataclass(frozen=True, slots=True)
class MarketSize:
    """One Fermi tree worked out for one opportunity."""

    figures: tuple[FigureLine, ...]
    factors: tuple[FactorLine, ...]


def sizing_nodes(sizings: Sequence[MarketSize], opportunity: str) -> list[dict[str, Any]]:
    """The sizings as they stand in the document, under the opportunity's id."""
    return [_sizing(market_size, f"{opportunity}#size-{i}") for i, market_size in enumerate(sizings, 1)]


def _sizing(market_size: MarketSize, here: str) -> dict[str, Any]:
    return {
        "id": here,
        "type": "MarketSize",
        "figures": [
            {
                "id": f"{here}-{f.name}",
                "type": "Figure",
                "name": f.name,
                "formula": f.formula,
                "unit": f.unit,
                "median": f.median,
                "low10": f.low,
                "high90": f.high,
                "driver": f.driver,
                "driverNarrows": f.narrows,
            }
            for f in market_size.figures
        ],
        "factors": [_factor(factor, here) for factor in market_size.factors],
    }


def _factor(f: FactorLine, here: str) -> dict[str, Any]:
    node: dict[str, Any] = {
        "id": f"{here}-factor-{f.name}",
        "type": "Factor",
        "name": f.name,
        "unit": f.unit,
        "distribution": f.distribution,
        "inputBasis": f.basis,
        "source": f.source,
    }
    told = {
        "low10": f.low,
        "median": f.middle,
        "high90": f.high,
        "quote": f.quote,
        "column": f.count,
        "ofColumn": f.of,
    }
    node |= {name: value for name, value in told.items() if value}
    if f.counted is not None:
        node["counted"] = f.counted
    if f.among is not None:
        node["of"] = f.among
    return node | {"evidence": [f"urn:aia:evidence:{f.evidence}"]} if f.evidence else node


def sizing_in(node: Mapping[str, Any]) -> tuple[list[tuple[str, str]], list[FactorLine]]:
    """(figure, formula) and factors of a sizing as it stands in a document, to be worked out again."""
    figures = [(str(f["name"]), str(f["formula"])) for f in node["figures"]]
    factors = [
        FactorLine(
            str(f["name"]),
            str(f["unit"]),
            str(f["distribution"]),
            str(f["inputBasis"]),
            str(f["source"]),
            str(f.get("low10", "")),
            str(f.get("median", "")),
            str(f.get("high90", "")),
            str(f.get("quote", "")),
            str(f.get("column", "")),
            str(f.get("ofColumn", "")),
        )
        for f in node["factors"]
    ]
    return figures, factors
