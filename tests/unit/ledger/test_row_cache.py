"""Rows at hand: what is known, what is taken to be new, and how much is kept."""

from datetime import UTC, datetime, timedelta

from aia.core.ids import content_id, random_ids
from aia.core.money import Units
from aia.ledger.model import Account, PostedTransfer, Token, TransferKind
from aia.ledger.posting import Posting
from aia.ledger.row_cache import ACCOUNTS_MAX, CLOCKS_APART_MS, TRANSFERS_MAX, RowCache
from aia.ledger.store import Head
from aia.ledger.store_ids import TRANSFER, number_of

START = datetime(2026, 1, 1, tzinfo=UTC)
APART = timedelta(milliseconds=CLOCKS_APART_MS)


def number_at(at: datetime) -> int:
    number = number_of(TRANSFER, random_ids(lambda: at)("tfr"))
    assert number is not None
    return number


def posting(first: int, count: int, at: datetime) -> Posting:
    rows = [
        PostedTransfer(
            seq=seq,
            id=f"tfr_{seq}",
            debit="a",
            credit="b",
            token=Token.AIA,
            amount=Units(1),
            asked=Units(1),
            kind=TransferKind.PLAIN,
            hold_id=None,
            reverses=None,
            expires_at=None,
            debit_after=0,
            credit_after=0,
            memo="",
            at=at,
        )
        for seq in range(first, first + count)
    ]
    return Posting((), tuple(rows), (), (), (), first + count)


def test_an_id_is_new_when_its_clock_is_past_the_beginning_by_more_than_clocks_differ():
    recent = RowCache(Head(1, b"", b""), START)
    assert not recent.is_new(number_at(START - timedelta(days=1)))
    assert not recent.is_new(number_at(START + APART - timedelta(milliseconds=1)))
    assert recent.is_new(number_at(START + APART))


def test_an_id_made_from_content_is_never_taken_to_be_new():
    number = number_of(TRANSFER, content_id("tfr", "anything"))
    assert number is not None
    assert not RowCache(Head(1, b"", b""), START).is_new(number)


def test_the_oldest_transfers_go_and_ids_of_their_time_are_asked_for_again():
    recent = RowCache(Head(1, b"", b""), START)
    for turn in range(3):
        first = 1 + turn * TRANSFERS_MAX
        later = START + timedelta(seconds=10 * (turn + 1))
        recent.follow(posting(first, TRANSFERS_MAX, later), Head(first + TRANSFERS_MAX, b"", b""))
    assert recent.head.next_seq == 1 + 3 * TRANSFERS_MAX
    asked = [f"tfr_{n}" for n in (1, TRANSFERS_MAX, TRANSFERS_MAX + 1, 3 * TRANSFERS_MAX)]
    kept = recent.transfers(asked)
    assert list(kept) == asked[2:]
    assert [row.seq for row in kept.values()] == [TRANSFERS_MAX + 1, 3 * TRANSFERS_MAX]
    assert not recent.is_new(number_at(START + timedelta(seconds=10)))
    assert recent.is_new(number_at(START + timedelta(seconds=10) + APART))


def test_more_accounts_than_are_kept_are_too_many():
    recent = RowCache(Head(1, b"", b""), START)
    names = [f"a{n}" for n in range(ACCOUNTS_MAX + 1)]
    accounts = [Account(name, Token.AIA, "test", "test", 0, 0, 0, closed=False) for name in names]
    recent.learn(accounts[:-1], ())
    assert not recent.full
    recent.learn(accounts[-1:], ())
    assert recent.full
