"""What is known: corpora and their documents, evidence quoted from them, facts (the DKG)."""

from aia.knowledge.layout import new_positions
from aia.knowledge.model import (
    CorpusInfo,
    CorpusNotFound,
    Fact,
    Passage,
    RecordedFact,
    StoredDocument,
    records_of,
    stored_document,
)
from aia.knowledge.service import Knowledge

__all__ = [
    "CorpusInfo",
    "CorpusNotFound",
    "Fact",
    "Knowledge",
    "Passage",
    "RecordedFact",
    "StoredDocument",
    "new_positions",
    "records_of",
    "stored_document",
]
