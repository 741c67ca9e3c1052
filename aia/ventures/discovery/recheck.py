"""Counting again: every number of a report from the documents, the grouping it carries, and its seed.

The report says which passages were put together as which need. From there everything follows: counts,
momentum, terms, scores, flags, sentences. They are worked out anew by the functions that made them, and
what differs from the report is a finding. What a person or a model may word (the name of a need, the
sentence in a model's words) is taken from the report and may hold no number of its own.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import Any

from aia import __version__
from aia.core.canonical import sha256
from aia.core.errors import AIAError
from aia.corpora.model import Document
from aia.reports import Evidence, Finding, Verification, opportunity_node, records_digest, sizing_nodes, verify
from aia.ventures.discovery.grouped import needs_in, positions_in, unread_undated
from aia.ventures.discovery.opportunity import EXTRACTED, opportunity_of, quoted, table_of
from aia.ventures.discovery.tools import assess, rank
from aia.ventures.market_size.report import assumptions_in, counts_of, quoted_in, sizings_of
from aia.ventures.model import Assessment, Ranked

COUNTED_AGAIN = ("table", "months", "terms", "experiment", "need", "id")


def verify_with(
    document: Mapping[str, Any], documents: Sequence[Document], companies: Sequence[Document] | None
) -> Verification:
    """`verify`, and every number worked out again; never raises for a malformed report."""
    result = verify(document, {d.id: d.text for d in documents})
    try:
        found = [*_corpus(document["corpus"], documents), *_themes(document)]
        found += recheck(document, documents, companies)
    except (AIAError, KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        found = [Finding("grouped", f"the numbers cannot be worked out again: {error}")]
    if found and document.get("version") != __version__:
        made = f"the report was made by version {document.get('version')!r}, and counted again by {__version__!r}"
        found.append(Finding("version", made))
    return replace(result, findings=(*result.findings, *found))


def _corpus(stated: Mapping[str, Any], documents: Sequence[Document]) -> Iterator[Finding]:
    days = sorted(d.day.isoformat() for d in documents if d.day is not None)
    if stated.get("recordsDigest") != records_digest(
        (d.id, sha256(d.text), d.day, d.author, d.source, d.fields) for d in documents
    ):
        yield Finding("corpus", "a document's text, date, author, source or fields were changed since it was counted")
    again = {
        "undated": len(documents) - len(days),
        "firstDay": days[0] if days else None,
        "lastDay": days[-1] if days else None,
    }
    for member, value in again.items():
        if stated.get(member) != value:
            yield Finding("corpus", f"{member} is {stated.get(member)!r}, and counted again {value!r}")


def _themes(document: Mapping[str, Any]) -> Iterator[Finding]:
    """Every need that was grouped is of one theme; older reports carry none."""
    held = [need for theme in document.get("themes", []) for need in theme["holds"]]
    if held and sorted(held) != sorted(node["id"] for node in document["grouped"]):
        yield Finding("themes", "do not hold each need that was grouped once")


@dataclass(frozen=True, slots=True)
class Recount:
    """Every need that a report groups, worked out again, best first."""

    ranked: tuple[tuple[Assessment, Ranked, tuple[Evidence, ...]], ...]


def recheck(
    document: Mapping[str, Any], documents: Sequence[Document], companies: Sequence[Document] | None
) -> Iterator[Finding]:
    """What of a report differs from what its documents say."""
    if not document["opportunities"]:
        return
    if "companies" in document["basis"] and companies is None:
        yield Finding("basis", "the company corpus of this report is not at hand: give it with --companies")
        return
    yield from differences(document, recount(document, documents, companies))


def recount(
    document: Mapping[str, Any], documents: Sequence[Document], companies: Sequence[Document] | None
) -> Recount:
    """From the grouping that the report carries to assessments and ranks."""
    rivals = companies if "companies" in document["basis"] else None
    needs, statements = needs_in(document, documents)
    read = positions_in(document["basis"].get("read", ""), len(documents))
    rows = assess(needs, statements, unread_undated(documents, read), rivals)["assessments"]
    assessed = {row["need"]: Assessment.from_json(row) for row in rows}
    ranked = rank(list(assessed.values()), document["seed"], len(assessed), _basis(document["basis"]))["ranked"]
    digests = [sha256(d.text) for d in documents]
    found = [(assessed[row["need"]], Ranked.from_json(row)) for row in ranked]
    return Recount(tuple((a, r, quoted(a, documents, digests)) for a, r in found))


def differences(document: Mapping[str, Any], again: Recount) -> Iterator[Finding]:
    """What of the report's opportunities is not what was counted again."""
    place = {a.need: i for i, (a, _, _) in enumerate(again.ranked)}
    last = -1
    for position, node in enumerate(document["opportunities"], 1):
        need = node["need"]
        if need not in place:
            yield Finding(node["id"], f"the need {need} is not among those that were grouped")
            continue
        if place[need] < last:
            yield Finding(node["id"], "stands in another order than its rank gives")
        last = max(last, place[need])
        a, ranked, evidence = again.ranked[place[need]]
        yield from _compare(node, position, a, ranked, evidence)
        yield from _sizes(document, node, a, ranked)


