"""Reading input files: bounded, with errors that name file, line and remedy."""

from aia.ventures.sources.errors import SourceError
from aia.ventures.sources.read import ReadOptions, read_corpus, read_rows

__all__ = ["ReadOptions", "SourceError", "read_corpus", "read_rows"]
