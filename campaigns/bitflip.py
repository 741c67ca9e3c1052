"""Change one bit of what the ledger keeps, and see that the audit finds it: ten thousand times.

    make campaign-bitflip
    make campaign-bitflip ARGS="--flips 500 --seed 7 --database postgres"

A bit is chosen at random in a stored value: of the journal and its memos, of holds, of balances, of the head,
of the nodes of the Merkle tree and of checkpoints. Each flip is written, audited and rolled back; a value the
database itself refuses to keep is chosen again and counted apart. Exit code 1 if one flip is not found.
"""

import argparse
import asyncio
import random
import tempfile
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy.exc import DBAPIError

from aia.infra.sql import Database, Tx
from aia.ledger.audit.verify import audit
from tests.support.ledgers import LOG, SYSTEM, opened, play
from tests.support.postgres import PostgresServer

TRANSFERS = 400
KEYS = {
    "transfer": ("seq",),
    "transfer_memo": ("no",),
    "hold": ("id",),
    "account": ("no",),
    "ledger_head": ("id",),
    "log_node": ("level", "position"),
    "log_checkpoint": ("tree_size",),
}
"""The tables, and how a row is found again."""
ACCOUNT_COLUMNS = frozenset({"no", "id", "token", "posted", "held", "last_seq"})
"""What transfers determine of an account; its owner, purpose, floor and state are not in the log."""
COUNTERS = frozenset({("ledger_head", "epoch")})
"""Numbers that only tell caches to read again; no value of them is wrong."""


class RolledBack(Exception):
    """Ends a transaction that must leave nothing behind."""


@dataclass(frozen=True)
class Cell:
    """A stored value."""

    table: str
    column: str
    key: tuple[Any, ...]
    value: Any


@dataclass
class Found:
    """What the flips came to."""

    detected: int = 0
    refused: int = 0
    missed: list[str] = field(default_factory=list)
    columns: Counter[str] = field(default_factory=Counter)


async def cells(database: Database) -> list[Cell]:
    """Every stored value that the log or the balances depend on."""
    found: list[Cell] = []
    async with database.read(SYSTEM) as read:
        for table, keys in KEYS.items():
            used = " where last_seq > 0" if table == "account" else ""
            result = await read.conn.exec_driver_sql(f"select * from {table}{used}")
            for row in result.mappings():
                key = tuple(row[name] for name in keys)
                for column, value in row.items():
                    kept = column in ACCOUNT_COLUMNS if table == "account" else (table, column) not in COUNTERS
                    if value is not None and kept:
                        found.append(Cell(table, column, key, value))
    return found


def flipped(value: Any, rng: random.Random) -> tuple[Any, int]:
    """The value with one of its bits changed, and which; raises ValueError if it is no value then."""
    match value:
        case int():
            bit = rng.randrange(64)
            changed = (value % 2**64) ^ (1 << bit)
            return changed - 2**64 if changed >= 2**63 else changed, bit
        case bytes():
            bit = rng.randrange(len(value) * 8)
            return _flip(value, bit), bit
        case str():
            raw = value.encode()
            bit = rng.randrange(len(raw) * 8)
            return _flip(raw, bit), bit
        case datetime():
            bit = rng.randrange(56)
            micros = (value - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
            return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros ^ (1 << bit)), bit
        case _:
            number = UUID(str(value))
            bit = rng.randrange(128)
            return UUID(int=number.int ^ (1 << bit)), bit


def _flip(raw: bytes, bit: int) -> bytes:
    changed = bytearray(raw)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


