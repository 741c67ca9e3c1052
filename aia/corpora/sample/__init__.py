"""A synthetic corpus with planted needs, trends and noise, and its truth beside it."""

from aia.corpora.sample.generate import DOCUMENTS, generate, phrases, write_sample

__all__ = ["DOCUMENTS", "generate", "phrases", "write_sample"]
