"""Hashed n-grams of sentences: what the statement model sees of them.

A word is hashed once (CRC-32), and pairs and triples are hashed from the hashes of their words, for all sentences of
a batch at once; numbers are one word, masks such as XXXX another.
"""

import re
from collections.abc import Sequence
from zlib import crc32

import numpy as np
import numpy.typing as npt

BUCKETS = 1 << 15
CLASSES = ("problem", "request", "other")
WORDS_MAX = 60
_TOKEN = re.compile(r"[a-z']+|\d|[?!]")
_MASK = re.compile(r"x{2,}")
_ODD = frozenset("x0123456789")
_MIX = np.uint64(0x9E3779B97F4A7C15)

Indices = npt.NDArray[np.int64]


def features(sentences: Sequence[str]) -> tuple[Indices, Indices]:
    """(bucket, sentence) of every word, pair and triple of words of the sentences, ends of a sentence as words."""
    words: list[int] = []
    lengths: list[int] = []
    for sentence in sentences:
        said = _TOKEN.findall(sentence.lower())[:WORDS_MAX]
        words.append(1)
        words.extend([crc32(_plain(w) if w[0] in _ODD else w.encode()) for w in said])
        words.append(2)
        lengths.append(len(said) + 2)
    one = np.array(words, dtype=np.uint64)
    owner = np.repeat(np.arange(len(lengths)), lengths)
    two, here = _joined(one, one, owner, 1)
    three, there = _joined(two, one, owner, 2)
    hashed = np.concatenate([one, two[here], three[there]])
    owners = np.concatenate([owner, owner[: len(here)][here], owner[: len(there)][there]])
    return ((hashed * _MIX) >> np.uint64(49)).astype(np.int64), owners


def _plain(word: str) -> bytes:
    """A number, or a word with x, which may be a mask."""
    return b"0" if word.isdigit() else b"xx" if _MASK.fullmatch(word) else word.encode()


def _joined(
    left: npt.NDArray[np.uint64], right: npt.NDArray[np.uint64], owner: Indices, apart: int
) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.bool_]]:
    """Hashes of what stands at i and i + apart, and whether both are of one sentence."""
    size = max(0, len(right) - apart)
    joined = (left[:size] * _MIX + right[apart:]) ^ (left[:size] >> np.uint64(17))
    return joined, owner[:size] == owner[apart:]
