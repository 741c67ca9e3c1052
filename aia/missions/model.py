"""Missions, their task trees, and what a task gives back. A plan is pure; money is checked here first."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from aia.agents import Roster
from aia.core.clock import Instant
from aia.core.errors import AIAError, Conflict, Invalid, NotFound
from aia.core.ids import content_id
from aia.core.money import NOTHING, Units, format_units
from aia.knowledge import Fact


class MissionNotFound(NotFound):
    code = "mission-not-found"
    title = "No such mission"


class KeyReused(Conflict):
    """The key of a request was used for a mission of another brief."""

    status = 422
    code = "idempotency-key-reused"
    title = "The key was used for another mission"


class MissionEnded(Conflict):
    """The mission is completed, failed or cancelled: nothing more can happen to it."""

    code = "mission-ended"
    title = "The mission has ended"


class BudgetTooSmall(Invalid):
    """The smallest plan's worst-case price is above the budget; nothing was reserved."""

    code = "budget-too-small"
    title = "The budget does not cover the plan"


class BadPlan(AIAError):
    """A playbook made a plan that breaks a rule: a fault of the playbook, not of the caller."""

    code = "bad-plan"
    title = "The playbook made a plan that breaks a rule"


class TaskFailed(AIAError):
    """Raised by an agent's work when it cannot give a result; the attempt is recorded, not paid."""

    code = "task-failed"
    title = "The task could not be done"


class MissionState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def ended(self) -> bool:
        return self in {MissionState.COMPLETED, MissionState.FAILED, MissionState.CANCELLED}


class TaskState(StrEnum):
    RESERVED = "reserved"
    DONE = "done"
    FAILED = "failed"
    VOID = "void"


@dataclass(frozen=True, slots=True)
class Mission:
    """One brief and its budget, from the hold to the report."""

    id: str
    organisation: str
    kind: str
    brief: Mapping[str, Any]
    seed: int
    budget: Units
    spent: Units
    state: MissionState
    reason: str | None
    waves: int
    created_at: Instant
    started_at: Instant | None
    ended_at: Instant | None


@dataclass(frozen=True, slots=True)
class PlannedTask:
    """A node of the tree: who does what, in which wave, for at most which price.

    `share` is what is held for it; the shares of a tree sum to the budget. `outcome` is the part of the
    share that waits for what the work turns out to be worth: the task `judge` says so, in a later wave.
    `stake` is what the agent puts up from its own wallet, as far as it has it, to lose by false alarms.
    """

    key: str
    parent: str | None
    wave: int
    agent: str
    skill: str
    title: str
    input: Mapping[str, Any]
    share: Units
    outcome: Units = NOTHING
    stake: Units = NOTHING
    judge: str | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """A planned task and how it went.

    `paid` is its price, for the work and for its outcome, and `earned` what of that its agent got; `stake`
    is what the agent really put up, and `forfeited` what of that went to the mission. `judged` tells whether
    outcome and stake are settled.
    """

    key: str
    parent: str | None
    wave: int
    agent: str
    skill: str
    title: str
    input: Mapping[str, Any]
    share: Units
    state: TaskState
    attempts: int
    result: Mapping[str, Any] | None
    paid: Units
    earned: Units
    outcome: Units = NOTHING
    stake: Units = NOTHING
    forfeited: Units = NOTHING
    judge: str | None = None
    judged: bool = False


