"""A million steered random transfers against an independent oracle, on SQLite and PostgreSQL.

    make campaign-ledger
    make campaign-ledger ARGS="--operations 50000 --seed 7 --database sqlite"

After every batch each answer, balance and hold is compared; in the end the journal is replayed. A
difference is told with the seed of its world, and the same seed makes the same world again.
"""

import argparse
import asyncio
import secrets
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from aia.core.ids import random_ids
from aia.infra.sql import migrate, open_database
from tests.ledger.books import Clock, DatabaseBook
from tests.ledger.contest import EVERY_OUTCOME, Contest
from tests.ledger.steered import START
from tests.support.postgres import PostgresServer

WORLD = 20_000


@contextmanager
def database_of(kind: str) -> Iterator[str]:
    if kind == "sqlite":
        with tempfile.TemporaryDirectory(prefix="aia-ledger-") as folder:
            yield f"sqlite:///{Path(folder) / 'aia.db'}"
    else:
        with PostgresServer() as server:
            yield server.create_database("ledger")


async def campaign(kind: str, operations: int, seed: str) -> Counter[str]:
    """What was told, by kind and outcome; raises `Differs`."""
    told: Counter[str] = Counter()
    number = 0
    while told.total() < operations:
        with database_of(kind) as url:
            clock = Clock(START)
            database = open_database(url, clock, random_ids())
            try:
                await migrate(database)
                async with DatabaseBook(database, clock).opened() as book:
                    contest = Contest(book)
                    begun = time.monotonic()
                    await contest.play(f"{seed}-{number}", min(WORLD, operations - told.total()))
            finally:
                await database.engine.dispose()
        told += contest.told
        number += 1
        print(
            f"{kind}: {told.total():9,} operations, 0 differences "
            f"({contest.operations / (time.monotonic() - begun):,.0f} a second)",
            flush=True,
        )
    return told


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--operations", type=int, default=1_000_000, help="over all databases")
    parser.add_argument("--seed", default=None, help="any text; a new one each time when left out")
    parser.add_argument("--database", choices=("sqlite", "postgres", "both"), default="both")
    options = parser.parse_args()
    seed = options.seed or secrets.token_hex(4)
    kinds = ("sqlite", "postgres") if options.database == "both" else (options.database,)
    print(f"seed {seed}", flush=True)
    told: Counter[str] = Counter()
    for kind in kinds:
        told += asyncio.run(campaign(kind, options.operations // len(kinds), seed))
    for name, count in sorted(told.items()):
        print(f"{count:9,}  {name}")
    missing = EVERY_OUTCOME - told.keys()
    print(f"{told.total():,} operations on {' and '.join(kinds)}, seed {seed}, 0 differences")
    if missing:
        print(f"never seen, so not tested: {', '.join(sorted(missing))}")


if __name__ == "__main__":
    main()
