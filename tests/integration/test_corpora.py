"""Corpora on real databases: a document is stored once, whatever grows around it."""

from datetime import UTC, date, datetime

import pytest
import sqlalchemy as sa

from aia.app import App
from aia.core.pages import PageRequest
from aia.core.principal import Principal
from aia.infra.sql import Instants
from aia.knowledge import Knowledge, StoredDocument, stored_document
from tests.support.old_schema import migrate_to, old_database

pytestmark = pytest.mark.anyio


def documents(numbers: range | list[int]) -> list[StoredDocument]:
    return [
        stored_document(
            place,
            f"d{number}",
            f"The export of invoices fails, case {number}.",
            day=date(2024, 1, 1 + number % 28),
            author=f"a{number % 7}" if number % 3 else None,
            source="shop" if number % 2 else None,
            fields={"rating": str(number % 5)} if number % 4 else {},
        )
        for place, number in enumerate(numbers)
    ]


async def keep(app: App, principal: Principal, name: str, rows: list[StoredDocument]) -> str:
    async with app.database.begin(principal) as tx:
        return (await app.knowledge.keep_corpus(tx, name, rows, {"format": "rows"})).id


async def stored(app: App, principal: Principal, corpus: str | None = None) -> int:
    """Rows of documents, of one corpus or all, as the database counts them."""
    table = sa.table("document", sa.column("organisation"), sa.column("corpus"))
    query = sa.select(sa.func.count()).select_from(table).where(table.c.organisation == principal.organisation)
    async with app.database.read(principal) as read:
        row = await read.row(query if corpus is None else query.where(table.c.corpus == corpus))
    assert row is not None
    return row[0]


async def test_a_corpus_that_grew_stores_what_is_new_and_gives_all_back(app: App, principal: Principal):
    before, now = documents(range(600)), documents([*range(300), 1_000, *range(300, 600), 1_001, 1_002])
    first = await keep(app, principal, "reviews.jsonl", before)
    second = await keep(app, principal, "reviews-later.jsonl", now)
    assert await stored(app, principal) == 603
    assert await stored(app, principal, second) == 3
    async with app.database.read(principal) as read:
        assert await app.knowledge.documents(read, first) == before
        assert await app.knowledge.documents(read, second) == now
        part = [d async for rows in app.knowledge.stream(read, second, 299, 302) for d in rows]
        assert part == now[299:302]
        assert await app.knowledge.in_common(read, first, second) == [(0, 0, 300), (301, 300, 300)]


async def test_a_shuffled_corpus_is_found_piece_by_piece(app: App, principal: Principal):
    rows = documents(range(900))
    await keep(app, principal, "one", rows)
    shuffled = documents([(i * 7) % 900 if (i * 7) % 900 not in {3, 4} else 1_000 + i for i in range(900)])
    second = await keep(app, principal, "two", shuffled)
    assert await stored(app, principal) == 902
    async with app.database.read(principal) as read:
        assert await app.knowledge.documents(read, second) == shuffled


async def test_a_document_that_differs_in_anything_is_another(app: App, principal: Principal):
    rows = documents(range(20))
    await keep(app, principal, "one", rows)
    changed = [stored_document(d.position, d.id, d.text, day=d.date, author="someone else") for d in rows[:5]]
    second = await keep(app, principal, "two", [*changed, *rows[5:]])
    assert await stored(app, principal, second) == 5
    async with app.database.read(principal) as read:
        assert [d.author for d in await app.knowledge.documents(read, second)][:6] == ["someone else"] * 5 + [
            rows[5].author
        ]


async def test_another_organisation_refers_to_nothing_of_ours(app: App, principal: Principal):
    await keep(app, principal, "one", documents(range(20)))
    assert await app.create_organisation("other", "Other")
    stranger = Principal("other", "test")
    corpus = await keep(app, stranger, "one", documents(range(20)))
    assert await stored(app, stranger) == 20
    async with app.database.read(stranger) as read:
        assert len(await app.knowledge.documents(read, corpus)) == 20


async def test_names_from_before_they_were_a_table_stand_for_the_newest(empty_url: str):
    kept = [
        ("north", "crp_1", "a", 1),
        ("north", "crp_2", "a", 3),
        ("north", "crp_3", "b", 2),
        ("south", "crp_1", "a", 9),
    ]
    new_organisation = sa.text("insert into organisation (id, name, created_at) values (:o, :o, :at)")
    new_corpus = sa.text("""insert into corpus (organisation, id, name, documents, reading, created_at)
        values (:o, :id, :name, 0, '{}', :at)""")
    async with old_database(empty_url) as database:
        async with database.begin(Principal.system()) as tx:
            await tx.conn.run_sync(migrate_to, "0017")
            for organisation, number, name, day in kept:
                at = Instants().process_bind_param(datetime(2026, 1, day, tzinfo=UTC), tx.conn.dialect)
                if number == "crp_1":
                    await tx.conn.execute(new_organisation, {"o": organisation, "at": at})
                await tx.conn.execute(new_corpus, {"o": organisation, "id": number, "name": name, "at": at})
            await tx.conn.run_sync(migrate_to, "head")
        named = {}
        for organisation in ("north", "south"):
            async with database.read(Principal(organisation, "t")) as read:
                page = await Knowledge().corpora(read, PageRequest(10))
                named[organisation] = [(corpus.name, corpus.id) for corpus in page.items]
    assert named == {"north": [("a", "crp_2"), ("b", "crp_3")], "south": [("a", "crp_1")]}
