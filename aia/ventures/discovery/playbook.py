"""The playbook of a discovery: who does what, in seven waves down and up the organisation's tree.

    wave 0  extract  scouts            statements of each part of the corpus
    wave 1  group    head of scouting  all statements to needs
    wave 2  assess   analysts          each a share of the needs: reach, severity, momentum, passages
    wave 3  rank     head of analysis  posteriors to scores with intervals
    wave 4  check    critics           each a share of the candidates
    wave 5  review   head of quality   which candidates stand
    wave 6  direct   director          the list

Shares are worst-case prices; what the budget has above them is the director's reserve, and comes back.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import cycle
from typing import Any

from aia.agents import Agent, Roster
from aia.core.errors import Invalid
from aia.core.money import Units
from aia.core.principal import Principal
from aia.infra.sql import Database
from aia.knowledge import Knowledge
from aia.llm import Model
from aia.missions import Mission, Plan, PlannedTask, Session, within_budget
from aia.reports import Reports
from aia.ventures.discovery.phrasing import MODEL_TOKENS_MAX
from aia.ventures.discovery.session import DiscoverySession

KIND = "discovery"
DOCUMENTS_PER_TASK = 250
NEEDS_MAX = 60
CANDIDATES_PER_OPPORTUNITY = 2
TOP_DEFAULT = 20
TOP_MAX = 50


@dataclass(frozen=True, slots=True)
class DiscoveryPlaybook:
    """Plans discoveries; a `DiscoverySession` works on one."""

    database: Database
    knowledge: Knowledge
    reports: Reports
    model: Model | None
    price_per_mtok: Units
    version: str
    kind: str = KIND

    def brief(self, corpus: str, documents: int, *, title: str, question: str, top: int) -> dict[str, Any]:
        """The brief of a mission; names the model, so that a plan is a function of its brief."""
        if not 1 <= top <= TOP_MAX:
            raise Invalid(f"top is {top}: choose 1 to {TOP_MAX}", field="top")
        return {
            "corpus": corpus,
            "documents": documents,
            "title": title,
            "question": question,
            "top": top,
            "needs_max": NEEDS_MAX,
            "version": self.version,
            "model": None if self.model is None else self.model.name,
        }

    def quote(self, brief: Mapping[str, Any], roster: Roster) -> Units:
        """The sum of the worst-case prices of all tasks."""
        return Units(sum(task.share for task in self._tasks(brief, roster)))

    def plan(self, brief: Mapping[str, Any], roster: Roster, budget: Units) -> Plan:
        """The whole tree; raises `BudgetTooSmall`, or `NobodyCan` when the roster lacks a skill."""
        root, *rest = self._tasks(brief, roster)
        spare = within_budget(budget, Units(root.share + sum(task.share for task in rest)))
        return Plan((replace(root, share=Units(root.share + spare)), *rest))

    def session(self, principal: Principal, mission: Mission) -> Session:
        return DiscoverySession(self.database, self.knowledge, self.reports, self.model, self, principal, mission)

    def surcharge_max(self, brief: Mapping[str, Any], calls: int) -> int:
        """What the model may cost at most for so many calls: tokens at the held price."""
        return 0 if brief["model"] is None else calls * model_price(MODEL_TOKENS_MAX, self.price_per_mtok)

    def _tasks(self, brief: Mapping[str, Any], roster: Roster) -> list[PlannedTask]:
        documents, top = int(brief["documents"]), int(brief["top"])
        director = roster.director
        (grouper,), (ranker,), (reviewer,) = (roster.delegates(director, s)[:1] for s in ("group", "rank", "review"))
        candidates = top * CANDIDATES_PER_OPPORTUNITY
        root = _task("direct", None, 6, director, "direct", "Decide the list", {}, director.price(candidates))
        group = _task("group", "direct", 1, grouper, "group", "Group statements", {}, grouper.price(documents))
        rank = _task("rank", "direct", 3, ranker, "rank", "Rank the needs", {}, ranker.price(NEEDS_MAX))
        review = _task("review", "direct", 5, reviewer, "review", "Rule on findings", {}, reviewer.price(candidates))
        scouts = roster.delegates(grouper, "extract")
        analysts = roster.delegates(ranker, "assess")
        critics = roster.delegates(reviewer, "check")
        return [
            root,
            *(group, rank, review),
            *_extracts(documents, scouts),
            *self._assessments(brief, analysts),
            *_checks(candidates, critics),
        ]

    def _assessments(self, brief: Mapping[str, Any], analysts: Sequence[Agent]) -> list[PlannedTask]:
        share = -(-NEEDS_MAX // len(analysts))
        tasks: list[PlannedTask] = []
        for i, analyst in enumerate(analysts):
            price = Units(analyst.price(share) + self.surcharge_max(brief, share))
            work = {"share": i, "of": len(analysts)}
            tasks.append(_task(f"assess/{i:02d}", "rank", 2, analyst, "assess", "Assess needs", work, price))
        return tasks


def _extracts(documents: int, scouts: Sequence[Agent]) -> list[PlannedTask]:
    tasks: list[PlannedTask] = []
    starts = range(0, documents, DOCUMENTS_PER_TASK)
    for i, (start, scout) in enumerate(zip(starts, cycle(scouts), strict=False)):
        end = min(start + DOCUMENTS_PER_TASK, documents)
        work = {"first": start, "end": end}
        title = f"Read documents {start + 1} to {end}"
        tasks.append(_task(f"extract/{i:05d}", "group", 0, scout, "extract", title, work, scout.price(end - start)))
    return tasks


def _checks(candidates: int, critics: Sequence[Agent]) -> list[PlannedTask]:
    share = -(-candidates // len(critics))
    return [
        _task(
            f"check/{i:02d}",
            "review",
            4,
            critic,
            "check",
            "Check candidates",
            {"share": i, "of": len(critics)},
            critic.price(share),
        )
        for i, critic in enumerate(critics)
    ]


def _task(
    key: str,
    parent: str | None,
    wave: int,
    agent: Agent,
    skill: str,
    title: str,
    work: Mapping[str, Any],
    price: Units,
) -> PlannedTask:
    return PlannedTask(key, parent, wave, agent.id, skill, title, work, price)


def model_price(tokens: int, price_per_mtok: Units) -> int:
    """Units for so many tokens, rounded up: a call is never cheaper than its tokens."""
    return -(-tokens * price_per_mtok // 1_000_000)
