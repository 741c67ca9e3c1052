"""Use-cases of knowledge: keep a corpus, give its documents back, record facts with their evidence."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from aia.core.pages import Page, PageRequest
from aia.infra.sql import Event, Read, Tx
from aia.knowledge import store
from aia.knowledge.layout import RUNS_MAX, behind, lay_out, shared
from aia.knowledge.model import (
    CorpusInfo,
    CorpusNotFound,
    Fact,
    RecordedFact,
    StoredDocument,
    corpus_id_of,
    records_of,
)


@dataclass(frozen=True, slots=True)
class Knowledge:
    """The organisation's memory; `record_facts` False keeps documents and evidence only."""

    record_facts: bool = True

    async def keep_corpus(
        self, tx: Tx, name: str, documents: Sequence[StoredDocument], reading: Mapping[str, Any]
    ) -> CorpusInfo:
        """Store documents once; the same input again gives the corpus that stands.

        Documents that stand already, with whichever corpus brought them, are referred to and not stored again.
        """
        return await self.keep_records(tx, name, None, documents, records_of(documents), reading)

    async def keep_records(
        self,
        tx: Tx,
        name: str,
        before: CorpusInfo | None,
        documents: Sequence[StoredDocument],
        records: str,
        reading: Mapping[str, Any],
    ) -> CorpusInfo:
        """The same of documents that stand behind those of the corpus `before`; `records` are the lines of both."""
        own = corpus_id_of(records, reading)
        known = await store.find_corpus(tx, own)
        if known is not None:
            await store.name_corpus(tx, name, own)
            return replace(known, name=name)
        runs = () if before is None else before.layout
        places = await store.places_of(tx, documents)
        layout = behind(runs, lay_out(places, own))
        if len(layout) > RUNS_MAX:
            places = [None for _ in documents]
            layout = behind(runs, lay_out(places, own))
        number = len(documents) + (0 if before is None else before.documents)
        corpus = CorpusInfo(own, name, number, reading, tx.now, layout)
        new = [document for document, place in zip(documents, places, strict=True) if place is None]
        await store.add_corpus(tx, corpus, new)
        await store.name_corpus(tx, name, own)
        tx.emit(Event("knowledge.corpus-kept", {"corpus": corpus.id, "documents": number}))
        return corpus

    async def corpus(self, read: Read, corpus: str) -> CorpusInfo:
        """Raises `CorpusNotFound`."""
        found = await store.find_corpus(read, corpus)
        if found is None:
            raise CorpusNotFound(f"corpus {corpus!r} is not kept in this organisation")
        return found

    async def newest_named(self, read: Read, name: str) -> CorpusInfo:
        """The corpus kept last under a name; raises `CorpusNotFound`."""
        found = await store.newest_named(read, name)
        if found is None:
            raise CorpusNotFound(f"no corpus named {name!r} is kept in this organisation")
        return found

    async def corpora(self, read: Read, request: PageRequest) -> Page[CorpusInfo]:
        """A page of what is kept, by name; of each name what was kept last."""
        return await store.corpora_page(read, request)

    async def documents(self, read: Read, corpus: str) -> list[StoredDocument]:
        """All documents in order; raises `CorpusNotFound`."""
        return [document async for part in self.stream(read, corpus) for document in part]

    async def documents_at(self, read: Read, corpus: str, positions: Sequence[int]) -> Mapping[int, StoredDocument]:
        """Documents by their positions; raises `CorpusNotFound`."""
        return await store.documents_at(read, await self.corpus(read, corpus), positions)

    async def stream(
        self, read: Read, corpus: str, first: int = 0, end: int | None = None
    ) -> AsyncIterator[list[StoredDocument]]:
        """Documents at positions `first` to `end`, in order, some thousands at a time; raises `CorpusNotFound`."""
        info = await self.corpus(read, corpus)
        last = info.documents if end is None else min(end, info.documents)
        async for part in store.stream(read, info, first, last):
            yield part

    async def in_common(self, read: Read, before: str, now: str) -> list[tuple[int, int, int]]:
        """(position in `now`, position in `before`, count) of the documents two corpora share, in order of `now`."""
        return shared((await self.corpus(read, before)).layout, (await self.corpus(read, now)).layout)

    async def record(self, tx: Tx, facts: Sequence[Fact]) -> None:
        """Keep facts and their passages in one set; a newer fact supersedes its like."""
        passages = {passage.id: passage for fact in facts for passage in fact.passages}
        await store.add_passages(tx, passages)
        if self.record_facts and facts:
            keys = sorted({(fact.subject, fact.predicate) for fact in facts})
            await store.close_facts(tx, keys)
            await store.add_facts(tx, facts)

    async def facts(self, read: Read, request: PageRequest, subject: str | None = None) -> Page[RecordedFact]:
        """Facts in force, a page at a time, of one subject or all."""
        return await store.facts_page(read, request, subject)
