"""Texts that repeat another in nearly the same words: each belongs to the first one that it nearly repeats.

How near: the Jaccard similarity of their runs of three words, numbers and masks left out. Candidates are those that
share most of 16 MinHash values (Broder, 1997), the first 16 of them; at 0.3, 99.7 % share one.
What is found is checked exactly.
"""

from collections import Counter
from collections.abc import Sequence
from zlib import crc32

import numpy as np

from aia.ventures.words import tokens

NEAR_JACCARD = 0.6
TEMPLATE_JACCARD = 0.3
"""A template with a word in six changed; two people in their own words rarely come to it."""
WORDS_MIN = 8
"""Of fewer words only the very same are a repeat: people say short things alike by themselves."""
TOKENS_MAX = 200
VALUES = 16
CANDIDATES_MAX = 16
BUCKET_MAX = 16
"""Texts looked up under one value: more share a phrase, not a text; so work grows with texts."""
_PRIME = (1 << 31) - 1


class Copies:
    """Texts in the order they come, each in the group of the first one it nearly repeats."""

    def __init__(self) -> None:
        rng = np.random.default_rng(7)
        self._a = rng.integers(1, _PRIME, VALUES, dtype=np.int64)
        self._b = rng.integers(0, _PRIME, VALUES, dtype=np.int64)
        self._leaders: list[frozenset[int]] = []
        self._exact: dict[tuple[str, ...], int] = {}
        self._buckets: dict[tuple[int, int], list[int]] = {}

    def group_of(self, text: str, jaccard: float, signed: str | None = None) -> int:
        """The group of a text: that of the first one whose runs are at least `jaccard` (0 to 1) the same.

        A few words that several people sign are a group each, as that happens by itself.
        """
        words = tuple(tokens(text)[:TOKENS_MAX])
        if len(words) < WORDS_MIN and signed is not None:
            words = (*words, signed)
        if words in self._exact:
            return self._exact[words]
        runs = frozenset(crc32(" ".join(words[i : i + 3]).encode()) for i in range(len(words) - 2))
        keys = self._keys(runs) if len(words) >= WORDS_MIN else []
        group = self._near(runs, keys, jaccard)
        if group is None:
            group = len(self._leaders)
            self._leaders.append(runs)
            for key in keys:
                bucket = self._buckets.setdefault(key, [])
                if len(bucket) < BUCKET_MAX:
                    bucket.append(group)
        self._exact[words] = group
        return group

    def _keys(self, runs: frozenset[int]) -> list[tuple[int, int]]:
        values = np.fromiter(runs, dtype=np.int64) % _PRIME
        return list(enumerate(((values[:, None] * self._a + self._b) % _PRIME).min(axis=0).tolist()))

    def _near(self, runs: frozenset[int], keys: Sequence[tuple[int, int]], jaccard: float) -> int | None:
        shared_values = Counter(group for key in keys for group in self._buckets.get(key, ()))
        candidates = sorted(shared_values, key=lambda group: (-shared_values[group], group))
        for group in candidates[:CANDIDATES_MAX]:
            shared = len(runs & self._leaders[group])
            if shared >= jaccard * (len(runs) + len(self._leaders[group]) - shared):
                return group
        return None
