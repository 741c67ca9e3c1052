"""The ledger in the language of Beancount, version 3, so that `bean-check` can balance it a second time; pure.

Syntax: https://beancount.github.io/docs/beancount_language_syntax.html. Accounts are named after ours and end in
their number, so that no two are one. Amounts are decimals made from integers. Transfers that move
nothing (hold, void, expire) have no place there.
"""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

from aia.core.money import UNITS_PER_TOKEN
from aia.ledger.audit.replay import StoredAccount
from aia.ledger.log.leaf import LeafFields

OPENED = "1970-01-01"
MOVES_NOTHING = frozenset({"hold", "void", "expire"})
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FOREIGN = re.compile(r"[^A-Za-z0-9]+")


def account_name(account: StoredAccount) -> str:
    """`Assets:Agent:Default:Scout-3:N12`; a mint stands under `Equity`."""
    parts = [_FOREIGN.sub("-", part).strip("-") for part in account.id.split(":")]
    shown = [f"{part[:1].upper()}{part[1:]}" for part in parts if part]
    return ":".join(["Equity" if account.floor is None else "Assets", *shown, f"N{account.no}"])


def opening(accounts: list[StoredAccount], title: str) -> Iterator[str]:
    """Title and accounts; a difference of the smallest unit is an error, not a rounding."""
    yield f'option "title" {_quoted(title)}\noption "tolerance_multiplier" "0.0"\n'
    for account in accounts:
        yield f"{OPENED} open {account_name(account)} {account.token}\n  aia-id: {_quoted(account.id)}\n"


def transaction(fields: LeafFields, debit: str, credit: str) -> str:
    """A transfer that moves something."""
    amount = decimal(fields.amount)
    at = _EPOCH + timedelta(microseconds=fields.at_us)
    return (
        f"\n{at.date()} * {_quoted(fields.memo or fields.kind)}\n"
        f'  seq: {fields.seq}\n  aia-id: "{fields.id}"\n'
        f"  {debit}  -{amount} {fields.token}\n  {credit}  {amount} {fields.token}\n"
    )


def closing(accounts: list[StoredAccount], last: date) -> Iterator[str]:
    """What each account must come to, on the day after the last transfer."""
    day = last + timedelta(days=1)
    for account in accounts:
        yield f"\n{day} balance {account_name(account)}  {decimal(account.posted)} ~ 0.000000 {account.token}\n"


def decimal(units: int) -> str:
    """Six places, always: 1500000 gives `1.500000`."""
    whole, fraction = divmod(abs(units), UNITS_PER_TOKEN)
    return f"{'-' if units < 0 else ''}{whole}.{fraction:06d}"


def day_of(at_us: int) -> date:
    return (_EPOCH + timedelta(microseconds=at_us)).date()


def _quoted(text: str) -> str:
    safe = "".join(c if c.isprintable() else " " for c in text)
    return '"' + safe.replace("\\", "\\\\").replace('"', '\\"') + '"'
