"""Tables of knowledge."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa

from aia.core.pages import Page, PageRequest, page_of
from aia.infra.sql import Instants, Json, Read, Tx, metadata
from aia.knowledge.layout import Run, from_json, part_of, place_of, to_json
from aia.knowledge.model import CorpusInfo, Fact, Passage, RecordedFact, StoredDocument, line_of

ROWS_AT_A_TIME = 5_000
KEYS_AT_A_TIME = 200
PLACES_AT_A_TIME = 1_000

corpora = sa.Table(
    "corpus",
    metadata,
    sa.Column("organisation", sa.String(64), sa.ForeignKey("organisation.id"), primary_key=True),
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("name", sa.String(400), nullable=False),
    sa.Column("documents", sa.Integer, nullable=False),
    sa.Column("reading", Json, nullable=False),
    sa.Column("created_at", Instants, nullable=False),
    sa.Column("layout", Json),
)

corpus_names = sa.Table(
    "corpus_name",
    metadata,
    sa.Column("organisation", sa.String(64), primary_key=True),
    sa.Column("name", sa.String(400), primary_key=True),
    sa.Column("corpus", sa.String(40), nullable=False),
    sa.Column("kept_at", Instants, nullable=False),
    sa.ForeignKeyConstraint(["organisation", "corpus"], ["corpus.organisation", "corpus.id"]),
)
"""The corpus that was kept last under a name; one corpus may bear several."""

documents = sa.Table(
    "document",
    metadata,
    sa.Column("organisation", sa.String(64), primary_key=True),
    sa.Column("corpus", sa.String(40), primary_key=True),
    sa.Column("position", sa.Integer, primary_key=True),
    sa.Column("id", sa.String(400), nullable=False),
    sa.Column("date", sa.Date),
    sa.Column("author", sa.String(400)),
    sa.Column("sha256", sa.String(64), nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("source", sa.String(400)),
    sa.Column("fields", Json),
    sa.UniqueConstraint("organisation", "corpus", "id"),
    sa.ForeignKeyConstraint(["organisation", "corpus"], ["corpus.organisation", "corpus.id"]),
    sa.Index(None, "organisation", "sha256"),
)
"""A document stands with the corpus that brought it first, at its position among what that corpus brought."""

evidence = sa.Table(
    "evidence",
    metadata,
    sa.Column("organisation", sa.String(64), primary_key=True),
    sa.Column("corpus", sa.String(40), primary_key=True),
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("document", sa.String(400), nullable=False),
    sa.Column("start", sa.Integer, nullable=False),
    sa.Column("end", sa.Integer, nullable=False),
    sa.Column("quotation", sa.Text, nullable=False),
    sa.Column("document_sha256", sa.String(64), nullable=False),
    sa.ForeignKeyConstraint(["organisation", "corpus"], ["corpus.organisation", "corpus.id"]),
    sa.CheckConstraint('"start" >= 0 and "end" > "start"', name="span"),
)

facts = sa.Table(
    "fact",
    metadata,
    sa.Column("organisation", sa.String(64), sa.ForeignKey("organisation.id"), primary_key=True),
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("subject", sa.String(200), nullable=False),
    sa.Column("predicate", sa.String(80), nullable=False),
    sa.Column("object", Json, nullable=False),
    sa.Column("valid_from", sa.Date),
    sa.Column("valid_to", sa.Date),
    sa.Column("recorded_from", Instants, nullable=False),
    sa.Column("recorded_to", Instants),
    sa.Column("evidence", Json, nullable=False),
    sa.Column("mission", sa.String(40), nullable=False),
    sa.Column("agent", sa.String(40), nullable=False),
    sa.Index(None, "organisation", "subject", "predicate"),
    sa.Index(None, "organisation", "mission"),
)


async def places_of(tx: Tx, rows: Sequence[StoredDocument]) -> list[tuple[str, int] | None]:
    """For each document where the very same one stands already: the corpus that brought it, and its position there.

    Of several, the one that goes on where the document before stands.
    """
    anything = await tx.row(sa.select(documents.c.corpus).where(documents.c.organisation == tx.organisation).limit(1))
    if anything is None:
        return [None] * len(rows)
    places: list[tuple[str, int] | None] = []
    for start in range(0, len(rows), KEYS_AT_A_TIME):
        part = rows[start : start + KEYS_AT_A_TIME]
        found = await _same_texts(tx, part)
        for row in part:
            able = found.get(line_of(row))
            last = places[-1] if places else None
            following = None if last is None else (last[0], last[1] + 1)
            places.append(None if able is None else following if following in able else able[0])
    return places


async def _same_texts(tx: Tx, rows: Sequence[StoredDocument]) -> dict[str, list[tuple[str, int]]]:
    """By line: where documents of these texts stand."""
    c = documents.c
    columns = (c.corpus, c.position, c.id, c.date, c.author, c.sha256, c.source, c.fields)
    query = sa.select(*columns).where(
        c.organisation == tx.organisation, c.sha256.in_(sorted({row.sha256 for row in rows}))
    )
    found: dict[str, list[tuple[str, int]]] = {}
    for row in await tx.rows(query.order_by(c.corpus, c.position)):
        line = line_of(StoredDocument(0, row.id, "", row.date, row.author, row.sha256, row.source, row.fields or {}))
        found.setdefault(line, []).append((row.corpus, row.position))
    return found


async def add_corpus(tx: Tx, corpus: CorpusInfo, rows: Sequence[StoredDocument]) -> None:
    """A corpus, and those of its documents that nothing brought before."""
    await tx.insert(
        corpora,
        [
            {
                "organisation": tx.organisation,
                "id": corpus.id,
                "name": corpus.name,
                "documents": corpus.documents,
                "reading": dict(corpus.reading),
                "created_at": corpus.created_at,
                "layout": None if len(rows) == corpus.documents else to_json(corpus.layout),
            }
        ],
    )
    for start in range(0, len(rows), ROWS_AT_A_TIME):
        part = enumerate(rows[start : start + ROWS_AT_A_TIME], start)
        await tx.insert(documents, [_row(tx, corpus, place, row) for place, row in part])


def _row(tx: Tx, corpus: CorpusInfo, place: int, document: StoredDocument) -> dict[str, object]:
    return {
        "organisation": tx.organisation,
        "corpus": corpus.id,
        "position": place,
        "id": document.id,
        "date": document.date,
        "author": document.author,
        "sha256": document.sha256,
        "text": document.text,
        "source": document.source,
        "fields": dict(document.fields) or None,
    }


async def find_corpus(read: Read, corpus_id: str) -> CorpusInfo | None:
    query = sa.select(corpora).where(corpora.c.organisation == read.organisation, corpora.c.id == corpus_id)
    row = await read.row(query)
    return None if row is None else _info(row)


def _info(row: sa.Row[Any]) -> CorpusInfo:
    layout = from_json(row.layout, row.id, row.documents)
    return CorpusInfo(row.id, row.name, row.documents, row.reading, row.created_at, layout)


async def name_corpus(tx: Tx, name: str, corpus_id: str) -> None:
    """Let a name stand for a corpus, whatever it stood for."""
    mine = sa.and_(corpus_names.c.organisation == tx.organisation, corpus_names.c.name == name)
    kept = {"corpus": corpus_id, "kept_at": tx.now}
    if not await tx.run(sa.update(corpus_names).where(mine).values(kept)):
        await tx.insert_new(corpus_names, [{"organisation": tx.organisation, "name": name} | kept])


def _named(read: Read) -> sa.Select[Any]:
    """Corpora as they are named now."""
    same = sa.and_(corpora.c.organisation == corpus_names.c.organisation, corpora.c.id == corpus_names.c.corpus)
    columns = [c for c in corpora.c if c.name != "name"]
    query = sa.select(*columns, corpus_names.c.name).join_from(corpus_names, corpora, same)
    return query.where(corpus_names.c.organisation == read.organisation)


async def newest_named(read: Read, name: str) -> CorpusInfo | None:
    row = await read.row(_named(read).where(corpus_names.c.name == name))
    return None if row is None else _info(row)


async def corpora_page(read: Read, request: PageRequest) -> Page[CorpusInfo]:
    """Corpora by the names they bear now."""
    query = _named(read)
    if request.after is not None:
        query = query.where(corpus_names.c.name > request.after)
    rows = await read.rows(query.order_by(corpus_names.c.name).limit(request.limit + 1))
    return page_of([_info(row) for row in rows], request, lambda corpus: corpus.name)


async def stream(read: Read, corpus: CorpusInfo, first: int, end: int) -> AsyncIterator[list[StoredDocument]]:
    """Documents at positions `first` to `end`, in order, some thousands at a time."""
    for start in range(first, end, ROWS_AT_A_TIME):
        stop = min(end, start + ROWS_AT_A_TIME)
        found: dict[tuple[str, int], StoredDocument] = {}
        runs = list(part_of(corpus.layout, start, stop))
        for segment in sorted({run.segment for _, run in runs}):
            mine = [(position, run) for position, run in runs if run.segment == segment]
            for at in range(0, len(mine), KEYS_AT_A_TIME):
                await _fetch(read, mine[at : at + KEYS_AT_A_TIME], found)
        yield [found[run.segment, run.first + i] for _, run in runs for i in range(run.count)]


async def documents_at(read: Read, corpus: CorpusInfo, positions: Sequence[int]) -> dict[int, StoredDocument]:
    """Documents by their positions in a corpus."""
    segments: dict[str, dict[int, int]] = {}
    for position, (segment, place) in place_of(corpus.layout, positions).items():
        segments.setdefault(segment, {})[place] = position
    found: dict[int, StoredDocument] = {}
    for segment, at in sorted(segments.items()):
        places = sorted(at)
        mine = sa.and_(documents.c.organisation == read.organisation, documents.c.corpus == segment)
        for start in range(0, len(places), PLACES_AT_A_TIME):
            here = documents.c.position.in_(places[start : start + PLACES_AT_A_TIME])
            for place, *rest in await read.rows(sa.select(*_COLUMNS).where(mine, here)):
                found[at[place]] = _document(at[place], *rest)
    return found


_COLUMNS = tuple(documents.c[n] for n in "position id text date author sha256 source fields".split())
"""As `StoredDocument` has them."""


def _document(
    position: int,
    doc_id: str,
    text: str,
    day: date | None,
    author: str | None,
    sha256: str,
    source: str | None,
    fields: Mapping[str, str] | None,
) -> StoredDocument:
    return StoredDocument(position, doc_id, text, day, author, sha256, source, fields or {})


async def _fetch(read: Read, runs: Sequence[tuple[int, Run]], found: dict[tuple[str, int], StoredDocument]) -> None:
    """Add what runs of one segment hold, by segment and place, each with its position in the corpus."""
    segment = runs[0][1].segment
    at = {run.first + i: position + i for position, run in runs for i in range(run.count)}
    here = [documents.c.position.between(run.first, run.first + run.count - 1) for _, run in runs]
    mine = sa.and_(documents.c.organisation == read.organisation, documents.c.corpus == segment)
    for place, *rest in await read.rows(sa.select(*_COLUMNS).where(mine, sa.or_(*here))):
        found[segment, place] = _document(at[place], *rest)


async def add_passages(tx: Tx, passages: Mapping[str, Passage]) -> None:
    """Evidence is content-addressed: a passage quoted before is left as it stands."""
    await tx.insert_new(
        evidence,
        [
            {
                "organisation": tx.organisation,
                "corpus": passage.corpus,
                "id": passage_id,
                "document": passage.document,
                "start": passage.start,
                "end": passage.end,
                "quotation": passage.quotation,
                "document_sha256": passage.document_sha256,
            }
            for passage_id, passage in passages.items()
        ],
    )


async def close_facts(tx: Tx, keys: Sequence[tuple[str, str]]) -> None:
    """End the recorded time of facts in force with these (subject, predicate) pairs."""
    if keys:
        await tx.run(
            sa.update(facts)
            .where(
                facts.c.organisation == tx.organisation,
                facts.c.recorded_to.is_(None),
                sa.tuple_(facts.c.subject, facts.c.predicate).in_(keys),
            )
            .values(recorded_to=tx.now)
        )


async def add_facts(tx: Tx, new: Sequence[Fact]) -> None:
    await tx.insert_new(
        facts,
        [
            {
                "organisation": tx.organisation,
                "id": fact.id,
                "subject": fact.subject,
                "predicate": fact.predicate,
                "object": fact.object,
                "valid_from": fact.valid_from,
                "valid_to": fact.valid_to,
                "recorded_from": tx.now,
                "evidence": [passage.id for passage in fact.passages],
                "mission": fact.mission,
                "agent": fact.agent,
            }
            for fact in new
        ],
    )


async def facts_page(read: Read, request: PageRequest, subject: str | None) -> Page[RecordedFact]:
    query = sa.select(facts).where(facts.c.organisation == read.organisation, facts.c.recorded_to.is_(None))
    if subject is not None:
        query = query.where(facts.c.subject == subject)
    if request.after is not None:
        query = query.where(facts.c.id > request.after)
    rows = await read.rows(query.order_by(facts.c.id).limit(request.limit + 1))
    found = [
        RecordedFact(
            row.id,
            row.subject,
            row.predicate,
            row.object,
            row.agent,
            row.mission,
            row.recorded_from,
            tuple(row.evidence),
        )
        for row in rows
    ]
    return page_of(found, request, lambda fact: fact.id)
