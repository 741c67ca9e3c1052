"""One database, SQLite or PostgreSQL: transactions, the outbox inside them, migrations."""

from aia.infra.sql.database import Database, Read, Tx, open_database
from aia.infra.sql.migrate import migrate
from aia.infra.sql.outbox import Consumer, Event, OutboxReader, StoredEvent
from aia.infra.sql.schema import Instants, Json, metadata

__all__ = [
    "Consumer",
    "Database",
    "Event",
    "Instants",
    "Json",
    "OutboxReader",
    "Read",
    "StoredEvent",
    "Tx",
    "metadata",
    "migrate",
    "open_database",
]
