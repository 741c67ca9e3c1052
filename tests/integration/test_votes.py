"""Votes of AIA_GOV against an oracle that replays everything: delegation, checkpoints, the past."""

import random
from collections.abc import AsyncGenerator

import pytest

from aia.app import App, open_app
from aia.config import Settings
from aia.core.ids import content_id
from aia.core.money import Units
from aia.core.pages import PageRequest
from aia.core.principal import Principal
from aia.ledger import AccountNotFound, Outcome, Token, TransferKind, gov_wallet, transfer, wallet
from aia.ledger.audit.verify import audit
from aia.tokens.treasury import Action
from aia.tokens.votes import FutureLookup, NotAVotingWallet

pytestmark = pytest.mark.anyio
SYSTEM = Principal.system()
NAMES = ("default", "north", "south", "west")
WALLETS = tuple(gov_wallet(name) for name in NAMES)
FUNDING = "early-adopters:AIA_GOV"


@pytest.fixture
async def app(settings: Settings) -> AsyncGenerator[App]:
    free = settings.model_copy(update={"aia_organisation_grant": "1"})
    async with open_app(free, durable=False, background=False) as opened:
        for name in NAMES[1:]:
            assert await opened.create_organisation(name, name)
        yield opened


class Replay:
    """The oracle: all that ever happened, and the votes at a number worked out anew from the beginning."""

    def __init__(self, first: int) -> None:
        self.first = first
        self.events: list[tuple[int, str, str | None, str | None, int]] = []

    def moved(self, seq: int, source: str, target: str, units: int) -> None:
        self.events.append((seq, "move", source, target, units))

    def delegated(self, clock: int, who: str, to: str | None) -> None:
        self.events.append((clock, "delegate", who, to, 0))

    def votes(self, delegate: str, at: int) -> int:
        balance: dict[str, int] = {}
        chosen: dict[str, str | None] = {}
        for seq, what, one, two, units in self.events:
            if seq > at:
                break
            assert one is not None
            if what == "delegate":
                chosen[one] = two
            else:
                balance[one] = balance.get(one, 0) - units
                balance[str(two)] = balance.get(str(two), 0) + units
        return sum(units for who, units in balance.items() if chosen.get(who) == delegate)


async def clock_of(app: App) -> int:
    async with app.database.read(SYSTEM) as read:
        return await app.ledger.clock(read)


async def delegate(app: App, name: str, to: str | None) -> None:
    async with app.database.begin(Principal(name, "test")) as tx:
        await app.tokens.votes.delegate(tx, gov_wallet(name), to)


async def move(app: App, key: str, source: str, target: str, units: int) -> int | None:
    async with app.database.begin(SYSTEM) as tx:
        asked = transfer(content_id("tfr", key), source, target, Units(units), token=Token.AIA_GOV)
        (result,) = await app.ledger.post(tx, [asked])
    return result.seq if result.outcome is Outcome.CREATED else None


async def fund(app: App, key: str, name: str, units: int) -> None:
    fields = {"token": "AIA_GOV", "debit": FUNDING, "credit": gov_wallet(name), "amount_units": units}
    async with app.database.begin(SYSTEM) as tx:
        await app.tokens.treasury.order(tx, key, Action.PAY, "test", fields)


async def past(app: App, who: str, seq: int) -> int:
    async with app.database.read(SYSTEM) as read:
        return await app.tokens.votes.past_votes(read, who, seq)


@pytest.mark.parametrize("seed", range(3))
async def test_votes_are_those_of_the_oracle_at_every_number(app: App, seed: int):
    draw = random.Random(seed)
    replay = Replay(await clock_of(app))
    for name in NAMES:
        replay.moved(await clock_of(app), FUNDING, gov_wallet(name), 1_000)
        await fund(app, f"ord_{name}", name, 1_000)
    for n in range(60):
        what = draw.choice(["move", "move", "delegate", "stake", "batch"])
        name = draw.choice(NAMES)
        mine = gov_wallet(name)
        if what == "delegate":
            to = draw.choice([*WALLETS, None])
            replay.delegated(await clock_of(app), mine, to)
            await delegate(app, name, to)
        elif what == "stake":
            async with app.database.begin(Principal(name, "test")) as tx:
                balance = (await app.ledger.account(tx, mine)).posted
                if balance:
                    await app.tokens.staking.stake(tx, mine, Units(draw.randint(1, balance)), f"s{n}")
        else:
            await random_moves(app, replay, draw, n, 1 if what == "move" else 5)
    await compare(app, replay)


