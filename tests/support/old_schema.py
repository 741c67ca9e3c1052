"""Databases as an earlier version left them."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import sqlalchemy as sa
from alembic import command

from aia.core.clock import system_clock
from aia.core.ids import random_ids
from aia.infra.sql import Database, open_database
from aia.infra.sql.migrations.run import alembic_config


@asynccontextmanager
async def old_database(url: str) -> AsyncGenerator[Database]:
    database = open_database(url, system_clock, random_ids())
    try:
        yield database
    finally:
        await database.engine.dispose()


def migrate_to(connection: sa.Connection, revision: str) -> None:
    """For `run_sync` of a connection."""
    config = alembic_config()
    config.attributes["connection"] = connection
    command.upgrade(config, revision)
