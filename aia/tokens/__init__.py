"""What is done with tokens on the ledger: payments, fees, genesis, treasury, parameters, staking, vesting, votes."""

from aia.tokens.assembly import Tokens, build_tokens, open_ledger
from aia.tokens.genesis import read_genesis
from aia.tokens.parameters import Parameter, Parameters
from aia.tokens.revenue_split import Split, capture, split, treasury_transfer

__all__ = [
    "Parameter",
    "Parameters",
    "Split",
    "Tokens",
    "build_tokens",
    "capture",
    "open_ledger",
    "read_genesis",
    "split",
    "treasury_transfer",
]
