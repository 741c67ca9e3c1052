"""Bring a database to the schema of this version (Alembic, in-process, on either engine)."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from aia.infra.sql.database import Database

MIGRATIONS = Path(__file__).parent / "migrations"
_LOCK_KEY = 0x0A1A_0001  # any constant: two processes must not migrate one PostgreSQL at a time


def alembic_config() -> Config:
    """Alembic's configuration without an ini file; the connection is passed by attribute."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config


async def migrate(database: Database) -> None:
    """Upgrade to the newest revision; costs one small read when nothing is to be done."""
    async with database.engine.connect() as conn:
        await conn.execution_options(aia_write=True)
        async with conn.begin():
            await conn.run_sync(_upgrade)


def _upgrade(connection: Connection) -> None:
    config = alembic_config()
    if connection.dialect.name == "postgresql":
        connection.execute(text("select pg_advisory_xact_lock(:key)"), {"key": _LOCK_KEY})
    head = ScriptDirectory.from_config(config).get_current_head()
    if MigrationContext.configure(connection).get_current_revision() == head:
        return
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
