"""The fee of a transfer and the part of it that is burnt: told before, charged with the payment or not at all."""

from dataclasses import dataclass, replace

from aia.core.ids import content_id
from aia.core.money import Units, apportion
from aia.ledger.model import Token, Transfer, TransferKind
from aia.ledger.service import mint_account, transfer, treasury_account

WHOLE_BPS = 10_000


@dataclass(frozen=True, slots=True)
class Quote:
    """What a transfer costs its payer: `amount` arrives, `treasury + burnt` is the fee on top."""

    amount: Units
    treasury: Units
    burnt: Units

    @property
    def fee(self) -> Units:
        return Units(self.treasury + self.burnt)

    @property
    def total(self) -> Units:
        return Units(self.amount + self.fee)


def quote(amount: Units, fee_bps: int, burn_share_bps: int) -> Quote:
    """The fee is rounded down, so it is never more than its rate, nor than the amount; its two parts are
    split by largest remainder, so they sum to it."""
    fee = Units(amount * min(fee_bps, WHOLE_BPS) // WHOLE_BPS)
    burnt, kept = apportion(fee, [burn_share_bps, WHOLE_BPS - burn_share_bps])
    return Quote(amount, kept, burnt)


def with_fee(payment: Transfer, quoted: Quote) -> list[Transfer]:
    """The payment and its fee as one linked chain: all of it is posted or nothing."""
    assert payment.amount == quoted.amount, "the quote is of this payment"
    chain = [payment]
    token: Token = payment.token
    if quoted.treasury:
        chain.append(
            transfer(
                content_id("tfr", payment.id, "fee"),
                *(payment.debit, treasury_account(token), quoted.treasury),
                token=token,
                memo="transfer fee",
            )
        )
    if quoted.burnt:
        chain.append(
            transfer(
                content_id("tfr", payment.id, "burn"),
                *(payment.debit, mint_account(token), quoted.burnt),
                kind=TransferKind.BURN,
                token=token,
                memo="burnt of a transfer fee",
            )
        )
    return [*(replace(t, linked=True) for t in chain[:-1]), chain[-1]]
