"""One need as the report tells it: its table, its claims and its terms, from its assessment and its rank.

Pure and complete: `recheck` calls the same functions on what it counted again, and compares.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Protocol

from aia.core.ids import content_id
from aia.corpora.model import Document
from aia.reports import Cell, Claim, Evidence, Opportunity, TermLine
from aia.ventures.model import Assessment, Ranked, Term

EXTRACTED = "extracted from the text"


class Said(Protocol):
    """Makes a claim of a sentence with names of columns in braces, which it then cites."""

    def __call__(self, text: str, *columns: str) -> Claim: ...


def opportunity_of(
    a: Assessment,
    rank: Ranked,
    evidence: tuple[Evidence, ...],
    *,
    found: Sequence[str] = (),
    argued: Sequence[Claim] = (),
) -> Opportunity:
    """`found` are flags that critics put on it, `argued` claims that a model argues on its evidence."""
    opportunity = content_id("opp", a.need)
    values = table_of(a, rank)
    return Opportunity(
        id=opportunity,
        need=a.need,
        name=a.title,
        phrased_by=a.phrased_by or EXTRACTED,
        claims=(*claims_of(a, opportunity, values, evidence), *argued),
        values=values,
        months=a.months if a.momentum is not None else (),
        flags=tuple(dict.fromkeys([*rank.flags, *found])),
        terms=tuple(_line(term) for term in rank.terms),
        experiment=rank.experiment,
    )


def quoted(a: Assessment, documents: Sequence[Document], digests: Sequence[str]) -> tuple[Evidence, ...]:
    """The passages of a need, cut from the documents themselves; `digests` are SHA-256 of their texts."""
    return tuple(
        Evidence(documents[d].id, start, end, documents[d].text[start:end], digests[d])
        for d, start, end in a.evidence
    )


def table_of(a: Assessment, rank: Ranked) -> dict[str, str | int]:
    """The cells of the table: counts as integers, all else as decimals."""
    c = a.counts
    severity = next(term.median for term in rank.terms if term.name == "severity")
    values: dict[str, str | int] = {
        "documents": a.documents,
        "statements": a.statements,
        "requests": a.requests,
        "authors": a.authors,
        "voices": c.voices,
        "unheard": c.unheard,
        "sources": c.sources,
        "harmed": sum(c.severity[1:]),
        "paying": c.paying,
        "solved": c.solved,
        "severity": f"{severity:z.2f}",
        "score": f"{rank.score:z.2f}",
        "low": f"{rank.low:z.2f}",
        "high": f"{rank.high:z.2f}",
        "probabilityTop10": f"{rank.probability_top_10:z.3f}",
        "riceReach": f"{rank.rice.reach:z.3f}",
        "riceImpact": f"{rank.rice.impact:z.3f}",
        "riceConfidence": f"{rank.rice.confidence:z.3f}",
        "riceEffort": f"{rank.rice.effort:z.3f}",
        "riceScore": f"{rank.rice.score:z.3f}",
    }
    if c.answered:
        values |= {"answered": c.answered, "conceded": c.conceded}
    if a.momentum is not None:
        values |= {
            "slope": f"{a.momentum.slope:z.4f}",
            "slopeLower": f"{a.momentum.lower:z.4f}",
            "growthPercent": f"{100 * math.expm1(a.momentum.slope):+z.1f}",
        }
    if a.market is not None:
        values |= {"companiesRead": a.market.companies, "companiesNear": a.market.near}
    return values


def claims_of(
    a: Assessment, opportunity: str, values: Mapping[str, str | int], evidence: tuple[Evidence, ...]
) -> tuple[Claim, ...]:
    """What is claimed of a need; every number in a sentence is a cell of its table."""

    def said(text: str, *columns: str) -> Claim:
        cells = tuple(Cell(opportunity, column) for column in columns)
        return Claim(text.format(**values), cells=cells)

    claims: list[Claim] = []
    if a.summary is not None:
        claims.append(Claim(f"In the words of {a.phrased_by}: {a.summary}", evidence, speaker=a.phrased_by or ""))
    number = "{documents} documents of {voices} voices state this need in {statements} passages".format(**values)
    cells = tuple(Cell(opportunity, column) for column in ("documents", "voices", "statements"))
    claims.append(Claim(f"{number}. The passages nearest to what they have in common:", evidence, cells))
    if a.momentum is not None:
        claims.append(_momentum(a.momentum.slope, a.momentum.lower, said))
    worse = "worse, or had it conceded" if a.counts.conceded else "worse"
    harm = f"Voices that tell of money, lost time, having to ask again, or {worse}: {{harmed}} of {{voices}}; "
    worth = "that pay for a way round, would pay, or find it too dear: {paying}; that say it is solved: {solved}."
    claims.append(said(harm + worth, "harmed", "voices", "paying", "solved"))
    if a.counts.answered:
        became = "Voices with an answer on record: {answered}; with relief, or a late or disputed one: {conceded}."
        claims.append(said(became, "answered", "conceded"))
    if a.market is not None:
        near = "Companies that offer something near it: {companiesNear} of {companiesRead} read."
        claims.append(said(near, "companiesNear", "companiesRead"))
    if a.counts.unheard:
        left = "Documents of it that advertise or repeat others, and have no voice in these numbers: {unheard}."
        claims.append(said(left, "unheard"))
    return tuple(claims)


def _momentum(slope: float, lower: float, said: Said) -> Claim:
    direction = "grows" if lower > 0 else "falls" if slope < 0 else "does not clearly grow"
    text = (
        f"Its share of all voices {direction}: {{growthPercent}} percent a month "
        "(log rate {slope}, at its cautious end {slopeLower})."
    )
    return said(text, "slope", "growthPercent", "slopeLower")


def _line(term: Term) -> TermLine:
    return TermLine(
        name=term.name,
        unit=term.unit,
        median=f"{term.median:z.4f}",
        low=f"{term.low:z.4f}",
        high=f"{term.high:z.4f}",
        known=term.known,
        counted=term.counted,
        of=term.of,
        value_per_aia=f"{term.value_per_aia or 0:z.4f}",
    )
