"""The double-entry ledger: accounts, transfers, holds; money that cannot be spent twice."""

from aia.tokens.audit import Audit, audit
from aia.tokens.genesis import read_genesis
from aia.tokens.log import Frontier
from aia.tokens.model import (
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
from aia.tokens.parts import Tokens, build_tokens, watchers
from aia.tokens.pay import Split, capture, split, treasury_transfer
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
    "Account",
    "AccountNotEmpty",
    "AccountNotFound",
    "Audit",
    "Frontier",
    "Hold",
    "HoldState",
    "InsufficientFunds",
    "Ledger",
    "Outcome",
    "Parameter",
    "Parameters",
    "PostedTransfer",
    "Result",
    "Split",
    "Token",
    "Tokens",
    "Transfer",
    "TransferKind",
    "TransferRefused",
    "agent_wallet",
    "audit",
    "build_tokens",
    "capture",
    "gov_wallet",
    "mint_account",
    "read_genesis",
    "split",
    "transfer",
    "treasury_account",
    "treasury_transfer",
    "wallet",
    "watchers",
]
