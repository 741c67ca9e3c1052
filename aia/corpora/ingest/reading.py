"""Reading an input and keeping it: a file that grew is read from where its last reading ended."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from aia.core.principal import Principal
from aia.corpora.cleaning import CleanOptions, clean
from aia.corpora.model import Corpus, Reading
from aia.corpora.resume import Checkpoint, begins_with, may_resume, options_key, read_marked, read_on, store
from aia.corpora.service import Corpora, stored_of
from aia.corpora.sources import ReadOptions, read_corpus
from aia.infra.sql import Database, Tx
from aia.knowledge import CorpusInfo, Knowledge, records_of

MARKS_TRIED = 3


@dataclass(frozen=True, slots=True)
class Input:
    """An input that was read and cleaned. `corpus` holds what was added to the corpus `before`, or all of it."""

    corpus: Corpus
    documents: int
    mark: Checkpoint | None = None
    key: str = ""
    before: str | None = None

    @classmethod
    def whole(cls, corpus: Corpus) -> "Input":
        return cls(corpus, len(corpus.documents))

    @property
    def name(self) -> str:
        return self.corpus.name

    @property
    def reading(self) -> Reading:
        return self.corpus.reading


@dataclass(frozen=True, slots=True)
class ResumableIngestion:
    """`marks_max` marks are kept in an organisation, each of at most `bytes_max`."""

    database: Database
    knowledge: Knowledge
    corpora: Corpora
    bytes_max: int
    marks_max: int

    async def read(self, principal: Principal, path: Path, options: ReadOptions, cleaning: CleanOptions) -> Input:
        """A path; a file that `may_grow`, where it grew. Raises `SourceError`. Slow: no transaction may be open."""
        if not await asyncio.to_thread(may_resume, path, options):
            return Input.whole(await asyncio.to_thread(_read_clean, path, options, cleaning))
        key = options_key(options, cleaning)
        size = await asyncio.to_thread(lambda: path.stat().st_size)
        async with self.database.read(principal) as read:
            able = await store.newest(read, key, size, MARKS_TRIED)
        for corpus, length, digest in able:
            if not await asyncio.to_thread(begins_with, path, length, digest):
                continue
            if (grown := await self._read_on(principal, corpus, path, options, cleaning)) is not None:
                return grown
        corpus, mark = await asyncio.to_thread(read_marked, path, options, cleaning)
        return Input(corpus, len(corpus.documents), mark, key)

    async def _read_on(
        self, principal: Principal, before: str, path: Path, options: ReadOptions, cleaning: CleanOptions
    ) -> Input | None:
        loop = asyncio.get_running_loop()
        async with self.database.read(principal) as read:
            data = await store.data_of(read, before)
            corpus = await self.knowledge.corpus(read, before)

        async def documents(positions: Sequence[int]) -> list[tuple[str, str]]:
            async with self.database.read(principal) as read:
                found = await self.knowledge.documents_at(read, before, positions)
            return [(found[i].id, found[i].text) for i in positions]

        def kept(positions: Sequence[int]) -> list[tuple[str, str]]:
            return asyncio.run_coroutine_threadsafe(documents(positions), loop).result()

        if data is None:
            return None
        mark = await asyncio.to_thread(Checkpoint.unpack, data)
        grown = await asyncio.to_thread(read_on, path, options, cleaning, mark, kept)
        if grown is None:
            return None
        total = corpus.documents + len(grown.corpus.documents)
        return Input(grown.corpus, total, grown.mark, options_key(options, cleaning), before)

    async def keep(self, tx: Tx, given: Input) -> CorpusInfo:
        """Store what was read; raises `TooFewDocuments` as `Ventures.keep` does."""
        if given.before is None and given.mark is None:
            return await self.corpora.keep(tx, given.corpus)
        documents = stored_of(given.corpus, given.documents - len(given.corpus.documents))
        new, reading = records_of(documents), given.reading.to_json()
        assert given.mark is not None, "a corpus that grew has a mark"
        before = None if given.before is None else await self.knowledge.corpus(tx, given.before)
        records = new if before is None else "\n".join([given.mark.records, *([new] if documents else [])])
        kept = await self.knowledge.keep_records(tx, given.name, before, documents, records, reading)
        await self._leave(tx, given, kept, records)
        return kept

    async def _leave(self, tx: Tx, given: Input, kept: CorpusInfo, records: str) -> None:
        """The mark of what was kept; that of what it grew from goes."""
        assert given.mark is not None, "nothing to leave"
        if kept.id == given.before:
            return
        data = given.mark.with_records(records).pack()
        if len(data) <= self.bytes_max and self.marks_max:
            await store.put(tx, kept.id, given.key, given.mark.length, given.mark.sha256, data)
        await store.keep_newest(tx, self.marks_max, given.before)


def _read_clean(path: Path, options: ReadOptions, cleaning: CleanOptions) -> Corpus:
    return clean(read_corpus(path, options), cleaning)
