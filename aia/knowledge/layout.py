"""Where the documents of a corpus stand: runs of what earlier corpora brought, and its own. Pure.

A document is kept once, with the corpus that brought it first. A corpus that grew is then a list of runs: those of
the corpora it shares documents with, and one of its own for each stretch of new documents.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

RUNS_MAX = 50_000
"""A corpus in more pieces than this (a shuffled one) is kept anew, as reading it in pieces would take longer."""


@dataclass(frozen=True, slots=True)
class Run:
    """Documents `first` to `first + count` of those that corpus `segment` brought."""

    segment: str
    first: int
    count: int


def lay_out(places: Sequence[tuple[str, int] | None], own: str) -> tuple[Run, ...]:
    """Runs of a corpus whose documents stand at `places` (segment, place); None are new, and its own in order."""
    runs: list[Run] = []
    brought = 0
    for place in places:
        if place is None:
            place = (own, brought)  # noqa: PLW2901
            brought += 1
        last = runs[-1] if runs else None
        if last is not None and (last.segment, last.first + last.count) == place:
            runs[-1] = Run(last.segment, last.first, last.count + 1)
        else:
            runs.append(Run(*place, 1))
    return tuple(runs)


def behind(before: Sequence[Run], new: Sequence[Run]) -> tuple[Run, ...]:
    """The runs of a corpus to which others were added."""
    if before and new:
        last, first = before[-1], new[0]
        if (last.segment, last.first + last.count) == (first.segment, first.first):
            return (*before[:-1], Run(last.segment, last.first, last.count + first.count), *new[1:])
    return (*before, *new)


def place_of(runs: Sequence[Run], positions: Sequence[int]) -> dict[int, tuple[str, int]]:
    """For each position of a corpus the segment it stands in, and where."""
    starts = [0, *accumulate(run.count for run in runs)]
    found: dict[int, tuple[str, int]] = {}
    for position in positions:
        which = bisect_right(starts, position) - 1
        run = runs[which]
        found[position] = (run.segment, run.first + position - starts[which])
    return found


def part_of(runs: Sequence[Run], first: int, end: int) -> Iterator[tuple[int, Run]]:
    """(position, run) of what stands at positions `first` to `end` of a corpus."""
    position = 0
    for run in runs:
        start, stop = max(first, position), min(end, position + run.count)
        if start < stop:
            yield start, Run(run.segment, run.first + start - position, stop - start)
        position += run.count
        if position >= end:
            return


def shared(before: Sequence[Run], now: Sequence[Run]) -> list[tuple[int, int, int]]:
    """(position now, position before, count) of the documents that two corpora have in common, in order of now."""
    starts: dict[str, list[tuple[int, int, int]]] = {}
    position = 0
    for run in before:
        starts.setdefault(run.segment, []).append((run.first, run.count, position))
        position += run.count
    for found in starts.values():
        found.sort()
    both: list[tuple[int, int, int]] = []
    position = 0
    for run in now:
        both.extend(_overlaps(starts.get(run.segment, []), run, position))
        position += run.count
    return both


def _overlaps(before: Sequence[tuple[int, int, int]], run: Run, position: int) -> Iterator[tuple[int, int, int]]:
    """Of one run; the pieces of `before` are of its segment and do not overlap each other."""
    place = max(0, bisect_right(before, (run.first, run.count, 0)) - 1)
    for first, count, where in before[place:]:
        start, stop = max(first, run.first), min(first + count, run.first + run.count)
        if start < stop:
            yield position + start - run.first, where + start - first, stop - start
        if first >= run.first + run.count:
            return


def new_positions(both: Sequence[tuple[int, int, int]], documents: int) -> list[tuple[int, int]]:
    """(first, end) of the positions that are not shared."""
    gaps: list[tuple[int, int]] = []
    at = 0
    for now, _, count in both:
        if now > at:
            gaps.append((at, now))
        at = now + count
    if at < documents:
        gaps.append((at, documents))
    return gaps


def to_json(runs: Sequence[Run]) -> list[list[str | int]]:
    return [[run.segment, run.first, run.count] for run in runs]


def from_json(rows: Sequence[Sequence[str | int]] | None, own: str, documents: int) -> tuple[Run, ...]:
    """What `to_json` wrote; a corpus without a layout brought all of its documents."""
    if rows is None:
        return (Run(own, 0, documents),)
    return tuple(Run(str(segment), int(first), int(count)) for segment, first, count in rows)
