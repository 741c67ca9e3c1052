"""Statements as CSV (RFC 4180), and what a statement of an account says. Pure."""

import csv
import io
from collections.abc import Iterable, Sequence

from aia.core.clock import rfc3339
from aia.core.money import format_units
from aia.ledger.model import PostedTransfer

ACCOUNT_HEADER = ("seq", "at", "transfer", "kind", "counterpart", "in", "out", "balance", "memo")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def account_rows(account: str, entries: Iterable[PostedTransfer]) -> list[tuple[str, ...]]:
    """A row for each entry: what came in or went out, and the balance after it."""
    rows: list[tuple[str, ...]] = []
    for t in entries:
        out = t.debit == account
        moved = format_units(t.amount)
        rows.append(
            (
                *(str(t.seq), rfc3339(t.at), t.id, t.kind.value),
                t.credit if out else t.debit,
                "" if out else moved,
                moved if out else "",
                format_units(t.debit_after if out else t.credit_after),
                t.memo,
            )
        )
    return rows


def to_csv(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """CSV text; a cell of text that a spreadsheet would take for a formula begins with an apostrophe."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(header)
    writer.writerows([_safe(cell) for cell in row] for row in rows)
    return text.getvalue()


def _safe(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) and not _is_number(cell) else cell


def _is_number(cell: str) -> bool:
    return (
        cell.removeprefix("-").replace(".", "", 1).isascii() and cell.removeprefix("-").replace(".", "", 1).isdigit()
    )
