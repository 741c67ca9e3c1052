"""The genesis on real databases: allocated once, capped, and books of an earlier version go on."""

import asyncio
from datetime import timedelta

import pytest
import sqlalchemy as sa

from aia.app import App, open_app
from aia.config import Settings
from aia.core.clock import system_clock
from aia.core.ids import content_id, random_ids
from aia.core.money import Units
from aia.core.principal import Principal
from aia.identity import Identity
from aia.infra.sql import migrate, open_database
from aia.infra.telemetry import open_telemetry
from aia.ledger import Ledger, Token, mint_account, transfer, wallet
from aia.tokens.genesis import SupplyCapExceeded
from aia.tokens.parameters import BadParameter, Parameter
from aia.tokens.treasury import Action, verify_treasury
from aia.tokens.vesting import NothingToRelease, NotRevocable
from tests.support.economy import START, SYSTEM, OrderExecutor, assert_books_hold, balances, give

pytestmark = pytest.mark.anyio
DAY = timedelta(days=1)
MILLION = 10**12


@pytest.fixture
def app(app_by_clock: App) -> App:
    return app_by_clock


async def test_the_supply_stands_in_the_accounts_of_its_purposes(app: App):
    assert await balances(app, "agent-rewards:AIA", "treasury:AIA", "sale:AIA", "liquidity:AIA") == [
        300 * MILLION,
        150 * MILLION,
        100 * MILLION,
        100 * MILLION,
    ]
    assert await balances(app, "team:AIA", "vesting:team:AIA") == [0, 150 * MILLION]
    assert await balances(app, "treasury:AIA_GOV", "vesting:contributors:AIA_GOV") == [30 * MILLION, 20 * MILLION]
    assert await balances(app, "ecosystem:AIA", wallet("default")) == [199 * MILLION, MILLION]
    async with app.database.read(SYSTEM) as read:
        supply = {s.token: (s.units, s.cap) for s in await app.tokens.genesis.supply(read)}
    assert supply == {
        Token.AIA: (1_000 * MILLION, 1_000 * MILLION),
        Token.AIA_GOV: (100 * MILLION, 100 * MILLION),
    }
    await assert_books_hold(app)


async def test_starting_again_allocates_nothing_again_whatever_the_settings_say(app: App, settings: Settings):
    before = await balances(app, "treasury:AIA", mint_account(Token.AIA))
    again = settings.model_copy(update={"aia_initial_supply": 7})
    async with open_app(again, durable=False, background=False) as second:
        assert await balances(second, "treasury:AIA", mint_account(Token.AIA)) == before
        await assert_books_hold(second)


