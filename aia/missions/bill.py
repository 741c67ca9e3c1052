"""The bill of a mission: what each task cost, what of it its agent earned, and by which transfers. Pure."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from aia.core.money import Units, format_units
from aia.missions.model import Mission, Task, TaskState, transfer_id
from aia.missions.payments import OUTCOME

BILL_HEADER = ("task", "agent", "skill", "state", "held", "price", "earned", "treasury", "transfers")


@dataclass(frozen=True, slots=True)
class BillLine:
    """One task. `price` is `earned` and `treasury` together.

    `transfers` closed the holds for its work and its outcome: each paid the agent, or voided the hold. What
    the treasury got of one is the transfer `treasury_transfer(one)`, where there was a part for it.
    """

    task: str
    agent: str
    skill: str
    state: str
    held: Units
    price: Units
    earned: Units
    treasury: Units
    transfers: tuple[str, ...]

    @property
    def row(self) -> tuple[str, ...]:
        money = (self.held, self.price, self.earned, self.treasury)
        return (self.task, self.agent, self.skill, self.state, *map(format_units, money), " ".join(self.transfers))


@dataclass(frozen=True, slots=True)
class MissionBill:
    """All tasks of a mission, and the sums of each agent; `spent` is what the mission's row says."""

    mission: str
    budget: Units
    spent: Units
    lines: tuple[BillLine, ...]

    def agents(self) -> list[tuple[str, Units, Units]]:
        """(agent, price of its work, earned of it), by agent."""
        sums: dict[str, list[int]] = defaultdict(lambda: [0, 0])
        for line in self.lines:
            sums[line.agent][0] += line.price
            sums[line.agent][1] += line.earned
        return [(agent, Units(price), Units(earned)) for agent, (price, earned) in sorted(sums.items())]


def bill_of(mission: Mission, tasks: Sequence[Task], agent: str | None = None) -> MissionBill:
    """The statement of a mission, or of one agent in it."""
    lines = tuple(_line(mission.id, task) for task in tasks if agent is None or task.agent == agent)
    if agent is None:
        assert sum(line.price for line in lines) == mission.spent, "prices sum to what the mission spent"
    return MissionBill(mission.id, mission.budget, mission.spent, lines)


def _line(mission: str, task: Task) -> BillLine:
    closes = [transfer_id(mission, task.key, "close")] if task.share > task.outcome else []
    closes += [transfer_id(mission, task.key, f"{OUTCOME}close")] if task.outcome else []
    return BillLine(
        task=task.key,
        agent=task.agent,
        skill=task.skill,
        state=task.state.value,
        held=task.share,
        price=task.paid,
        earned=task.earned,
        treasury=Units(task.paid - task.earned),
        transfers=tuple(closes) if task.state is TaskState.DONE else (),
    )
