"""What is known: documents that were read, evidence quoted from them, facts established by agents."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from aia.core.canonical import canonical, sha256
from aia.core.clock import Instant
from aia.core.errors import NotFound
from aia.core.ids import content_id
from aia.knowledge.layout import Run


class CorpusNotFound(NotFound):
    code = "corpus-not-found"
    title = "No such corpus"


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """One piece of real text; `id` is the input's own, `position` its place in the corpus.

    `source` is where it was said, `fields` what else the input tells about it (company, rating, ...).
    """

    position: int
    id: str
    text: str
    date: date | None
    author: str | None
    sha256: str
    source: str | None = None
    fields: Mapping[str, str] = field(default_factory=dict[str, str])


def stored_document(
    position: int,
    doc_id: str,
    text: str,
    *,
    day: date | None = None,
    author: str | None = None,
    source: str | None = None,
    fields: Mapping[str, str] | None = None,
) -> StoredDocument:
    """A document with the hash of its text."""
    return StoredDocument(position, doc_id, text, day, author, sha256(text), source, fields or {})


@dataclass(frozen=True, slots=True)
class CorpusInfo:
    """A set of documents, named by what is in it: the same input is the same corpus.

    `reading` tells how the input was read (columns, rejected rows by reason, undated documents), `layout` which
    corpora brought its documents.
    """

    id: str
    name: str
    documents: int
    reading: Mapping[str, Any]
    created_at: Instant
    layout: tuple[Run, ...]


def corpus_id(documents: Iterable[StoredDocument], reading: Mapping[str, Any]) -> str:
    """Content-addressed: depends on all that is kept of each document, in order, and on the reading."""
    return corpus_id_of(records_of(documents), reading)


def records_of(documents: Iterable[StoredDocument]) -> str:
    """The lines of documents that the id of a corpus is made of."""
    return "\n".join(map(line_of, documents))


def corpus_id_of(records: str, reading: Mapping[str, Any]) -> str:
    return content_id("crp", records, canonical(dict(reading)).decode())


def line_of(d: StoredDocument) -> str:
    """All that is kept of a document but its place, the text by its hash.

    What has neither source nor fields reads as it did before there were any.
    """
    line = f"{d.id}\t{d.date.isoformat() if d.date else ''}\t{d.author or ''}\t{d.sha256}"
    if d.source is None and not d.fields:
        return line
    return f"{line}\t{d.source or ''}\t{canonical(dict(d.fields)).decode()}"


@dataclass(frozen=True, slots=True)
class Passage:
    """A quotation and where it stands: `text[start:end]` of a document of a corpus."""

    corpus: str
    document: str
    start: int
    end: int
    quotation: str
    document_sha256: str

    @property
    def id(self) -> str:
        return content_id("evd", self.document, str(self.start), str(self.end), self.document_sha256)


@dataclass(frozen=True, slots=True)
class Fact:
    """A statement an agent established: subject, predicate, object, and the passages that bear it.

    Facts are never changed: a newer one closes `recorded_to` of the one it supersedes (bitemporal,
    after Snodgrass: valid time is the world's, recorded time is ours).
    """

    subject: str
    predicate: str
    object: Any
    agent: str
    mission: str
    valid_from: date | None = None
    valid_to: date | None = None
    passages: tuple[Passage, ...] = ()

    @property
    def id(self) -> str:
        valid = [d.isoformat() if d else None for d in (self.valid_from, self.valid_to)]
        content = canonical([self.object, valid, [p.id for p in self.passages]]).decode()
        return content_id("fct", self.mission, self.subject, self.predicate, content)


@dataclass(frozen=True, slots=True)
class RecordedFact:
    """A fact as read back, with the time it was recorded and the ids of its evidence."""

    id: str
    subject: str
    predicate: str
    object: Any
    agent: str
    mission: str
    recorded_at: Instant
    evidence: tuple[str, ...]
