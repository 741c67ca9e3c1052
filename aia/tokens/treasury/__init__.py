"""The treasury: signed orders over the accounts of the genesis."""

from aia.tokens.treasury.authorization import OrderAuthorizer
from aia.tokens.treasury.execution import OrderExecutor
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
from aia.tokens.treasury.service import GrantTooLarge, Treasury
from aia.tokens.treasury.submission import OrderSubmission
from aia.tokens.treasury.verify import verify_treasury

__all__ = [
    "Action",
    "BadOrder",
    "GrantTooLarge",
    "KeyRole",
    "NotATreasuryAccount",
    "NotSignedByTreasury",
    "Order",
    "OrderAuthorizer",
    "OrderClosed",
    "OrderExecutor",
    "OrderExpired",
    "OrderIdReused",
    "OrderKeyUnknown",
    "OrderNotFound",
    "OrderRecord",
    "OrderSignatureInvalid",
    "OrderState",
    "OrderSubmission",
    "Refusal",
    "RegisteredKey",
    "SameApproverTwice",
    "Signature",
    "SpendingLimitExceeded",
    "Treasury",
    "parse_order",
    "public_hex",
    "rotation_proof",
    "sign_order",
    "verify_treasury",
]
