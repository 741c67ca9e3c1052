"""The grouping of statements as a report carries it, and back: what every count is counted over."""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from aia.corpora.model import Document
from aia.infra.sql import Read
from aia.knowledge import Knowledge, StoredDocument
from aia.reports import Companies, Grouped, Theme, corpus_digest
from aia.text.model import Statement, StatementKind
from aia.ventures.model import Need

_PLACE = re.compile(r"(\d+):(\d+)-(\d+)([pr])", re.ASCII)
_LETTERS = {StatementKind.PROBLEM: "p", StatementKind.REQUEST: "r"}
_KINDS = {letter: kind for kind, letter in _LETTERS.items()}


def plain(d: StoredDocument) -> Document:
    """A stored document as the engine reads it."""
    return Document(d.id, d.text, d.date, d.author, d.source, d.fields)


def unread_undated(documents: Sequence[Document], read: set[int]) -> list[Document]:
    """The documents, those that were not read without a date, so that they count in no month."""
    return [d if i in read else replace(d, day=None) for i, d in enumerate(documents)]


def ranges_of(read: Sequence[int], documents: int) -> str:
    """Positions as `first-end` apart by spaces; nothing when all documents were read."""
    chosen = sorted(set(read))
    if len(chosen) == documents:
        return ""
    starts = [i for k, i in enumerate(chosen) if k == 0 or chosen[k - 1] != i - 1]
    ends = [i + 1 for k, i in enumerate(chosen) if k == len(chosen) - 1 or chosen[k + 1] != i + 1]
    return " ".join(f"{start}-{end}" for start, end in zip(starts, ends, strict=True))


def positions_in(ranges: str, documents: int) -> set[int]:
    """What `ranges_of` wrote; raises ValueError for what it did not."""
    if not ranges:
        return set(range(documents))
    bounds = [part.split("-") for part in ranges.split()]
    return {i for first, end in bounds for i in range(int(first), min(int(end), documents))}


async def companies_of(knowledge: Knowledge, read: Read, corpus: str | None) -> Companies | None:
    """The company corpus as the report names it."""
    if corpus is None:
        return None
    info = await knowledge.corpus(read, corpus)
    rows = await knowledge.documents(read, corpus)
    return Companies(corpus, info.name, len(rows), corpus_digest((d.id, d.sha256) for d in rows))


def companies_id(document: Mapping[str, Any]) -> str | None:
    """The id of the company corpus a report names, if it names one."""
    basis = document.get("basis")
    companies = basis.get("companies") if isinstance(basis, dict) else None
    return str(companies.get("corpusId")) if isinstance(companies, dict) else None


def grouped_of(
    needs: Sequence[Need], statements: Sequence[Statement], documents: Sequence[Document]
) -> tuple[Grouped, ...]:
    """Every need with the places of its statements, in order of need id."""
    order = sorted(range(len(documents)), key=lambda i: documents[i].id)
    place = {position: number for number, position in enumerate(order)}

    def places(indices: Sequence[int]) -> str:
        chosen = [statements[i] for i in indices]
        return " ".join(f"{place[s.document]}:{s.start}-{s.end}{_LETTERS[s.kind]}" for s in chosen)

    return tuple(
        Grouped(n.id, n.title, n.terms, places(n.members), places(n.medoids))
        for n in sorted(needs, key=lambda n: n.id)
    )


def themes_of(needs: Sequence[Need]) -> tuple[Theme, ...]:
    """The themes of needs that come most documents first; each is called after its first need."""
    together: dict[str, list[Need]] = defaultdict(list)
    for need in needs:
        together[need.theme].append(need)
    together.pop("", None)
    return tuple(
        Theme(
            f"theme_{own[0].id.removeprefix('need_')}",
            tuple(own[0].theme_title.split(", ")),
            tuple(need.id for need in own),
        )
        for own in together.values()
    )


def needs_in(document: Mapping[str, Any], documents: Sequence[Document]) -> tuple[list[Need], list[Statement]]:
    """The needs and statements that a report carries; raises ValueError for a place that is none."""
    order = sorted(range(len(documents)), key=lambda i: documents[i].id)
    statements: list[Statement] = []
    needs: list[Need] = []
    for node in document["grouped"]:
        known: dict[str, int] = {}
        for place in node["members"].split():
            known[place] = len(statements)
            statements.append(_statement(place, order, documents))
        medoids = tuple(known[place] for place in node["medoids"].split())
        needs.append(Need(node["need"], node["extractedName"], tuple(node["words"]), tuple(known.values()), medoids))
    return needs, statements


def _statement(place: str, order: Sequence[int], documents: Sequence[Document]) -> Statement:
    match = _PLACE.fullmatch(place)
    if match is None or int(match[1]) >= len(order):
        raise ValueError(f"{place!r} is no place in the corpus")
    position, start, end = order[int(match[1])], int(match[2]), int(match[3])
    if not start < end <= len(documents[position].text):
        raise ValueError(f"{place!r} is beyond the end of {documents[position].id!r}")
    return Statement(position, start, end, _KINDS[match[4]], 1.0, 0.0)
