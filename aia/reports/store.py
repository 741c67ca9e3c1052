"""The table of reports: the signed document as text, so that its bytes are what was signed."""

import sqlalchemy as sa

from aia.core.pages import Page, PageRequest, page_of
from aia.infra.sql import Instants, Read, Tx, metadata

reports = sa.Table(
    "report",
    metadata,
    sa.Column("mission", sa.String(40), primary_key=True),
    sa.Column("organisation", sa.String(64), nullable=False),
    sa.Column("corpus", sa.String(40), nullable=False),
    sa.Column("title", sa.String(400), nullable=False),
    sa.Column("content_digest", sa.String(64), nullable=False),
    sa.Column("document", sa.Text, nullable=False),
    sa.Column("created_at", Instants, nullable=False),
    sa.Index(None, "organisation", "mission"),
)


async def add(tx: Tx, mission: str, corpus: str, title: str, digest: str, document: str) -> None:
    await tx.insert(
        reports,
        [
            {
                "mission": mission,
                "organisation": tx.organisation,
                "corpus": corpus,
                "title": title,
                "content_digest": digest,
                "document": document,
                "created_at": tx.now,
            }
        ],
    )


async def document_of(read: Read, mission: str) -> str | None:
    query = sa.select(reports.c.document).where(
        reports.c.organisation == read.organisation, reports.c.mission == mission
    )
    row = await read.row(query)
    return None if row is None else row.document


async def corpus_of(read: Read, content_digest: str) -> str | None:
    """The stored corpus a report of this content was made from."""
    query = sa.select(reports.c.corpus).where(
        reports.c.organisation == read.organisation, reports.c.content_digest == content_digest
    )
    row = await read.row(query.order_by(reports.c.mission.desc()).limit(1))
    return None if row is None else row.corpus


async def corpus_of_mission(read: Read, mission: str) -> str | None:
    query = sa.select(reports.c.corpus).where(
        reports.c.organisation == read.organisation, reports.c.mission == mission
    )
    row = await read.row(query)
    return None if row is None else row.corpus


async def page(read: Read, request: PageRequest) -> Page[tuple[str, str, str]]:
    """(mission, title, content digest), newest first."""
    query = sa.select(reports.c.mission, reports.c.title, reports.c.content_digest).where(
        reports.c.organisation == read.organisation
    )
    if request.after is not None:
        query = query.where(reports.c.mission < request.after)
    rows = await read.rows(query.order_by(reports.c.mission.desc()).limit(request.limit + 1))
    return page_of([(r.mission, r.title, r.content_digest) for r in rows], request, lambda row: row[0])
