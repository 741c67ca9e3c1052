import pytest

from aia.app import App
from aia.core.principal import Principal
from aia.ledger.audit.verify import audit

pytestmark = pytest.mark.anyio


async def test_a_fresh_database_has_its_supply_its_organisation_and_balanced_books(app: App, principal: Principal):
    async with app.database.read(principal) as read:
        roster = await app.agents.roster(read)
        result = await audit(read)
    assert {roster.level(agent) for agent in roster.agents} == {1, 2, 3}
    assert result.problems == ()
    assert result.trial_balance == 0
    assert {token.value: units for token, units in result.supply.items()} == {
        "AIA": 1_000_000_000 * 10**6,
        "AIA_GOV": 100_000_000 * 10**6,
    }
