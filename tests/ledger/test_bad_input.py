"""Bad input has a name each, and nothing of it is posted."""

import re
from dataclasses import replace

import pytest

from aia.core.errors import Invalid
from aia.core.money import UNITS_MAX, Units, parse_units
from aia.ledger import Token
from tests.ledger.bank import ACCOUNTS, OPENING, Bank, K, ask
from tests.ledger.oracle import Oracle
from tests.ledger.steered import START

pytestmark = pytest.mark.anyio

TABLE = {
    "zero": (ask(1, K.PLAIN, "a", "b", 0), "invalid-amount"),
    "negative": (ask(1, K.PLAIN, "a", "b", -1), "invalid-amount"),
    "a mint of a negative amount": (ask(1, K.MINT, "mint", "a", -5), "invalid-amount"),
    "2^53": (ask(1, K.MINT, "mint", "a", UNITS_MAX + 1), "invalid-amount"),
    "beyond 64 bits": (ask(1, K.MINT, "mint", "a", 2**70), "invalid-amount"),
    "a void that names an amount": (ask(1, K.VOID, "a", "b", 1, hold="h"), "invalid-amount"),
    "the same account twice": (ask(1, K.PLAIN, "a", "a", 1), "same-account"),
    "the token of neither account": (ask(1, K.PLAIN, "a", "b", 1, token=Token.AIA_GOV), "wrong-token"),
    "accounts of two tokens": (ask(1, K.PLAIN, "a", "gov", 1), "wrong-token"),
    "an unknown payer": (ask(1, K.PLAIN, "nobody", "b", 1), "account-not-found"),
    "an unknown payee": (ask(1, K.PLAIN, "a", "nobody", 1), "account-not-found"),
    "a name that is no account's": (ask(1, K.PLAIN, "a", "x" * 300, 1), "account-not-found"),
    "a closed payee": (ask(1, K.PLAIN, "a", "gone", 1), "account-closed"),
    "a closed payer": (ask(1, K.PLAIN, "gone", "a", 1), "account-closed"),
    "more than there is": (ask(1, K.PLAIN, "a", "b", 101), "insufficient-funds"),
    "a hold of more than there is": (ask(1, K.HOLD, "a", "b", 101, hold="h"), "insufficient-funds"),
    "a payment from the mint": (ask(1, K.PLAIN, "mint", "a", 1), "mint-not-allowed"),
    "a payment to the mint": (ask(1, K.PLAIN, "a", "mint", 1), "mint-not-allowed"),
    "a mint between wallets": (ask(1, K.MINT, "a", "b", 1), "mint-not-allowed"),
    "a burn between wallets": (ask(1, K.BURN, "a", "b", 1), "mint-not-allowed"),
    "a payment of the treasury's without an order": (ask(1, K.PLAIN, "vault", "b", 1), "order-required"),
    "a hold on the treasury's without an order": (ask(1, K.HOLD, "vault", "b", 1, hold="h"), "order-required"),
    "a hold without a name": (ask(1, K.HOLD, "a", "b", 1), "hold-not-found"),
    "an unknown hold": (ask(1, K.POST, "a", "b", 1, hold="none"), "hold-not-found"),
    "a reversal of nothing": (ask(1, K.REVERSAL, "b", "a", 1, reverses="none"), "reversed-not-found"),
    "a reversal that names nothing": (ask(1, K.REVERSAL, "b", "a", 1), "reversed-not-found"),
    "a reused id with another amount": (ask("fund-a", K.MINT, "mint", "a", 99), "exists-with-different-amount"),
    "a reused id with another payee": (ask("fund-a", K.MINT, "mint", "b", 100), "exists-with-different-credit"),
    "a reused id with another payer": (ask("fund-a", K.MINT, "c", "a", 100), "exists-with-different-debit"),
    "a reused id of another kind": (ask("fund-a", K.PLAIN, "mint", "a", 100), "exists-with-different-kind"),
    "a reused id with another memo": (
        ask("fund-a", K.MINT, "mint", "a", 100, memo="x"),
        "exists-with-different-memo",
    ),
    "a memo of 201 characters": (ask(1, K.PLAIN, "a", "b", 1, memo="x" * 201), "invalid-memo"),
}
PLAIN = ask(1, K.PLAIN, "a", "b", 1)
UNUSABLE = {
    "an id without digits": replace(PLAIN, id="tfr_"),
    "an id of another kind": replace(PLAIN, id=PLAIN.id.replace("tfr_", "hld_")),
    "an id with a letter that is no digit": replace(PLAIN, id=PLAIN.id[:-1] + "u"),
    "an id with a zero byte": replace(PLAIN, id=PLAIN.id[:-1] + "\0"),
    "an id that is too long": replace(PLAIN, id=PLAIN.id + "0" * 300),
    "a hold by an id of its own making": replace(PLAIN, kind=K.HOLD, hold_id="my hold"),
    "a refund of an id of its own making": replace(PLAIN, kind=K.REVERSAL, reverses="the first one"),
}
"""Ids that the journal cannot keep in 16 bytes: a matter of the databases, of which the oracle has none."""


async def test_bad_input_is_told_by_name_and_nothing_is_posted(bank: Bank):
    before = await bank.rows()
    told: dict[str, str] = {}
    asked = {case: transfer for case, (transfer, _) in TABLE.items()} | UNUSABLE
    for case, transfer in asked.items():
        (told[case],) = await bank.post(transfer)
        assert await bank.rows() == before, f"{case} changed the books"
    assert told == {case: name for case, (_, name) in TABLE.items()} | dict.fromkeys(UNUSABLE, "invalid-id")


def test_the_oracle_names_the_same_from_the_rules_in_words():
    oracle = Oracle(ACCOUNTS)
    made = oracle.batch(OPENING, START)
    assert {answer.outcome for answer in made} == {"created"}
    oracle.closed.add("test:gone")
    told = {case: oracle.batch([transfer], START)[0].outcome for case, (transfer, _) in TABLE.items()}
    assert told == {case: name for case, (_, name) in TABLE.items()}
    assert {answer.outcome for answer in oracle.batch([PLAIN] * 10_001, START)} == {"batch-too-large"}


async def test_a_batch_of_10001_is_refused_whole_and_one_of_10000_is_not(bank: Bank):
    before = await bank.rows()
    batch = [ask(n, K.PLAIN, "c", "b", 1) for n in range(10_001)]
    assert set(await bank.post(*batch)) == {"batch-too-large"}
    assert await bank.rows() == before
    told = await bank.post(*batch[:10_000])
    assert told == ["created"] * 7 + ["insufficient-funds"] * 9_993


@pytest.mark.parametrize(
    "text", ["0.0000001", "1.1234567", "1e3", "-1", "+1", "", ".5", "1.", "1,5", "NaN", " 1", "٣"]
)
def test_an_amount_that_is_not_a_decimal_of_six_places_names_the_field_and_the_value(text: str):
    with pytest.raises(Invalid, match=f"amount is {re.escape(repr(text))}"):
        parse_units(text)


def test_amounts_end_at_two_to_the_53():
    assert parse_units("9007199254.740991") == Units(UNITS_MAX)
    with pytest.raises(Invalid, match="more than"):
        parse_units("9007199254.740992")
