"""Agents, their tree, and who may delegate to whom."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

from aia.core.errors import Invalid, NotFound
from aia.core.money import NOTHING, Units

LEVELS_MAX = 10
AGENTS_MAX = 10_000


class AgentNotFound(NotFound):
    code = "agent-not-found"
    title = "No such agent"


class BadRoster(Invalid):
    code = "bad-roster"
    title = "The roster cannot be used"


class NobodyCan(Invalid):
    """Below this manager no agent has the skill; delegation never leaves the tree."""

    code = "nobody-can"
    title = "No agent below this manager has the skill"


class Role(StrEnum):
    DIRECTOR = "director"
    LEAD = "lead"
    SPECIALIST = "specialist"


@dataclass(frozen=True, slots=True)
class Agent:
    """One member of an organisation; `price_units` a task, `price_per_unit_units` each thing in it.

    `price_per_outcome_units` is what one outcome is worth that a later task upholds.
    """

    id: str
    role: Role
    title: str
    manager: str | None
    skills: tuple[str, ...]
    price_units: Units
    price_per_unit_units: Units
    price_per_outcome_units: Units = NOTHING

    def price(self, units_of_work: int) -> Units:
        """The price of a task over so many documents, statements or needs."""
        return Units(self.price_units + self.price_per_unit_units * units_of_work)


@dataclass(frozen=True)
class Roster:
    """All agents of an organisation, checked to be one tree under one director.

    Raises `BadRoster` naming the agent for a missing manager, a cycle, a second director, a repeated
    id, a skill-less agent, a level beyond 10.
    """

    agents: tuple[Agent, ...]
    _by_id: dict[str, Agent] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_id", {agent.id: agent for agent in self.agents})
        _check_tree(self)

    @property
    def director(self) -> Agent:
        return next(agent for agent in self.agents if agent.manager is None)

    @cached_property
    def children(self) -> dict[str, tuple[Agent, ...]]:
        """Direct reports by manager, in roster order."""
        reports: dict[str, list[Agent]] = {agent.id: [] for agent in self.agents}
        for agent in self.agents:
            if agent.manager is not None:
                reports[agent.manager].append(agent)
        return {manager: tuple(below) for manager, below in reports.items()}

    def get(self, agent_id: str) -> Agent:
        """Raises `AgentNotFound`."""
        try:
            return self._by_id[agent_id]
        except KeyError:
            raise AgentNotFound(f"agent {agent_id!r} is not in this organisation") from None

    def find(self, agent_id: str) -> Agent | None:
        return self._by_id.get(agent_id)

    def level(self, agent: Agent) -> int:
        """1 for the director, 2 for whom it manages, and so on."""
        level = 1
        while agent.manager is not None:
            agent = self._by_id[agent.manager]
            level += 1
        return level

    def below(self, manager: Agent) -> Iterator[Agent]:
        """Everyone in the manager's subtree, nearest first."""
        queue = list(self.children[manager.id])
        while queue:
            agent = queue.pop(0)
            yield agent
            queue.extend(self.children[agent.id])

    def delegates(self, manager: Agent, skill: str) -> tuple[Agent, ...]:
        """Whom the manager may give such a task: agents of its subtree with the skill.

        Raises `NobodyCan` naming manager and skill.
        """
        able = tuple(agent for agent in self.below(manager) if skill in agent.skills)
        if not able:
            raise NobodyCan(
                f"nobody below {manager.id} has the skill {skill!r}: add an agent with it to the roster",
                manager=manager.id,
                skill=skill,
            )
        return able


def _check_tree(roster: Roster) -> None:
    agents: Sequence[Agent] = roster.agents
    if not 1 <= len(agents) <= AGENTS_MAX:
        raise BadRoster(f"a roster has 1 to {AGENTS_MAX} agents, this one {len(agents)}")
    counts = Counter(agent.id for agent in agents)
    if repeated := next((i for i, count in counts.items() if count > 1), None):
        raise BadRoster(f"agent {repeated!r} stands twice in the roster: give each its own id")
    directors = [agent.id for agent in agents if agent.manager is None]
    if len(directors) != 1:
        raise BadRoster(f"exactly one agent has no manager; here: {', '.join(directors) or 'none'}")
    for agent in agents:
        if agent.manager is not None and roster.find(agent.manager) is None:
            raise BadRoster(f"agent {agent.id!r} names the manager {agent.manager!r}, who is not there")
        if not agent.skills:
            raise BadRoster(f"agent {agent.id!r} has no skills: name at least one")
        _check_line(roster, agent)


def _check_line(roster: Roster, agent: Agent) -> None:
    seen = [agent.id]
    manager = agent.manager
    while manager is not None:
        if manager in seen or len(seen) >= LEVELS_MAX:
            line = " -> ".join([*seen, manager])
            raise BadRoster(f"the line of managers never ends or is longer than {LEVELS_MAX}: {line}")
        seen.append(manager)
        above = roster.find(manager)
        manager = None if above is None else above.manager
