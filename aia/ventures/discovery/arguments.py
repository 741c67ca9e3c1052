"""What models argue for and against a need: the passages they are given, and their points as claims of a report.

Passages come from the text, points cite them by place. Pure.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from aia.corpora.model import Document
from aia.knowledge import StoredDocument
from aia.missions import Inputs
from aia.reports import Claim, Evidence
from aia.text.model import Statement
from aia.text.statements import is_satisfied, sentences
from aia.ventures.discovery.phrasing import Phrase
from aia.ventures.model import Assessment, Need

CONTRARY_MAX = 3
Place = tuple[int, int, int]


def numbered(
    a: Assessment, need: Need, statements: Sequence[Statement], documents: Sequence[Document]
) -> tuple[Place, ...]:
    """The passages a model may cite: those that show the need, then sentences that say it is solved."""
    places = [(d, start, end) for d, start, end in a.evidence]
    contrary: list[Place] = []
    for position in sorted({statements[i].document for i in need.members}):
        if len(contrary) == CONTRARY_MAX:
            break
        text = documents[position].text
        solved = next(((s, e) for s, e in sentences(text) if is_satisfied(text[s:e])), None)
        if solved is not None and (position, *solved) not in places:
            contrary.append((position, *solved))
    return (*places, *contrary)


def argued(phrase: Phrase, places: Sequence[Place]) -> dict[str, Any]:
    """A phrase's points with the places they cite, as JSON."""
    return {
        side: [{"point": p.text, "places": [list(places[i]) for i in p.passages]} for p in points]
        for side, points in (("pro", phrase.pro), ("contra", phrase.contra))
    }


def argument_claims(
    arguments: Mapping[str, Any] | None, model: str, documents: Sequence[StoredDocument]
) -> tuple[Claim, ...]:
    """The points of a need as claims; each rests on the passages it cites."""
    if arguments is None:
        return ()
    return tuple(
        Claim(
            f"{opening}, in the words of {model}: {row['point']}", _evidence(row["places"], documents), speaker=model
        )
        for side, opening in (("pro", "For it"), ("contra", "Against it"))
        for row in arguments[side]
    )


def _evidence(places: Sequence[Sequence[int]], documents: Sequence[StoredDocument]) -> tuple[Evidence, ...]:
    return tuple(
        Evidence(documents[d].id, start, end, documents[d].text[start:end], documents[d].sha256)
        for d, start, end in places
    )


def arguments_of(inputs: Inputs) -> dict[str, Mapping[str, Any]]:
    """By need; empty without a model."""
    return {n: row for task in inputs.of("assess") for n, row in (task.result or {}).get("arguments", {}).items()}


def model_notes(inputs: Inputs, model: str | None) -> tuple[str, ...]:
    """How much of what a model answered was dropped, and why."""
    if model is None:
        return ()
    dropped: Counter[str] = Counter()
    asked = 0
    for task in inputs.of("assess"):
        dropped.update((task.result or {}).get("dropped", {}))
        asked += (task.result or {}).get("asked", 0)
    told = ", ".join(f"{count} {reason}" for reason, count in sorted(dropped.items())) or "nothing"
    return (f"{model} was asked about {asked} needs; dropped of its answers: {told}.",)