@dataclass(frozen=True, slots=True)
class Score:
    """How well an agent did at a skill, 0 to 1, judged by a task that used its work."""

    agent: str
    skill: str
    value: float

    def __post_init__(self) -> None:
        if not 0.0 <= self.value <= 1.0:
            raise ValueError(f"a score is 0 to 1, not {self.value}")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an earlier task turned out to be worth: outcomes that count, and alarms that were false."""

    task: str
    outcomes: int
    false_alarms: int = 0

    def __post_init__(self) -> None:
        if self.outcomes < 0 or self.false_alarms < 0:
            raise ValueError(f"a verdict counts from 0, not {self.outcomes} and {self.false_alarms}")


@dataclass(frozen=True, slots=True)
class Work:
    """What an attempt gives back: a JSON result, how much was worked on, and what it established.

    It is paid the agent's price for `units_of_work` plus `surcharge_units` (what a model call cost),
    never more than was held; nothing when it was `skipped`. `verdicts` settle earlier tasks of which
    this one is the judge. `artefact` is kept beside the result until the mission ends: bytes that later
    tasks go on from, and that are too many for JSON.
    """

    result: Mapping[str, Any]
    units_of_work: int
    scores: tuple[Score, ...] = ()
    facts: tuple[Fact, ...] = ()
    surcharge_units: int = 0
    verdicts: tuple[Verdict, ...] = ()
    skipped: bool = False
    artefact: bytes | None = None


@dataclass(frozen=True, slots=True)
class Bounds:
    """What no plan may exceed."""

    depth_max: int
    tasks_max: int
    fanout_max: int
    attempts_max: int
    concurrency: int
    task_timeout_s: float
    budget_max: Units


@dataclass(frozen=True, slots=True)
class Plan:
    """The whole task tree of a mission, made before anything runs."""

    tasks: tuple[PlannedTask, ...]

    @property
    def waves(self) -> int:
        return 1 + max(task.wave for task in self.tasks)

    def check(self, budget: Units, roster: Roster, bounds: Bounds) -> None:
        """Raises `BadPlan` unless: one root, a tree, delegation follows the organisation's tree,
        shares sum to the budget, and depth, number and fan-out stay within their bounds."""
        by_key = {task.key: task for task in self.tasks}
        _require(len(by_key) == len(self.tasks), "two tasks have the same key")
        _require(len(self.tasks) <= bounds.tasks_max, f"more than {bounds.tasks_max} tasks")
        total = sum(task.share for task in self.tasks)
        _require(total == budget, f"shares sum to {total} units, the budget is {budget}")
        _require(min(task.share for task in self.tasks) >= 0, "a share is negative")
        for task in self.tasks:
            _check_judge(task, by_key)
        roots = [task for task in self.tasks if task.parent is None]
        _require(len(roots) == 1, f"{len(roots)} roots")
        children = Counter(task.parent for task in self.tasks)
        _require(max(children.values()) <= bounds.fanout_max, f"fan-out above {bounds.fanout_max}")
        for task in self.tasks:
            _check_line(task, by_key, roster, bounds.depth_max)


def _check_judge(task: PlannedTask, by_key: Mapping[str, PlannedTask]) -> None:
    _require(0 <= task.outcome <= task.share, f"task {task.key}: the outcome is not a part of its share")
    _require(task.stake >= 0, f"task {task.key}: a stake is negative")
    if task.judge is None:
        _require(not task.outcome and not task.stake, f"task {task.key} waits for an outcome that nobody judges")
        return
    judge = by_key.get(task.judge)
    _require(judge is not None and judge.wave > task.wave, f"task {task.key}: its judge is not a later task")


def _check_line(task: PlannedTask, by_key: Mapping[str, PlannedTask], roster: Roster, depth_max: int) -> None:
    depth = 1
    node = task
    while node.parent is not None:
        parent = by_key.get(node.parent)
        if parent is None:
            raise BadPlan(f"task {node.key} has the parent {node.parent!r}, which is not in the plan")
        manager = roster.get(parent.agent)
        _require(
            any(agent.id == node.agent for agent in roster.below(manager)),
            f"task {node.key}: {node.agent} does not work below {parent.agent}",
        )
        node = parent
        depth += 1
        _require(depth <= depth_max, f"task {task.key} is deeper than {depth_max} levels")


def _require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise BadPlan(f"the plan is refused: {otherwise}")


def within_budget(budget: Units, quote: Units) -> Units:
    """What is left of the budget over the least a plan may cost; raises `BudgetTooSmall` with both numbers."""
    if budget < quote:
        raise BudgetTooSmall(
            f"the budget is {format_units(budget)} AIA, but the smallest plan may cost up to "
            f"{format_units(quote)} AIA: give at least that much",
            budget=format_units(budget),
            needed=format_units(quote),
        )
    return Units(budget - quote)


def hold_id(mission: str, key: str, purpose: str = "") -> str:
    """The hold that pays for a task: derived, so that reserving twice is reserving once."""
    return content_id("hld", mission, key, *([purpose] if purpose else []))


def transfer_id(mission: str, key: str, purpose: str) -> str:
    return content_id("tfr", mission, key, purpose)


@dataclass(frozen=True, slots=True)
class Inputs:
    """Results of finished tasks, for tasks of later waves: by skill, in order of key."""

    done: tuple[Task, ...] = field(default=())

    def of(self, skill: str) -> list[Task]:
        return [task for task in self.done if task.skill == skill]

    def one(self, skill: str) -> Mapping[str, Any]:
        """The result of the only task of a skill."""
        (task,) = self.of(skill)
        return task.result or {}
