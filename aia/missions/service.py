"""Use-cases of missions: create one with its budget held, look at it, cancel it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aia.agents import Agents
from aia.core.canonical import canonical, sha256
from aia.core.errors import Invalid
from aia.core.money import Units, format_units
from aia.core.pages import Page, PageRequest
from aia.infra.sql import Event, Read, Tx
from aia.missions import store
from aia.missions.model import (
    Bounds,
    KeyReused,
    Mission,
    MissionEnded,
    MissionNotFound,
    MissionState,
    Task,
    TaskState,
    within_budget,
)
from aia.missions.payments import Payments
from aia.missions.playbook import Playbook

SEED_MAX = 2**53 - 1
OF_THE_MOMENT = {"ratings", "continues", "part_documents"}


@dataclass(frozen=True, slots=True)
class Missions:
    """Missions of organisations; running one is `MissionRunner`'s."""

    agents: Agents
    payments: Payments
    playbooks: Mapping[str, Playbook]
    bounds: Bounds

    async def create(
        self,
        tx: Tx,
        kind: str,
        brief: Mapping[str, Any],
        *,
        seed: int,
        budget: Units | None,
        key: str | None = None,
    ) -> Mission:
        """Write the mission and hold its budget from the organisation's wallet, together.

        Without a budget the plan's worst-case price is held. A `key` has one mission for ever: asked for again,
        it is given back as it stands. Raises `BudgetTooSmall`, `InsufficientFunds`, `KeyReused` for another brief,
        or `Invalid` for a seed or budget out of bounds.
        """
        if not 0 <= seed <= SEED_MAX:
            raise Invalid(f"seed is {seed}: choose 0 to {SEED_MAX}", field="seed")
        mission_id, asked = tx.new_id("msn"), _brief_hash(brief, seed, budget)
        if key is not None and (known := await store.claim_key(tx, key, mission_id)) != mission_id:
            if not await store.is_like(tx, known, asked):
                raise KeyReused(f"this idempotency key was used for another mission, {known}: take a new key")
            return await self.get(tx, known)
        roster = await self.agents.roster(tx)
        quote = self.playbook(kind).quote(brief, roster)
        held = quote if budget is None else budget
        within_budget(held, self.playbook(kind).least(brief, roster))
        if held > self.bounds.budget_max:
            raise Invalid(
                f"budget is {format_units(held)} AIA: one mission may hold at most "
                f"{format_units(self.bounds.budget_max)} AIA (AIA_MISSION_BUDGET_MAX)",
                field="budget",
            )
        mission = _queued(tx, mission_id, kind, brief, seed, held)
        await store.add(tx, mission, asked)
        await self.payments.hold_budget(tx, mission)
        tx.emit(Event("missions.created", {"mission": mission.id, "kind": kind, "budget_units": held}))
        return mission

    def playbook(self, kind: str) -> Playbook:
        try:
            return self.playbooks[kind]
        except KeyError:
            raise Invalid(f"no playbook of the kind {kind!r}", field="kind") from None

    async def latest_like(
        self, read: Read, kind: str, brief: Mapping[str, Any], *, seed: int, budget: Units | None
    ) -> Mission | None:
        """A mission of the very same brief: to go on with after a crash, or not to pay for it twice."""
        return await store.latest_like(read, kind, _brief_hash(brief, seed, budget))

    async def get(self, read: Read, mission_id: str) -> Mission:
        """Raises `MissionNotFound`."""
        mission = await store.find(read, mission_id)
        if mission is None:
            raise MissionNotFound(f"mission {mission_id!r} does not exist in this organisation")
        return mission

    async def unfinished_everywhere(self, read: Read) -> list[str]:
        """Ids of every organisation's missions that have not ended: for the engine only."""
        return await store.unfinished_everywhere(read)

    async def page(self, read: Read, request: PageRequest) -> Page[Mission]:
        return await store.page(read, request)

    async def tree(self, read: Read, mission_id: str) -> list[Task]:
        """The mission's tasks without their results; raises `MissionNotFound`."""
        await self.get(read, mission_id)
        return await store.outlines_of(read, mission_id)

    async def results(self, read: Read, mission_id: str) -> list[Task]:
        """The mission's tasks with their inputs and results, which may be large; raises `MissionNotFound`."""
        await self.get(read, mission_id)
        return await store.tasks_of(read, mission_id)

    async def progress(self, read: Read, mission_id: str) -> tuple[Mission, Mapping[TaskState, int]]:
        """The mission and how many of its tasks are in which state."""
        return await self.get(read, mission_id), await store.counts(read, mission_id)

    async def cancel(self, tx: Tx, mission_id: str) -> Mission:
        """Stop a mission and give back what it did not spend; raises `MissionEnded`."""
        mission = await self.get(tx, mission_id)
        await self.end(tx, mission, MissionState.CANCELLED, "cancelled by its owner")
        return await self.get(tx, mission_id)

    async def end(self, tx: Tx, mission: Mission, state: MissionState, reason: str | None) -> None:
        """Close an unfinished mission: holds voided, remainder returned, artefacts gone; raises `MissionEnded`."""
        sources = [MissionState.RUNNING]
        if state is not MissionState.COMPLETED:
            sources.append(MissionState.QUEUED)
        if not await store.move(tx, mission.id, sources, state, reason=reason, ended_at=tx.now):
            now = await self.get(tx, mission.id)
            raise MissionEnded(f"mission {mission.id} is {now.state}: it cannot become {state}")
        tasks = await store.outlines_of(tx, mission.id)
        unpaid = [task for task in tasks if task.state in {TaskState.RESERVED, TaskState.FAILED}]
        unjudged = [task for task in tasks if not task.judged]
        await store.void_reserved(tx, mission.id)
        await store.forget_artefacts(tx, mission.id)
        await store.judge(tx, mission.id, [(task.key, 0, 0, 0) for task in unjudged])
        await self.payments.give_back(tx, mission, unpaid, unjudged)
        body = {"mission": mission.id, "reason": reason}
        tx.emit(Event(f"missions.{state.value}", body))


def _queued(tx: Tx, mission_id: str, kind: str, brief: Mapping[str, Any], seed: int, budget: Units) -> Mission:
    return Mission(
        id=mission_id,
        organisation=tx.organisation,
        kind=kind,
        brief=brief,
        seed=seed,
        budget=budget,
        spent=Units(0),
        state=MissionState.QUEUED,
        reason=None,
        waves=0,
        created_at=tx.now,
        started_at=None,
        ended_at=None,
    )


async def results_of(read: Read, mission: str) -> list[Task]:
    """What the tasks of an earlier mission came to: for a session that goes on from it."""
    return await store.tasks_of(read, mission)


async def artefacts_of(read: Read, mission: str, prefix: str) -> dict[str, bytes]:
    """What tasks of a running mission kept, by their keys, of which those are given that begin so."""
    return await store.artefacts_of(read, mission, prefix)


def _brief_hash(brief: Mapping[str, Any], seed: int, budget: Units | None) -> str:
    """Of what was asked for; what a brief holds of the moment it was written is left out."""
    asked = {key: value for key, value in brief.items() if key not in OF_THE_MOMENT}
    return sha256(canonical([asked, seed, budget]))
