"""A small playbook whose agents do what a test tells them."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from aia.agents import Roster
from aia.core.money import Units
from aia.core.principal import Principal
from aia.infra.sql import Tx
from aia.missions import Inputs, Mission, Plan, PlannedTask, Score, Task, Verdict, Work, within_budget

SHARE = Units(1_000_000)
Behaviour = Callable[[Task], Any]


@dataclass
class TrialPlaybook:
    """A director over one lead over `width` scouts, each holding one AIA; `behave` may raise or wait."""

    width: int = 6
    behave: Behaviour = lambda task: None
    kind: str = "trial"
    spread: bool = False
    artefact: bytes | None = None
    worked: list[str] = field(default_factory=list)
    published: list[str] = field(default_factory=list)

    def quote(self, brief: Mapping[str, Any], roster: Roster) -> Units:
        return Units(SHARE * (self.width + 2))

    def least(self, brief: Mapping[str, Any], roster: Roster) -> Units:
        return self.quote(brief, roster)

    def plan(self, brief: Mapping[str, Any], roster: Roster, budget: Units) -> Plan:
        spare = within_budget(budget, self.quote(brief, roster))
        lead = roster.get("scouting-lead")
        scouts = roster.delegates(lead, "extract")
        tasks = [
            PlannedTask("root", None, 2, roster.director.id, "direct", "root", {}, Units(SHARE + spare)),
            PlannedTask("lead", "root", 1, lead.id, "group", "lead", {}, SHARE),
        ]
        for i in range(self.width):
            scout = scouts[i % len(scouts)].id
            tasks.append(PlannedTask(f"leaf/{i:03d}", "lead", 0, scout, "extract", "leaf", {"n": i}, SHARE))
        return Plan(tuple(tasks))

    def session(self, principal: Principal, mission: Mission) -> "TrialSession":
        return TrialSession(self, mission)


@dataclass
class TrialSession:
    playbook: TrialPlaybook
    mission: Mission

    async def work(self, task: Task, inputs: Inputs) -> Work:
        self.playbook.worked.append(task.key)
        found = self.playbook.behave(task)
        if asyncio.iscoroutine(found):
            await found
        scores = (Score("scout-1", "extract", 0.75),) if task.key == "lead" else ()
        kept = self.playbook.artefact if task.skill == "extract" else None
        return Work({"key": task.key, "inputs": len(inputs.done)}, units_of_work=10, scores=scores, artefact=kept)

    def spreads(self, task: Task) -> bool:
        return self.playbook.spread and task.skill == "extract"

    async def publish(self, mission: Mission, tasks: Sequence[Task]) -> "TrialSession":
        return self

    async def write(self, tx: Tx) -> None:
        self.playbook.published.append(self.mission.id)

    async def copy(self) -> None:
        pass


@dataclass
class JudgedPlaybook(TrialPlaybook):
    """The same, each scout waiting for the lead's verdict with half of its share, and staking an AIA.

    `verdicts` is what the lead says of each leaf: outcomes and false alarms.
    """

    verdicts: Mapping[str, tuple[int, int]] = field(default_factory=dict)

    def plan(self, brief: Mapping[str, Any], roster: Roster, budget: Units) -> Plan:
        plan = super().plan(brief, roster, budget)
        waiting = {"outcome": Units(SHARE // 2), "stake": SHARE, "judge": "lead"}
        return Plan(tuple(replace(t, **waiting) if t.key.startswith("leaf") else t for t in plan.tasks))

    def session(self, principal: Principal, mission: Mission) -> TrialSession:
        return JudgedSession(self, mission)


@dataclass
class JudgedSession(TrialSession):
    async def work(self, task: Task, inputs: Inputs) -> Work:
        work = await super().work(task, inputs)
        if task.key != "lead" or not isinstance(self.playbook, JudgedPlaybook):
            return work
        said = self.playbook.verdicts
        return replace(work, verdicts=tuple(Verdict(key, right, wrong) for key, (right, wrong) in said.items()))
