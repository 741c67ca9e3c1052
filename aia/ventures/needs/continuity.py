"""Needs from run to run: which of today's are those of before, and where new statements belong."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from aia.text.vectors import Vectors
from aia.ventures.needs.neighbours import nearest_in
from aia.ventures.needs.quantized import Rows, cosines, floats, rows_of

VOTERS = 10
SHARED_MIN = 0.3
AGREEMENT_MIN = 0.4
SIMILARITY_QUANTILE = 0.05
OPEN_MIN = 3


@dataclass(frozen=True, slots=True)
class Known:
    """Statements grouped before: `vectors` (n, d) and for each its need, or None."""

    vectors: Vectors
    needs: tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class Extension:
    """For each new statement its need or None; `opened` are the rows of each need that nobody had before."""

    assigned: tuple[str | None, ...]
    opened: tuple[tuple[int, ...], ...]


def match(previous: Mapping[str, frozenset[str]], current: Mapping[str, frozenset[str]]) -> dict[str, str]:
    """Current need to the previous one it continues: most shared documents first, each of them once.

    Both map a need's id to its documents' ids. A pair continues where it shares three tenths of their union.
    """
    holders: dict[str, list[str]] = {}
    for need, documents in previous.items():
        for document in documents:
            holders.setdefault(document, []).append(need)
    pairs: list[tuple[float, str, str]] = []
    for need, documents in current.items():
        shared = Counter(old for document in documents for old in holders.get(document, ()))
        for old, count in shared.items():
            overlap = count / len(documents | previous[old])
            if overlap >= SHARED_MIN:
                pairs.append((-overlap, old, need))
    found: dict[str, str] = {}
    taken: set[str] = set()
    for _, old, need in sorted(pairs):
        if need not in found and old not in taken:
            found[need] = old
            taken.add(old)
    return found


def extend(known: Known, new: Vectors) -> Extension:
    """Give each new statement the need that most of its ten nearest known ones have.

    It stays out where they do not agree, or where it is farther from them than nearly all known statements are from
    each other. What stays out opens a need where at least three are nearer to each other than that.
    """
    if not len(new) or not len(known.vectors):
        return Extension((None,) * len(new), ())
    before, rows = rows_of(known.vectors), rows_of(new)
    neighbours, similarities = nearest_in(rows, before, VOTERS)
    floor = _usual_similarity(before)
    assigned: list[str | None] = []
    for row, values in zip(neighbours.tolist(), similarities.tolist(), strict=True):
        votes: Counter[str | None] = Counter()
        for other, value in zip(row, values, strict=True):
            votes[known.needs[other]] += max(value, 0.0)
        best = min(votes, key=lambda need: (-votes[need], need or ""))
        sure = votes[best] >= AGREEMENT_MIN * sum(votes.values()) and max(values) >= floor
        assigned.append(best if sure else None)
    left = [i for i, need in enumerate(assigned) if need is None]
    return Extension(tuple(assigned), _near_each_other(rows, left, floor))


def _usual_similarity(known: Rows) -> float:
    """The similarity to the nearest other that all but one in twenty of (at most 500) known statements have."""
    chosen = np.unique(np.linspace(0, len(known) - 1, min(len(known), 500)).astype(int))
    values = nearest_in(known[chosen], known, 2)[1][:, -1]
    return float(np.quantile(values, SIMILARITY_QUANTILE))


def _near_each_other(new: Rows, outside: Sequence[int], floor: float) -> tuple[tuple[int, ...], ...]:
    """Greedy groups of at least three rows around the row with the most others within reach."""
    left = list(outside)
    groups: list[tuple[int, ...]] = []
    while len(left) >= OPEN_MIN:
        rest = floats(new[left])
        within = cosines(rest @ rest.T) >= floor
        centre = int(within.sum(axis=1).argmax())
        members = np.flatnonzero(within[centre]).tolist()
        if len(members) < OPEN_MIN:
            break
        groups.append(tuple(left[i] for i in members))
        left = [row for i, row in enumerate(left) if i not in set(members)]
    return tuple(groups)
