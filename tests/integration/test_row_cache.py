"""The poster's rows at hand: however others move the ledger meanwhile, it answers by what stands."""

import re
from collections.abc import AsyncGenerator, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from aia.app import App
from aia.core.ids import random_ids
from aia.infra.sql import Tx
from aia.infra.telemetry import open_telemetry
from aia.ledger import Account, Ledger, PostedTransfer, Poster, Token, Transfer, TransferKind, gov_wallet, wallet
from aia.ledger.store_postgres import READ, WRITE, PostgresDriver
from tests.integration.test_ledger import ONE, check, hid, move, post

pytestmark = pytest.mark.anyio
K = TransferKind


class ResultCache:
    """A watcher that writes down what it is shown."""

    def __init__(self) -> None:
        self.ids: list[str] = []

    async def posted(self, tx: Tx, transfers: Sequence[PostedTransfer]) -> None:
        self.ids += [t.id for t in transfers]


@pytest.fixture
async def warm(app: App) -> App:
    """Accounts a, b and c, of which the poster knows a and b; a has 1,000 units."""
    async with app.database.begin(ONE) as tx:
        await app.ledger.open_wallets(tx, [(name, "test") for name in ("a", "b", "c")])
    assert await post(app, move("fund", wallet("default"), "a", 1_001)) == ["created"]
    assert await ask(app.poster, move("warm", "a", "b", 1)) == ["created"]
    return app


async def ask(poster: Poster, *batch: Transfer) -> list[str]:
    return [result.outcome.value for result in await poster.submit(batch)]


async def test_what_could_not_be_paid_is_paid_after_somebody_else_brought_the_money(warm: App):
    assert await ask(warm.poster, move("1", "b", "a", 501)) == ["insufficient-funds"]
    assert await post(warm, move("2", "a", "b", 500)) == ["created"]
    assert await ask(warm.poster, move("1", "b", "a", 501)) == ["created"]
    await check(warm)


async def test_what_could_be_paid_is_refused_after_somebody_else_spent_it(warm: App):
    assert await post(warm, move("1", "a", "c", 1_000)) == ["created"]
    assert await ask(warm.poster, move("2", "a", "b", 1)) == ["insufficient-funds"]
    await check(warm)


async def test_a_hold_that_somebody_else_closed_is_closed(warm: App):
    held = move("h", "a", "b", 10, K.HOLD, hold_id=hid("h"))
    assert await ask(warm.poster, held) == ["created"]
    assert await post(warm, move("v", "a", "b", 0, K.VOID, hold_id=hid("h"))) == ["created"]
    assert await ask(warm.poster, move("p", "a", "b", 10, K.POST, hold_id=hid("h"))) == ["hold-closed"]
    assert await ask(warm.poster, move("1", "a", "c", 1_000)) == ["created"]
    await check(warm)


async def test_an_account_that_was_closed_or_given_to_the_treasury_meanwhile_pays_nobody(warm: App):
    assert await ask(warm.poster, move("1", "b", "a", 1)) == ["created"]
    async with warm.database.begin(ONE) as tx:
        await warm.ledger.close_account(tx, "b")
    assert await ask(warm.poster, move("2", "a", "b", 1)) == ["account-closed"]
    async with warm.database.begin(ONE) as tx:
        await warm.ledger.guard(tx, ["a"])
    assert await ask(warm.poster, move("3", "a", "c", 1)) == ["order-required"]
    await check(warm)


async def test_an_id_from_a_clock_that_is_ahead_is_posted_once(warm: App):
    """Its id says that it is newer than all that is at hand, so the unique index must tell that it stands."""
    ahead = random_ids(lambda: warm.clock() + timedelta(days=1))
    early = replace(move("", "a", "b", 7), id=ahead("tfr"))
    hold = move("h", "a", "b", 5, K.HOLD, hold_id=ahead("hld"))
    assert await post(warm, early, hold) == ["created", "created"]
    assert await ask(warm.poster, move("1", "a", "b", 1)) == ["created"]
    batch = (move("2", "a", "b", 1), early, move("again", "a", "b", 5, K.HOLD, hold_id=hold.hold_id))
    assert await ask(warm.poster, *batch) == ["created", "exists", "hold-exists"]
    async with warm.database.read(ONE) as read:
        assert (await warm.ledger.account(read, "b")).posted == 1 + 7 + 1 + 1
    await check(warm)


async def test_what_was_done_is_not_refused_when_it_could_not_be_done_any_more(warm: App):
    """Its id seems to be new and it is refused, so no index would tell: the write is made only if it is absent."""
    early = replace(move("", "a", "b", 7), id=random_ids(lambda: warm.clock() + timedelta(days=1))("tfr"))
    assert await post(warm, early) == ["created"]
    assert await ask(warm.poster, move("all", "a", "c", 1_000 - 7)) == ["created"]
    assert await ask(warm.poster, early) == ["exists"]
    assert await ask(warm.poster, move("1", "c", "b", 1), early) == ["created", "exists"]
    assert await ask(warm.poster, move("2", "a", "b", 7), move("3", "c", "b", 1)) == ["insufficient-funds", "created"]
    await check(warm)


