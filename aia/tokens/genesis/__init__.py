"""The genesis: the supply, its cap, and the accounts of the treasury by purpose."""

from aia.tokens.genesis.file import parse_genesis, read_genesis
from aia.tokens.genesis.model import (
    Allocation,
    BadGenesis,
    GenesisPlan,
    SupplyCapExceeded,
    Terms,
    allocation_account,
)
from aia.tokens.genesis.service import Genesis, Supply, SupplyCap
from aia.tokens.genesis.store import TreasuryAccount, treasury_accounts

__all__ = [
    "Allocation",
    "BadGenesis",
    "Genesis",
    "GenesisPlan",
    "Supply",
    "SupplyCap",
    "SupplyCapExceeded",
    "Terms",
    "TreasuryAccount",
    "allocation_account",
    "parse_genesis",
    "read_genesis",
    "treasury_accounts",
]
