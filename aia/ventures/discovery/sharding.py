"""What is read, by whom, and when the director stops reading: pure rules over counts.

A corpus is cut into shards. When the budget does not reach for all of them, the shards that are read lie
evenly over the corpus, so that no time is left out. With a stop rule they are read in rounds, each of
which lies evenly too, and reading ends when a round brought fewer new statements for an AIA than asked.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from aia.core.money import UNITS_PER_TOKEN

DOCUMENTS_PER_SHARD = 250
ROUNDS = 4


@dataclass(frozen=True, slots=True)
class Shard:
    """Documents `first` to `end` of a corpus, read in round `round` (from 0)."""

    number: int
    first: int
    end: int
    round: int


@dataclass(frozen=True, slots=True)
class Round:
    """What a finished round of reading came to; `skipped` when it was not read at all."""

    new_statements: int
    paid_units: int
    skipped: bool = False


def shards_of(documents: int, read_max: int, *, rounds: int) -> tuple[Shard, ...]:
    """At most `read_max` shards of a corpus, evenly spread, in order of place; at least one."""
    number = max(1, -(-documents // DOCUMENTS_PER_SHARD))
    read = max(1, min(read_max, number))
    rounds = min(rounds, read)
    chosen = [(i * number) // read for i in range(read)]
    return tuple(
        Shard(n, n * DOCUMENTS_PER_SHARD, min((n + 1) * DOCUMENTS_PER_SHARD, documents), i % rounds)
        for i, n in enumerate(chosen)
    )


def new_of(rounds: Sequence[Sequence[Hashable]]) -> list[int]:
    """For each round, how many of its statements no earlier place had said."""
    seen: set[Hashable] = set()
    counts: list[int] = []
    for keys in rounds:
        before = len(seen)
        seen.update(keys)
        counts.append(len(seen) - before)
    return counts


def stops(done: Sequence[Round], new_per_aia: int) -> bool:
    """Whether reading ends after these rounds: the last was skipped, or brought too little for its price."""
    if not done or new_per_aia <= 0:
        return False
    last = done[-1]
    return last.skipped or last.new_statements * UNITS_PER_TOKEN < new_per_aia * last.paid_units
