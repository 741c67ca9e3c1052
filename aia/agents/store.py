"""Tables of agents."""

import sqlalchemy as sa

from aia.agents.model import Agent, Role
from aia.core.money import Units
from aia.infra.sql import Json, Read, Tx, metadata

agents = sa.Table(
    "agent",
    metadata,
    sa.Column("organisation", sa.String(64), sa.ForeignKey("organisation.id"), primary_key=True),
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("role", sa.String(20), nullable=False),
    sa.Column("title", sa.String(200), nullable=False),
    sa.Column("manager", sa.String(40)),
    sa.Column("skills", Json, nullable=False),
    sa.Column("price_units", sa.BigInteger, nullable=False),
    sa.Column("price_per_unit_units", sa.BigInteger, nullable=False),
    sa.Column("price_per_outcome_units", sa.BigInteger, nullable=False, server_default="0"),
    sa.ForeignKeyConstraint(["organisation", "manager"], ["agent.organisation", "agent.id"]),
    sa.CheckConstraint("price_units >= 0 and price_per_unit_units >= 0", name="price"),
)


async def add(tx: Tx, members: tuple[Agent, ...]) -> None:
    """Insert agents, managers before whom they manage (the foreign key asks for it)."""
    rows = [
        {
            "organisation": tx.organisation,
            "id": agent.id,
            "position": position,
            "role": agent.role.value,
            "title": agent.title,
            "manager": agent.manager,
            "skills": list(agent.skills),
            "price_units": agent.price_units,
            "price_per_unit_units": agent.price_per_unit_units,
            "price_per_outcome_units": agent.price_per_outcome_units,
        }
        for position, agent in enumerate(members)
    ]
    await tx.insert(agents, rows)


async def all_of(read: Read) -> tuple[Agent, ...]:
    query = sa.select(agents).where(agents.c.organisation == read.organisation)
    return tuple(
        Agent(
            id=row.id,
            role=Role(row.role),
            title=row.title,
            manager=row.manager,
            skills=tuple(row.skills),
            price_units=Units(row.price_units),
            price_per_unit_units=Units(row.price_per_unit_units),
            price_per_outcome_units=Units(row.price_per_outcome_units),
        )
        for row in await read.rows(query.order_by(agents.c.position))
    )
