"""The poster: everything that queued during a commit is one batch, and nobody's trouble is another's."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from aia.app import App, open_app
from aia.config import Settings
from aia.core.clock import system_clock
from aia.core.errors import Unavailable
from aia.core.ids import random_ids
from aia.core.principal import Principal
from aia.infra.sql import Database, migrate, open_database
from aia.infra.telemetry import open_telemetry
from aia.ledger import (
    Ledger,
    Poster,
    PosterFull,
    PostingUnknown,
    Token,
    Transfer,
    TransferKind,
    treasury_account,
    wallet,
)
from tests.integration.test_ledger import NEW_ID, ONE, check, hid, move, post, tid
from tests.support.postgres import PostgresServer

pytestmark = pytest.mark.anyio
K = TransferKind


@pytest.fixture
async def funded(app: App) -> App:
    """Accounts a and b; a has 100,000 units."""
    async with app.database.begin(ONE) as tx:
        await app.ledger.open_wallets(tx, [(name, "test") for name in ("a", "b")])
    assert await post(app, move("fund", wallet("default"), "a", 100_000)) == ["created"]
    return app


async def outcomes(poster: Poster, *batch: Transfer) -> list[str]:
    return [result.outcome.value for result in await poster.submit(batch)]


async def batches(app: App) -> int:
    async with app.database.read(ONE) as read:
        rows = await read.rows(sa.text("select count(*) as n from outbox where topic = 'tokens.transfers-posted'"))
    return rows[0].n


async def test_what_queues_during_a_commit_is_posted_as_one_batch_in_order(funded: App):
    before = await batches(funded)
    asked = [move(str(n), "a", "b", 1) for n in range(200)]
    answers = await asyncio.gather(*(funded.poster.submit([t]) for t in asked))
    assert [answer[0].outcome.value for answer in answers] == ["created"] * 200
    seqs = [answer[0].seq for answer in answers]
    assert seqs == list(range(seqs[0], seqs[0] + 200))
    assert 1 <= await batches(funded) - before <= 3
    await check(funded)


async def test_a_transfer_is_durable_when_submit_returns(funded: App):
    assert await outcomes(funded.poster, move("t", "a", "b", 5)) == ["created"]
    async with funded.database.read(ONE) as read:
        assert await funded.ledger.transfer(read, tid("t")) is not None


async def test_a_chain_that_a_submission_leaves_open_does_not_reach_into_the_next(funded: App):
    open_chain = [replace(move("1", "a", "b", 1), linked=True), replace(move("2", "a", "b", 1), linked=True)]
    answers = await asyncio.gather(
        outcomes(funded.poster, *open_chain), outcomes(funded.poster, move("3", "a", "b", 10**9))
    )
    assert answers == [["created", "created"], ["insufficient-funds"]]


async def test_a_business_refusal_is_an_answer_to_its_own_caller_only(funded: App):
    answers = await asyncio.gather(
        outcomes(funded.poster, move("1", "b", "a", 1)),
        outcomes(funded.poster, move("2", "a", "b", 1), move("3", "a", "nobody", 1)),
        outcomes(funded.poster, move("4", "b", "a", 1)),
    )
    assert answers == [["insufficient-funds"], ["created", "account-not-found"], ["created"]]


async def test_a_submission_above_the_bound_is_refused_and_one_at_the_bound_is_posted(funded: App):
    many = [move(str(n), "a", "b", 1) for n in range(10_001)]
    assert set(await outcomes(funded.poster, *many)) == {"batch-too-large"}
    whole, more = await asyncio.gather(
        outcomes(funded.poster, *many[:10_000]), outcomes(funded.poster, move("more", "a", "b", 1))
    )
    assert (set(whole), more) == ({"created"}, ["created"])
    assert await outcomes(funded.poster) == []
    await check(funded)


async def test_a_caller_who_gives_up_disturbs_nobody(funded: App):
    tasks = [asyncio.create_task(outcomes(funded.poster, move(str(n), "a", "b", 1))) for n in range(30)]
    await asyncio.sleep(0)
    for task in tasks[::3]:
        task.cancel()
    done = await asyncio.gather(*tasks, return_exceptions=True)
    for number, answer in enumerate(done):
        if number % 3:
            assert answer == ["created"]
        else:
            assert isinstance(answer, asyncio.CancelledError)
    again = await asyncio.gather(*(outcomes(funded.poster, move(str(n), "a", "b", 1)) for n in range(30)))
    assert {answer[0] for answer in again} <= {"created", "exists"}
    await check(funded)


async def test_a_poster_that_is_full_says_so_and_takes_more_later(funded: App):
    poster = Poster(funded.database, funded.ledger, queue_max=10, sweep_s=None)
    first = asyncio.create_task(outcomes(poster, *(move(str(n), "a", "b", 1) for n in range(8))))
    await asyncio.sleep(0)
    with pytest.raises(PosterFull, match="8 transfers wait, of at most 10"):
        await poster.submit([move("x", "a", "b", 1)] * 3)
    assert await first == ["created"] * 8
    assert await outcomes(poster, move("x", "a", "b", 1)) == ["created"]
    await poster.close()


async def test_a_closed_poster_has_posted_what_waited_and_takes_nothing_more(funded: App):
    poster = Poster(funded.database, funded.ledger, queue_max=100, sweep_s=60)
    waiting = [asyncio.create_task(outcomes(poster, move(str(n), "a", "b", 1))) for n in range(5)]
    await asyncio.sleep(0)
    await poster.close()
    assert await asyncio.gather(*waiting) == [["created"]] * 5
    with pytest.raises(Unavailable, match="same ids"):
        await poster.submit([move("x", "a", "b", 1)])


@pytest.fixture
async def own_database(settings: Settings, funded: App) -> AsyncGenerator[Database]:
    """A second Database on the same tables, as another process would have."""
    database = open_database(settings.database, system_clock, NEW_ID)
    yield database
    await database.engine.dispose()


async def test_two_posters_with_their_own_connections_keep_one_journal(funded: App, own_database: Database):
    other = Poster(own_database, Ledger(open_telemetry()), queue_max=10_000, sweep_s=None)

    async def client(poster: Poster, name: str) -> list[str]:
        answers: list[str] = []
        for n in range(20):
            answers += await outcomes(poster, move(f"{name}{n}", "a", "b", 1), move(f"shared{n}", "a", "b", 1))
        return answers

    clients = [client((funded.poster, other)[i % 2], f"{i}-") for i in range(6)]
    told = Counter(outcome for answers in await asyncio.gather(*clients) for outcome in answers)
    assert told == {"created": 6 * 20 + 20, "exists": 5 * 20}
    await other.close()
    await check(funded)


async def test_settlements_in_callers_transactions_and_the_poster_take_turns(funded: App):
    async def settle(number: int) -> list[str]:
        async with funded.database.begin(ONE) as tx:
            results = await funded.ledger.post(tx, [move(f"s{number}", "a", "b", 1)])
            await asyncio.sleep(0.001)
        return [result.outcome.value for result in results]

    both = [settle(n) for n in range(20)] + [outcomes(funded.poster, move(f"p{n}", "a", "b", 1)) for n in range(20)]
    async with asyncio.timeout(60):
        assert await asyncio.gather(*both) == [["created"]] * 40
    await check(funded)


async def test_overdue_holds_are_expired_once_and_the_others_stay(settings: Settings):
    now = system_clock()
    clock = [now]
    async with open_app(settings, clock=lambda: clock[0], durable=False, background=False) as app:
        async with app.database.begin(ONE) as tx:
            await app.ledger.open_wallets(tx, [(name, "test") for name in ("a", "b")])
        assert await post(app, move("fund", wallet("default"), "a", 100)) == ["created"]
        hours = (1, 2, None)
        expires = [None if h is None else now + timedelta(hours=h) for h in hours]
        holds = [
            move(f"h{i}", "a", "b", 10, K.HOLD, hold_id=hid(f"h{i}"), expires_at=at) for i, at in enumerate(expires)
        ]
        assert await outcomes(app.poster, *holds) == ["created"] * 3
        assert await app.poster.sweep() == 0
        clock[0] = now + timedelta(hours=1)
        assert [await app.poster.sweep(), await app.poster.sweep()] == [1, 0]
        async with app.database.read(ONE) as read:
            states = [await app.ledger.hold(read, hid(f"h{i}")) for i in range(3)]
            account = await app.ledger.account(read, "a")
        assert [hold and hold.state.value for hold in states] == ["expired", "open", "open"]
        assert account.held == 20
        await check(app)


async def test_a_running_poster_looks_for_overdue_holds_by_itself(funded: App):
    past = funded.clock() + timedelta(milliseconds=1)
    assert await post(funded, move("h", "a", "b", 10, K.HOLD, hold_id=hid("h"), expires_at=past)) == ["created"]
    poster = Poster(funded.database, funded.ledger, queue_max=100, sweep_s=0.02)
    async with asyncio.timeout(30):
        while True:
            async with funded.database.read(ONE) as read:
                hold = await funded.ledger.hold(read, hid("h"))
            if hold is not None and hold.state.value == "expired":
                break
            await asyncio.sleep(0.02)
    await poster.close()
    await check(funded)


@pytest.mark.postgres
async def test_a_database_that_dies_fails_its_callers_clearly_and_loses_nothing():
    """The server is killed in the middle of the load and comes back; whoever was not answered asks again."""
    with PostgresServer() as server:
        database = open_database(server.create_database("dies"), system_clock, NEW_ID)
        await migrate(database)
        ledger = Ledger(open_telemetry())
        async with database.begin(Principal.system()) as tx:
            await ledger.genesis(tx, aia_tokens=1_000, gov_tokens=1)
            await ledger.open_wallets(tx, [("a", "test")])
        poster = Poster(database, ledger, queue_max=10_000, sweep_s=None)
        acknowledged: set[str] = set()
        unknown: set[str] = set()

        async def client(name: str) -> None:
            for n in range(40):
                asked = move(f"{name}-{n}", treasury_account(Token.AIA), "a", 1)
                try:
                    (result,) = await poster.submit([asked])
                except PostingUnknown as error:
                    assert "same ids" in error.detail
                    unknown.add(asked.id)
                else:
                    assert result.outcome.value == "created"
                    acknowledged.add(asked.id)

        load = asyncio.gather(*(client(str(i)) for i in range(8)))
        while len(acknowledged) < 40:
            await asyncio.sleep(0)
        await asyncio.to_thread(server.kill)
        await load
        await asyncio.to_thread(server.restart)
        names = {tid(f"{i}-{n}"): f"{i}-{n}" for i in range(8) for n in range(40)}
        assert unknown
        for lost in sorted(unknown):
            (result,) = await poster.submit([move(names[lost], treasury_account(Token.AIA), "a", 1)])
            assert result.outcome.value in {"created", "exists"}
        async with database.read(Principal("system", "test")) as read:
            kept = [await ledger.transfer(read, name) for name in names]
        assert all(row is not None for row in kept)
        assert len({row.seq for row in kept}) == 320
        await poster.close()
        await database.engine.dispose()


async def test_what_a_hasty_clock_named_exists_for_a_new_poster_that_could_not_do_it_again(funded: App):
    ahead = random_ids(lambda: system_clock() + timedelta(hours=1))
    spent = replace(move("spent", "a", "b", 100_000), id=ahead("tfr"))
    poster = Poster(funded.database, funded.ledger, queue_max=100, sweep_s=None)
    assert await outcomes(poster, spent) == ["created"]
    await poster.close()
    poster = Poster(funded.database, funded.ledger, queue_max=100, sweep_s=None)
    assert await outcomes(poster, move("first", "b", "a", 1)) == ["created"]
    assert await outcomes(poster, spent) == ["exists"]
    other = replace(spent, amount=spent.amount + 1)
    assert await outcomes(poster, other) == ["exists-with-different-amount"]
    await poster.close()
    await check(funded)


async def test_a_hold_that_a_hasty_clock_named_is_found_by_a_new_poster(funded: App):
    ahead = random_ids(lambda: system_clock() + timedelta(hours=1))
    held = replace(move("held", "a", "b", 50, kind=K.HOLD), id=ahead("tfr"), hold_id=ahead("hld"))
    poster = Poster(funded.database, funded.ledger, queue_max=100, sweep_s=None)
    assert await outcomes(poster, held) == ["created"]
    await poster.close()
    poster = Poster(funded.database, funded.ledger, queue_max=100, sweep_s=None)
    assert await outcomes(poster, move("first", "a", "b", 1)) == ["created"]
    captured = replace(move("captured", "a", "b", 50, kind=K.POST), hold_id=held.hold_id)
    assert await outcomes(poster, captured) == ["created"]
    await poster.close()
    await check(funded)