async def random_moves(app: App, replay: Replay, draw: random.Random, n: int, count: int) -> None:
    batch = []
    for k in range(count):
        source, target = draw.sample(WALLETS, 2)
        name = content_id("tfr", "random", str(n), str(k))
        batch.append(transfer(name, source, target, Units(draw.randint(1, 400)), token=Token.AIA_GOV))
    async with app.database.begin(SYSTEM) as tx:
        results = await app.ledger.post(tx, batch)
    for asked, result in zip(batch, results, strict=True):
        if result.outcome is Outcome.CREATED:
            assert result.seq is not None
            replay.moved(result.seq, asked.debit, asked.credit, asked.amount)


async def compare(app: App, replay: Replay) -> None:
    clock = await clock_of(app)
    async with app.database.read(SYSTEM) as read:
        for who in WALLETS:
            for seq in range(replay.first - 1, clock):
                assert await app.tokens.votes.past_votes(read, who, seq) == replay.votes(who, seq), (who, seq)
            assert await app.tokens.votes.votes(read, who) == replay.votes(who, clock)
        assert await app.tokens.votes.past_supply(read, clock - 1) == 10**14
        assert (await audit(read)).problems == ()


async def test_tokens_that_were_not_delegated_do_not_vote_and_self_delegation_makes_them(app: App):
    await fund(app, "ord_1", "north", 50)
    north = gov_wallet("north")
    async with app.database.read(SYSTEM) as read:
        assert await app.tokens.votes.votes(read, north) == 0
    await delegate(app, "north", north)
    async with app.database.read(SYSTEM) as read:
        assert await app.tokens.votes.votes(read, north) == 50


async def test_delegation_does_not_chain(app: App):
    await fund(app, "ord_1", "north", 50)
    await delegate(app, "north", gov_wallet("south"))
    await delegate(app, "south", gov_wallet("west"))
    async with app.database.read(SYSTEM) as read:
        votes = [await app.tokens.votes.votes(read, gov_wallet(name)) for name in NAMES]
    assert votes == [0, 0, 50, 0]


async def test_staked_tokens_keep_voting(app: App):
    await fund(app, "ord_1", "north", 50)
    north = gov_wallet("north")
    await delegate(app, "north", north)
    async with app.database.begin(Principal("north", "test")) as tx:
        await app.tokens.staking.stake(tx, north, Units(30), "s")
    await delegate(app, "north", gov_wallet("south"))
    async with app.database.read(SYSTEM) as read:
        assert await app.tokens.votes.votes(read, gov_wallet("south")) == 50


async def test_only_the_past_can_be_asked_for_and_it_does_not_change(app: App):
    await fund(app, "ord_1", "north", 50)
    north = gov_wallet("north")
    await delegate(app, "north", north)
    clock = await clock_of(app)
    for seq in (clock, clock + 5, -1):
        with pytest.raises(FutureLookup):
            await past(app, north, seq)
    assert await past(app, north, clock - 1) == 0
    await fund(app, "ord_2", "south", 5)  # passes the number of the delegation
    assert await past(app, north, clock) == 50
    await move(app, "k", north, gov_wallet("west"), 20)
    await delegate(app, "north", None)
    assert await past(app, north, clock) == 50
    assert await past(app, north, clock + 1) == 30


async def test_burning_lowers_the_past_supply_from_its_number_on(app: App):
    burn = {"token": "AIA_GOV", "debit": FUNDING, "amount_units": 7}
    clock = await clock_of(app)
    async with app.database.begin(SYSTEM) as tx:
        await app.tokens.treasury.order(tx, "ord_b", Action.BURN, "test", burn)
    async with app.database.read(SYSTEM) as read:
        supply = [await app.tokens.votes.past_supply(read, seq) for seq in (clock - 1, clock)]
    assert supply == [10**14, 10**14 - 7]


async def test_bad_delegations_are_refused_by_name(app: App):
    for to, refusal in (
        ("nobody", AccountNotFound),
        (wallet("north"), NotAVotingWallet),
        ("mint:AIA_GOV", NotAVotingWallet),
    ):
        with pytest.raises(refusal):
            await delegate(app, "north", to)
    async with app.database.begin(Principal("south", "test")) as tx:
        with pytest.raises(AccountNotFound):
            await app.tokens.votes.delegate(tx, gov_wallet("north"), None)


async def test_a_movement_of_aia_writes_no_checkpoint(app: App):
    async with app.database.begin(SYSTEM) as tx:
        asked = transfer(content_id("tfr", "x"), wallet("south"), wallet("north"), Units(5), kind=TransferKind.PLAIN)
        await app.ledger.require(tx, [asked])
    async with app.database.read(Principal("north", "test")) as read:
        assert (await app.ledger.entries(read, wallet("north"), PageRequest())).items
        assert await app.tokens.votes.votes(read, wallet("north")) == 0
