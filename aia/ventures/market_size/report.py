"""Market sizes on a report's opportunities: worked out from assumptions and counts, and worked out again."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

from aia.core.canonical import sha256
from aia.infra.plugins import load_plugin
from aia.reports import Evidence, FactorLine, FigureLine, MarketSize, sizing_in
from aia.text.words import content_words
from aia.ventures.market_size.model import COUNTS, Assumptions, BadAssumptions, Factor, SizeTree

TOOLS = "aia.tools"


class Text(Protocol):
    """A document as far as a quotation needs it."""

    @property
    def id(self) -> str: ...
    @property
    def text(self) -> str: ...


def counts_of(table: Mapping[str, Any], corpus_documents: int, corpus_voices: int) -> dict[str, int]:
    """What factors may count, of an opportunity's table and of the corpus."""
    found = {name: value for name, value in table.items() if name in COUNTS and isinstance(value, int)}
    return found | {"corpusDocuments": corpus_documents, "corpusVoices": corpus_voices}


def cited(assumptions: Assumptions, documents: Sequence[Text]) -> dict[tuple[str, str], Evidence]:
    """Where each quote of the assumptions stands; raises `BadAssumptions` for one that does not."""
    wanted = assumptions.quotes
    texts = {d.id: d.text for d in documents if d.id in {document for document, _ in wanted}}
    found: dict[tuple[str, str], Evidence] = {}
    for document, quote in wanted:
        start = texts.get(document, "").find(quote)
        if start < 0:
            raise BadAssumptions(f"{quote[:60]!r} does not stand in the document {document[:60]!r} of this corpus")
        found[document, quote] = Evidence(document, start, start + len(quote), quote, sha256(texts[document]))
    return found


def quoted_in(nodes: Sequence[Mapping[str, Any]]) -> dict[tuple[str, str], Evidence]:
    """The quotations of a report, as `cited` gives them."""
    return {
        (q["document"], q["quotation"]): Evidence(
            q["document"], q["start"], q["end"], q["quotation"], q["documentSha256"]
        )
        for q in nodes
    }


def sizings_of(
    assumptions: Assumptions,
    need: str,
    words: Sequence[str],
    counted: Mapping[str, int],
    seed: int,
    evidence: Mapping[tuple[str, str], Evidence],
) -> tuple[MarketSize, ...]:
    """The trees that are about a need, worked out; raises `BadAssumptions`."""
    said = frozenset(word for text in words for word in content_words(text))
    trees = [tree for tree in assumptions.sizes if tree.fits(need, said)]
    return tuple(_worked_out(trees, counted, seed, evidence)) if trees else ()


def _worked_out(
    trees: Sequence[SizeTree],
    counted: Mapping[str, int],
    seed: int,
    evidence: Mapping[tuple[str, str], Evidence],
) -> list[MarketSize]:
    for tree in trees:
        missing = [name for f in tree.factors for name in (f.count, f.of) if name and name not in counted]
        if missing:
            raise BadAssumptions(f"{missing[0]} is not counted in this report: without --companies there are none")
    drawn: list[tuple[FigureLine, ...]] = load_plugin(TOOLS, "size")(trees, counted, seed)
    return [
        MarketSize(figures, tuple(_line(f, counted, evidence) for f in tree.factors))
        for tree, figures in zip(trees, drawn, strict=True)
    ]


def _line(f: Factor, counted: Mapping[str, int], evidence: Mapping[tuple[str, str], Evidence]) -> FactorLine:
    line = FactorLine(f.name, f.unit, f.distribution, f.basis, f.source, f.low, f.mid, f.high, f.quote, f.count, f.of)
    if f.count:
        return replace(line, counted=counted[f.count], among=counted[f.of] if f.of else None)
    found = evidence.get((f.source, f.quote)) if f.basis == "document" else None
    return line if found is None else replace(line, evidence=found.id)


def assumptions_in(nodes: Sequence[Mapping[str, Any]]) -> Assumptions:
    """The assumptions that the sizings of an opportunity carry; raises `Invalid` or a KeyError for what is none."""
    trees: list[SizeTree] = []
    for node in nodes:
        figures, lines = sizing_in(node)
        trees.append(SizeTree(tuple(_factor(line) for line in lines), tuple(figures)))
    return Assumptions(tuple(trees))


def _factor(f: FactorLine) -> Factor:
    """What is counted carries no number of its own, so one that was written beside it does not come back."""
    if f.count:
        return Factor(f.name, f.unit, f.basis, f.source, f.distribution, count=f.count, of=f.of)
    return Factor(f.name, f.unit, f.basis, f.source, f.distribution, f.low, f.middle, f.high, f.quote)
