"""What the ledger asks before tokens leave an account of the treasury: is there a signed order for exactly this?

The ledger does not trust its caller here, be it the treasury itself: the order is read from the books, its
signatures are checked again, and it must ask for the very transfer that is to be posted.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aia.core.money import UNITS_PER_TOKEN, Units
from aia.infra.sql import Read, Tx
from aia.ledger.model import Token, Transfer, TransferKind
from aia.ledger.service import mint_account
from aia.tokens.parameters import Parameter, values_in_force
from aia.tokens.staking import rewards_account
from aia.tokens.treasury import store
from aia.tokens.treasury.model import (
    Action,
    KeyRole,
    Order,
    OrderRecord,
    RegisteredKey,
    approvals_needed,
    check_signers,
)


@dataclass(frozen=True, slots=True)
class OrderAuthorizer:
    """The orders of the books that are being carried out."""

    async def covering(self, tx: Tx, transfers: Sequence[Transfer]) -> frozenset[Transfer]:
        """Those of the transfers that a signed order asks for, which is in hand.

        Raises what `check_signers` raises for an order in hand that is not signed as it must be.
        """
        records = await store.in_hand(tx, sorted({t.id for t in transfers}))
        keys = await store.active_keys(tx) if records else {}
        thresholds = await thresholds_in_force(tx) if records else {}
        orders = {record.transfer: record.order for record in records if _is_signed(record, keys, thresholds)}
        return frozenset(t for t in transfers if t.id in orders and asks_for(orders[t.id], t))


async def thresholds_in_force(read: Read) -> dict[Token, Units]:
    """Above how many units of a token an order needs a second approver."""
    names = (Parameter.SECOND_APPROVAL_AIA, Parameter.SECOND_APPROVAL_GOV)
    values = await values_in_force(read, names)
    return {t: Units(values[n] * UNITS_PER_TOKEN) for t, n in zip((Token.AIA, Token.AIA_GOV), names, strict=True)}


def _is_signed(record: OrderRecord, keys: Mapping[str, RegisteredKey], thresholds: Mapping[Token, Units]) -> bool:
    check_signers(record.order, record.signatures, keys)
    approvers = sum(key.role is KeyRole.APPROVER for key in keys.values())
    return len(record.signatures) >= approvals_needed(record.order, thresholds, approvers)


def asks_for(order: Order, asked: Transfer) -> bool:
    """Whether a transfer is the one that an order of its id is for."""
    kind, debit, credit = TransferKind.PLAIN, order.fields.get("debit"), order.fields.get("credit")
    token = order.token
    if token is None:
        return False
    match order.action:
        case Action.MINT:
            kind, debit = TransferKind.MINT, mint_account(token)
        case Action.BURN:
            kind, credit = TransferKind.BURN, mint_account(token)
        case Action.FUND_REWARDS:
            credit = rewards_account(token)
        case Action.VEST:
            credit = asked.credit  # the account of the schedule, from where only the one who is named gets it
        case _:
            pass
    return (asked.kind, asked.debit, asked.credit, asked.amount, asked.token) == (
        *(kind, debit, credit),
        *(order.amount, token),
    )
