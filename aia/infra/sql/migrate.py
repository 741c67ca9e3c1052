"""Bring a database to the schema of this version; Alembic loads only when there is something to do."""

import importlib
from typing import cast

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from aia.core.errors import Conflict
from aia.infra.sql.database import Database

HEAD = "0019"
"""The newest revision in migrations/versions; a test holds it against Alembic's own answer."""


class SchemaTooNew(Conflict):
    """The database was migrated by a newer AIA."""

    code = "schema-too-new"
    title = "The database is newer than this program"


async def current_revision(database: Database) -> str | None:
    async with database.engine.connect() as conn:
        try:
            return cast("str | None", await conn.scalar(sa.text("select version_num from alembic_version")))
        except DBAPIError:  # no such table: an empty database
            return None


async def migrate(database: Database) -> None:
    """Upgrade to `HEAD` under a lock; one small read when nothing is to be done.

    Raises `SchemaTooNew` when the database is ahead of this program.
    """
    revision = await current_revision(database)
    if revision == HEAD:
        return
    if revision is not None and revision > HEAD:
        raise SchemaTooNew(f"the database has schema {revision}, this program knows up to {HEAD}: upgrade AIA")
    runner = importlib.import_module("aia.infra.sql.migrations.run")
    async with database.engine.connect() as conn:
        await conn.execution_options(aia_write=True)
        async with conn.begin():
            await conn.run_sync(runner.upgrade)
