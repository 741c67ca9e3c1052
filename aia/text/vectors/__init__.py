"""Texts to vectors: the shipped token table, or the sentence model of the extra `minilm`."""

from aia.text.vectors.embedder import Embedding, Vectors, open_embedder, shipped_table

__all__ = ["Embedding", "Vectors", "open_embedder", "shipped_table"]
