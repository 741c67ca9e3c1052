"""A file that grew is read from where its last reading ended, and kept as the corpus that it is."""

import json
from pathlib import Path

import pytest

from aia.app import App
from aia.core.principal import Principal
from aia.corpora.cleaning import CleanOptions
from aia.corpora.ingest.reading import Input, ResumableIngestion
from aia.corpora.resume import read_marked, store
from aia.corpora.sample import generate
from aia.corpora.sources import ReadOptions
from aia.knowledge import CorpusInfo

pytestmark = pytest.mark.anyio

OPTIONS, CLEANING = ReadOptions(), CleanOptions()
ROWS = [json.dumps(row) + "\n" for row in generate(5, 2_400)[0]]


def intake_of(app: App, *, marks_max: int = 4) -> ResumableIngestion:
    return ResumableIngestion(app.database, app.knowledge, app.ventures, 1 << 24, marks_max)


async def keep(app: App, principal: Principal, intake: ResumableIngestion, path: Path) -> tuple[Input, CorpusInfo]:
    given = await intake.read(principal, path, OPTIONS, CLEANING)
    async with app.database.begin(principal) as tx:
        return given, await intake.keep(tx, given)


async def test_a_file_that_grew_is_the_corpus_that_reading_it_whole_gives(
    app: App, principal: Principal, tmp_path: Path
):
    path, intake = tmp_path / "a.jsonl", intake_of(app)
    path.write_text("".join(ROWS[:2_000]), encoding="utf-8")
    first, before = await keep(app, principal, intake, path)
    kept = [before]
    for start, end in ((2_000, 2_200), (2_200, 2_400)):
        with path.open("a", encoding="utf-8") as file:
            file.write("".join(ROWS[start:end]))
        given, now = await keep(app, principal, intake, path)
        assert given.before == kept[-1].id
        kept.append(now)
    whole, _ = read_marked(path, OPTIONS, CLEANING)
    async with app.database.begin(principal) as tx:
        assert (await app.corpora.keep(tx, whole)).id == kept[-1].id
        stored = await app.knowledge.documents(tx, kept[-1].id)
        some = await app.knowledge.documents_at(tx, kept[-1].id, [0, 5, len(stored) - 1])
    assert first.before is None
    assert [(d.id, d.text, d.date, d.author) for d in stored] == [
        (d.id, d.text, d.day, d.author) for d in whole.documents
    ]
    assert some == {i: stored[i] for i in (0, 5, len(stored) - 1)}
    assert [corpus.documents for corpus in kept] == sorted({corpus.documents for corpus in kept})


async def test_the_mark_of_what_grew_goes_and_no_more_than_asked_for_are_kept(
    app: App, principal: Principal, tmp_path: Path
):
    intake = intake_of(app, marks_max=2)
    ids: list[str] = []
    for number in range(3):
        path = tmp_path / f"{number}.jsonl"
        path.write_text("".join(ROWS[number : 1_500 + number]), encoding="utf-8")
        ids.append((await keep(app, principal, intake, path))[1].id)
    with path.open("a", encoding="utf-8") as file:
        file.write("".join(ROWS[2_000:2_100]))
    ids.append((await keep(app, principal, intake, path))[1].id)
    async with app.database.read(principal) as read:
        left = [corpus for corpus in ids if await store.data_of(read, corpus) is not None]
    assert left == [ids[1], ids[3]]


async def test_the_same_file_again_is_the_corpus_that_stands(app: App, principal: Principal, tmp_path: Path):
    path, intake = tmp_path / "a.jsonl", intake_of(app)
    path.write_text("".join(ROWS[:1_500]), encoding="utf-8")
    _, first = await keep(app, principal, intake, path)
    given, second = await keep(app, principal, intake, path)
    assert (given.before, given.corpus.documents, given.documents) == (first.id, (), first.documents)
    assert second == first


async def test_another_organisation_reads_the_file_whole(app: App, principal: Principal, tmp_path: Path):
    path, intake, other = tmp_path / "a.jsonl", intake_of(app), Principal("other", "owner")
    path.write_text("".join(ROWS[:1_500]), encoding="utf-8")
    await app.create_organisation("other", "Other")
    await keep(app, principal, intake, path)
    given, _ = await keep(app, other, intake, path)
    assert given.before is None
