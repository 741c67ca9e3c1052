"""The posting rules one by one; `test_rules_against_oracle` plays them in their thousands."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from aia.core.money import Units
from aia.ledger.model import Account, Hold, HoldState, Outcome, PostedTransfer, Token, Transfer, TransferKind
from aia.ledger.posting import State, post, touched

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ACCOUNTS = {
    "mint": ("AIA", False, False),
    "a": ("AIA", True, False),
    "b": ("AIA", True, False),
    "c": ("AIA", True, False),
    "gone": ("AIA", True, True),
    "gov": ("AIA_GOV", True, False),
}
K = TransferKind


class Book:
    """A store in memory around the pure rules: loads what a batch touches, keeps what it writes."""

    def __init__(self) -> None:
        self.accounts = {
            name: Account(name, Token(token), name, "test", 0 if floor else None, 0, 0, closed)
            for name, (token, floor, closed) in ACCOUNTS.items()
        }
        self.holds: dict[str, Hold] = {}
        self.journal: list[PostedTransfer] = []

    def post(self, batch: list[Transfer], now: datetime = NOW) -> list[str]:
        wanted = touched(batch)
        by_id = {row.id: row for row in self.journal}
        reversed_units: dict[str, int] = {}
        for row in self.journal:
            if row.kind is K.REVERSAL and row.reverses in wanted.transfers:
                reversed_units[row.reverses] = reversed_units.get(row.reverses, 0) + row.amount
        state = State(
            accounts={i: self.accounts[i] for i in wanted.accounts if i in self.accounts},
            holds={i: self.holds[i] for i in wanted.holds if i in self.holds},
            existing={i: by_id[i] for i in wanted.transfers if i in by_id},
            reversed_units=reversed_units,
            next_seq=len(self.journal) + 1,
        )
        posting = post(state, batch, now)
        self.journal += posting.transfers
        self.accounts |= {account.id: account for account in posting.accounts}
        self.holds |= {hold.id: hold for hold in (*posting.holds_created, *posting.holds_changed)}
        assert [row.seq for row in self.journal] == list(range(1, len(self.journal) + 1))
        assert posting.next_seq == len(self.journal) + 1
        return [result.outcome.value for result in posting.results]

    def check(self) -> None:
        assert sum(account.posted for account in self.accounts.values()) == 0
        for account in self.accounts.values():
            open_holds = [h for h in self.holds.values() if h.debit == account.id and h.state is HoldState.OPEN]
            assert account.held == sum(hold.remaining for hold in open_holds)
            assert account.available is None or account.available >= 0


def move(number: int, debit: str, credit: str, amount: int, kind: K = K.PLAIN, **more) -> Transfer:
    return Transfer(f"t{number}", kind, debit, credit, Units(amount), more.pop("token", Token.AIA), **more)


def funded(amount: int = 100) -> Book:
    book = Book()
    assert book.post([move(900, "mint", "a", amount, K.MINT)]) == ["created"]
    return book


def test_holds_together_never_exceed_the_balance():
    """Blnk 181: several inflight transactions could together exceed the balance."""
    book = funded(100)
    holds = [move(i, "a", "b", 60, K.HOLD, hold_id=f"h{i}") for i in range(2)]
    assert book.post(holds) == ["created", "insufficient-funds"]


def test_a_rejected_hold_cannot_be_posted():
    """Blnk 182: a rejected inflight transaction could still be applied."""
    book = funded(10)
    assert book.post([move(1, "a", "b", 60, K.HOLD, hold_id="h")]) == ["insufficient-funds"]
    assert book.post([move(2, "a", "b", 60, K.POST, hold_id="h")]) == ["hold-not-found"]


def test_a_hold_is_voided_once():
    """Blnk 41: voiding twice gave the money back twice."""
    book = funded()
    void = [move(2, "a", "b", 0, K.VOID, hold_id="h"), move(3, "a", "b", 0, K.VOID, hold_id="h")]
    assert book.post([move(1, "a", "b", 60, K.HOLD, hold_id="h"), *void]) == ["created", "created", "hold-closed"]


def test_two_refunds_cannot_exceed_what_was_paid():
    """Blnk 315: concurrent refunds were both applied."""
    book = funded()
    refunds = [move(i, "b", "a", 40, K.REVERSAL, reverses="t1") for i in (2, 3)]
    assert book.post([move(1, "a", "b", 60), *refunds]) == ["created", "created", "reversal-exceeded"]


def test_a_capture_above_its_hold_is_refused():
    """PraisonAI 2314: the cap was checked only after the call had been paid for."""
    book = funded()
    assert book.post([move(1, "a", "b", 10, K.HOLD, hold_id="h")]) == ["created"]
    assert book.post([move(2, "a", "b", 11, K.POST, hold_id="h")]) == ["hold-exceeded"]


def test_a_business_error_is_an_answer_and_the_rest_of_the_batch_goes_on():
    """Formance 1600 and 1601: a business error within a bulk came back as an internal error."""
    book = funded(10)
    assert book.post([move(1, "a", "b", 50), move(2, "a", "b", 5)]) == ["insufficient-funds", "created"]


def test_posting_less_than_the_hold_frees_the_rest():
    book = funded(100)
    book.post([move(1, "a", "b", 60, K.HOLD, hold_id="h"), move(2, "a", "b", 45, K.POST, hold_id="h")])
    assert (book.accounts["a"].posted, book.accounts["a"].held, book.accounts["b"].posted) == (55, 0, 45)


def test_a_chain_is_posted_whole_or_not_at_all():
    book = funded(100)
    chain = [move(1, "a", "b", 10, linked=True), move(2, "b", "c", 50, linked=True), move(3, "a", "c", 1)]
    assert book.post(chain) == ["linked-failed", "insufficient-funds", "linked-failed"]
    assert len(book.journal) == 1


DIFFERENT = {
    "kind": {"kind": K.HOLD, "hold_id": "h"},
    "debit": {"debit": "c"},
    "credit": {"credit": "c"},
    "token": {"token": Token.AIA_GOV},
    "amount": {"amount": Units(6)},
    "hold": {"hold_id": "h"},
    "reverses": {"reverses": "t900"},
    "expires-at": {"expires_at": NOW},
    "memo": {"memo": "other"},
}


@pytest.mark.parametrize("field", DIFFERENT)
def test_the_same_id_with_another_content_names_the_field_that_differs(field):
    book = funded()
    first = move(1, "a", "b", 5)
    assert book.post([first, first]) == ["created", "exists"]
    assert book.post([replace(first, **DIFFERENT[field])]) == [f"exists-with-different-{field}"]
    assert len(book.journal) == 2


def test_a_hold_asked_for_again_is_compared_by_what_it_reserves():
    book = funded()
    hold = move(1, "a", "b", 60, K.HOLD, hold_id="h")
    assert book.post([hold, hold]) == ["created", "exists"]
    assert book.post([replace(hold, amount=Units(61))]) == ["exists-with-different-amount"]
    assert (book.journal[-1].amount, book.journal[-1].asked) == (0, 60)


def test_a_batch_above_ten_thousand_posts_nothing():
    book = funded()
    answers = book.post([move(i, "a", "b", 1) for i in range(10_001)])
    assert set(answers) == {Outcome.BATCH_TOO_LARGE.value}
    assert len(book.journal) == 1


@pytest.mark.parametrize("kind", [K.PLAIN, K.HOLD, K.BURN, K.REVERSAL])
def test_only_a_mint_may_debit_the_mint(kind):
    book = Book()
    assert book.post([move(1, "mint", "a", 5, kind, hold_id="h")]) == ["mint-not-allowed"]


def test_only_a_burn_may_credit_the_mint():
    book = funded()
    assert book.post([move(1, "a", "mint", 5)]) == ["mint-not-allowed"]
    assert book.post([move(1, "a", "b", 5, K.BURN)]) == ["mint-not-allowed"]


def test_a_burn_returns_supply_to_the_mint():
    book = funded(100)
    assert book.post([move(1, "a", "mint", 30, K.BURN)]) == ["created"]
    assert book.accounts["mint"].posted == -70


SENSELESS = [
    ("invalid-amount", {"amount": Units(0)}),
    ("invalid-amount", {"amount": Units(-1)}),
    ("invalid-amount", {"amount": Units(2**53)}),
    ("invalid-amount", {"kind": K.VOID, "hold_id": "h"}),
    ("invalid-memo", {"memo": "x" * 201}),
    ("invalid-memo", {"memo": "nul \0"}),
    ("invalid-memo", {"memo": "half a pair \ud800"}),
    ("same-account", {"credit": "a"}),
    ("account-not-found", {"debit": "nobody"}),
    ("account-not-found", {"credit": "nobody"}),
    ("account-closed", {"credit": "gone"}),
    ("account-closed", {"debit": "gone"}),
    ("wrong-token", {"token": Token.AIA_GOV}),
    ("wrong-token", {"credit": "gov"}),
    ("wrong-token", {"debit": "gov"}),
    ("hold-not-found", {"kind": K.POST}),
    ("hold-not-found", {"kind": K.POST, "hold_id": "none"}),
    ("hold-not-found", {"kind": K.HOLD}),
    ("hold-exists", {"kind": K.HOLD, "hold_id": "h"}),
    ("hold-mismatch", {"kind": K.POST, "hold_id": "h", "credit": "c"}),
    ("hold-not-expired", {"kind": K.EXPIRE, "hold_id": "h", "amount": Units(0)}),
    ("reversed-not-found", {"kind": K.REVERSAL}),
    ("reversed-not-found", {"kind": K.REVERSAL, "reverses": "none"}),
    ("reversed-not-found", {"kind": K.REVERSAL, "reverses": "t900"}),
    ("insufficient-funds", {"amount": Units(91)}),
]


@pytest.mark.parametrize(("outcome", "fields"), SENSELESS)
def test_what_cannot_be_posted_is_named_and_changes_nothing(outcome, fields):
    book = funded(100)
    assert book.post([move(50, "a", "b", 10, K.HOLD, hold_id="h", expires_at=NOW + timedelta(1))]) == ["created"]
    before = (dict(book.accounts), dict(book.holds), list(book.journal))
    assert book.post([replace(move(1, "a", "b", 5), **fields)]) == [outcome]
    assert (book.accounts, book.holds, book.journal) == before


@pytest.mark.parametrize("field", ["id", "hold_id", "reverses"])
def test_an_id_that_the_database_cannot_keep_is_refused_and_breaks_its_chain(field):
    state = State({}, {}, {}, {}, 1, frozenset({"odd"}))
    odd = replace(move(1, "a", "b", 5), **{field: "odd"})
    posting = post(state, [replace(move(2, "a", "b", 5), linked=True), odd], NOW)
    assert [r.outcome.value for r in posting.results] == ["account-not-found", "linked-failed"]
    posting = post(state, [replace(odd, linked=True), move(2, "a", "b", 5)], NOW)
    assert [r.outcome.value for r in posting.results] == ["invalid-id", "linked-failed"]
    assert [r.transfer_id for r in posting.results] == [odd.id, move(2, "a", "b", 5).id]


def test_a_hold_that_expired_can_be_voided_or_expired_but_not_posted():
    book = funded()
    later = NOW + timedelta(hours=2)
    for number in (1, 2, 3):
        expires = NOW + timedelta(hours=1)
        assert book.post([move(number, "a", "b", 5, K.HOLD, hold_id=f"h{number}", expires_at=expires)]) == ["created"]
    assert book.post([move(11, "a", "b", 5, K.POST, hold_id="h1")], later) == ["hold-expired"]
    assert book.post([move(12, "a", "b", 0, K.EXPIRE, hold_id="h1")], later) == ["created"]
    assert book.post([move(13, "a", "b", 0, K.VOID, hold_id="h2")], later) == ["created"]
    assert book.post([move(14, "a", "b", 5, K.POST, hold_id="h1")], later) == ["hold-expired"]
    assert book.post([move(15, "a", "b", 0, K.EXPIRE, hold_id="h2")], later) == ["hold-closed"]
    assert book.post([move(16, "a", "b", 0, K.EXPIRE, hold_id="none")], later) == ["hold-not-found"]
    assert book.accounts["a"].held == 5


def test_a_chain_that_fails_takes_back_holds_captures_refunds_and_places_in_the_chain_of_entries():
    book = funded(100)
    first = [move(1, "a", "b", 20), move(2, "a", "b", 30, K.HOLD, hold_id="h")]
    assert book.post(first) == ["created", "created"]
    chain = [
        move(3, "a", "c", 10, K.HOLD, hold_id="new", linked=True),
        move(4, "a", "b", 30, K.POST, hold_id="h", linked=True),
        move(5, "b", "a", 20, K.REVERSAL, reverses="t1", linked=True),
        move(6, "a", "b", 10_000),
    ]
    before = (dict(book.accounts), dict(book.holds))
    assert book.post(chain) == ["linked-failed"] * 3 + ["insufficient-funds"]
    assert (book.accounts, book.holds) == before
    assert book.post([*chain[:3], move(6, "a", "b", 1)]) == ["created"] * 4
    assert book.holds["h"].state is HoldState.POSTED
    assert [row.debit_prev for row in book.journal] == [0, 1, 2, 3, 4, 5, 6]
    assert [row.credit_prev for row in book.journal] == [0, 0, 2, 0, 3, 5, 6]


def test_a_chain_that_the_batch_cuts_off_is_a_chain_all_the_same():
    book = funded(10)
    assert book.post([move(1, "a", "b", 5, linked=True), move(2, "a", "b", 6, linked=True)]) == [
        "linked-failed",
        "insufficient-funds",
    ]


def test_a_chain_may_name_what_exists_already():
    book = funded(10)
    first = move(1, "a", "b", 5)
    assert book.post([first]) == ["created"]
    assert book.post([replace(first, linked=True), move(2, "a", "b", 5)]) == ["exists", "created"]


def test_the_same_transfer_twice_in_a_failing_chain_is_told_apart_by_its_place():
    book = funded(10)
    twice = move(1, "a", "b", 50, linked=True)
    assert book.post([twice, twice]) == ["insufficient-funds", "linked-failed"]


def test_a_balance_never_leaves_what_json_keeps_exactly():
    book = Book()
    most = 2**53 - 1
    assert book.post([move(1, "mint", "a", most, K.MINT)]) == ["created"]
    assert book.post([move(2, "mint", "b", 1, K.MINT)]) == ["balance-too-large"]
    assert book.post([move(3, "a", "mint", 1, K.BURN), move(4, "mint", "b", 1, K.MINT)]) == ["created", "created"]


def test_a_reversal_may_be_in_parts_and_never_of_a_reversal():
    book = funded()
    assert book.post([move(1, "a", "b", 60)]) == ["created"]
    parts = [move(2, "b", "a", 20, K.REVERSAL, reverses="t1"), move(3, "b", "a", 40, K.REVERSAL, reverses="t1")]
    assert book.post(parts) == ["created", "created"]
    assert book.post([move(4, "a", "b", 20, K.REVERSAL, reverses="t2")]) == ["reversed-not-found"]
    assert book.post([move(5, "b", "a", 1, K.REVERSAL, reverses="t1")]) == ["reversal-exceeded"]


def test_what_a_field_means_for_another_kind_is_kept_and_has_no_effect():
    book = funded()
    odd = move(1, "a", "b", 5, hold_id="h", reverses="t900", expires_at=NOW)
    assert book.post([odd]) == ["created"]
    assert book.post([move(2, "b", "a", 5, K.REVERSAL, reverses="t1", hold_id="h")]) == ["created"]
    assert book.holds == {}
    assert book.accounts["a"].held == 0


@pytest.mark.parametrize("kind", [K.PLAIN, K.HOLD])
def test_what_only_names_a_payment_takes_nothing_from_what_of_it_can_be_refunded(kind):
    book = funded()
    paid = move(2, "a", "b", 10)
    naming = move(3, "a", "b", 10, kind, reverses=paid.id, hold_id="h")
    refund = move(4, "b", "a", 10, K.REVERSAL, reverses=paid.id)
    assert book.post([paid, naming, refund]) == ["created"] * 3


def test_the_results_tell_the_balances_after_each_transfer_also_the_second_time():
    book = funded(100)
    state = State({n: book.accounts[n] for n in ("a", "b")}, {}, {}, {}, 2)
    batch = [move(1, "a", "b", 30), move(2, "a", "b", 20), move(1, "a", "b", 30)]
    posting = post(state, batch, NOW)
    assert [(r.debit_after, r.credit_after, r.seq) for r in posting.results] == [
        (70, 30, 2),
        (50, 50, 3),
        (70, 30, 2),
    ]
