"""From any file or service to kept documents: sources, connectors, cleaning, ingest, resume."""

from aia.corpora.cleaning import CleanOptions, clean
from aia.corpora.model import Corpus, Document, Reading, RejectedRow
from aia.corpora.service import Corpora, TooFewDocuments
from aia.corpora.sources import ReadOptions, SourceError, read_corpus, read_paths, read_rows

__all__ = [
    "CleanOptions",
    "Corpora",
    "Corpus",
    "Document",
    "ReadOptions",
    "Reading",
    "RejectedRow",
    "SourceError",
    "TooFewDocuments",
    "clean",
    "read_corpus",
    "read_paths",
    "read_rows",
]
