"""The parts of the token economy beside the ledger, put together."""

from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from aia.core.money import Units
from aia.infra.sql import Database, Read, Tx
from aia.infra.telemetry import Telemetry
from aia.ledger.model import Token
from aia.ledger.poster import Poster
from aia.ledger.service import Ledger
from aia.tokens.genesis import Genesis, GenesisPlan, SupplyCap
from aia.tokens.parameters import Parameters
from aia.tokens.payments import PaymentService
from aia.tokens.staking import Staking
from aia.tokens.treasury import OrderAuthorizer, OrderExecutor, Treasury
from aia.tokens.vesting import Vesting
from aia.tokens.votes import VoteKeeper, Votes


@dataclass(frozen=True, slots=True)
class Tokens:
    """What acts on the ledger by rules of its own."""

    genesis: Genesis
    parameters: Parameters
    vesting: Vesting
    treasury: Treasury
    staking: Staking
    votes: Votes
    desk: PaymentService

    async def ready(self, read: Read) -> bool:
        """Whether the books have all they begin with."""
        return len(await self.genesis.supply(read)) == len(await self.staking.pools(read)) == len(Token)

    async def begin(self, tx: Tx, supplies: Mapping[Token, Units]) -> None:
        """Make the genesis and what goes with it, as far as it is missing; for the system's transaction."""
        await self.genesis.ensure(tx, supplies)
        await self.treasury.register(tx)
        await self.staking.ensure(tx)
        await self.votes.ensure(tx)


def open_ledger(telemetry: Telemetry) -> Ledger:
    """The ledger with those it shows its mints and movements of AIA_GOV to, and the orders it asks for."""
    return Ledger(telemetry, (SupplyCap(), VoteKeeper()), OrderAuthorizer())


def build_tokens(
    database: Database, poster: Poster, ledger: Ledger, plan: GenesisPlan, treasury_key: Ed25519PrivateKey
) -> Tokens:
    vesting, parameters = Vesting(ledger), Parameters(ledger)
    genesis = Genesis(ledger, vesting, plan)
    staking = Staking(ledger, parameters)
    hands = OrderExecutor(ledger, genesis, parameters, vesting, staking)
    treasury = Treasury(ledger, genesis, parameters, hands, treasury_key)
    return Tokens(
        genesis=genesis,
        parameters=parameters,
        vesting=vesting,
        treasury=treasury,
        staking=staking,
        votes=Votes(ledger, genesis),
        desk=PaymentService(database, poster, ledger, parameters),
    )