async def test_a_transfer_that_a_clock_ahead_named_can_be_refunded(warm: App):
    paid = replace(move("", "a", "b", 7), id=random_ids(lambda: warm.clock() + timedelta(days=1))("tfr"))
    assert await post(warm, paid) == ["created"]
    assert await ask(warm.poster, move("1", "a", "b", 1)) == ["created"]
    assert await ask(warm.poster, move("back", "b", "a", 7, K.REVERSAL, reverses=paid.id)) == ["created"]
    await check(warm)


async def test_ids_of_the_poster_s_own_time_are_known_without_a_look(warm: App):
    new_id = random_ids(warm.clock)
    asked = [replace(move("", "a", "b", 1), id=new_id("tfr")) for _ in range(20)]
    assert await ask(warm.poster, *asked[:10]) == ["created"] * 10
    assert await ask(warm.poster, *asked) == ["exists"] * 10 + ["created"] * 10
    assert await ask(warm.poster, replace(asked[0], credit="c")) == ["exists-with-different-credit"]
    await check(warm)


async def test_refunds_of_a_transfer_at_hand_never_sum_to_more_than_it(warm: App):
    paid = move("paid", "a", "b", 100)
    assert await ask(warm.poster, paid) == ["created"]
    refunds = [move(str(n), "b", "a", 40, K.REVERSAL, reverses=paid.id) for n in range(3)]
    assert await ask(warm.poster, refunds[0]) == ["created"]
    assert await ask(warm.poster, *refunds[1:]) == ["created", "reversal-exceeded"]
    assert await ask(warm.poster, refunds[2]) == ["reversal-exceeded"]
    await check(warm)


@pytest.fixture
async def watched(warm: App) -> AsyncGenerator[tuple[Poster, ResultCache]]:
    seen = ResultCache()
    poster = Poster(warm.database, Ledger(open_telemetry(), (seen,)), queue_max=100, sweep_s=None)
    yield poster, seen
    await poster.close()


async def test_watchers_see_mints_and_movements_of_aia_gov_that_are_posted_by_the_poster(
    warm: App, watched: tuple[Poster, ResultCache]
):
    poster, seen = watched
    async with warm.database.begin(ONE) as tx:
        names = (("mint:test", "mint", None), ("gov:a", "wallet", 0), (gov_wallet("default"), "wallet", 0))
        new = [Account(n, Token.AIA_GOV, "test", p, floor, 0, 0, closed=False) for n, p, floor in names]
        await warm.ledger.open_accounts(tx, new)
    mint = move("mint", "mint:test", "gov:a", 5, K.MINT, token=Token.AIA_GOV)
    vote = move("vote", "gov:a", gov_wallet("default"), 2, token=Token.AIA_GOV)
    plain = move("plain", "a", "b", 1)
    assert await ask(poster, plain) == ["created"]
    assert await ask(poster, mint, plain) == ["created", "exists"]
    assert await ask(poster, vote) == ["created"]
    assert seen.ids == [mint.id, vote.id]


async def test_memos_are_kept_by_the_poster_whoever_made_them_first(warm: App):
    texts = ["for bread", 'a "quoted" {list}, with a \\ and\na line', "NULL", "🥖 für Brot"]
    asked = [move(str(n), "a", "b", 1, memo=text) for n, text in enumerate(texts * 3)]
    assert await ask(warm.poster, *asked[:4]) == ["created"] * 4
    assert await post(warm, *asked[4:8], move("new", "a", "b", 1, memo="new to both")) == ["created"] * 5
    assert await ask(warm.poster, *asked[6:], move("old", "a", "b", 1, memo="new to both")) == [
        *["exists"] * 2, *["created"] * 5]  # fmt: skip
    assert await ask(warm.poster, replace(asked[0], memo="for wine")) == ["exists-with-different-memo"]
    async with warm.database.read(ONE) as read:
        kept = [await warm.ledger.transfer(read, t.id) for t in asked]
    assert [t.memo for t in kept if t is not None] == texts * 3
    await check(warm)


async def test_a_connection_that_the_server_ended_between_two_batches_is_replaced(warm: App):
    """A restart or a failover while nobody posts: nothing was in doubt, so nobody may be told that it is."""
    if warm.database.dialect != "postgresql":
        pytest.skip("SQLite keeps no connection to a server")
    async with warm.database.read(ONE) as read:
        others = "select pg_terminate_backend(pid, 5000) from pg_stat_activity " \
            "where datname = current_database() and pid <> pg_backend_pid()"  # fmt: skip
        assert all((await read.conn.exec_driver_sql(others)).scalars())
    assert await ask(warm.poster, move("1", "a", "b", 1)) == ["created"]
    await check(warm)


async def test_the_plan_that_stays_reads_no_table_whole_though_tables_were_small_when_it_was_made(warm: App):
    if warm.database.dialect != "postgresql":
        pytest.skip("SQLite plans each statement by its indexes")
    async with warm.database.engine.connect() as conn:
        driver = await PostgresDriver.on(conn)
        await driver.plan_once()
        raw = (await conn.get_raw_connection()).driver_connection
        for statement in (READ, WRITE):
            await raw.execute(f"prepare planned as {statement}")
            arguments = ", ".join(["null"] * max(int(n) for n in re.findall(r"\$(\d+)", statement)))
            plan = "\n".join(row[0] for row in await raw.fetch(f"explain execute planned ({arguments})"))
            assert "Index" in plan
            assert "Seq Scan" not in plan, plan
            await raw.execute("deallocate planned")
        await conn.invalidate()
