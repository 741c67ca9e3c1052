"""Copies among statements: which repeat an earlier one so nearly that they are no evidence of a grain of their own.

Many copies are a ball without structure. Communities split it at random, so the resolution at which it is stable is
far too coarse for everything else; a flood of copies would hide the needs of all others.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from zlib import crc32

import numpy as np

from aia.ventures.copies import TEMPLATE_JACCARD, WORDS_MIN, Copies
from aia.ventures.words import tokens

COPIES_MAX = 3
CROWD_SHARE = 0.2
"""Copies that would be more than this share of the community they go to are one of their own."""
COMMON_MIN, COMMON_SHARE = 10, 0.002
"""A run of three words is common from ten texts on, and from one text in five hundred on."""
SUSPECT_SHARE = 0.5
"""A text is compared with others where half of its runs are common; nearly all copies of a flood are."""
BUCKETS = 1 << 22


@dataclass(frozen=True, slots=True)
class Crowd:
    """`spare` (n,): the row repeats three or more before it; `first` (n,): the row it repeats, else itself."""

    spare: np.ndarray
    first: np.ndarray


def crowd_of(texts: Sequence[str]) -> Crowd:
    """Copies among texts: of nearly the same words, or, of fewer than eight, of the very same; few are none."""
    spare, first = np.zeros(len(texts), bool), np.arange(len(texts))
    many = max(COMMON_MIN, COMMON_SHARE * len(texts))
    copies = Copies()
    met: dict[int, list[int]] = {}
    for row in _suspects(texts, many):
        met.setdefault(copies.group_of(texts[row], TEMPLATE_JACCARD), []).append(row)
    for rows in met.values():
        if len(rows) >= many:
            spare[rows[COPIES_MAX:]] = True
            first[rows] = rows[0]
    return Crowd(spare, first)


def _suspects(texts: Sequence[str], many: float) -> list[int]:
    """Rows whose runs of words many others have too."""
    runs: list[list[int]] = []
    counts = np.zeros(BUCKETS, np.int32)
    for text in texts:
        words = tokens(text)
        if len(words) < WORDS_MIN:
            own = [crc32(" ".join(words).encode()) % BUCKETS] if words else []
        else:
            own = sorted({crc32(" ".join(words[i : i + 3]).encode()) % BUCKETS for i in range(len(words) - 2)})
        counts[own] += 1
        runs.append(own)
    common = counts >= many
    return [i for i, own in enumerate(runs) if own and common[own].mean() >= SUSPECT_SHARE]


def joined(labels: np.ndarray, crowd: Crowd) -> np.ndarray:
    """(n,) labels of all rows, given those of rows that are not spare: a spare row goes where its first went.

    A crowd that would be a large part of its community is a community of its own, so that it buries nobody's need.
    """
    found = np.where(crowd.spare, labels[crowd.first], labels)
    sizes = np.bincount(found[found >= 0], minlength=1)
    leaders, counts = np.unique(crowd.first[crowd.spare], return_counts=True)
    fresh = int(found.max()) + 1
    for leader, count in zip(leaders.tolist(), counts.tolist(), strict=True):
        if found[leader] >= 0 and count > CROWD_SHARE * sizes[found[leader]]:
            found[crowd.first == leader] = fresh
            fresh += 1
    return found
