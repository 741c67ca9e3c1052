"""The leaf of a transfer: one meaning, one byte string."""

import struct
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aia.ledger.log.leaf import KIND_CODES, TOKEN_CODES, LeafFields, decode, encode, microseconds
from aia.ledger.model import Token, TransferKind

IDS = st.text(max_size=40)
INT64 = st.integers(-(2**63), 2**63 - 1)
FIELDS = st.builds(
    LeafFields,
    seq=st.integers(0, 2**64 - 1),
    id=IDS,
    kind=st.sampled_from(sorted(KIND_CODES)),
    token=st.sampled_from(sorted(TOKEN_CODES)),
    debit=st.text(max_size=120),
    credit=st.text(max_size=120),
    amount=st.integers(0, 2**64 - 1),
    debit_after=INT64,
    credit_after=INT64,
    at_us=INT64,
    hold_id=st.none() | IDS,
    reverses=st.none() | IDS,
    expires_us=st.none() | INT64,
    memo=st.text(max_size=200),
)


@given(FIELDS)
def test_a_leaf_gives_back_every_field(fields: LeafFields) -> None:
    assert decode(encode(*fields)) == fields


@given(st.binary(max_size=200))
def test_bytes_that_decode_are_the_bytes_that_encode_writes(data: bytes) -> None:
    try:
        fields = decode(data)
    except ValueError:
        return
    assert encode(*fields) == data


@given(FIELDS, st.data())
def test_a_leaf_with_a_bit_changed_says_something_else_or_nothing(fields: LeafFields, data: st.DataObject) -> None:
    leaf = bytearray(encode(*fields))
    bit = data.draw(st.integers(0, len(leaf) * 8 - 1))
    leaf[bit // 8] ^= 1 << bit % 8
    try:
        other = decode(bytes(leaf))
    except ValueError:
        return
    assert other != fields
    assert encode(*other) == bytes(leaf)


def test_every_kind_and_token_of_the_ledger_has_its_code() -> None:
    assert set(KIND_CODES) == {kind.value for kind in TransferKind}
    assert set(TOKEN_CODES) == {token.value for token in Token}


def test_the_bytes_of_version_1_never_change() -> None:
    leaf = encode(7, "tfr_1", TransferKind.MINT, Token.AIA_GOV, "a", "bc", 5, -5, 5, 1, memo="é")
    assert leaf.hex() == (
        "01060200" + "0000000000000007" + "0000000000000005" + "fffffffffffffffb" + "0000000000000005"
        "0000000000000001" + "0000000000000000" + "0005" + "0001" + "0002" + "0000" + "0000" + "0002"
        "7466725f31" + "61" + "6263" + "c3a9"
    )


def test_microseconds_are_exact() -> None:
    assert microseconds(datetime(2026, 11, 24, 13, 50, 0, 123457, tzinfo=UTC)) == 1795528200123457
    assert microseconds(datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)) == -1


@pytest.mark.parametrize("changes", [{"amount": -1}, {"amount": 2**64}, {"at_us": 2**63}, {"memo": "x" * 65536}])
def test_a_value_that_does_not_fit_is_refused(changes: dict[str, object]) -> None:
    fields = LeafFields(1, "t", "plain", "AIA", "a", "b", 1, 0, 0, 0)
    with pytest.raises(struct.error):
        encode(*fields._replace(**changes))  # type: ignore[arg-type]
