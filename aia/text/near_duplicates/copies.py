"""Texts that repeat another in nearly the same words: each belongs to the first one that it nearly repeats.

How near: the Jaccard similarity of their runs of three words, numbers and masks left out. Candidates are those that
share most of 16 MinHash values (Broder, 1997), the first 16 of them; at 0.3, 99.7 % share one.
What is found is checked exactly.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from zlib import crc32

import numpy as np

from aia.core.ids import hash64
from aia.text.words import tokens

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


@dataclass(frozen=True, slots=True)
class KnownTexts:
    """Texts that were met before, to go on from: groups 0 to n - 1.

    `values` (n, 16) are the MinHash values of each group's first text, -1 where it is too short to be near another;
    `groups` maps the hash of a text's words to its group; `text_of` gives the first text of a group, and who signed.
    """

    values: np.ndarray
    groups: Mapping[int, int]
    text_of: Callable[[int], tuple[str, str | None]]


class Copies:
    """Texts in the order they come, each in the group of the first one it nearly repeats."""

    def __init__(self, met: KnownTexts | None = None) -> None:
        rng = np.random.default_rng(7)
        self._a = rng.integers(1, _PRIME, VALUES, dtype=np.int64)
        self._b = rng.integers(0, _PRIME, VALUES, dtype=np.int64)
        self._met = met
        self._columns = None if met is None else np.ascontiguousarray(met.values.T)
        self._count = 0 if met is None else len(met.values)
        self._leaders: dict[int, frozenset[int]] = {}
        self._exact: dict[int, int] = {} if met is None else dict(met.groups)
        self._buckets: dict[tuple[int, int], list[int]] = {}
        self.values: list[np.ndarray] = []
        """MinHash values of the first text of each group that is new."""

    def group_of(self, text: str, jaccard: float, signed: str | None = None) -> int:
        """The group of a text: that of the first one whose runs are at least `jaccard` (0 to 1) the same.

        A few words that several people sign are a group each, as that happens by itself.
        """
        return self.place(text, jaccard, signed)[0]

    def place(self, text: str, jaccard: float, signed: str | None = None) -> tuple[int, int]:
        """The group of a text, and the hash of its words."""
        words = _words(text, signed)
        long = len(words) >= WORDS_MIN
        said = hash64("\0".join(words))
        if said in self._exact:
            return self._exact[said], said
        runs = _runs(words)
        values = self._values(runs) if long else _NO_VALUES
        keys = list(enumerate(values.tolist())) if long else []
        group = self._near(runs, keys, jaccard)
        if group is None:
            group = self._count
            self._count += 1
            self._leaders[group] = runs
            self.values.append(values)
            for key in keys:
                bucket = self._bucket(key)
                if len(bucket) < BUCKET_MAX:
                    bucket.append(group)
        self._exact[said] = group
        return group, said

    def _values(self, runs: frozenset[int]) -> np.ndarray:
        values = np.fromiter(runs, dtype=np.int64) % _PRIME
        return ((values[:, None] * self._a + self._b) % _PRIME).min(axis=0).astype(np.int32)

    def _bucket(self, key: tuple[int, int]) -> list[int]:
        bucket = self._buckets.get(key)
        if bucket is None:
            place, value = key
            before = () if self._columns is None else np.flatnonzero(self._columns[place] == value)[:BUCKET_MAX]
            bucket = self._buckets[key] = [int(group) for group in before]
        return bucket

    def _near(self, runs: frozenset[int], keys: Sequence[tuple[int, int]], jaccard: float) -> int | None:
        shared_values = Counter(group for key in keys for group in self._bucket(key))
        candidates = sorted(shared_values, key=lambda group: (-shared_values[group], group))
        for group in candidates[:CANDIDATES_MAX]:
            leader = self._leader(group)
            shared = len(runs & leader)
            if shared >= jaccard * (len(runs) + len(leader) - shared):
                return group
        return None

    def _leader(self, group: int) -> frozenset[int]:
        if group not in self._leaders:
            assert self._met is not None, "a group without a first text"
            self._leaders[group] = _runs(_words(*self._met.text_of(group)))
        return self._leaders[group]


_NO_VALUES = np.full(VALUES, -1, np.int32)


def _words(text: str, signed: str | None) -> tuple[str, ...]:
    """What is compared of a text."""
    words = tuple(tokens(text)[:TOKENS_MAX])
    return (*words, signed) if len(words) < WORDS_MIN and signed is not None else words


def _runs(words: Sequence[str]) -> frozenset[int]:
    return frozenset(crc32(" ".join(words[i : i + 3]).encode()) for i in range(len(words) - 2))
