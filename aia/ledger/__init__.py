"""The double-entry ledger: accounts, transfers, holds; money that cannot be spent twice."""

from aia.ledger.audit.service import LogBroken, NotInLog, TransferLog
from aia.ledger.log import SigningKey, VerifierKey
from aia.ledger.model import (
    DONE,
    Account,
    Hold,
    HoldState,
    Outcome,
    PostedTransfer,
    Result,
    Token,
    Transfer,
    TransferKind,
)
from aia.ledger.poster import Poster, PosterFull, PostingUnknown
from aia.ledger.service import (
    AccountNotEmpty,
    AccountNotFound,
    InsufficientFunds,
    Ledger,
    TransferRefused,
    agent_wallet,
    gov_wallet,
    mint_account,
    transfer,
    treasury_account,
    wallet,
)

__all__ = [
    "DONE",
    "Account",
    "AccountNotEmpty",
    "AccountNotFound",
    "Hold",
    "HoldState",
    "InsufficientFunds",
    "Ledger",
    "LogBroken",
    "NotInLog",
    "Outcome",
    "PostedTransfer",
    "Poster",
    "PosterFull",
    "PostingUnknown",
    "Result",
    "SigningKey",
    "Token",
    "Transfer",
    "TransferKind",
    "TransferLog",
    "TransferRefused",
    "VerifierKey",
    "agent_wallet",
    "gov_wallet",
    "mint_account",
    "transfer",
    "treasury_account",
    "wallet",
]
