"""The double-entry ledger: accounts, transfers, holds; money that cannot be spent twice."""

from aia.tokens.audit.service import LogBroken, NotInLog, TransferLog
from aia.tokens.genesis import read_genesis
from aia.tokens.log import SigningKey, VerifierKey
from aia.tokens.model import (
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
from aia.tokens.parameters import Parameter, Parameters
from aia.tokens.parts import Tokens, build_tokens, open_ledger
from aia.tokens.pay import Split, capture, split, treasury_transfer
from aia.tokens.poster import Poster, PosterFull, PostingUnknown
from aia.tokens.service import (
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
    "Parameter",
    "Parameters",
    "PostedTransfer",
    "Poster",
    "PosterFull",
    "PostingUnknown",
    "Result",
    "SigningKey",
    "Split",
    "Token",
    "Tokens",
    "Transfer",
    "TransferKind",
    "TransferLog",
    "TransferRefused",
    "VerifierKey",
    "agent_wallet",
    "build_tokens",
    "capture",
    "gov_wallet",
    "mint_account",
    "open_ledger",
    "read_genesis",
    "split",
    "transfer",
    "treasury_account",
    "treasury_transfer",
    "wallet",
]
