"""What an organisation claims of a need, one checkable claim at a time, and false claims planted among them.

The claims of the candidates go to the critics, shuffled, with one false claim in about twenty among them
that only the engine knows. How many of those a critic finds is how its work is measured; none of them is
ever part of an assessment, so none can reach a report, and `compose` refuses one that would.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from aia.core.ids import content_id
from aia.corpora.model import Document
from aia.text.model import Statement
from aia.ventures.model import Assessment, Need

if TYPE_CHECKING:
    from aia.ventures.assessment import Audience
    from aia.ventures.assessment.tally import Tally

PLANTED_ONE_IN = 20
PASSAGES_CLAIMED_MAX = 8
COUNTED = ("documents", "statements", "authors", "requests")
CLAIMS_PER_NEED_MAX = PASSAGES_CLAIMED_MAX + len(COUNTED) + 4


class ClaimKind(StrEnum):
    PASSAGE = "passage"
    """These characters of that document are this quotation, and state the need."""
    COUNT = "count"
    GROWTH = "growth"
    """The lower bound of the growth of its share."""
    SEVERAL = "several"
    """No one source makes most of it."""
    UNSOLVED = "unsolved"
    """Few of those who state it say that it is solved."""
    DISTINCT = "distinct"
    """No need that ranks better is the same."""


@dataclass(frozen=True, slots=True)
class NeedClaim:
    """One claim of a need, as a critic gets it; the id tells nothing of where it comes from."""

    id: str
    need: str
    kind: ClaimKind
    content: Mapping[str, Any]

    def to_json(self) -> dict[str, Any]:
        return {"id": self.id, "need": self.need, "kind": self.kind.value, "content": dict(self.content)}

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> "NeedClaim":
        return cls(row["id"], row["need"], ClaimKind(row["kind"]), row["content"])


@dataclass(frozen=True, slots=True)
class ClaimContext:
    """What claims are held against: candidates best first, with their needs, and the text itself."""

    candidates: tuple[Assessment, ...]
    needs: Mapping[str, Need]
    statements: Sequence[Statement]
    documents: Sequence[Document]
    audience: "Audience | None" = None
    """Of the documents; counted when it is needed if not given."""
    counted: Mapping[str, "Tally"] = field(default_factory=dict[str, "Tally"])
    """By need, what an earlier discovery counted and its critics checked: critics count on from there."""
    counted_on: dict[str, "Tally"] = field(default_factory=dict[str, "Tally"])
    """The same with what is new, as `critics.count_on` counts it; empty where critics count everything."""

    def documents_of(self, need: str) -> set[int]:
        return {self.statements[i].document for i in self.needs[need].members}


def claims_of(book: ClaimContext) -> list[NeedClaim]:
    """Every claim of every candidate, in order of rank."""
    return [claim for rank, a in enumerate(book.candidates) for claim in _claims(a, rank, book)]


def _claims(a: Assessment, rank: int, book: ClaimContext) -> list[NeedClaim]:
    contents: list[tuple[ClaimKind, dict[str, Any]]] = [
        (ClaimKind.PASSAGE, _passage(book, place)) for place in a.evidence[:PASSAGES_CLAIMED_MAX]
    ]
    contents += [(ClaimKind.COUNT, {"column": c, "value": getattr(a, c)}) for c in COUNTED]
    if a.momentum is not None:
        contents.append((ClaimKind.GROWTH, {"lower": a.momentum.lower}))
    contents += [(ClaimKind.SEVERAL, {}), (ClaimKind.UNSOLVED, {})]
    contents.append((ClaimKind.DISTINCT, _distinct(a, rank, book.needs[a.need])))
    return [
        NeedClaim(content_id("clm", a.need, kind.value, str(i)), a.need, kind, content)
        for i, (kind, content) in enumerate(contents)
    ]


def _passage(book: ClaimContext, place: Sequence[int]) -> dict[str, Any]:
    document, start, end = place
    quotation = book.documents[document].text[start:end]
    return {"document": document, "start": start, "end": end, "quotation": quotation}


def _distinct(a: Assessment, rank: int, need: Need) -> dict[str, Any]:
    return {"title": a.title, "terms": list(a.terms), "members": list(need.members), "rank": rank}


def plant(claims: Sequence[NeedClaim], book: ClaimContext, seed: int) -> list[NeedClaim]:
    """False claims, one for each twenty true ones and at least one, of every kind that the text allows.

    Each is false by construction, and each differs from what an analyst said of the need.
    """
    if not claims:
        return []
    rng = random.Random(f"planted/{seed}")
    makers = [_altered, _misplaced, _inflated, _hastened, _repeated]
    wanted = -(-len(claims) // PLANTED_ONE_IN)
    planted: dict[str, NeedClaim] = {}
    for attempt in range(wanted * 8):
        maker: Callable[..., tuple[str, ClaimKind, dict[str, Any]] | None] = makers[attempt % len(makers)]
        made = maker(rng, claims, book)
        if made is not None:
            need, kind, content = made
            claim = NeedClaim(content_id("clm", need, kind.value, f"{seed}/{attempt}"), need, kind, content)
            planted[claim.id] = claim
        if len(planted) == wanted:
            break
    return list(planted.values())


Made = tuple[str, ClaimKind, dict[str, Any]]


def _of(rng: random.Random, claims: Sequence[NeedClaim], kind: ClaimKind) -> NeedClaim | None:
    found = [claim for claim in claims if claim.kind is kind]
    return rng.choice(found) if found else None


def _altered(rng: random.Random, claims: Sequence[NeedClaim], book: ClaimContext) -> Made | None:
    """A true quotation at a place a few characters off."""
    claim = _of(rng, claims, ClaimKind.PASSAGE)
    if claim is None:
        return None
    c, off = claim.content, rng.randint(1, 9)
    text = book.documents[c["document"]].text
    start, end = (c["start"] - off, c["end"] - off) if c["start"] >= off else (c["start"] + off, c["end"] + off)
    if text[start:end] == c["quotation"]:
        return None
    return claim.need, claim.kind, {**c, "start": start, "end": end}


def _misplaced(rng: random.Random, claims: Sequence[NeedClaim], book: ClaimContext) -> Made | None:
    """A true quotation of a document that states another need."""
    claim, other = _of(rng, claims, ClaimKind.PASSAGE), _of(rng, claims, ClaimKind.PASSAGE)
    if claim is None or other is None or claim.need == other.need:
        return None
    if other.content["document"] in book.documents_of(claim.need):
        return None
    return claim.need, claim.kind, dict(other.content)


def _inflated(rng: random.Random, claims: Sequence[NeedClaim], _book: ClaimContext) -> Made | None:
    """A count that is too high by at least a fifth."""
    claim = _of(rng, claims, ClaimKind.COUNT)
    if claim is None:
        return None
    value = claim.content["value"]
    return claim.need, claim.kind, {**claim.content, "value": value + rng.randint(1 + value // 5, 2 + value)}


def _hastened(rng: random.Random, claims: Sequence[NeedClaim], _book: ClaimContext) -> Made | None:
    """A growth that is faster than it is."""
    claim = _of(rng, claims, ClaimKind.GROWTH)
    if claim is None:
        return None
    return claim.need, claim.kind, {"lower": round(claim.content["lower"] + rng.uniform(0.05, 0.3), 6)}


def _repeated(rng: random.Random, claims: Sequence[NeedClaim], book: ClaimContext) -> Made | None:
    """A need once more under another id, said to be a need of its own."""
    claim = _of(rng, claims, ClaimKind.DISTINCT)
    if claim is None:
        return None
    content = {**claim.content, "rank": len(book.candidates) + rng.randint(0, len(book.candidates))}
    return content_id("need", claim.need, str(rng.random())), claim.kind, content


def handed_out(claims: Sequence[NeedClaim], planted: Sequence[NeedClaim], seed: int) -> list[NeedClaim]:
    """True and false claims in one order that tells nothing; critic i of n takes every n-th from i."""
    together = [*claims, *planted]
    random.Random(f"handed-out/{seed}").shuffle(together)
    return together
