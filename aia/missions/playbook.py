"""The port a kind of mission implements: how it is decomposed, worked on and published."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from aia.agents import Roster
from aia.core.money import Units
from aia.core.principal import Principal
from aia.infra.sql import Tx
from aia.missions.model import Inputs, Mission, Plan, Task, Work


class Session(Protocol):
    """A playbook at work on one mission, in this process; holds what it has loaded."""

    async def work(self, task: Task, inputs: Inputs) -> Work:
        """Think: no transaction is open. Raises `TaskFailed` when there is no result to give."""
        ...

    def spreads(self, task: Task) -> bool:
        """Whether any process may do the task, in a session of its own and without inputs: it finds what it needs."""
        ...

    async def publish(self, mission: Mission, tasks: Sequence[Task]) -> "Publication":
        """Compose the deliverable from the finished tasks: pure but for reading."""
        ...


class Publication(Protocol):
    """A composed deliverable."""

    async def write(self, tx: Tx) -> None:
        """Keep it, in the transaction that completes the mission."""
        ...

    async def copy(self) -> None:
        """After the commit: put copies where people look. May run twice."""
        ...


class Playbook(Protocol):
    """How a kind of mission is decomposed and worked on."""

    @property
    def kind(self) -> str: ...

    def quote(self, brief: Mapping[str, Any], roster: Roster) -> Units:
        """The worst-case price of the plan that does everything."""
        ...

    def least(self, brief: Mapping[str, Any], roster: Roster) -> Units:
        """The worst-case price of the smallest plan: a budget below it is refused."""
        ...

    def plan(self, brief: Mapping[str, Any], roster: Roster, budget: Units) -> Plan:
        """The whole task tree; pure. Raises `BudgetTooSmall`."""
        ...

    def session(self, principal: Principal, mission: Mission) -> Session: ...
