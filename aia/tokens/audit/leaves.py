"""Rows of the journal to leaves of the log, in large batches."""

import struct
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from aia.core.ids import ALPHABET
from aia.tokens.log.leaf import KIND_CODES, encode

TRANSFER, HOLD = "tfr_", "hld_"
_DIGITS = 26
_CONTENT_SKIP = 6  # an id made from content has 20 digits: its first six of 26 are zeros
_KINDS: Mapping[int, str] = {code: kind for kind, code in KIND_CODES.items()}
_WEIGHTS = np.array([16, 8, 4, 2, 1], dtype=np.uint8)


class BadRow(Exception):
    """A row of the journal of which no leaf can be made."""


def id_texts(prefix: str, numbers: Sequence[bytes]) -> list[str]:
    """The ids of numbers of 16 bytes, as `aia.tokens.store_ids.text_of` writes them, all at once."""
    if not numbers:
        return []
    bits = np.unpackbits(np.frombuffer(b"".join(numbers), dtype=np.uint8).reshape(len(numbers), 16), axis=1)
    padded = np.concatenate([np.zeros((len(numbers), 2), dtype=np.uint8), bits], axis=1)
    digits = padded.reshape(len(numbers), _DIGITS, 5) @ _WEIGHTS
    text = np.frombuffer(ALPHABET.encode(), dtype=np.uint8)[digits].tobytes().decode()
    found: list[str] = []
    for start in range(0, len(text), _DIGITS):
        content = text.startswith("000000", start)
        found.append(prefix + text[start + _CONTENT_SKIP * content : start + _DIGITS])
    return found


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
