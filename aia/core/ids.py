"""Ids: prefixed and sortable when made by a clock, stable when made from content."""

import hashlib
import secrets
from collections.abc import Callable
from typing import TypeAlias

from aia.core.clock import Clock, system_clock

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford base 32, lower case

NewId: TypeAlias = Callable[[str], str]
"""Makes a fresh id of the given prefix, e.g. `new_id("msn")`."""


def _base32(value: int, length: int) -> str:
    digits: list[str] = []
    for _ in range(length):
        value, digit = divmod(value, 32)
        digits.append(ALPHABET[digit])
    return "".join(reversed(digits))


def random_ids(clock: Clock = system_clock) -> NewId:
    """Ids in the manner of ULID: 48 bits of milliseconds, then 80 random bits."""

    def new_id(prefix: str) -> str:
        milliseconds = int(clock().timestamp() * 1000)
        return f"{prefix}_{_base32(milliseconds, 10)}{_base32(secrets.randbits(80), 16)}"

    return new_id


def content_id(prefix: str, *parts: str) -> str:
    """The same parts give the same id, always: 100 bits of SHA-256 over length-prefixed parts."""
    digest = hashlib.sha256()
    for part in parts:
        raw = part.encode()
        digest.update(len(raw).to_bytes(8, "big") + raw)
    return f"{prefix}_{_base32(int.from_bytes(digest.digest()[:13], 'big') >> 4, 20)}"
