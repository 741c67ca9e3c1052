"""Ids: prefixed and sortable when made by a clock, stable when made from content."""

import hashlib
from collections.abc import Callable
from os import urandom
from typing import TypeAlias

from aia.core.clock import Clock, system_clock

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford base 32, lower case

NewId: TypeAlias = Callable[[str], str]
"""Makes a fresh id of the given prefix, e.g. `new_id("msn")`."""


_TWO = tuple(first + second for first in ALPHABET for second in ALPHABET)
_WORD = (1 << 60) - 1
_FIVE_BITS = bytes(ord(ALPHABET[byte & 31]) for byte in range(256))
"""A digit for each byte: as random as the byte, as each digit stands for eight of them."""


def _base32(value: int, length: int) -> str:
    """The last digits, at most 26, of a number below 2^130: two at a time, of parts that are machine words."""
    high, middle, low = value >> 120, (value >> 60) & _WORD, value & _WORD
    digits = (
        _TWO[high]
        + (_TWO[middle >> 50] + _TWO[(middle >> 40) & 1023] + _TWO[(middle >> 30) & 1023])
        + (_TWO[(middle >> 20) & 1023] + _TWO[(middle >> 10) & 1023] + _TWO[middle & 1023])
        + (_TWO[low >> 50] + _TWO[(low >> 40) & 1023] + _TWO[(low >> 30) & 1023])
        + (_TWO[(low >> 20) & 1023] + _TWO[(low >> 10) & 1023] + _TWO[low & 1023])
    )
    return digits[-length:]


def random_ids(clock: Clock = system_clock) -> NewId:
    """Ids in the manner of ULID: 48 bits of milliseconds in ten digits, then 80 random bits in sixteen."""
    stamp = (-1, "")  # the milliseconds of the last id, and their digits

    def new_id(prefix: str) -> str:
        nonlocal stamp
        milliseconds = int(clock().timestamp() * 1000)
        before, digits = stamp
        if milliseconds != before:
            digits = _base32(milliseconds, 10)
            stamp = (milliseconds, digits)
        return f"{prefix}_{digits}{urandom(16).translate(_FIVE_BITS).decode()}"

    return new_id


def content_id(prefix: str, *parts: str) -> str:
    """The same parts give the same id, always: 100 bits of SHA-256 over length-prefixed parts."""
    digest = hashlib.sha256()
    for part in parts:
        raw = part.encode()
        digest.update(len(raw).to_bytes(8, "big") + raw)
    return f"{prefix}_{_base32(int.from_bytes(digest.digest()[:13], 'big') >> 4, 20)}"


def hash64(text: str) -> int:
    """64 bits that are the same in every process; of a million texts two share them once in 37 million."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")
