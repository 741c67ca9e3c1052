"""The ledger in a process of its own, for tests that need several, or one to kill.

    python -m tests.support.ledger_process DATABASE_URL

Each line of its input is a batch, `{"n": number, "batch": [transfer, ...]}`; many are posted at a time.
Each line of its output answers one, after the commit: `{"n": number, "results": [...]}`, or
`{"n": number, "error": text}` when the database failed, and then nobody knows whether it was posted.
"""

import asyncio
import json
import sys
from dataclasses import fields
from datetime import datetime
from typing import Any

import structlog

from aia.core.clock import rfc3339, system_clock
from aia.core.ids import random_ids
from aia.core.money import Units
from aia.infra.sql import open_database
from aia.ledger import Result, Token, Transfer, TransferKind
from tests.ledger.books import DatabaseBook

FIELDS = tuple(field.name for field in fields(Transfer))
READY = {"ready": True}


def to_json(transfer: Transfer) -> list[Any]:
    values = [getattr(transfer, name) for name in FIELDS]
    return [rfc3339(value) if isinstance(value, datetime) else value for value in values]


def of_json(values: list[Any]) -> Transfer:
    named = dict(zip(FIELDS, values, strict=True))
    at = named["expires_at"]
    return Transfer(
        **named
        | {"kind": TransferKind(named["kind"]), "token": Token(named["token"]), "amount": Units(named["amount"])}
        | {"expires_at": None if at is None else datetime.fromisoformat(at)}
    )


def result_json(result: Result) -> list[Any]:
    return [result.outcome.value, result.debit_after, result.credit_after, result.seq]


def say(what: dict[str, Any]) -> None:
    print(json.dumps(what), flush=True)


async def answer(book: DatabaseBook, line: str) -> None:
    asked = json.loads(line)
    try:
        results = await book.submit([of_json(values) for values in asked["batch"]])
    except Exception as error:  # noqa: BLE001 - whatever the database did, the parent is told
        say({"n": asked["n"], "error": f"{type(error).__name__}: {error}"[:200]})
    else:
        say({"n": asked["n"], "results": [result_json(result) for result in results]})


async def serve(url: str) -> None:
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))  # our output is for answers
    database = open_database(url, system_clock, random_ids(), pool_size=4)
    loop = asyncio.get_running_loop()
    try:
        async with DatabaseBook(database).opened() as book, asyncio.TaskGroup() as tasks:
            say(READY)
            while line := await loop.run_in_executor(None, sys.stdin.readline):
                tasks.create_task(answer(book, line))
    finally:
        await database.engine.dispose()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1]))
