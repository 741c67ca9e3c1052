"""Rows of the journal to leaves of the log, in large batches."""

import base64
import struct
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from aia.core.ids import FROM_RFC4648
from aia.tokens.log.leaf import KIND_CODES, encode

TRANSFER, HOLD = "tfr_", "hld_"
_PACKED, _DIGITS = 32, 26
_CONTENT_SKIP = 6  # an id made from content has 20 digits: its first six of 26 are zeros
_KINDS: Mapping[int, str] = {code: kind for kind, code in KIND_CODES.items()}


class BadRow(Exception):
    """A row of the journal of which no leaf can be made."""


def id_texts(prefix: str, numbers: Sequence[bytes]) -> list[str]:
    """The ids of numbers of 16 bytes, as `aia.tokens.store_ids.text_of` writes them, all at once."""
    # 20 bytes are 32 digits; four bytes of nothing first leave 26 for the number. One call for the whole batch.
    packed = base64.b32encode(b"".join([b"\0\0\0\0" + number for number in numbers]))
    text = packed.translate(FROM_RFC4648).decode()
    found: list[str] = []
    for start in range(_PACKED - _DIGITS, len(text), _PACKED):
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
