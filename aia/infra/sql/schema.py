"""What all tables share: one MetaData, a UTC time type, a JSON type, and the outbox itself."""

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.types import TypeDecorator

from aia.core.clock import Instant, rfc3339

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Json = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


class Instants(TypeDecorator[Instant]):
    """An aware UTC time: timestamptz on PostgreSQL, RFC 3339 text (which sorts) on SQLite."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        if dialect.name == "sqlite":
            return dialect.type_descriptor(sa.String(32))
        return dialect.type_descriptor(sa.DateTime(timezone=True))

    def process_bind_param(self, value: Instant | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        return rfc3339(value) if dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> Instant | None:
        if value is None:
            return None
        at = datetime.fromisoformat(value) if dialect.name == "sqlite" else value
        return at.astimezone(UTC)


# BIGINT on PostgreSQL; SQLite numbers rows only for a column typed exactly INTEGER.
Serial = sa.BigInteger().with_variant(sa.Integer, "sqlite")

outbox = sa.Table(
    "outbox",
    metadata,
    sa.Column("seq", Serial, primary_key=True, autoincrement=True),
    sa.Column("tx_id", sa.BigInteger, nullable=False),
    sa.Column("id", sa.String(40), nullable=False, unique=True),
    sa.Column("organisation", sa.String(64), nullable=False),
    sa.Column("topic", sa.String(80), nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("body", Json, nullable=False),
    sa.Column("at", Instants, nullable=False),
    sa.Index(None, "tx_id", "seq"),
    sa.Index(None, "organisation", "seq"),
    sqlite_autoincrement=True,
)

outbox_cursor = sa.Table(
    "outbox_cursor",
    metadata,
    sa.Column("consumer", sa.String(80), primary_key=True),
    sa.Column("tx_id", sa.BigInteger, nullable=False),
    sa.Column("seq", sa.BigInteger, nullable=False),
)


def insert_new(dialect: str, table: sa.Table) -> sa.Insert:
    """An insert that leaves rows alone whose key is there already."""
    if dialect == "postgresql":
        return postgresql_insert(table).on_conflict_do_nothing()
    return sqlite_insert(table).on_conflict_do_nothing()
