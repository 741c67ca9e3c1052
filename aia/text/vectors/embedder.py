"""Texts as vectors, behind one port: a table of token vectors, or the sentence model it stands in for.

The sum of a text's token vectors points near where all-MiniLM-L6-v2 would, for some hundredth of its work. How the
table was built: `data/README.md` and `scripts/build_table.py`. Of word order it knows some thousand pairs of tokens.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from itertools import chain
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from scipy import sparse

from aia.infra.plugins import load_plugin
from aia.text.vectors.wordpiece import WordPiece
from aia.text.words import unmarked

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
        """(n, d) float32, each row of length 1, or 0 for a text without known words.

        What somebody chose to say counts: no handles at the beginning, no markup (`words.unmarked`).
        """
        ...


@dataclass(frozen=True, slots=True)
class TokenTable:
    """A text points where the sum of its rows does: those of its tokens, each as long as the token counts, and of
    pairs of tokens side by side that say more than the two ("top up", "not working")."""

    pieces: WordPiece
    table: Vectors
    """A row for each token, then one for each pair."""
    pairs: npt.NDArray[np.int64]
    """Of each pair, ascending: the first token times `PAIR_BASE`, plus the second."""
    name: str = "table of token vectors distilled from all-MiniLM-L6-v2"

    def encode(self, texts: Sequence[str]) -> Vectors:
        blocks = [self._block(texts[i : i + BLOCK_TEXTS]) for i in range(0, len(texts), BLOCK_TEXTS)]
        return np.concatenate(blocks) if blocks else np.zeros((0, self.table.shape[1]), np.float32)

    def _block(self, texts: Sequence[str]) -> Vectors:
        rows = [self.pieces.encode(unmarked(text))[:TOKENS_MAX] for text in texts]
        # One sparse product: to gather the vectors of all tokens first takes most of the time.
        found = features_of(rows, self.pairs, len(self.table) - len(self.pairs)) @ self.table
        norms = np.linalg.norm(found, axis=1, keepdims=True)
        return np.round(found / np.maximum(norms, 1e-12), DECIMALS)


def features_of(rows: Sequence[Sequence[int]], pairs: npt.NDArray[np.int64], tokens: int) -> Any:
    """(texts, tokens and pairs) float32, sparse: how often each is in each text, given the tokens of the texts."""
    lengths = np.fromiter((len(row) for row in rows), np.int64, len(rows))
    token = np.fromiter(chain.from_iterable(rows), np.int64, int(lengths.sum()))
    text = np.repeat(np.arange(len(rows)), lengths)
    keys, text_of_pair = pairs_in(token, text)
    place = np.searchsorted(pairs, keys)
    known = np.append(pairs, -1)[place] == keys
    column = np.concatenate([token, tokens + place[known]])
    at = np.concatenate([text, text_of_pair[known]])
    return sparse.csr_matrix((np.ones(len(column), np.float32), (at, column)), (len(rows), tokens + len(pairs)))


def pairs_in(
    token: npt.NDArray[np.int64], text: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """(pairs of tokens side by side in one text, as `TokenTable.pairs` writes them, and the text of each)."""
    beside = text[1:] == text[:-1]
    return (token[:-1] * PAIR_BASE + token[1:])[beside], text[:-1][beside]


def open_embedder(choice: Embedding) -> Embedder:
    """The embedder of a choice; `Invalid` where minilm is chosen and its extra is not installed."""
    if choice == Embedding.MINILM:
        open_minilm = load_plugin("aia.embeddings", choice.value)
        return open_minilm(shipped_pieces(), threads=min(THREADS_MAX, os.cpu_count() or 1))
    return shipped_table()


def shipped_pieces() -> WordPiece:
    """The pieces of the vocabulary that the table and the sentence model share."""
    return WordPiece(_data().joinpath("vocab.txt").read_text(encoding="utf-8").splitlines())


@cache
def shipped_table() -> TokenTable:
    """The table of the wheel, tokens and then pairs, unpacked to float32 (48 MB) the first time and kept.

    Analysts of a mission ask for it side by side, and to open it takes longer than to encode some thousand texts.
    """
    with _data().joinpath("table.npz").open("rb") as file, np.load(file) as stored:
        table = stored["table"].astype(np.float32) * stored["scales"][:, None]
        table.setflags(write=False)
        return TokenTable(shipped_pieces(), table, stored["pairs"])


def _data() -> Traversable:
    return files("aia.text.vectors").joinpath("data")
