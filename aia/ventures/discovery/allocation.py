"""Needs and claims dealt out among agents who can do the same: in rounds, of which ratings give more places to some.

Where nothing is known of any of them, each has one place of a round, in turn. Pure.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from aia.agents import Agent
from aia.core.money import Units, apportion
from aia.performance import work_weights

ROUND = 24
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Deal:
    """The places of a round of `of` that are one agent's."""

    places: tuple[int, ...]
    of: int

    def to_json(self) -> dict[str, Any]:
        return {"places": list(self.places), "of": self.of}

    def number(self, items: int) -> int:
        """How many of so many items are dealt to it."""
        return sum(k % self.of in self.places for k in range(items))

    def part(self, whole: int) -> int:
        """Its part of a whole that is shared like the places, rounded up."""
        return -(-whole * len(self.places) // self.of)


def deals(
    agents: Sequence[Agent], prices: Sequence[int], posteriors: Mapping[str, Sequence[float]], seed: int
) -> list[Deal]:
    """A deal for each agent; `prices` are what the same work costs from each, `posteriors` those of their ratings."""
    if not any(agent.id in posteriors for agent in agents):
        return [Deal((i,), len(agents)) for i in range(len(agents))]
    weights = work_weights([agent.id for agent in agents], prices, posteriors, seed)
    parts = apportion(Units(max(ROUND, 2 * len(agents))), weights)
    order = sorted(((i + 0.5) / part, which) for which, part in enumerate(parts) for i in range(part))
    return [
        Deal(tuple(k for k, (_, w) in enumerate(order) if w == which), len(order)) for which in range(len(agents))
    ]


def dealt(items: Sequence[T], work: Mapping[str, Any]) -> list[T]:
    """The items of a task, by what its plan says; a plan of before ratings steered has one place, `share`."""
    mine = frozenset(work["places"] if "places" in work else [work["share"]])
    return [item for k, item in enumerate(items) if k % int(work["of"]) in mine]
