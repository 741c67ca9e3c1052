"""The table of changes of parameters: append-only; what never changed has no row."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from aia.infra.sql import Instants, Read, Tx, metadata
from aia.tokens.parameters.model import Change, Parameter

parameters = sa.Table(
    "parameter",
    metadata,
    sa.Column("name", sa.String(40), primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True),
    sa.Column("from_seq", sa.BigInteger, nullable=False),
    sa.Column("value", sa.BigInteger, nullable=False),
    sa.Column("treasury_order", sa.String(40), nullable=False),
    sa.Column("at", Instants, nullable=False),
)


def _change(row: sa.Row[Any]) -> Change:
    return Change(Parameter(row.name), row.version, row.from_seq, row.value, row.treasury_order, row.at)


async def latest(read: Read, names: Sequence[Parameter], seq: int | None) -> dict[Parameter, Change]:
    """The newest change of each parameter, or the newest that was in force at a sequence number."""
    c = parameters.c
    newest = sa.select(c.name, sa.func.max(c.version).label("version")).where(c.name.in_([n.value for n in names]))
    if seq is not None:
        newest = newest.where(c.from_seq <= seq)
    top = newest.group_by(c.name).subquery()
    query = sa.select(parameters).join(top, sa.and_(c.name == top.c.name, c.version == top.c.version))
    return {Parameter(row.name): _change(row) for row in await read.rows(query)}


async def history(read: Read) -> list[Change]:
    query = sa.select(parameters).order_by(parameters.c.name, parameters.c.version)
    return [_change(row) for row in await read.rows(query)]


async def add(tx: Tx, change: Change) -> None:
    """Raises IntegrityError when another change of the same version came between."""
    row = {"name": change.name.value, "version": change.version, "from_seq": change.from_seq}
    await tx.insert(parameters, [row | {"value": change.value, "treasury_order": change.order, "at": change.at}])
