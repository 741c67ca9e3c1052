"""What tests of the token economy share: a clock they move, orders of the treasury, and the checks of all books."""

from dataclasses import dataclass
from datetime import UTC, datetime

from aia.app import App
from aia.core.clock import Instant
from aia.core.principal import Principal
from aia.ledger.audit.verify import audit
from aia.ledger.lookup import accounts_by_id
from aia.tokens.treasury import Action, OrderRecord, verify_treasury

SYSTEM = Principal.system()
START = datetime(2026, 3, 5, tzinfo=UTC)
"""An epoch of a week begins here."""


@dataclass
class OrderExecutor:
    """A clock that a test moves."""

    now: Instant = START

    def __call__(self) -> Instant:
        return self.now


async def balances(app: App, *ids: str) -> list[int]:
    async with app.database.read(SYSTEM) as read:
        found = await accounts_by_id(read, ids)
    return [found[account].posted for account in ids]


async def give(app: App, name: str, action: Action, purpose: str = "test", /, **fields) -> OrderRecord:
    """Sign an order with the treasury's key of the app, and submit it."""
    async with app.database.begin(SYSTEM) as tx:
        return await app.tokens.treasury.order(tx, name, action, purpose, fields)


async def assert_books_hold(app: App) -> None:
    """The journal, the log, every order and the pools of rewards."""
    async with app.database.read(SYSTEM) as read:
        result = await audit(read)
        assert (result.problems, result.trial_balance) == ((), 0)
        assert (await verify_treasury(read, app.tokens.treasury))[1] == []
        for pool in await app.tokens.staking.pools(read):
            rewards = (await balances(app, f"staking-rewards:{pool.token}"))[0]
            assert rewards == pool.funded - pool.paid >= 0
