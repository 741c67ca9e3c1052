"""Tables of performance: scores are the record, ratings a projection of it."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from aia.core.clock import Instant
from aia.infra.sql import Instants, Read, Tx, metadata
from aia.performance.model import Rating

scores = sa.Table(
    "score",
    metadata,
    sa.Column("organisation", sa.String(64), sa.ForeignKey("organisation.id"), primary_key=True),
    sa.Column("mission", sa.String(40), primary_key=True),
    sa.Column("judge", sa.String(80), primary_key=True),
    sa.Column("agent", sa.String(40), primary_key=True),
    sa.Column("skill", sa.String(40), primary_key=True),
    sa.Column("value", sa.Float, nullable=False),
    sa.Column("at", Instants, nullable=False),
    sa.CheckConstraint("value >= 0 and value <= 1", name="value"),
)

ratings = sa.Table(
    "rating",
    metadata,
    sa.Column("organisation", sa.String(64), primary_key=True),
    sa.Column("agent", sa.String(40), primary_key=True),
    sa.Column("skill", sa.String(40), primary_key=True),
    sa.Column("scores", sa.Integer, nullable=False),
    sa.Column("total", sa.Float, nullable=False),
    sa.Column("updated_at", Instants, nullable=False),
)


async def add_scores(tx: Tx, rows: Sequence[Mapping[str, Any]]) -> None:
    common = {"organisation": tx.organisation, "at": tx.now}
    await tx.insert(scores, [common | dict(row) for row in rows])


async def fold(
    conn: AsyncConnection, organisation: str, at: Instant, sums: Mapping[tuple[str, str], tuple[int, float]]
) -> None:
    """Add (number, total) of new scores to the ratings of (agent, skill)."""
    for (agent, skill), (number, total) in sorted(sums.items()):
        here = sa.and_(ratings.c.organisation == organisation, ratings.c.agent == agent, ratings.c.skill == skill)
        added = {"scores": ratings.c.scores + number, "total": ratings.c.total + total, "updated_at": at}
        changed = await conn.execute(sa.update(ratings).where(here).values(added))
        if not changed.rowcount:
            row = {"organisation": organisation, "agent": agent, "skill": skill, "scores": number}
            await conn.execute(sa.insert(ratings).values(row | {"total": total, "updated_at": at}))


async def clear(tx: Tx) -> None:
    await tx.run(sa.delete(ratings).where(ratings.c.organisation == tx.organisation))


async def sums_of_scores(read: Read) -> dict[tuple[str, str], tuple[int, float]]:
    query = (
        sa.select(scores.c.agent, scores.c.skill, sa.func.count().label("n"), sa.func.sum(scores.c.value).label("s"))
        .where(scores.c.organisation == read.organisation)
        .group_by(scores.c.agent, scores.c.skill)
    )
    return {(row.agent, row.skill): (row.n, row.s) for row in await read.rows(query)}


async def all_of(read: Read) -> list[Rating]:
    query = sa.select(ratings).where(ratings.c.organisation == read.organisation)
    rows = await read.rows(query.order_by(ratings.c.agent, ratings.c.skill))
    return [Rating(row.agent, row.skill, row.scores, row.total, row.updated_at) for row in rows]
