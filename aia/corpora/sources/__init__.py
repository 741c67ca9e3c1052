"""Reading input: files, folders and archives of many formats, bounded, with errors that name place and remedy."""

from aia.corpora.sources.errors import SourceError
from aia.corpora.sources.model import Context, Head, Layout, Limits, Piece, Source
from aia.corpora.sources.read import Batch, Reader, ReadOptions, corpus_name, read_corpus, read_paths, read_rows

__all__ = [
    "Batch",
    "Context",
    "Head",
    "Layout",
    "Limits",
    "Piece",
    "ReadOptions",
    "Reader",
    "Source",
    "SourceError",
    "corpus_name",
    "read_corpus",
    "read_paths",
    "read_rows",
]
