"""The parts of the token economy beside the ledger, put together."""

from dataclasses import dataclass

from aia.tokens.genesis import Genesis, GenesisPlan, SupplyCap
from aia.tokens.parameters import Parameters
from aia.tokens.service import Ledger, Watcher
from aia.tokens.vesting import Vesting


@dataclass(frozen=True, slots=True)
class Tokens:
    """What acts on the ledger by rules of its own."""

    genesis: Genesis
    parameters: Parameters
    vesting: Vesting


def watchers() -> tuple[Watcher, ...]:
    """What a ledger must show its mints and movements of AIA_GOV to."""
    return (SupplyCap(),)


def build_tokens(ledger: Ledger, plan: GenesisPlan) -> Tokens:
    vesting = Vesting(ledger)
    return Tokens(genesis=Genesis(ledger, vesting, plan), parameters=Parameters(ledger), vesting=vesting)
