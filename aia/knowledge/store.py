"""Tables of knowledge."""

from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from aia.core.pages import Page, PageRequest, page_of
from aia.infra.sql import Instants, Json, Read, Tx, metadata
from aia.knowledge.model import CorpusInfo, Fact, Passage, RecordedFact, StoredDocument

ROWS_AT_A_TIME = 5_000

corpora = sa.Table(
    "corpus",
    metadata,
    sa.Column("organisation", sa.String(64), sa.ForeignKey("organisation.id"), primary_key=True),
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("name", sa.String(400), nullable=False),
    sa.Column("documents", sa.Integer, nullable=False),
    sa.Column("reading", Json, nullable=False),
    sa.Column("created_at", Instants, nullable=False),
)

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
)

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


async def add_corpus(tx: Tx, corpus: CorpusInfo, rows: Sequence[StoredDocument]) -> None:
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
            }
        ],
    )
    for start in range(0, len(rows), ROWS_AT_A_TIME):
        await tx.insert(documents, [_row(tx, corpus, row) for row in rows[start : start + ROWS_AT_A_TIME]])


def _row(tx: Tx, corpus: CorpusInfo, document: StoredDocument) -> dict[str, object]:
    return {
        "organisation": tx.organisation,
        "corpus": corpus.id,
        "position": document.position,
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
    if row is None:
        return None
    return CorpusInfo(row.id, row.name, row.documents, row.reading, row.created_at)


async def newest_named(read: Read, name: str) -> CorpusInfo | None:
    query = sa.select(corpora).where(corpora.c.organisation == read.organisation, corpora.c.name == name)
    row = await read.row(query.order_by(corpora.c.created_at.desc(), corpora.c.id).limit(1))
    if row is None:
        return None
    return CorpusInfo(row.id, row.name, row.documents, row.reading, row.created_at)


async def documents_of(read: Read, corpus_id: str) -> list[StoredDocument]:
    """Every document in order of position."""
    mine = sa.and_(documents.c.organisation == read.organisation, documents.c.corpus == corpus_id)
    found: list[StoredDocument] = []
    while True:  # in sets, so that rows and documents do not stand in memory twice
        here = documents.c.position.between(len(found), len(found) + ROWS_AT_A_TIME - 1)
        rows = await read.rows(sa.select(documents).where(mine, here).order_by(documents.c.position))
        found.extend(
            StoredDocument(
                row.position, row.id, row.text, row.date, row.author, row.sha256, row.source, row.fields or {}
            )
            for row in rows
        )
        if len(rows) < ROWS_AT_A_TIME:
            return found


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
