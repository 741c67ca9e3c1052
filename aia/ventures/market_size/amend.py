"""Market sizes put on a report that stands: the same report with more in it, to be signed anew."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aia.core.errors import NotFound
from aia.reports import BadReport, content_digest, quotation_node, sizing_nodes
from aia.ventures.market_size.model import Assumptions
from aia.ventures.market_size.report import Text, cited, counts_of, sizings_of

NOTE = "Market sizes were added after the discovery, from assumptions that the report carries."


class NeedNotSized(NotFound):
    """No opportunity of the report is what the assumptions are about."""

    code = "need-not-sized"
    title = "The assumptions are about no opportunity of this report"


@dataclass(frozen=True, slots=True)
class NeedSizes:
    """The sizes of one opportunity, as they stand in the document."""

    need: str
    title: str
    sizes: list[dict[str, Any]]

    def to_json(self) -> dict[str, Any]:
        return {"need": self.need, "title": self.title, "sizes": self.sizes}


def with_sizes(
    document: Mapping[str, Any], assumptions: Assumptions, documents: Sequence[Text], need: str | None
) -> tuple[dict[str, Any], list[NeedSizes]]:
    """The unsigned document with sizes on every opportunity that the assumptions are about.

    Pure but for the tool it loads. Raises `BadAssumptions`, `NeedNotSized`, or `BadReport` for a report that
    lacks what sizes are worked out from.
    """
    try:
        return _with_sizes(document, assumptions, documents, need)
    except (KeyError, TypeError, AttributeError, StopIteration) as error:
        raise BadReport(f"the report lacks what sizes are worked out from: {error!r}") from None


def _with_sizes(
    document: Mapping[str, Any], assumptions: Assumptions, documents: Sequence[Text], need: str | None
) -> tuple[dict[str, Any], list[NeedSizes]]:
    evidence = cited(assumptions, documents)
    grouped = {row["need"]: row["words"] for row in document["grouped"]}
    quotations = {q["id"]: q for q in document["quotations"]}
    made: list[dict[str, Any]] = []
    found: list[NeedSizes] = []
    for node in document["opportunities"]:
        if need is not None and node["need"] != need:
            made.append(node)
            continue
        voices = next(term["of"] for term in node["terms"] if term["name"] == "reach")
        counted = counts_of(node["table"], document["corpus"]["documents"], voices)
        words = (node["name"], *grouped[node["need"]])
        sizings = sizings_of(assumptions, node["need"], words, counted, document["seed"], evidence)
        if not sizings:
            made.append(node)
            continue
        sizes = sizing_nodes(sizings, node["id"])
        made.append(dict(node) | {"sizes": sizes})
        found.append(NeedSizes(node["need"], node["name"], sizes))
        used = {f.evidence for market_size in sizings for f in market_size.factors}
        quotations |= {n["id"]: n for e in evidence.values() if e.id in used for n in [quotation_node(e)]}
    if not found:
        raise NeedNotSized(f"no opportunity {need or 'of the report'} has the need or the words of the assumptions")
    content = {k: v for k, v in document.items() if k not in {"proof", "id", "contentDigest"}}
    notes = [*document["notes"], *([] if NOTE in document["notes"] else [NOTE])]
    content |= {"opportunities": made, "quotations": [quotations[k] for k in sorted(quotations)], "notes": notes}
    digest = content_digest(content)
    return content | {"id": f"urn:aia:report:{digest[:40]}", "contentDigest": digest}, found