async def write(tx: Tx, cell: Cell, value: Any) -> None:
    """Store a value past every guard of the database that can be set aside."""
    keys = KEYS[cell.table]
    if tx.dialect == "sqlite":
        new = "cast(? as text)" if isinstance(cell.value, str) else "?"
        where = " and ".join(f"{name} = ?" for name in keys)
    else:
        await tx.conn.exec_driver_sql("set local session_replication_role = replica")
        if isinstance(cell.value, str):
            value = value.decode()
        new = "$1"
        where = " and ".join(f"{name} = ${number}" for number, name in enumerate(keys, 2))
    statement = f'update {cell.table} set "{cell.column}" = {new} where {where}'
    assert (await tx.conn.exec_driver_sql(statement, (value, *cell.key))).rowcount == 1


async def unguard(database: Database) -> None:
    """SQLite: take the triggers away that keep the journal as it is."""
    if database.dialect != "sqlite":
        return
    async with database.begin(SYSTEM) as tx:
        names = await tx.conn.exec_driver_sql("select name from sqlite_master where type = 'trigger'")
        for (name,) in names.all():
            await tx.conn.exec_driver_sql(f"drop trigger {name}")


async def flip(database: Database, cell: Cell, rng: random.Random) -> tuple[str, Sequence[str]]:
    """Change a bit, audit, roll back: where it was, and the problems found. Raises if it cannot be stored."""
    value, bit = flipped(cell.value, rng)
    problems: Sequence[str] = ()
    try:
        async with database.begin(SYSTEM) as tx:
            if tx.dialect == "sqlite":
                await tx.conn.exec_driver_sql("pragma ignore_check_constraints = on")
            await write(tx, cell, value)
            problems = (await audit(tx, key=LOG.key.verifier)).problems
            raise RolledBack  # noqa: TRY301 - the transaction ends by an exception, as a crash would end it
    except RolledBack:
        return f"bit {bit} of {cell.table}.{cell.column} in row {cell.key}: {cell.value!r} to {value!r}", problems


async def campaign(database: Database, flips: int, seed: int, told: int = 1_000) -> Found:
    """Flip that many bits, each found or told of; every column has its turn."""
    rng = random.Random(seed)
    by_column: dict[str, list[Cell]] = {}
    for cell in await cells(database):
        by_column.setdefault(f"{cell.table}.{cell.column}", []).append(cell)
    names = sorted(by_column)
    found = Found()
    while found.detected + len(found.missed) < flips:
        name = names[(found.detected + found.refused) % len(names)]
        try:
            where, problems = await flip(database, rng.choice(by_column[name]), rng)
        except (DBAPIError, ValueError, OverflowError):
            found.refused += 1
            continue
        found.columns[name] += 1
        if problems:
            found.detected += 1
        else:
            found.missed.append(where)
            print(f"NOT FOUND: {where}", flush=True)
        if found.detected % told == 0 and problems:
            print(f"{found.detected} flips found, {found.refused} refused by the database", flush=True)
    return found


async def run(url: str, flips: int, seed: int) -> Found:
    async with opened(url) as book:
        await play(book, f"bitflip-{seed}", TRANSFERS)
        async with book.database.read(SYSTEM) as read:
            sound = await audit(read, key=LOG.key.verifier)
        assert sound.problems == (), sound.problems
        await unguard(book.database)
        found = await campaign(book.database, flips, seed)
        async with book.database.read(SYSTEM) as read:
            assert await audit(read, key=LOG.key.verifier) == sound, "every flip was rolled back"
        return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--flips", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--database", choices=["sqlite", "postgres"], default="sqlite")
    asked = parser.parse_args()
    with ExitStack() as stack:
        url = f"sqlite:///{Path(stack.enter_context(tempfile.TemporaryDirectory())) / 'ledger.db'}"
        if asked.database == "postgres":
            url = stack.enter_context(PostgresServer()).create_database("bitflip")
        found = asyncio.run(run(url, asked.flips, asked.seed))
    print(f"seed {asked.seed}, {asked.database}: {found.detected} of {asked.flips} flips found in", end=" ")
    print(f"{len(found.columns)} columns, {found.refused} refused by the database, {len(found.missed)} missed")
    return 1 if found.missed else 0


if __name__ == "__main__":
    raise SystemExit(main())
