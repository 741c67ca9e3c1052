"""Discovery: real text to ranked opportunities with evidence. The agents' tools stand in tools.py."""

from aia.ventures.corpus import CleanOptions, clean
from aia.ventures.model import Corpus, Document, Reading, RejectedRow
from aia.ventures.service import BacktestAsked, DiscoveryRequest, TooFewDocuments, Ventures
from aia.ventures.sources import ReadOptions, SourceError, read_corpus, read_paths, read_rows

__all__ = [
    "BacktestAsked",
    "CleanOptions",
    "Corpus",
    "DiscoveryRequest",
    "Document",
    "ReadOptions",
    "Reading",
    "RejectedRow",
    "SourceError",
    "TooFewDocuments",
    "Ventures",
    "clean",
    "read_corpus",
    "read_paths",
    "read_rows",
]