async def test_books_of_the_first_version_keep_their_supply_and_are_allocated(settings: Settings):
    await first_version(settings)
    async with open_app(settings, durable=False, background=False) as upgraded:
        held = 999 * MILLION
        parts = await balances(upgraded, "treasury:AIA", "ecosystem:AIA", "vesting:team:AIA")
        assert parts == [held * 15 // 100, held * 20 // 100, held * 15 // 100]
        assert await balances(upgraded, mint_account(Token.AIA)) == [-1_000 * MILLION]
        assert await upgraded.create_organisation("north", "North")
        assert await balances(upgraded, wallet("north"), wallet("default")) == [MILLION, MILLION]
        await assert_books_hold(upgraded)
        async with upgraded.database.read(SYSTEM) as read:
            assert await verify_treasury(read, upgraded.tokens.treasury) == (1, [])


async def first_version(settings: Settings) -> None:
    """Books as version 0001 began them: the whole supply in the treasury, a grant paid out of it."""
    if settings.database.startswith("sqlite"):
        settings.aia_home.mkdir(parents=True, exist_ok=True)
    database = open_database(settings.database, system_clock, random_ids())
    await migrate(database)
    ledger = Ledger(open_telemetry())
    async with database.begin(SYSTEM) as tx:
        await ledger.genesis(tx, aia_tokens=10**9, gov_tokens=10**8)
    async with database.begin(Principal("default", "owner")) as tx:
        await Identity().create(tx, "default", "Default")
        await ledger.open_wallets(tx, [(wallet("default"), "default")])
        grant = content_id("tfr", "grant", "default")
        await ledger.require(tx, [transfer(grant, "treasury:AIA", wallet("default"), Units(MILLION))])
    await database.engine.dispose()


async def test_no_mint_brings_the_supply_above_its_cap(app: App):
    with pytest.raises(SupplyCapExceeded, match="1000000000"):
        await give(app, "m1", Action.MINT, token="AIA", credit="treasury:AIA", amount_units=1)
    await give(app, "b1", Action.BURN, token="AIA", debit="treasury:AIA", amount_units=5)
    await give(app, "m1", Action.MINT, token="AIA", credit="treasury:AIA", amount_units=1)
    async with app.database.read(SYSTEM) as read:
        assert (await app.tokens.genesis.supply(read))[0].units == 1_000 * MILLION - 4
    await assert_books_hold(app)


async def test_the_cap_is_that_of_the_genesis_whatever_the_settings_say_and_a_changed_record_is_found(
    app: App, settings: Settings
):
    richer = settings.model_copy(update={"aia_initial_supply": 2 * settings.aia_initial_supply})
    async with open_app(richer, durable=False, background=False) as second:
        async with second.database.read(SYSTEM) as read:
            assert [supply.cap for supply in await second.tokens.genesis.supply(read)] == [
                1_000 * MILLION,
                100 * MILLION,
            ]
            assert await second.tokens.genesis.problems(read) == []
        async with second.database.begin(SYSTEM) as tx:
            await tx.conn.execute(sa.text("update genesis set cap_units = cap_units + 1 where token = 'AIA'"))
        async with second.database.read(SYSTEM) as read:
            (problem,) = await second.tokens.genesis.problems(read)
    assert problem == (
        "the genesis of AIA minted 1000000000000000 units, its record says 1000000000000000 with a cap of "
        "1000000000000001"
    )


async def vesting_of(app: App, account: str):
    async with app.database.read(SYSTEM) as read:
        found = (await app.tokens.vesting.page(read, page_request())).items
    return next(schedule for schedule in found if schedule.account == account)


def page_request():
    from aia.core.pages import PageRequest

    return PageRequest()


async def release(app: App, schedule: str) -> int:
    async with app.database.begin(SYSTEM) as tx:
        return (await app.tokens.vesting.release(tx, schedule))[1]


async def test_the_team_is_paid_what_has_vested_and_everything_at_the_end(app: App, clock: OrderExecutor):
    team = await vesting_of(app, "vesting:team:AIA")
    clock.now = START + 364 * DAY
    with pytest.raises(NothingToRelease, match="0 have vested"):
        await release(app, team.id)
    clock.now = START + 365 * DAY
    first = await release(app, team.id)
    assert first == 150 * MILLION * 365 // 1461
    with pytest.raises(NothingToRelease):
        await release(app, team.id)
    clock.now = START + 5_000 * DAY
    assert first + await release(app, team.id) == 150 * MILLION
    assert await balances(app, "team:AIA", "vesting:team:AIA") == [150 * MILLION, 0]
    await assert_books_hold(app)


async def test_releasing_at_the_same_time_pays_once(app: App, clock: OrderExecutor):
    team = await vesting_of(app, "vesting:team:AIA")
    clock.now = START + 730 * DAY
    outcomes = await asyncio.gather(*(release(app, team.id) for _ in range(5)), return_exceptions=True)
    assert sum(units for units in outcomes if isinstance(units, int)) == 150 * MILLION * 730 // 1461
    assert await balances(app, "team:AIA") == [150 * MILLION * 730 // 1461]
    await assert_books_hold(app)


async def test_revoking_returns_what_has_not_vested_and_leaves_the_rest(app: App, clock: OrderExecutor):
    async with app.database.begin(SYSTEM) as tx:
        opened = await app.tokens.vesting.open(
            tx,
            "vst_x",
            origin=wallet("default"),
            beneficiary=wallet("default"),
            organisation="default",
            token=Token.AIA,
            amount=Units(1_000),
            cliff=DAY,
            duration=10 * DAY,
            revocable=True,
        )
    clock.now = START + 3 * DAY
    async with app.database.begin(SYSTEM) as tx:
        assert await app.tokens.vesting.revoke(tx, opened.id) == 700
    assert await balances(app, opened.account, wallet("default")) == [300, MILLION - 300]
    with pytest.raises(NotRevocable):
        async with app.database.begin(SYSTEM) as tx:
            await app.tokens.vesting.revoke(tx, opened.id)
    clock.now = START + 20 * DAY
    async with app.database.begin(Principal("default", "test")) as tx:
        assert (await app.tokens.vesting.release(tx, opened.id))[1] == 300
    assert await balances(app, opened.account, wallet("default")) == [0, MILLION]
    await assert_books_hold(app)


async def test_a_genesis_schedule_cannot_be_revoked(app: App):
    team = await vesting_of(app, "vesting:team:AIA")
    with pytest.raises(NotRevocable):
        async with app.database.begin(SYSTEM) as tx:
            await app.tokens.vesting.revoke(tx, team.id)


async def test_a_parameter_is_read_as_it_was_at_a_place_in_the_journal(app: App):
    parameters = app.tokens.parameters
    fee = Parameter.TRANSFER_FEE_BPS

    async def change(value: int) -> int:
        async with app.database.begin(SYSTEM) as tx:
            return (await parameters.change(tx, fee, value, "ord_test")).from_seq

    first = await change(20)
    async with app.database.begin(SYSTEM) as tx:
        await app.ledger.require(tx, [transfer(content_id("tfr", "t1"), wallet("default"), "sale:AIA", Units(1))])
    second = await change(30)
    assert await change(40) == second == first + 1
    async with app.database.read(SYSTEM) as read:
        assert [await parameters.value(read, fee, seq=s) for s in (first - 1, first, second)] == [10, 20, 40]
        assert await parameters.value(read, fee) == 40
        assert [(c.version, c.value) for c in await parameters.history(read)] == [(1, 20), (2, 30), (3, 40)]


async def test_a_parameter_stays_within_its_bounds(app: App):
    for value in (-1, 501):
        with pytest.raises(BadParameter, match="choose 0 to 500"):
            async with app.database.begin(SYSTEM) as tx:
                await app.tokens.parameters.change(tx, Parameter.TRANSFER_FEE_BPS, value, "ord_test")
