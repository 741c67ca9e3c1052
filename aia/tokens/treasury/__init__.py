"""The treasury: signed orders over the accounts of the genesis."""

from aia.tokens.treasury.execute import Hands
from aia.tokens.treasury.model import (
    Action,
    BadOrder,
    KeyRole,
    NotATreasuryAccount,
    NotSignedByTreasury,
    Order,
    OrderClosed,
    OrderExpired,
    OrderIdReused,
    OrderKeyUnknown,
    OrderNotFound,
    OrderRecord,
    OrderSignatureInvalid,
    OrderState,
    Refusal,
    RegisteredKey,
    SameApproverTwice,
    Signature,
    SpendingLimitExceeded,
    parse_order,
    public_hex,
    rotation_proof,
    sign_order,
)
from aia.tokens.treasury.orders import OrderDesk
from aia.tokens.treasury.service import GrantTooLarge, Treasury
from aia.tokens.treasury.verify import verify_treasury
from aia.tokens.treasury.warrant import SignedOrders

__all__ = [
    "Action",
    "BadOrder",
    "GrantTooLarge",
    "Hands",
    "KeyRole",
    "NotATreasuryAccount",
    "NotSignedByTreasury",
    "Order",
    "OrderClosed",
    "OrderDesk",
    "OrderExpired",
    "OrderIdReused",
    "OrderKeyUnknown",
    "OrderNotFound",
    "OrderRecord",
    "OrderSignatureInvalid",
    "OrderState",
    "Refusal",
    "RegisteredKey",
    "SameApproverTwice",
    "Signature",
    "SignedOrders",
    "SpendingLimitExceeded",
    "Treasury",
    "parse_order",
    "public_hex",
    "rotation_proof",
    "sign_order",
    "verify_treasury",
]
