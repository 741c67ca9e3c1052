"""Canonical bytes: one JSON value, one byte string (RFC 8785), one hash."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias, cast

import rfc8785

JSON: TypeAlias = "str | int | float | bool | Sequence[JSON] | Mapping[str, JSON] | None"


def canonical(value: JSON) -> bytes:
    """RFC 8785 (JCS) bytes; integers beyond 2^53 and NaN are refused by the library."""
    return rfc8785.dumps(cast("Any", value))


def sha256(data: bytes | str) -> str:
    """Lower-case hexadecimal SHA-256 of bytes, or of a text's UTF-8."""
    return hashlib.sha256(data.encode() if isinstance(data, str) else data).hexdigest()
