"""Texts as vectors, behind one port: a table of token vectors, or the sentence model it stands in for.

The sum of a text's token vectors, each as long as the token counts, points near where all-MiniLM-L6-v2 would,
for a hundredth of its work. How the table was built: `data/README.md` and `scripts/build_table.py`. Of word order
it knows some thousand pairs of neighbours.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from importlib.resources import files
from importlib.resources.abc import Traversable
from itertools import chain
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from scipy import sparse

from aia.infra.plugins import load_plugin
from aia.ventures.vectors.wordpiece import WordPiece

Vectors = npt.NDArray[np.float32]

DECIMALS = 5
PAIR_BASE = 2**16
BLOCK_TEXTS = 4_096
TOKENS_MAX = 256
"""Tokens of a text that count; statements are at most 400 characters, so only whole documents have more."""


THREADS_MAX = 2
"""Threads of the sentence model."""


class Embedding(StrEnum):
    """The choice of `--embedding`: the shipped table, or the sentence model it stands in for."""

    TABLE = "table"
    MINILM = "minilm"


class Embedder(Protocol):
    """Turns texts into unit vectors of one dimension."""

    @property
    def name(self) -> str: ...

    def encode(self, texts: Sequence[str]) -> Vectors:
        """(n, d) float32, each row of length 1, or 0 for a text without known words."""
        ...


@dataclass(frozen=True, slots=True)
class TokenTable:
    """Vectors of tokens, and what some pairs of tokens side by side say beyond that ("top up", "not working")."""

    pieces: WordPiece
    tokens: Vectors
    pairs: Vectors
    keys: npt.NDArray[np.int64]
    """Of each pair, ascending: the first token times `PAIR_BASE`, plus the second."""
    name: str = "table of token vectors distilled from all-MiniLM-L6-v2"

    def encode(self, texts: Sequence[str]) -> Vectors:
        blocks = [self._block(texts[i : i + BLOCK_TEXTS]) for i in range(0, len(texts), BLOCK_TEXTS)]
        return np.concatenate(blocks) if blocks else np.zeros((0, self.tokens.shape[1]), np.float32)

    def _block(self, texts: Sequence[str]) -> Vectors:
        rows = [self.pieces.encode(text)[:TOKENS_MAX] for text in texts]
        lengths = np.fromiter((len(row) for row in rows), np.int64, len(rows))
        tokens = np.fromiter(chain.from_iterable(rows), np.int64, int(lengths.sum()))
        found = _sums(tokens, lengths, self.tokens)
        if len(self.keys) and len(tokens) > 1:
            text = np.repeat(np.arange(len(rows)), lengths)
            keys = tokens[:-1] * PAIR_BASE + tokens[1:]
            places = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
            known = (self.keys[places] == keys) & (text[:-1] == text[1:])
            found += _sums(places[known], np.bincount(text[:-1][known], minlength=len(rows)), self.pairs)
        norms = np.linalg.norm(found, axis=1, keepdims=True)
        return np.round(found / np.maximum(norms, 1e-12), DECIMALS)


def _sums(places: npt.NDArray[np.int64], counts: npt.NDArray[np.int64], vectors: Vectors) -> Vectors:
    """(len(counts), d): the sum of the first `counts[0]` vectors at `places`, of the next `counts[1]`, and so on."""
    starts = np.concatenate([[0], np.cumsum(counts)])
    chosen: Any = sparse.csr_matrix(
        (np.ones(len(places), np.float32), places, starts), shape=(len(counts), len(vectors))
    )
    return chosen @ vectors


def open_embedder(choice: Embedding) -> Embedder:
    """The embedder of a choice; `Invalid` where minilm is chosen and its extra is not installed."""
    if choice == Embedding.MINILM:
        open_minilm = load_plugin("aia.embeddings", choice.value)
        return open_minilm(shipped_pieces(), threads=min(THREADS_MAX, os.cpu_count() or 1))
    return shipped_table()


def shipped_pieces() -> WordPiece:
    """The pieces of the vocabulary that the table and the sentence model share."""
    return WordPiece(_data().joinpath("vocab.txt").read_text(encoding="utf-8").splitlines())


def shipped_table() -> TokenTable:
    """The table of the wheel, unpacked to float32 (about 40 MB) when it is opened."""
    pieces = shipped_pieces()
    with _data().joinpath("table.npz").open("rb") as file, np.load(file) as stored:
        table = stored["table"].astype(np.float32) * stored["scales"][:, None]
        return TokenTable(pieces, table[: pieces.size], table[pieces.size :], stored["pairs"])


def _data() -> Traversable:
    return files("aia.ventures.vectors").joinpath("data")
