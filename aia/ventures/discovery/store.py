"""The table of what a discovery leaves to one that goes on from it."""

from collections.abc import Sequence

import sqlalchemy as sa

from aia.infra.sql import Instants, Read, Tx, metadata

states = sa.Table(
    "discovery_state",
    metadata,
    sa.Column("organisation", sa.String(64), primary_key=True),
    sa.Column("mission", sa.String(40), sa.ForeignKey("mission.id"), primary_key=True),
    sa.Column("name", sa.String(80), primary_key=True),
    sa.Column("data", sa.LargeBinary, nullable=False),
    sa.Column("created_at", Instants, nullable=False),
)


async def put(tx: Tx, mission: str, name: str, data: bytes) -> None:
    """Write it, or write it over: a step that runs again leaves the same."""
    mine = sa.and_(states.c.organisation == tx.organisation, states.c.mission == mission, states.c.name == name)
    await tx.run(sa.delete(states).where(mine))
    row = {"organisation": tx.organisation, "mission": mission, "name": name, "data": data, "created_at": tx.now}
    await tx.insert(states, [row])


async def data_of(read: Read, mission: str, prefix: str) -> dict[str, bytes]:
    """What a mission left under names that begin so, in order of name."""
    query = sa.select(states.c.name, states.c.data).where(
        states.c.organisation == read.organisation,
        states.c.mission == mission,
        states.c.name.startswith(prefix, autoescape=True),
    )
    return {row.name: bytes(row.data) for row in await read.rows(query.order_by(states.c.name))}


async def forget(tx: Tx, missions: Sequence[str]) -> None:
    await tx.run(
        sa.delete(states).where(states.c.organisation == tx.organisation, states.c.mission.in_(list(missions)))
    )


async def missions_with_states(read: Read) -> list[str]:
    """Newest first: ids sort by time."""
    query = sa.select(states.c.mission).where(states.c.organisation == read.organisation).distinct()
    return [row.mission for row in await read.rows(query.order_by(states.c.mission.desc()))]
