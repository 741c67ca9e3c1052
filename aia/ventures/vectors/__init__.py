"""Texts to vectors: the shipped token table, blended with the latent semantics of the corpus."""

from aia.ventures.vectors.embedder import Vectors, shipped_embedder, shipped_table

__all__ = ["Vectors", "shipped_embedder", "shipped_table"]
