"""The playbook of a discovery: who does what, in seven waves down and up the organisation's tree.

Where the corpus is large, three more waves embed and compare its statements in parts before the grouping (`parts`).

    wave 0  extract  scouts            statements of each part of the corpus; four waves with a stop rule
    wave 1  group    head of scouting  all statements to needs; rules on what the scouts found
    wave 2  assess   analysts          each a share of the needs: reach, severity, momentum, passages
    wave 3  rank     head of analysis  posteriors to scores with intervals
    wave 4  check    critics           each a share of the claims of the candidates
            forecast forecasters       each a probability for every candidate, scored by a later discovery
    wave 5  review   head of quality   which candidates stand; rules on claims and findings
    wave 6  direct   director          the list

Shares are worst-case prices, with a part that waits for the outcome where work is paid by it; what the
budget has above them is the director's reserve, and comes back. A budget below the price of doing
everything reads less of the corpus and looks at fewer needs, down to one shard and a handful.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from aia.agents import Agent, Roster
from aia.core.errors import Invalid
from aia.core.money import NOTHING, Units, apportion
from aia.core.principal import Principal
from aia.infra.sql import Database
from aia.knowledge import Knowledge
from aia.llm import Model
from aia.missions import Mission, Plan, PlannedTask, Session, within_budget
from aia.performance import work_weights
from aia.reports import Reports
from aia.ventures.assessment import Basis
from aia.ventures.discovery.allocation import Deal, deals
from aia.ventures.discovery.basis import basis_values
from aia.ventures.discovery.claims import CLAIMS_PER_NEED_MAX, PLANTED_ONE_IN
from aia.ventures.discovery.continuation import CONTINUES, shared_in, to_read
from aia.ventures.discovery.derived_state import DerivedState
from aia.ventures.discovery.forecasts import METHODS
from aia.ventures.discovery.grouped import ranges_of
from aia.ventures.discovery.phrasing import MODEL_TOKENS_MAX
from aia.ventures.discovery.session import DiscoverySession
from aia.ventures.discovery.shard_tasks import WAVES, part_tasks, parts_in
from aia.ventures.discovery.sharding import DOCUMENTS_PER_SHARD, ROUNDS, Shard, shards_of
from aia.ventures.model import RANK_QUANTILE

KIND = "discovery"
NEEDS_MAX = 60
NEEDS_MIN = 5
DEPTHS = (1, 2, 4, 8)
"""How many times fewer needs are looked at than could be, where the budget is small."""
CANDIDATES_PER_OPPORTUNITY = 2
TOP_MAX = 50
STATEMENTS_PAID_PER_DOCUMENT = 2
"""More new statements than this in a document are found for the price of two."""
ALARMS_STAKED = 10
"""A critic stakes what so many false alarms cost."""


@dataclass(frozen=True, slots=True)
class DiscoveryPlaybook:
    """Plans discoveries; a `DiscoverySession` works on one."""

    database: Database
    knowledge: Knowledge
    reports: Reports
    model: Model | None
    price_per_mtok: Units
    version: str
    memory: DerivedState
    stop_new_per_aia: int = 0
    part_documents: int = 0
    kind: str = KIND

    def brief(
        self,
        corpus: str,
        documents: int,
        *,
        title: str,
        question: str,
        top: int,
        companies: str | None = None,
        rank_quantile: float = RANK_QUANTILE,
    ) -> dict[str, Any]:
        """The brief of a mission; names model and stop rule, so that a plan is a function of its brief."""
        if not 1 <= top <= TOP_MAX:
            raise Invalid(f"top is {top}: choose 1 to {TOP_MAX}", field="top")
        return {
            "corpus": corpus,
            "documents": documents,
            "title": title,
            "question": question,
            "top": top,
            "needs_max": NEEDS_MAX,
            "companies": companies,
            "rank_quantile": Basis(quantile=rank_quantile).quantile,
            "version": self.version,
            "model": None if self.model is None else self.model.name,
            "stop_new_per_aia": self.stop_new_per_aia,
            "part_documents": self.part_documents,
        }

    def quote(self, brief: Mapping[str, Any], roster: Roster) -> Units:
        """The sum of the worst-case prices of all tasks when the whole corpus is read."""
        return _sum(self._tasks(brief, roster, _shards(brief), DEPTHS[0]))

    def least(self, brief: Mapping[str, Any], roster: Roster) -> Units:
        """The same for one shard and the fewest needs: below it there is no discovery."""
        return _sum(self._tasks(brief, roster, 1, DEPTHS[-1]))

    def plan(self, brief: Mapping[str, Any], roster: Roster, budget: Units) -> Plan:
        """The whole tree. A budget that does not hold everything reads fewer shards; where that would
        leave more than half of them unread, it looks at fewer needs first.

        Raises `BudgetTooSmall` naming the least, or `NobodyCan` when the roster lacks a skill.
        """
        within_budget(budget, self.least(brief, roster))
        shards, depth = 0, DEPTHS[0]
        for depth in DEPTHS:
            shards = self._affordable(brief, roster, budget, depth)
            if 2 * shards >= _shards(brief):
                break
        root, *rest = self._tasks(brief, roster, shards, depth)
        spare = within_budget(budget, _sum([root, *rest]))
        return Plan((replace(root, share=Units(root.share + spare)), *rest))

    def _affordable(self, brief: Mapping[str, Any], roster: Roster, budget: Units, depth: int) -> int:
        """The most shards whose plan the budget holds at this depth; 0 when not even one."""
        few, many = 0, _shards(brief)
        while few < many:
            middle = (few + many + 1) // 2
            if _sum(self._tasks(brief, roster, middle, depth)) <= budget:
                few = middle
            else:
                many = middle - 1
        return few

    def session(self, principal: Principal, mission: Mission) -> Session:
        return DiscoverySession(self.database, self.knowledge, self.reports, self.model, self, principal, mission)

    def surcharge_max(self, brief: Mapping[str, Any], calls: int) -> int:
        """What the model may cost at most for so many calls: tokens at the held price."""
        return 0 if brief["model"] is None else calls * model_price(MODEL_TOKENS_MAX, self.price_per_mtok)

    def _tasks(self, brief: Mapping[str, Any], roster: Roster, read_max: int, depth: int) -> list[PlannedTask]:
        director = roster.director
        shards = shards_of(_to_read(brief), read_max, rounds=ROUNDS if brief["stop_new_per_aia"] else 1)
        documents = sum(shard.end - shard.first for shard in shards)
        (grouper,), (ranker,), (reviewer,) = (roster.delegates(director, s)[:1] for s in ("group", "rank", "review"))
        candidates = max(NEEDS_MIN, int(brief["top"]) * CANDIDATES_PER_OPPORTUNITY // depth)
        needs = max(NEEDS_MIN, int(brief["needs_max"]) // depth)
        ranking = {"keep": candidates, "basis": basis_values(roster, float(brief["rank_quantile"]))}
        read = 1 + max(shard.round for shard in shards)
        number = parts_in(brief, documents)
        parts = part_tasks(read, number, grouper, documents)
        grouping = {"needs": needs, "parts": number}
        last = read + (WAVES if number else 0)
        root = _task("direct", None, last + 5, director, "direct", "Decide the list", {}, director.price(candidates))
        price = Units(grouper.price(documents) - _sum(parts))
        group = _task("group", "direct", last, grouper, "group", "Group statements", grouping, price)
        rank = _task("rank", "direct", last + 2, ranker, "rank", "Rank the needs", ranking, ranker.price(needs))
        price = reviewer.price(candidates)
        review = _task("review", "direct", last + 4, reviewer, "review", "Rule on findings", {}, price)
        return [
            root,
            *(group, rank, review),
            *parts,
            *_recall(brief, roster.delegates(grouper, "extract")[0]),
            *_extracts(brief, shards, roster.delegates(grouper, "extract")),
            *self._assessments(brief, last + 1, needs, candidates, roster.delegates(ranker, "assess")),
            *_forecasts(candidates, last + 3, _able(roster, ranker, "forecast")),
            *_checks(brief, candidates, last + 3, roster.delegates(reviewer, "check")),
        ]

    def _assessments(
        self, brief: Mapping[str, Any], wave: int, needs: int, candidates: int, analysts: Sequence[Agent]
    ) -> list[PlannedTask]:
        tasks: list[PlannedTask] = []
        for i, (analyst, deal) in enumerate(zip(analysts, _dealt(brief, "assess", analysts, needs), strict=True)):
            share = deal.number(needs)
            price = Units(analyst.price(share) + self.surcharge_max(brief, share))
            work = deal.to_json()
            outcomes = min(share, candidates) * CLAIMS_PER_NEED_MAX
            task = _task(f"assess/{i:02d}", "rank", wave, analyst, "assess", "Assess needs", work, price)
            tasks.append(_judged(task, analyst, outcomes, "review"))
        return tasks


def _sum(tasks: Sequence[PlannedTask]) -> Units:
    return Units(sum(task.share for task in tasks))


def _to_read(brief: Mapping[str, Any]) -> int:
    """How many documents are to be read: all of them, or what is new where the mission goes on from another."""
    new = to_read(brief)
    return int(brief["documents"]) if new is None else len(new)


def _shards(brief: Mapping[str, Any]) -> int:
    return max(1, -(-_to_read(brief) // DOCUMENTS_PER_SHARD))


def _recall(brief: Mapping[str, Any], scout: Agent) -> list[PlannedTask]:
    """Where the mission goes on from another: a task that recalls what that one read, for nothing."""
    if not brief.get(CONTINUES):
        return []
    work = {"recalls": brief[CONTINUES]["mission"], "round": 0, "ranges": shared_in(brief)}
    return [_task("extract/recalled", "group", 0, scout, "extract", "Recall what was read before", work, NOTHING)]


def _extracts(brief: Mapping[str, Any], shards: Sequence[Shard], scouts: Sequence[Agent]) -> list[PlannedTask]:
    """A task for each shard; ratings decide how many of them each scout reads."""
    tasks: list[PlannedTask] = []
    new = to_read(brief)
    for shard, scout in zip(shards, _readers(brief, len(shards), scouts), strict=True):
        size = shard.end - shard.first
        work: dict[str, Any] = {"first": shard.first, "end": shard.end, "round": shard.round}
        title = f"Read documents {shard.first + 1} to {shard.end}"
        if new is not None:
            mine = new[shard.first : shard.end]
            work = {"ranges": ranges_of(mine, len(mine) + 1), "round": shard.round}
            title = f"Read {size} new documents"
        key = f"extract/{shard.number:05d}"
        task = _task(key, "group", shard.round, scout, "extract", title, work, scout.price(size))
        tasks.append(_judged(task, scout, size * STATEMENTS_PAID_PER_DOCUMENT, "group"))
    return tasks


def _readers(brief: Mapping[str, Any], shards: int, scouts: Sequence[Agent]) -> list[Agent]:
    """Who reads each shard: the numbers follow the weights, and each scout's shards lie evenly."""
    posteriors = brief.get("ratings", {}).get("extract", {})
    worst = [s.price(DOCUMENTS_PER_SHARD) + s.price_per_outcome_units * DOCUMENTS_PER_SHARD for s in scouts]
    parts = apportion(Units(shards), work_weights([s.id for s in scouts], worst, posteriors, seed=shards))
    places = [((i + 0.5) / part, which) for which, part in enumerate(parts) for i in range(part)]
    return [scouts[which] for _, which in sorted(places)]


