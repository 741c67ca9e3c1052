"""New statements put into needs that stand: only they are embedded, and a sample of what was grouped before.

What fits nowhere and lies together opens needs. Where much of what is new does, the text has drifted: then all is
grouped anew, and a need that continues one of before keeps its id.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from aia.core.ids import content_id
from aia.text.model import Statement
from aia.text.vectors import Vectors
from aia.ventures.model import Need
from aia.ventures.needs.continuity import Known, extend, match
from aia.ventures.needs.grouping import group

KNOWN_MAX = 4_000
"""Statements grouped before that new ones are held against."""
PER_NEED_MIN = 30
UNLISTED = ""
"""The label of statements that were grouped, but not into a need that is listed."""
DRIFT_MAX = 0.2
DRIFT_STATEMENTS_MIN = 30
DOCUMENTS_MIN = 3


@dataclass(frozen=True, slots=True)
class Incremental:
    """Needs, and how many new statements went into those that stood, opened new ones, or fit nowhere."""

    needs: tuple[Need, ...]
    joined: int
    opened: int
    apart: int
    regrouped: bool = False

    def told(self) -> dict[str, int | bool]:
        return {"joined": self.joined, "opened": self.opened, "apart": self.apart, "regrouped": self.regrouped}


def continue_needs(
    statements: Sequence[Statement],
    texts: Sequence[str],
    needs: Sequence[Need],
    encode: Callable[[Sequence[str]], Vectors],
    *,
    first_new: int,
    seed: int,
    needs_max: int,
) -> Incremental:
    """`needs` group statements before `first_new`; those from there on are new."""
    label: dict[int, str] = {i: need.id for need in needs for i in need.members}
    chosen = _sample(needs, first_new)
    vectors = encode([*(texts[i] for i in chosen), *texts[first_new:]])
    known = Known(vectors[: len(chosen)], tuple(label.get(i, UNLISTED) for i in chosen))
    new = vectors[len(chosen) :]
    found = extend(known, new)
    outside = sorted(row for rows in found.opened for row in rows)
    if len(outside) >= DRIFT_STATEMENTS_MIN and len(outside) > DRIFT_MAX * len(new):
        return _regrouped(statements, texts, needs, encode, seed=seed, needs_max=needs_max, first_new=first_new)
    joined: dict[str, list[int]] = defaultdict(list)
    for row, need in enumerate(found.assigned):
        if need is not None and need != UNLISTED:
            joined[need].append(first_new + row)
    stand = [replace(n, members=(*n.members, *joined[n.id])) for n in needs]
    opened = _opened(statements, texts, new, outside, first_new, seed, needs_max)
    taken = {need.id for need in stand}
    every = [*stand, *(n for n in opened if n.id not in taken)]
    reach = {n.id: len({statements[i].document for i in n.members}) for n in every}
    every.sort(key=lambda n: (-reach[n.id], n.members[0]))
    into = sum(map(len, joined.values()))
    apart = len(new) - into - sum(len(n.members) for n in opened)
    return Incremental(tuple(every[:needs_max]), into, len(opened), apart)


def _sample(needs: Sequence[Need], first_new: int) -> list[int]:
    """Statements of before at even distances, and at least thirty of each need."""
    chosen = set(np.unique(np.linspace(0, first_new - 1, min(KNOWN_MAX, first_new)).astype(int)).tolist())
    for need in needs:
        missing = PER_NEED_MIN - len(chosen.intersection(need.members))
        if missing > 0:
            chosen.update([i for i in need.members if i not in chosen][:missing])
    return sorted(chosen)


def _opened(
    statements: Sequence[Statement],
    texts: Sequence[str],
    new: Vectors,
    rows: Sequence[int],
    first_new: int,
    seed: int,
    needs_max: int,
) -> list[Need]:
    """Needs of new statements that lie together and fit nowhere else."""
    if len(rows) < DOCUMENTS_MIN:
        return []
    mine = [first_new + row for row in rows]
    found = group(
        [statements[i] for i in mine], [texts[i] for i in mine], new[list(rows)], seed=seed, needs_max=needs_max
    )
    return [
        replace(n, members=tuple(mine[i] for i in n.members), medoids=tuple(mine[i] for i in n.medoids))
        for n in found
    ]


def _regrouped(
    statements: Sequence[Statement],
    texts: Sequence[str],
    needs: Sequence[Need],
    encode: Callable[[Sequence[str]], Vectors],
    *,
    seed: int,
    needs_max: int,
    first_new: int,
) -> Incremental:
    fresh = group(statements, texts, encode(texts), seed=seed, needs_max=needs_max)
    found = keep_ids(_documents(needs, statements), fresh, statements)
    new = {i for n in found for i in n.members if i >= first_new}
    stood = {need.id for need in needs}
    opened = sum(n.id not in stood for n in found)
    return Incremental(found, len(new), opened, len(statements) - first_new - len(new), regrouped=True)


def keep_ids(
    previous: Mapping[str, frozenset[str]], needs: Sequence[Need], statements: Sequence[Statement]
) -> tuple[Need, ...]:
    """The needs, those that continue one of before under its id; no id twice."""
    continues = match(previous, _documents(needs, statements))
    taken = set(continues.values())
    found: list[Need] = []
    for need in needs:
        own = continues.get(need.id, need.id)
        if need.id not in continues and own in taken:
            own = content_id("need", own, need.title)
        found.append(replace(need, id=own))
    return tuple(found)


def _documents(needs: Sequence[Need], statements: Sequence[Statement]) -> dict[str, frozenset[str]]:
    return {n.id: frozenset(str(statements[i].document) for i in n.members) for n in needs}
