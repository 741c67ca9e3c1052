"""What sources read, kept in real databases."""

import pytest

from aia.app import App
from aia.core.principal import Principal
from aia.corpora.sources import ReadOptions, read_rows

pytestmark = pytest.mark.anyio


def rows(count: int, **more) -> list[dict]:
    return [{"id": f"d{i}", "text": f"The export of invoices fails again, case {i}.", **more} for i in range(count)]


async def test_source_and_fields_of_a_document_are_kept(app: App, principal: Principal):
    corpus = read_rows("forum", rows(12, author="Ada", source="forum", company="Acme", rating=1), ReadOptions())
    async with app.database.begin(principal) as tx:
        kept = await app.corpora.keep(tx, corpus)
    async with app.database.read(principal) as read:
        documents = await app.knowledge.documents(read, kept.id)
    assert {(d.author, d.source) for d in documents} == {("Ada", "forum")}
    assert documents[0].fields == {"company": "Acme", "rating": "1"}


async def test_a_document_without_them_has_none(app: App, principal: Principal):
    async with app.database.begin(principal) as tx:
        kept = await app.corpora.keep(tx, read_rows("plain", rows(12), ReadOptions()))
    async with app.database.read(principal) as read:
        documents = await app.knowledge.documents(read, kept.id)
    assert {(d.author, d.source, len(d.fields)) for d in documents} == {(None, None, 0)}
