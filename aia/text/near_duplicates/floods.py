"""Copies among statements: which repeat an earlier one so nearly that they are no evidence of a grain of their own.

Many copies are a ball without structure. Communities split it at random, so the resolution at which it is stable is
far too coarse for everything else; a flood of copies would hide the needs of all others.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from zlib import crc32

import numpy as np

from aia.text.near_duplicates.copies import TEMPLATE_JACCARD, WORDS_MIN, Copies
from aia.text.words import tokens

COPIES_MAX = 3
CROWD_SHARE = 0.2
"""Copies that would be more than this share of the community they go to are one of their own."""
COMMON_MIN, COMMON_SHARE = 10, 0.002
"""A run of three words is common from ten texts on, and from one text in five hundred on."""
SUSPECT_SHARE = 0.5
"""A text is compared with others where half of its runs are common; nearly all copies of a flood are."""
BUCKETS = 1 << 22
BUCKET_SHIFT = np.uint64(64 - 22)
MIX = np.uint64(0x9E3779B97F4A7C15)
BLOCK_TEXTS = 65_536


@dataclass(frozen=True, slots=True)
class DuplicateRows:
    """`spare` (n,): the row repeats three or more before it; `first` (n,): the row it repeats, else itself."""

    spare: np.ndarray
    first: np.ndarray


def duplicate_rows_of(texts: Sequence[str]) -> DuplicateRows:
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
    return DuplicateRows(spare, first)


def _suspects(texts: Sequence[str], many: float) -> list[int]:
    """Rows whose runs of words many others have too."""
    known: dict[str, int] = {}
    blocks = [_runs(texts[i : i + BLOCK_TEXTS], known) for i in range(0, len(texts), BLOCK_TEXTS)]
    counts = np.zeros(BUCKETS, np.int32)
    for runs, _ in blocks:
        np.add.at(counts, runs, 1)
    common = counts >= many
    found: list[int] = []
    for block, (runs, owners) in enumerate(blocks):
        own, shared = np.bincount(owners), np.bincount(owners, weights=common[runs])
        suspect = np.flatnonzero((own > 0) & (shared >= SUSPECT_SHARE * own))
        found.extend((suspect + block * BLOCK_TEXTS).tolist())
    return found


def _runs(texts: Sequence[str], known: dict[str, int]) -> tuple[np.ndarray, np.ndarray]:
    """(bucket, text) of each different run of three words of each text; a text of few words is one run.

    `known` are the hashes of words met before: a word is hashed once, a run from the hashes of its words.
    """
    hashes: list[int] = []
    lengths: list[int] = []
    for text in texts:
        words = tokens(text)
        if len(words) < WORDS_MIN:
            words = [" ".join(words)] * 3 if words else []
        for word in words:
            if word not in known:
                known[word] = crc32(word.encode())
        hashes.extend([known[word] for word in words])
        lengths.append(len(words))
    one = np.array(hashes, dtype=np.uint64)
    owner = np.repeat(np.arange(len(texts), dtype=np.int64), lengths)
    size = max(0, len(one) - 2)
    mixed = ((one[:size] * MIX ^ one[1 : size + 1]) * MIX ^ one[2:]) * MIX
    whole = owner[:size] == owner[2:]
    buckets = (mixed[whole] >> BUCKET_SHIFT).astype(np.int64)
    keys = np.unique(owner[:size][whole] * BUCKETS + buckets)
    return keys % BUCKETS, keys // BUCKETS


def joined(labels: np.ndarray, crowd: DuplicateRows) -> np.ndarray:
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