def _dealt(brief: Mapping[str, Any], skill: str, agents: Sequence[Agent], items: int) -> list[Deal]:
    """Who takes which needs or claims: by rating, for what the same would cost from each."""
    share = -(-items // len(agents))
    worst = [agent.price(share) + agent.price_per_outcome_units * share for agent in agents]
    return deals(agents, worst, brief.get("ratings", {}).get(skill, {}), seed=items)


def _checks(brief: Mapping[str, Any], candidates: int, wave: int, critics: Sequence[Agent]) -> list[PlannedTask]:
    """The claims of all candidates and those planted among them, a share for each critic.

    Held for bounties is what breaking every planted claim and one of each candidate would earn.
    """
    claims = candidates * CLAIMS_PER_NEED_MAX
    planted = -(-claims // PLANTED_ONE_IN)
    tasks: list[PlannedTask] = []
    for i, (critic, deal) in enumerate(zip(critics, _dealt(brief, "check", critics, claims + planted), strict=True)):
        price, work = critic.price(deal.number(claims + planted)), deal.to_json()
        bounties = deal.part(planted + candidates)
        task = _task(f"check/{i:02d}", "review", wave, critic, "check", "Check claims", work, price)
        stake = Units(critic.price_per_outcome_units * ALARMS_STAKED)
        tasks.append(replace(_judged(task, critic, bounties, "review"), stake=stake))
    return tasks


def _able(roster: Roster, manager: Agent, skill: str) -> tuple[Agent, ...]:
    """Like `delegates`, for a skill that an organisation may do without."""
    return tuple(agent for agent in roster.below(manager) if skill in agent.skills)


def _forecasts(candidates: int, wave: int, forecasters: Sequence[Agent]) -> list[PlannedTask]:
    return [
        _task(
            f"forecast/{i:02d}",
            "rank",
            wave,
            forecaster,
            "forecast",
            "Forecast growth",
            {"method": METHODS[i % len(METHODS)]},
            forecaster.price(candidates),
        )
        for i, forecaster in enumerate(forecasters)
    ]


def _judged(task: PlannedTask, agent: Agent, outcomes: int, judge: str) -> PlannedTask:
    """The task with what so many outcomes would earn held beside its price."""
    outcome = Units(agent.price_per_outcome_units * outcomes)
    return replace(task, share=Units(task.share + outcome), outcome=outcome, judge=judge)


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
