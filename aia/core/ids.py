"""Ids: prefixed and sortable when made by a clock, stable when made from content."""

import base64
import hashlib
import secrets
from collections.abc import Callable
from typing import TypeAlias

from aia.core.clock import Clock, system_clock

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford base 32, lower case

FROM_RFC4648 = bytes.maketrans(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", ALPHABET.encode())
"""Translates the digits of `base64.b32encode` into ours."""

NewId: TypeAlias = Callable[[str], str]
"""Makes a fresh id of the given prefix, e.g. `new_id("msn")`."""


def _base32(value: int, length: int) -> str:
    """The last digits of a number below 2^160."""
    return base64.b32encode(value.to_bytes(20, "big")).translate(FROM_RFC4648).decode()[-length:]


def random_ids(clock: Clock = system_clock) -> NewId:
    """Ids in the manner of ULID: 48 bits of milliseconds, then 80 random bits."""

    def new_id(prefix: str) -> str:
        milliseconds = int(clock().timestamp() * 1000)
        return f"{prefix}_{_base32((milliseconds << 80) | secrets.randbits(80), 26)}"

    return new_id


def content_id(prefix: str, *parts: str) -> str:
    """The same parts give the same id, always: 100 bits of SHA-256 over length-prefixed parts."""
    digest = hashlib.sha256()
    for part in parts:
        raw = part.encode()
        digest.update(len(raw).to_bytes(8, "big") + raw)
    return f"{prefix}_{_base32(int.from_bytes(digest.digest()[:13], 'big') >> 4, 20)}"
