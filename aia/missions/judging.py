"""Paying by outcome: what a judge's verdicts come to in money. Pure.

A task waits with a part of its share held open until its judge has ruled. An outcome that counts (a
new statement that found its place, a claim that survived, a claim broken rightly) is worth its agent's
price for one outcome; a false alarm costs as much, from what the agent staked.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aia.agents import Roster
from aia.core.money import Units
from aia.missions.model import BadPlan, Task, Verdict


@dataclass(frozen=True, slots=True)
class Award:
    """The price of a judged task's outcome, and what of its stake is lost."""

    task: Task
    price: Units
    forfeited: Units


def award(task: Task, verdict: Verdict, roster: Roster) -> Award:
    """Never more than was held, on either side."""
    each = roster.get(task.agent).price_per_outcome_units
    price = min(each * verdict.outcomes, task.outcome)
    forfeited = min(each * verdict.false_alarms, task.stake)
    return Award(task, Units(price), Units(forfeited))


def awards_of(judge: str, verdicts: Sequence[Verdict], waiting: Mapping[str, Task], roster: Roster) -> list[Award]:
    """The awards of one judge; raises `BadPlan` for a verdict on a task that does not wait for it."""
    awards: list[Award] = []
    for verdict in verdicts:
        task = waiting.get(verdict.task)
        if task is None or task.judge != judge:
            raise BadPlan(f"task {judge} ruled on {verdict.task}, which does not wait for it")
        awards.append(award(task, verdict, roster))
    return awards
