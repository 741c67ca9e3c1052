"""Keeping a corpus that was read."""

from dataclasses import dataclass

from aia.core.errors import Invalid
from aia.corpora.model import Corpus
from aia.infra.sql import Tx
from aia.knowledge import CorpusInfo, Knowledge, StoredDocument, stored_document

DOCUMENTS_MIN = 10


class TooFewDocuments(Invalid):
    """Too little text to find anything that several people need."""

    code = "too-few-documents"
    title = "Too few documents"


@dataclass(frozen=True, slots=True)
class Corpora:
    """Kept inputs."""

    knowledge: Knowledge

    async def keep(self, tx: Tx, corpus: Corpus) -> CorpusInfo:
        """Store a corpus that was read; raises `TooFewDocuments` below ten documents."""
        if len(corpus.documents) < DOCUMENTS_MIN:
            left_out = sum(corpus.reading.rejected.values())
            told = ", ".join(f"{n} {reason}" for reason, n in corpus.reading.rejected.items())
            raise TooFewDocuments(
                f"{corpus.name} has {len(corpus.documents)} distinct documents"
                + (f" ({left_out} rows left out: {told})" if left_out else "")
                + f"; a discovery needs at least {DOCUMENTS_MIN}"
                + ("; of plain text each line is a document" if corpus.reading.format == "txt" else "")
            )
        return await self.knowledge.keep_corpus(tx, corpus.name, stored_of(corpus), corpus.reading.to_json())


def stored_of(corpus: Corpus, first: int = 0) -> list[StoredDocument]:
    """The documents of a corpus as they are stored, at positions from `first` on."""
    return [
        stored_document(position, d.id, d.text, day=d.day, author=d.author, source=d.source, fields=d.fields)
        for position, d in enumerate(corpus.documents, first)
    ]
