"""The parts of the token economy beside the ledger, put together."""

from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from aia.tokens.genesis import Genesis, GenesisPlan, SupplyCap
from aia.tokens.parameters import Parameters
from aia.tokens.service import Ledger, Watcher
from aia.tokens.treasury import Hands, Treasury
from aia.tokens.vesting import Vesting


@dataclass(frozen=True, slots=True)
class Tokens:
    """What acts on the ledger by rules of its own."""

    genesis: Genesis
    parameters: Parameters
    vesting: Vesting
    treasury: Treasury


def watchers() -> tuple[Watcher, ...]:
    """What a ledger must show its mints and movements of AIA_GOV to."""
    return (SupplyCap(),)


def build_tokens(ledger: Ledger, plan: GenesisPlan, treasury_key: Ed25519PrivateKey) -> Tokens:
    vesting, parameters = Vesting(ledger), Parameters(ledger)
    genesis = Genesis(ledger, vesting, plan)
    hands = Hands(ledger, genesis, parameters, vesting)
    treasury = Treasury(ledger, genesis, parameters, hands, treasury_key)
    return Tokens(genesis=genesis, parameters=parameters, vesting=vesting, treasury=treasury)