def _basis(node: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "held": node["held"],
        "term_prices": {row["term"]: float(row["aia_price"]) for row in node["termPrices"]},
        "quantile": float(node["rankQuantile"]),
    }


def _compare(
    node: Mapping[str, Any], position: int, a: Assessment, ranked: Ranked, evidence: tuple[Evidence, ...]
) -> Iterator[Finding]:
    if node["phrasedBy"] == EXTRACTED and node["name"] != a.title:
        yield Finding(node["id"], f"is named {node['name']!r}, but the text gives {a.title!r}")
    a = _worded(node, a)
    again = opportunity_node(opportunity_of(a, ranked, evidence), position)
    for member in COUNTED_AGAIN:
        if node.get(member) != again.get(member):
            yield Finding(node["id"], f"{member}: {_difference(node.get(member), again.get(member))}")
    if node["position"] != position:
        yield Finding(node["id"], f"its position is {node['position']}, not {position}")
    for flag in again["flags"]:
        if flag not in node["flags"]:
            yield Finding(node["id"], f"the flag {flag!r} is missing")
    for stated, claim in zip_longest(node["claims"][: len(again["claims"])], again["claims"]):
        if stated != claim:
            yield Finding(node["id"], f"does not claim what the documents give: {claim['text']!r}")


def _sizes(document: Mapping[str, Any], node: Mapping[str, Any], a: Assessment, ranked: Ranked) -> Iterator[Finding]:
    """Market sizes drawn again, from the factors that the report carries and the counts that were counted again."""
    stated = node.get("sizes", [])
    if not stated:
        return
    counted = counts_of(table_of(a, ranked), document["corpus"]["documents"], a.counts.exposure)
    quotations = quoted_in(document["quotations"])
    again = sizings_of(assumptions_in(stated), a.need, (), counted, document["seed"], quotations)
    for one, other in zip_longest(stated, sizing_nodes(again, node["id"])):
        if one != other:
            yield Finding(node["id"], f"sizes: {_difference(one, other)}")


def _worded(node: Mapping[str, Any], a: Assessment) -> Assessment:
    """The assessment in the words of whoever phrased it, as the report has them."""
    if node["phrasedBy"] == EXTRACTED:
        return a
    opening = f"In the words of {node['phrasedBy']}: "
    first = str(node["claims"][0]["text"])
    summary = first.removeprefix(opening) if first.startswith(opening) else None
    return replace(a, title=node["name"], phrased_by=node["phrasedBy"], summary=summary)


def _difference(stated: Any, again: Any) -> str:
    """The first thing that differs, in words."""
    if isinstance(stated, dict) and isinstance(again, dict):
        keys = sorted({*stated, *again})
        key = next(key for key in keys if stated.get(key) != again.get(key))
        return f"{key} is {stated.get(key)!r}, and counted again {again.get(key)!r}"
    if isinstance(stated, list) and isinstance(again, list) and len(stated) == len(again):
        return next(_difference(one, other) for one, other in zip(stated, again, strict=True) if one != other)
    return f"is {str(stated)[:80]!r}, and counted again {str(again)[:80]!r}"
