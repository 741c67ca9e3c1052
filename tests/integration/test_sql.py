"""The ground: migrations, transactions, and an outbox reader that cannot skip a late commit."""

import asyncio

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from aia.app import App
from aia.core.errors import Invalid, Unavailable
from aia.core.principal import Principal
from aia.infra.sql import Event, OutboxReader, metadata, migrate, open_database
from aia.infra.sql.migrate import HEAD, SchemaTooNew
from aia.infra.sql.migrations.run import alembic_config
from aia.infra.sql.outbox import StoredEvent

pytestmark = pytest.mark.anyio
ONE = Principal("default", "test")


class Collector:
    """A consumer that remembers what it was handed."""

    def __init__(self, name: str = "collector") -> None:
        self.name = name
        self.seen: list[StoredEvent] = []

    async def handle(self, conn, events) -> None:
        self.seen += events


async def drain(app: App, consumer: Collector, batch: int = 50) -> None:
    reader = OutboxReader(batch=batch)
    while True:
        async with app.database.begin(Principal.system()) as tx:
            if not await reader.step(tx.conn, consumer):
                return


def test_the_head_constant_is_alembics_own_head():
    assert ScriptDirectory.from_config(alembic_config()).get_current_head() == HEAD


async def test_the_migrations_make_exactly_the_tables_the_code_describes(app: App):
    def differences(connection: sa.Connection) -> list:
        ignore = {"alembic_version"}
        context = MigrationContext.configure(connection, opts={"compare_type": False})
        found = compare_metadata(context, metadata)
        return [d for d in found if not (d[0] == "remove_table" and d[1].name in ignore)]

    async with app.database.engine.connect() as conn:
        assert await conn.run_sync(differences) == []


async def test_migrating_again_changes_nothing_and_a_newer_database_is_refused(app: App):
    await migrate(app.database)
    async with app.database.begin(Principal.system()) as tx:
        await tx.conn.execute(sa.text("update alembic_version set version_num = '9999'"))
    with pytest.raises(SchemaTooNew, match="9999"):
        await migrate(app.database)


async def test_a_block_that_raises_leaves_neither_rows_nor_news(app: App):
    collector = Collector()
    await drain(app, collector)
    before = len(collector.seen)

    async def spoilt() -> None:
        async with app.database.begin(ONE) as tx:
            await app.identity.create_key(tx, "lost")
            tx.emit(Event("test.lost", {}))
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError):
        await spoilt()
    await drain(app, collector)
    assert len(collector.seen) == before
    async with app.database.read(ONE) as read:
        assert await read.rows(sa.text("select * from api_key")) == []


async def test_events_of_concurrent_writers_are_each_read_once_however_late_they_commit(app: App):
    collector = Collector()
    await drain(app, collector)
    collector.seen.clear()
    stop = asyncio.Event()

    async def writer(number: int) -> None:
        for i in range(25):
            async with app.database.begin(ONE) as tx:
                tx.emit(Event("test.written", {"writer": number, "i": i}))
                await tx.flush()  # the row has its number now, the commit comes late
                if app.database.dialect == "postgresql":
                    await asyncio.sleep(0.002 * ((number + i) % 4))

    async def reader() -> None:
        while not stop.is_set():
            await drain(app, collector, batch=7)
            await asyncio.sleep(0)

    reading = asyncio.create_task(reader())
    await asyncio.gather(*(writer(n) for n in range(6)))
    stop.set()
    await reading
    await drain(app, collector)
    written = [(e.body["writer"], e.body["i"]) for e in collector.seen if e.topic == "test.written"]
    assert sorted(written) == [(n, i) for n in range(6) for i in range(25)]
    for number in range(6):
        assert [i for n, i in written if n == number] == list(range(25))


async def test_a_consumer_that_fails_gets_the_same_events_again(app: App):
    class Failing(Collector):
        async def handle(self, conn, events) -> None:
            await super().handle(conn, events)
            if len(self.seen) == len(events):
                raise RuntimeError("once")

    consumer = Failing("failing")
    with pytest.raises(RuntimeError):
        await drain(app, consumer)
    first = [event.id for event in consumer.seen]
    await drain(app, consumer)
    assert [event.id for event in consumer.seen[len(first) :]][: len(first)] == first


async def test_two_consumers_keep_their_own_place(app: App):
    one, two = Collector("one"), Collector("two")
    await drain(app, one)
    await drain(app, two)
    assert [e.id for e in one.seen] == [e.id for e in two.seen] != []


@pytest.mark.parametrize("url", ["mysql://x/y", "no url at all", "redis://127.0.0.1"])
def test_a_database_url_that_cannot_be_used_is_named(url):
    with pytest.raises(Invalid, match="DATABASE_URL"):
        open_database(url, clock=None, new_id=None)  # type: ignore[arg-type] # refused before they are used


async def test_a_database_that_does_not_answer_is_unavailable():
    database = open_database("postgresql://nobody@127.0.0.1:1/none", clock=None, new_id=None)  # type: ignore[arg-type]
    with pytest.raises(Unavailable, match="does not answer"):
        await database.ping()
    await database.engine.dispose()


async def test_every_table_with_tenants_names_its_organisation():
    shared = {"organisation", "executor", "outbox_cursor", "ledger_head", "transfer", "transfer_memo", "hold"}
    shared |= {
        "genesis",
        "parameter",
        "staking_pool",
        "vote_checkpoint",
        "log_checkpoint",
        "log_node",
    }  # one treasury serves the deployment
    shared |= {f"treasury_{noun}" for noun in ("account", "order", "signature", "key", "spending", "refusal")}
    without = {t.name for t in metadata.tables.values() if "organisation" not in t.c and t.name not in shared}
    assert without == set()


async def test_a_stilled_database_finishes_open_transactions_and_lets_no_new_one_in(app: App):
    order: list[str] = []
    entered = asyncio.Event()

    async def slow() -> None:
        async with app.database.begin(ONE) as tx:
            entered.set()
            await asyncio.sleep(0.05)
            tx.emit(Event("test.slow", {}))
        order.append("committed")

    async def late() -> None:
        async with app.database.read(ONE):
            order.append("late")

    first = asyncio.create_task(slow())
    await entered.wait()
    async with app.database.stilled():
        order.append("still")
        second = asyncio.create_task(late())
        await asyncio.sleep(0.05)
        order.append("over")
    await asyncio.gather(first, second)
    assert order == ["committed", "still", "over", "late"]


async def test_an_organisation_that_processes_make_at_once_is_made_by_one_of_them(app: App):
    made = await asyncio.gather(*(app.create_organisation("north", "North") for _ in range(4)))
    assert sorted(made) == [False, False, False, True]
