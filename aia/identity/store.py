"""Tables of identity."""

import sqlalchemy as sa

from aia.core.clock import Instant
from aia.identity.model import ApiKey, Organisation
from aia.infra.sql import Instants, Read, Tx, metadata
from aia.infra.sql.schema import insert_new

organisations = sa.Table(
    "organisation",
    metadata,
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("name", sa.String(200), nullable=False),
    sa.Column("created_at", Instants, nullable=False),
)

api_keys = sa.Table(
    "api_key",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("organisation", sa.String(64), sa.ForeignKey("organisation.id"), nullable=False, index=True),
    sa.Column("name", sa.String(200), nullable=False),
    sa.Column("sha256", sa.String(64), nullable=False, unique=True),
    sa.Column("created_at", Instants, nullable=False),
    sa.Column("revoked_at", Instants),
    sa.Column("operator", sa.Boolean, nullable=False, server_default=sa.false()),
)


async def add_organisation(tx: Tx, organisation: Organisation) -> bool:
    """True when it is new, False when one of that id stands already, made by another process meanwhile too."""
    row = {"id": organisation.id, "name": organisation.name, "created_at": organisation.created_at}
    return await tx.run(insert_new(tx.dialect, organisations).values(row)) == 1


async def find_organisation(read: Read, organisation_id: str) -> Organisation | None:
    row = await read.row(sa.select(organisations).where(organisations.c.id == organisation_id))
    return None if row is None else Organisation(row.id, row.name, row.created_at)


async def all_organisations(read: Read) -> list[Organisation]:
    rows = await read.rows(sa.select(organisations).order_by(organisations.c.id))
    return [Organisation(row.id, row.name, row.created_at) for row in rows]


async def add_key(tx: Tx, key: ApiKey) -> None:
    row = {"id": key.id, "organisation": key.organisation, "name": key.name}
    await tx.insert(api_keys, [row | {"sha256": key.sha256, "created_at": key.created_at, "operator": key.operator}])


async def organisation_of_key(read: Read, sha256: str) -> tuple[str, str, bool] | None:
    """(organisation, key id, whether an operator's) of a key in force."""
    query = sa.select(api_keys.c.organisation, api_keys.c.id, api_keys.c.operator)
    row = await read.row(query.where(api_keys.c.sha256 == sha256, api_keys.c.revoked_at.is_(None)))
    return None if row is None else (row.organisation, row.id, bool(row.operator))


async def revoke_key(tx: Tx, key_id: str, at: Instant) -> bool:
    moved = await tx.run(
        sa.update(api_keys)
        .where(
            api_keys.c.organisation == tx.organisation,
            api_keys.c.id == key_id,
            api_keys.c.revoked_at.is_(None),
        )
        .values(revoked_at=at)
    )
    return moved == 1
