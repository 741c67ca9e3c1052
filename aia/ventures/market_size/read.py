"""Assumptions from a TOML or JSON file."""

import json
import tomllib
from decimal import Decimal
from pathlib import Path

from aia.ventures.market_size.model import Assumptions, BadAssumptions, parse_assumptions

BYTES_MAX = 1_000_000


def read_assumptions(path: Path) -> Assumptions:
    """Raises `BadAssumptions` naming the file; numbers stay the decimals that were written."""
    try:
        data = path.read_bytes() if path.stat().st_size <= BYTES_MAX else None
    except OSError as error:
        raise BadAssumptions(f"{path}: cannot be read ({error.strerror})") from error
    if data is None:
        raise BadAssumptions(f"{path}: is larger than {BYTES_MAX} bytes")
    try:
        if path.suffix == ".json":
            given = json.loads(data.decode(), parse_float=Decimal)
        else:
            given = tomllib.loads(data.decode(), parse_float=Decimal)
    except (ValueError, RecursionError) as error:
        raise BadAssumptions(f"{path}: is not {'JSON' if path.suffix == '.json' else 'TOML'}: {error}") from error
    if not isinstance(given, dict):
        raise BadAssumptions(f"{path}: holds no table")
    return parse_assumptions(given)
