"""Rows of the journal to leaves of the log, in large batches."""

import binascii
import functools
import struct
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from aia.core.ids import ALPHABET
from aia.ledger.log.leaf import KIND_CODES, encode

TRANSFER, HOLD = "tfr_", "hld_"
_PACKED, _DIGITS = 32, 26
_CONTENT_SKIP = 6  # an id made from content has 20 digits: its first six of 26 are zeros
_SLOT = 24  # bytes of 32 digits of six bits
_PAD = bytes(_SLOT - 16)
_AT_ONCE = 256  # numbers in one large integer: more would leave the processor's nearest cache
_BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_TO_IDS = bytes.maketrans(_BASE64[:32], ALPHABET.encode())
_KINDS: Mapping[int, str] = {code: kind for kind, code in KIND_CODES.items()}


class BadRow(Exception):
    """A row of the journal of which no leaf can be made."""


def id_texts(prefix: str, numbers: Sequence[bytes]) -> list[str]:
    """The ids of numbers of 16 bytes, as `aia.ledger.store_ids.text_of` writes them, all at once.

    Base 64 is made in C, base 32 in Python: so the digits of five bits are moved into places of six, of all
    numbers together as one large integer, and read as digits of base 64, of which only the first 32 occur.
    Raises ValueError for a number of another length.
    """
    found: list[str] = []
    for first in range(0, len(numbers), _AT_ONCE):
        some = numbers[first : first + _AT_ONCE]
        text = _digits(_PAD + _PAD.join(some), len(some))
        for start in range(_PACKED - _DIGITS, len(text), _PACKED):
            content = text.startswith("000000", start)
            found.append(prefix + text[start + _CONTENT_SKIP * content : start + _DIGITS])
    return found


def _digits(packed: bytes, count: int) -> str:
    """32 digits for each number that stands at the low end of a place of 24 bytes."""
    if len(packed) != _SLOT * count:
        raise ValueError("an id that is not of 16 bytes")
    bits = int.from_bytes(packed, "big")
    for mask, shift in _spreading(count):
        high = bits & mask
        bits = (bits ^ high) | high << shift
    digits = binascii.b2a_base64(bits.to_bytes(len(packed), "big"), newline=False)
    return digits.translate(_TO_IDS).decode()


@functools.lru_cache(maxsize=_AT_ONCE)
def _spreading(count: int) -> tuple[tuple[int, int], ...]:
    """How 32 digits of five bits, at the low end of each place of 24 bytes, come to stand six bits apart.

    Sixteen digits move first, to where sixteen of six bits begin, then the upper eight of each half, and so on:
    (the bits that move, how far).
    """
    steps: list[tuple[int, int]] = []
    for half in (16, 8, 4, 2, 1):
        upper = ((1 << 5 * half) - 1) << 5 * half
        one = sum(upper << 12 * half * n for n in range(16 // half))
        steps.append((int.from_bytes(one.to_bytes(_SLOT, "big") * count, "big"), half))
    return tuple(steps)


def leaves_of(
    rows: Sequence[Sequence[Any]],
    names: Mapping[int, tuple[str, str]],
    microseconds: Callable[[bytes], int],
) -> list[bytes]:
    """The leaves of rows as `Source.leaf_rows` reads them; raises `BadRow` naming the first that has none."""
    try:
        return _leaves_of(rows, names, microseconds)
    except (KeyError, ValueError, TypeError, struct.error, OverflowError, AttributeError) as error:
        if len(rows) == 1:
            raise BadRow(f"transfer {rows[0][0]} holds a value that no transfer has ({error})") from None
        for row in rows:
            leaves_of([row], names, microseconds)
        raise


def _leaves_of(
    rows: Sequence[Sequence[Any]],
    names: Mapping[int, tuple[str, str]],
    microseconds: Callable[[bytes], int],
) -> list[bytes]:
    ids = id_texts(TRANSFER, [row[1] for row in rows])
    holds = iter(id_texts(HOLD, [row[9] for row in rows if row[9] is not None]))
    reversed_ids = iter(id_texts(TRANSFER, [row[10] for row in rows if row[10] is not None]))
    leaves: list[bytes] = []
    for row, identity in zip(rows, ids, strict=True):
        seq, _, kind, debit, credit, amount, debit_after, credit_after, at, hold, reverses, expires_at, memo = row
        account, token = names[debit]
        leaves.append(
            encode(
                seq,
                identity,
                _KINDS[kind],
                token,
                account,
                names[credit][0],
                amount,
                debit_after,
                credit_after,
                microseconds(at),
                None if hold is None else next(holds),
                None if reverses is None else next(reversed_ids),
                None if expires_at is None else microseconds(expires_at),
                memo.decode(),
            )
        )
    return leaves
