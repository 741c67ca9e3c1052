"""The leaf of a transfer in the Merkle log: its canonical bytes, version 1.

Everything a row of the journal says, with account ids and transfer ids as the world knows them, so that an
outsider can make the leaf of an exported transfer. Big-endian, 64 bytes and then six texts:

    u8   version, 1                     u8   kind                 u8   token
    u8   flags: 1 hold_id, 2 reverses, 4 expires_at are there
    u64  seq                            u64  amount in units
    i64  debit balance after            i64  credit balance after
    i64  at                             i64  expires_at, 0 if none     (microseconds since 1970 in UTC)
    u16 x 6  lengths in bytes of: id, debit, credit, hold_id, reverses, memo
    the six, in UTF-8

`amount` is what was asked for: what moves, or what a hold reserves; 0 for void and expire.
Injective: `decode` finds every field again and refuses bytes that `encode` cannot have written.
"""

import struct
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

VERSION = 1
KIND_CODES = {
    **{"plain": 1, "hold": 2, "post": 3, "void": 4, "expire": 5},
    **{"mint": 6, "burn": 7, "reversal": 8},
}
TOKEN_CODES = {"AIA": 1, "AIA_GOV": 2}

_HEAD = struct.Struct(">BBBBQQqqqqHHHHHH")
_KINDS = {code: kind for kind, code in KIND_CODES.items()}
_TOKENS = {code: token for token, code in TOKEN_CODES.items()}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_pack = _HEAD.pack


class LeafFields(NamedTuple):
    """What a leaf says; times are microseconds since 1970."""

    seq: int
    id: str
    kind: str
    token: str
    debit: str
    credit: str
    amount: int
    debit_after: int
    credit_after: int
    at_us: int
    hold_id: str | None = None
    reverses: str | None = None
    expires_us: int | None = None
    memo: str = ""


def microseconds(at: datetime) -> int:
    """Microseconds since 1970 in UTC of an aware time."""
    return (at - _EPOCH) // _MICROSECOND


def encode(
    seq: int,
    transfer_id: str,
    kind: str,
    token: str,
    debit: str,
    credit: str,
    amount: int,
    debit_after: int,
    credit_after: int,
    at_us: int,
    hold_id: str | None = None,
    reverses: str | None = None,
    expires_us: int | None = None,
    memo: str = "",
) -> bytes:
    """The leaf of one transfer, its arguments those of `LeafFields` in order (an enum of text is a text).

    Raises KeyError for an unknown kind or token, struct.error for a number or text out of bounds.
    """
    flags = 0
    identity, debit_text, credit_text, memo_text = (
        transfer_id.encode(),
        debit.encode(),
        credit.encode(),
        memo.encode(),
    )
    hold = reversed_id = b""
    if hold_id is not None:
        flags, hold = 1, hold_id.encode()
    if reverses is not None:
        flags, reversed_id = flags | 2, reverses.encode()
    if expires_us is not None:
        flags |= 4
    lengths = (len(identity), len(debit_text), len(credit_text), len(hold), len(reversed_id), len(memo_text))
    codes = (VERSION, KIND_CODES[kind], TOKEN_CODES[token], flags)
    head = _pack(*codes, seq, amount, debit_after, credit_after, at_us, expires_us or 0, *lengths)
    return head + identity + debit_text + credit_text + hold + reversed_id + memo_text


def decode(leaf: bytes) -> LeafFields:
    """The fields of a leaf; raises ValueError for bytes that are none."""
    if len(leaf) < _HEAD.size:
        raise ValueError(f"a leaf has at least {_HEAD.size} bytes, this has {len(leaf)}")
    version, kind, token, flags, seq, amount, debit_after, credit_after, at_us, expires_us, *lengths = (
        _HEAD.unpack_from(leaf)
    )
    if version != VERSION or kind not in _KINDS or token not in _TOKENS or flags > 7:
        raise ValueError(f"a leaf of version {version}, kind {kind}, token {token} and flags {flags} is not known")
    if len(leaf) != _HEAD.size + sum(lengths):
        raise ValueError(f"the leaf names {_HEAD.size + sum(lengths)} bytes and has {len(leaf)}")
    parts: list[bytes] = []
    at = _HEAD.size
    for length in lengths:
        parts.append(leaf[at : at + length])
        at += length
    has_hold, reverses_one, expires = bool(flags & 1), bool(flags & 2), bool(flags & 4)
    if (parts[3] and not has_hold) or (parts[4] and not reverses_one) or (expires_us and not expires):
        raise ValueError("the leaf holds a value that its flags deny")
    return LeafFields(
        seq=seq,
        id=parts[0].decode(),
        kind=_KINDS[kind],
        token=_TOKENS[token],
        debit=parts[1].decode(),
        credit=parts[2].decode(),
        amount=amount,
        debit_after=debit_after,
        credit_after=credit_after,
        at_us=at_us,
        hold_id=parts[3].decode() if has_hold else None,
        reverses=parts[4].decode() if reverses_one else None,
        expires_us=expires_us if expires else None,
        memo=parts[5].decode(),
    )
