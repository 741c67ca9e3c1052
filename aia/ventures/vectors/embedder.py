"""Texts as vectors, behind one port: a table of token vectors, or the sentence model it stands in for.

The weighted mean of a text's token vectors comes near what all-MiniLM-L6-v2 would say, for some hundredth
of its work. How the table was built: `data/README.md` and `scripts/build_table.py`. It knows no word order.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from importlib.resources import files
from itertools import chain
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from scipy import sparse

from aia.infra.plugins import load_plugin
from aia.ventures.vectors.wordpiece import WordPiece
from aia.ventures.words import unmarked

Vectors = npt.NDArray[np.float32]

DECIMALS = 5
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
        """(n, d) float32, each row of length 1, or 0 for a text without known words.

        What somebody chose to say counts: no handles at the beginning, no markup (`words.unmarked`).
        """
        ...


@dataclass(frozen=True, slots=True)
class TokenTable:
    """Vectors of tokens, each as long as the token counts: a text points where their sum does."""

    pieces: WordPiece
    table: Vectors
    name: str = "table of token vectors distilled from all-MiniLM-L6-v2"

    def encode(self, texts: Sequence[str]) -> Vectors:
        blocks = [self._block(texts[i : i + BLOCK_TEXTS]) for i in range(0, len(texts), BLOCK_TEXTS)]
        return np.concatenate(blocks) if blocks else np.zeros((0, self.table.shape[1]), np.float32)

    def _block(self, texts: Sequence[str]) -> Vectors:
        rows = [self.pieces.encode(unmarked(text))[:TOKENS_MAX] for text in texts]
        ends = np.cumsum([0, *(len(row) for row in rows)])
        tokens = np.fromiter(chain.from_iterable(rows), np.int64, int(ends[-1]))
        # One sparse product: to gather the vectors of all tokens first takes most of the time.
        ones = np.ones(len(tokens), np.float32)
        counted: Any = sparse.csr_matrix((ones, tokens, ends), shape=(len(rows), len(self.table)))
        found = counted @ self.table
        norms = np.linalg.norm(found, axis=1, keepdims=True)
        return np.round(found / np.maximum(norms, 1e-12), DECIMALS)


def open_embedder(choice: Embedding) -> Embedder:
    """The embedder of a choice; `Invalid` where minilm is chosen and its extra is not installed."""
    if choice == Embedding.MINILM:
        open_minilm = load_plugin("aia.embeddings", choice.value)
        return open_minilm(shipped_table().pieces, threads=min(THREADS_MAX, os.cpu_count() or 1))
    return shipped_table()


def shipped_table() -> TokenTable:
    """The table of the wheel: 30,522 tokens, 8-bit, unpacked to float32 (about 30 MB) when it is opened."""
    data = files("aia.ventures.vectors").joinpath("data")
    vocabulary = data.joinpath("vocab.txt").read_text(encoding="utf-8").splitlines()
    with data.joinpath("table.npz").open("rb") as file, np.load(file) as stored:
        lengths = stored["scales"] * stored["weights"]
        return TokenTable(WordPiece(vocabulary), stored["table"].astype(np.float32) * lengths[:, None])
