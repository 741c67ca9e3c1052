"""What the rules hand to a store: mutants of the rules that only these details tell apart."""

from datetime import timedelta

import pytest

from tests.ledger.bank import ACCOUNTS, K, ask, hld
from tests.ledger.books import PureBook
from tests.ledger.steered import START


@pytest.fixture
def book() -> PureBook:
    book = PureBook()
    book.open(ACCOUNTS)
    assert told(book, ask("fund", K.MINT, "mint", "a", 20_000)) == ["created"]
    return book


def told(book: PureBook, *batch) -> list[str]:
    return [result.outcome.value for result in book.post(batch, START)]


def test_a_batch_of_ten_thousand_is_posted_and_one_more_is_answered_by_id(book: PureBook):
    batch = [ask(n, K.PLAIN, "a", "b", 1) for n in range(10_001)]
    assert [result.transfer_id for result in book.post(batch, START)] == [transfer.id for transfer in batch]
    assert len(book.journal) == 1
    assert told(book, *batch[:10_000]) == ["created"] * 10_000


def test_refunds_of_one_payment_add_up_within_a_batch(book: PureBook):
    refunds = [ask(n, K.REVERSAL, "b", "a", 20, reverses="paid") for n in range(4)]
    answers = told(book, ask("paid", K.PLAIN, "a", "b", 50), *refunds)
    assert answers == ["created", "created", "created", "reversal-exceeded", "reversal-exceeded"]


def test_a_row_of_the_journal_carries_the_time_it_was_posted_at(book: PureBook):
    later = START + timedelta(days=1)
    book.post([ask("pay", K.PLAIN, "a", "b", 50)], later)
    assert [row.at for row in book.journal.values()] == [START, later]


def test_a_hold_is_handed_over_as_made_and_then_as_changed_and_never_as_both(book: PureBook):
    until = START + timedelta(days=1)
    book.post([ask("hold", K.HOLD, "a", "b", 50, hold="h", expires_at=until)], START)
    (made,) = book.last.holds_created
    assert book.last.holds_changed == ()
    assert (made.id, made.amount, made.remaining, made.state, made.expires_at) == (hld("h"), 50, 50, "open", until)
    book.post([ask("post", K.POST, "a", "b", 30, hold="h")], START)
    (changed,) = book.last.holds_changed
    assert book.last.holds_created == ()
    assert (changed.amount, changed.remaining, changed.state) == (50, 0, "posted")


def test_a_hold_made_and_voided_in_one_batch_is_handed_over_once_as_it_ends(book: PureBook):
    book.post([ask("hold", K.HOLD, "a", "b", 50, hold="h"), ask("void", K.VOID, "a", "b", 0, hold="h")], START)
    assert [hold.state for hold in book.last.holds_created] == ["voided"]
    assert book.last.holds_changed == ()


def test_accounts_that_nothing_was_posted_to_are_not_handed_over(book: PureBook):
    assert told(book, ask("pay", K.PLAIN, "a", "b", 5), ask("much", K.PLAIN, "c", "b", 5)) == [
        "created",
        "insufficient-funds",
    ]
    assert {account.id for account in book.last.accounts} == {"test:a", "test:b"}
