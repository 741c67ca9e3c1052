"""Read a genesis file; the default one is `genesis.toml` beside this module."""

import re
import tomllib
from collections.abc import Mapping
from decimal import Decimal
from importlib.resources import files
from pathlib import Path
from typing import Any, cast

from aia.ledger.model import Token
from aia.tokens.genesis.model import (
    WHOLE_BPS,
    Allocation,
    BadGenesis,
    GenesisPlan,
    Terms,
    check_allocations,
)

FILE_BYTES_MAX = 256 * 1024
DAYS_MAX = 36_525
DEFAULT_NAME = "genesis.toml"
_PURPOSE = re.compile(r"[a-z][a-z0-9-]{0,31}")
_RESERVED = frozenset({"mint", "agent", "mission", "organisation", "stake", "vesting", "slashed", "gov"})
_KEYS = {"purpose", "percent", "epoch_limit_percent", "vesting"}


def read_genesis(path: Path | None) -> GenesisPlan:
    """The genesis of a file, or the default one; raises `BadGenesis` naming the file and what is wrong."""
    if path is None:
        text = files("aia.tokens.genesis").joinpath(DEFAULT_NAME).read_text(encoding="utf-8")
        name = DEFAULT_NAME
    else:
        name, text = str(path), _read(path)
    try:
        return parse_genesis(text)
    except BadGenesis as error:
        raise BadGenesis(f"{name}: {error.detail}", **error.facts) from error


def _read(path: Path) -> str:
    try:
        if path.stat().st_size > FILE_BYTES_MAX:
            raise BadGenesis(f"{path}: a genesis file has at most {FILE_BYTES_MAX} bytes")
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadGenesis(f"{path}: cannot be read as UTF-8 text: {error}") from error


def parse_genesis(text: str) -> GenesisPlan:
    """A checked plan of TOML text: `grants`, and a list of allocations for each token."""
    try:
        document = tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        raise BadGenesis(f"not TOML: {error}") from error
    known = {"grants", *(token.value for token in Token)}
    if unknown := sorted(set(document) - known):
        raise BadGenesis(f"the unknown key {unknown[0]!r}; known are {', '.join(sorted(known))}")
    allocations: list[Allocation] = []
    for token in Token:
        tables = document.get(token.value)
        if not isinstance(tables, list) or not tables:
            raise BadGenesis(f"no [[{token.value}]] tables: each token needs its allocations")
        mine = [_allocation(token, table, n) for n, table in enumerate(cast("list[Any]", tables), 1)]
        check_allocations(token, mine)
        allocations += mine
    grants = document.get("grants")
    sources = [a.purpose for a in allocations if a.token is Token.AIA and a.terms is None]
    if not isinstance(grants, str) or grants not in sources:
        raise BadGenesis(f"grants is {grants!r}: name one of {', '.join(sources)}")
    return GenesisPlan(tuple(allocations), grants, text)


def _allocation(token: Token, table: object, number: int) -> Allocation:
    where = f"{token.value} allocation number {number}"
    if not isinstance(table, dict):
        raise BadGenesis(f"{where} is not a table")
    fields = cast("dict[str, object]", table)
    if unknown := sorted(set(fields) - _KEYS):
        raise BadGenesis(f"{where} has the unknown key {unknown[0]!r}; known are {', '.join(sorted(_KEYS))}")
    purpose = fields.get("purpose")
    if not isinstance(purpose, str) or not _PURPOSE.fullmatch(purpose) or purpose in _RESERVED:
        raise BadGenesis(f"{where} has the purpose {purpose!r}: use up to 32 of a-z, 0-9 and -, none of the ledger's")
    where = f"{token.value} allocation {purpose!r}"
    return Allocation(
        token=token,
        purpose=purpose,
        share_bps=_bps(fields, "percent", where),
        epoch_limit_bps=_bps(fields, "epoch_limit_percent", where),
        terms=_terms(fields.get("vesting"), where),
    )


def _bps(fields: Mapping[str, object], key: str, where: str) -> int:
    value = fields.get(key)
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        bps = Decimal(value) * 100
        if bps.is_finite() and bps == bps.to_integral_value() and 0 < bps <= WHOLE_BPS:
            return int(bps)
    raise BadGenesis(f"{where} has {key} = {value}: use a number above 0, at most 100, with at most 2 places")


def _terms(table: object, where: str) -> Terms | None:
    if table is None:
        return None
    fields = cast("dict[str, object]", table) if isinstance(table, dict) else {}
    cliff, duration = fields.get("cliff_days"), fields.get("duration_days")
    if set(fields) != {"cliff_days", "duration_days"} or type(cliff) is not int or type(duration) is not int:
        raise BadGenesis(f"{where}: vesting needs the whole numbers cliff_days and duration_days, and nothing else")
    if not 0 <= cliff <= duration <= DAYS_MAX or not duration:
        raise BadGenesis(f"{where}: vesting needs 0 <= cliff_days <= duration_days, 1 to {DAYS_MAX} days")
    return Terms(cliff, duration)
