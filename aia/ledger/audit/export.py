"""The whole ledger written out, for people who trust nobody here: one transfer a line, and what checks them."""

import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, TextIO

from aia.core.clock import rfc3339
from aia.core.errors import Invalid
from aia.core.principal import Principal
from aia.infra.sql import Database
from aia.ledger import store as ledger_store
from aia.ledger.audit import beancount
from aia.ledger.audit.leaves import leaves_of
from aia.ledger.audit.service import TransferLog
from aia.ledger.audit.store import Source, Standing
from aia.ledger.log.leaf import LeafFields, decode

BATCH = 8_192
VERIFIER = "verify.py"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Export:
    """What was written, and where."""

    folder: str
    transfers: int
    accounts: int
    checkpoints: int
    bytes: int


async def export_ledger(
    database: Database,
    log: TransferLog,
    folder: Path,
    *,
    with_beancount: bool = True,
    progress: Callable[[int, int], None] = lambda _done, _all: None,
) -> Export:
    """Write the ledger of the deployment as it stands now, its checkpoint with it, into an empty folder.

    Raises `Invalid` when the folder holds anything, or cannot be made.
    """
    _prepare(folder)
    system = Principal.system()
    async with database.begin(system) as tx:
        await ledger_store.lock_head(tx)  # so that the checkpoint covers exactly what stands
        await log.checkpoint(tx)
        source = await Source.of(tx)
        standing, notes = await source.standing(), await source.checkpoints()
    _write_lines(folder / "accounts.jsonl", (_account_line(account) for account in standing.accounts))
    _write_lines(folder / "checkpoints.jsonl", ({"tree_size": size, "note": raw.decode()} for size, raw in notes))
    (folder / "log.vkey").write_text(f"{log.key.verifier}\n", encoding="utf-8")
    shutil.copyfile(Path(__file__).with_name("verifier.py"), folder / VERIFIER)
    async with database.read(system) as read:
        await _write_transfers(await Source.of(read), standing, folder, log.key.name, with_beancount, progress)
    return Export(str(folder), standing.next_seq - 1, len(standing.accounts), len(notes), _bytes_in(folder))


def _prepare(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        taken = any(folder.iterdir())
    except OSError as error:
        raise Invalid(f"the folder {folder} cannot be used ({error.strerror}); choose another") from error
    if taken:
        raise Invalid(f"the folder {folder} is not empty: choose a new one, so that nothing is written over")


def _bytes_in(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.iterdir())


async def _write_transfers(
    source: Source,
    standing: Standing,
    folder: Path,
    title: str,
    with_beancount: bool,
    progress: Callable[[int, int], None],
) -> None:
    names = await source.names()
    accounts = sorted(standing.accounts)
    size, last = standing.next_seq - 1, date(1970, 1, 1)
    with ExitStack() as files:
        lines = files.enter_context((folder / "transfers.jsonl").open("w", encoding="utf-8"))
        books: TextIO | None = None
        if with_beancount:
            books = files.enter_context((folder / "ledger.beancount").open("w", encoding="utf-8"))
            books.writelines(beancount.opening(accounts, title))
        shown = {account.id: beancount.account_name(account) for account in accounts}
        for first in range(1, size + 1, BATCH):
            rows = await source.leaf_rows(first, min(first + BATCH - 1, size))
            fields = [decode(leaf) for leaf in leaves_of(rows, names, source.microseconds)]
            lines.writelines(_line(_transfer_line(one)) for one in fields)
            if books is not None:
                books.writelines(_transactions(fields, shown))
            last = max(last, *(beancount.day_of(one.at_us) for one in fields))
            progress(min(first + BATCH - 1, size), size)
        if books is not None:
            books.writelines(beancount.closing(accounts, last))


def _transactions(fields: Sequence[LeafFields], shown: dict[str, str]) -> Iterator[str]:
    for one in fields:
        if one.kind not in beancount.MOVES_NOTHING:
            yield beancount.transaction(one, shown[one.debit], shown[one.credit])


def _transfer_line(fields: LeafFields) -> dict[str, Any]:
    return {
        "seq": fields.seq,
        "id": fields.id,
        "kind": fields.kind,
        "token": fields.token,
        "debit": fields.debit,
        "credit": fields.credit,
        "amount": fields.amount,
        "debit_after": fields.debit_after,
        "credit_after": fields.credit_after,
        "at": _time(fields.at_us),
        "hold": fields.hold_id,
        "reverses": fields.reverses,
        "expires_at": None if fields.expires_us is None else _time(fields.expires_us),
        "memo": fields.memo,
    }


def _time(at_us: int) -> str:
    return rfc3339(_EPOCH + timedelta(microseconds=at_us))


def _account_line(account: Any) -> dict[str, Any]:
    return {name: getattr(account, name) for name in ("id", "token", "floor", "posted", "held", "closed")}


def _write_lines(path: Path, values: Iterator[dict[str, Any]]) -> None:
    with path.open("w", encoding="utf-8") as lines:
        lines.writelines(_line(value) for value in values)


def _line(value: dict[str, Any]) -> str:
    """One line of JSON in the canonical form of RFC 8785: sorted names, no spaces, integers as they are."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True) + "\n"
