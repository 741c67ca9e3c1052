"""Stakes on real databases: locks, cooldown, rewards, slashing; asked twice is done once."""

import asyncio
from datetime import timedelta

import pytest

from aia.app import App
from aia.core.money import UNITS_PER_TOKEN, Units
from aia.core.principal import Principal
from aia.ledger import AccountNotFound, InsufficientFunds, wallet
from aia.tokens.staking import (
    NothingStaked,
    NothingToClaim,
    NotStakeable,
    SlashTooLarge,
    StakeLocked,
    StakeNotFound,
    TooManyUnstakings,
    UnstakingClosed,
    UnstakingNotReady,
    stake_account,
)
from aia.tokens.treasury import Action
from tests.support.economy import SYSTEM, OrderExecutor, assert_books_hold, balances, give

pytestmark = pytest.mark.anyio
ONE = Principal("default", "test")
WALLET = wallet("default")
DAY = timedelta(days=1)
T = UNITS_PER_TOKEN


@pytest.fixture
def app(app_by_clock: App) -> App:
    return app_by_clock


async def act(app: App, name: str, *arguments, who: Principal = ONE):
    async with app.database.begin(who) as tx:
        return await getattr(app.tokens.staking, name)(tx, *arguments)


async def stake(app: App, tokens: int, key: str, who: Principal = ONE):
    return await act(app, "stake", wallet(who.organisation), Units(tokens * T), key, who=who)


async def fund(app: App, name: str, tokens: int):
    fields = {"token": "AIA", "debit": "agent-rewards:AIA", "amount_units": tokens * T}
    return await give(app, name, Action.FUND_REWARDS, **fields)


async def test_a_stake_is_locked_then_cools_down_then_comes_back(app: App, clock: OrderExecutor):
    before = (await balances(app, WALLET))[0]
    await stake(app, 100, "a")
    assert await balances(app, WALLET, stake_account(WALLET)) == [before - 100 * T, 100 * T]
    with pytest.raises(StakeLocked):
        await act(app, "unstake", WALLET, Units(T), "u")
    clock.now += DAY
    unstaking = await act(app, "unstake", WALLET, Units(40 * T), "u")
    with pytest.raises(UnstakingNotReady):
        await act(app, "withdraw", unstaking.id)
    clock.now += 7 * DAY
    await act(app, "withdraw", unstaking.id)
    with pytest.raises(UnstakingClosed):
        await act(app, "withdraw", unstaking.id)
    assert await balances(app, WALLET, stake_account(WALLET)) == [before - 60 * T, 60 * T]
    await assert_books_hold(app)


async def test_the_same_request_again_stakes_and_unstakes_once(app: App, clock: OrderExecutor):
    for _ in range(3):
        await stake(app, 5, "same")
    clock.now += DAY
    first = await act(app, "unstake", WALLET, Units(2 * T), "same")
    assert await act(app, "unstake", WALLET, Units(2 * T), "same") == first
    async with app.database.read(ONE) as read:
        found = await app.tokens.staking.get(read, WALLET)
    assert (found.amount, found.cooling) == (3 * T, 2 * T)


async def test_rewards_go_by_stake_and_never_pass_what_was_funded(app: App):
    assert await app.create_organisation("north", "North")
    north = Principal("north", "test")
    with pytest.raises(NothingStaked):
        await fund(app, "ord_0", 1)
    await stake(app, 300, "a")
    await stake(app, 100, "a", north)
    await fund(app, "ord_1", 4)
    await fund(app, "ord_1", 4)  # the same order again
    assert (await act(app, "claim", WALLET))[1] == 3 * T
    assert (await act(app, "claim", wallet("north"), who=north))[1] == T
    with pytest.raises(NothingToClaim):
        await act(app, "claim", WALLET)
    await assert_books_hold(app)


async def test_claiming_at_the_same_time_pays_once(app: App):
    await stake(app, 10, "a")
    await fund(app, "ord_1", 7)
    before = (await balances(app, WALLET))[0]
    outcomes = await asyncio.gather(*(act(app, "claim", WALLET) for _ in range(5)), return_exceptions=True)
    assert sum(isinstance(o, NothingToClaim) for o in outcomes) == 4
    assert await balances(app, WALLET) == [before + 7 * T]
    await assert_books_hold(app)


async def test_a_slashing_names_its_cause_is_bounded_and_reaches_what_cools_down(app: App, clock: OrderExecutor):
    await stake(app, 100, "a")
    clock.now += DAY
    unstaking = await act(app, "unstake", WALLET, Units(80 * T), "u")
    cut = {"token": "AIA", "wallet": WALLET, "amount_units": 50 * T}
    with pytest.raises(SlashTooLarge):
        await give(app, "ord_0", Action.SLASH, "false report", **(cut | {"amount_units": 51 * T}))
    await give(app, "ord_1", Action.SLASH, "false report", **cut)
    assert await balances(app, stake_account(WALLET), "slashed:AIA") == [50 * T, 50 * T]
    clock.now += 7 * DAY
    assert (await act(app, "withdraw", unstaking.id)).units == 50 * T
    assert await balances(app, stake_account(WALLET)) == [0]
    await assert_books_hold(app)


async def test_bad_requests_are_refused_by_name(app: App, clock: OrderExecutor):
    assert await app.create_organisation("north", "North")
    with pytest.raises(InsufficientFunds):
        await stake(app, 2_000_000, "a")
    with pytest.raises(AccountNotFound):
        await act(app, "stake", wallet("north"), Units(1), "a")
    for account in ("treasury:AIA", stake_account(WALLET)):
        with pytest.raises((NotStakeable, AccountNotFound)):
            await act(app, "stake", account, Units(1), "a", who=SYSTEM)
    for name, arguments in (("unstake", (WALLET, Units(1), "a")), ("claim", (WALLET,)), ("withdraw", ("uns_x",))):
        with pytest.raises(StakeNotFound):
            await act(app, name, *arguments)
    await stake(app, 100, "a")
    clock.now += DAY
    for n in range(32):
        await act(app, "unstake", WALLET, Units(1), f"u{n}")
    with pytest.raises(TooManyUnstakings):
        await act(app, "unstake", WALLET, Units(1), "one too many")
    north = Principal("north", "test")
    with pytest.raises(StakeNotFound):
        await act(app, "claim", WALLET, who=north)
    await assert_books_hold(app)
