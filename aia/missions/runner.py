"""Running a mission: reserve, then wave by wave think and settle, then publish.

Every step may be run again after a crash and then does only what is missing: a task that was settled
stays settled, a transfer that was posted answers `exists`. No transaction is open while agents think.
"""

import asyncio
import contextlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import structlog

from aia.agents import Agent, Roster
from aia.core.errors import AIAError
from aia.core.money import Units
from aia.core.principal import Principal
from aia.infra.engine import Dispatch, Step, dispatch_nothing
from aia.infra.sql import Database, Event, Read, Tx
from aia.infra.telemetry import Telemetry
from aia.knowledge import Knowledge
from aia.missions import store
from aia.missions.judging import awards_of
from aia.missions.model import (
    Bounds,
    Inputs,
    Mission,
    MissionEnded,
    MissionNotFound,
    MissionState,
    Task,
    TaskFailed,
    TaskState,
    Work,
)
from aia.missions.payments import Payments
from aia.missions.playbook import Session
from aia.missions.service import Missions
from aia.performance import Performance
from aia.tokens import Split

SETTLE_TASKS_MAX = 500
LOG = "aia.missions"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try at a task: its work, or why there is none."""

    task: Task
    work: Work | None
    error: str | None
    seconds: float

    @property
    def number(self) -> int:
        return self.task.attempts + 1


@dataclass(frozen=True, slots=True)
class MissionRunner:
    """The workflow of a mission, with the collaborators it settles through."""

    database: Database
    missions: Missions
    payments: Payments
    knowledge: Knowledge
    performance: Performance
    telemetry: Telemetry
    bounds: Bounds
    slots: asyncio.Semaphore

    async def run(self, mission_id: str, step: Step, dispatch: Dispatch = dispatch_nothing) -> str:
        """The workflow; returns the mission's final state. Safe to run again at any point."""
        async with self.slots:
            principal = await self._principal(mission_id)
            self.telemetry.missions_running.inc()
            try:
                state = await self._steps(principal, mission_id, step, dispatch)
            except AIAError as error:
                state = await step("fail", partial(self._fail, principal, mission_id, error.detail))
            finally:
                self.telemetry.missions_running.dec()
            self.telemetry.missions.labels(state).inc()
            return state

    async def subtask(self, mission_id: str, key: str) -> None:
        """One task that a session spreads, worked on and settled by this process; nothing when it is settled."""
        principal = await self._principal(mission_id)
        async with self.database.read(principal) as read:
            mission = await self.missions.get(read, mission_id)
            todo = await store.reserved(read, mission_id, key)
        if mission.state is MissionState.RUNNING and todo:
            session = self.missions.playbook(mission.kind).session(principal, mission)
            with contextlib.suppress(MissionEnded):
                await self._think_and_settle(principal, mission, todo, Inputs(), session)

    async def _steps(self, principal: Principal, mission_id: str, step: Step, dispatch: Dispatch) -> str:
        waves = await step("reserve", partial(self._reserve, principal, mission_id))
        mission = await self._mission(principal, mission_id)
        session = self.missions.playbook(mission.kind).session(principal, mission)
        seen = ResultCache()
        for wave in range(waves):
            work = partial(self._wave, principal, mission_id, wave, session, seen, dispatch)
            state = await step(f"wave-{wave}", work)
            if state != MissionState.RUNNING:
                return state
        return await step("publish", partial(self._publish, principal, mission_id, session, seen))

    async def _principal(self, mission_id: str) -> Principal:
        async with self.database.read(Principal.system()) as read:
            organisation = await store.organisation_of(read, mission_id)
        if organisation is None:
            raise MissionNotFound(f"mission {mission_id!r} does not exist")
        return Principal(organisation, mission_id)

    async def _mission(self, principal: Principal, mission_id: str) -> Mission:
        async with self.database.read(principal) as read:
            return await self.missions.get(read, mission_id)

    async def _reserve(self, principal: Principal, mission_id: str) -> int:
        """Plan the whole tree and hold every node's share, in one transaction; the number of waves."""
        async with self.database.begin(principal) as tx:
            mission = await self.missions.get(tx, mission_id)
            if mission.state is not MissionState.QUEUED:
                return mission.waves
            roster = await self.missions.agents.roster(tx)
            plan = self.missions.playbook(mission.kind).plan(mission.brief, roster, mission.budget)
            plan.check(mission.budget, roster, self.bounds)
            queued = [MissionState.QUEUED]
            started = {"started_at": tx.now, "waves": plan.waves}
            if not await store.move(tx, mission_id, queued, MissionState.RUNNING, **started):
                return 0
            await store.add_tasks(tx, mission_id, plan.tasks)
            await self.payments.reserve(tx, mission, plan)
            await store.stake(tx, mission_id, await self.payments.stake(tx, mission, plan))
            tx.emit(Event("missions.reserved", {"mission": mission_id, "tasks": len(plan.tasks)}))
            return plan.waves

    async def _wave(
        self,
        principal: Principal,
        mission_id: str,
        wave: int,
        session: Session,
        seen: "ResultCache",
        dispatch: Dispatch,
    ) -> str:
        """Work on what the wave still lacks; settle each batch that is ready in one transaction.

        What may be spread is handed out first; what of it nobody did is done here.
        """
        async with self.database.read(principal) as read:
            todo = await store.reserved_in(read, mission_id, wave)
        if spread := [task.key for task in todo if session.spreads(task)]:
            await dispatch(spread)
        async with self.database.read(principal) as read:
            mission = await self.missions.get(read, mission_id)
            todo = await store.reserved_in(read, mission_id, wave) if spread else todo
            done = await seen.tasks(read, mission_id, wave) if todo else []
        if mission.state is not MissionState.RUNNING or not todo:
            return mission.state
        inputs = Inputs(tuple(task for task in done if task.state is TaskState.DONE))
        try:
            return await self._think_and_settle(principal, mission, todo, inputs, session)
        except MissionEnded:
            return (await self._mission(principal, mission_id)).state

    async def _think_and_settle(
        self, principal: Principal, mission: Mission, todo: Sequence[Task], inputs: Inputs, session: Session
    ) -> str:
        ready: asyncio.Queue[Attempt] = asyncio.Queue()
        waiting: asyncio.Queue[Task] = asyncio.Queue()
        for task in todo:
            waiting.put_nowait(task)
        missing = len(todo)
        workers = [
            asyncio.create_task(self._work(session, inputs, waiting, ready))
            for _ in range(min(self.bounds.concurrency, missing))
        ]
        try:
            while missing:
                batch = [await ready.get()]
                while not ready.empty() and len(batch) < SETTLE_TASKS_MAX:
                    batch.append(ready.get_nowait())
                state, again = await self._settle(principal, mission, batch)
                if state is not MissionState.RUNNING:
                    return state
                for task in again:
                    waiting.put_nowait(task)
                missing -= len(batch) - len(again)
        finally:
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)
        return MissionState.RUNNING

    async def _work(
        self, session: Session, inputs: Inputs, waiting: asyncio.Queue[Task], ready: asyncio.Queue[Attempt]
    ) -> None:
        while True:
            task = await waiting.get()
            ready.put_nowait(await self._attempt(session, inputs, task))

    async def _attempt(self, session: Session, inputs: Inputs, task: Task) -> Attempt:
        """Think about one task. What an agent raises becomes a failed attempt; it cannot stop the wave."""
        began = time.monotonic()
        structlog.get_logger(LOG).debug("task.began", task=task.key, attempt=task.attempts + 1)
        work, error = None, None
        try:
            async with asyncio.timeout(self.bounds.task_timeout_s):
                work = await session.work(task, inputs)
        except TimeoutError:
            error = f"no result within {self.bounds.task_timeout_s:g} s"
        except TaskFailed as failure:
            error = failure.detail
        except Exception as fault:  # noqa: BLE001 - an agent's fault must be recorded, not end the mission's process
            error = f"{type(fault).__name__}: {fault}"
            structlog.get_logger(LOG).exception("task.fault", task=task.key)
        seconds = time.monotonic() - began
        self.telemetry.task_seconds.labels(task.skill).observe(seconds)
        return Attempt(task, work, error, seconds)

    async def _settle(
        self, principal: Principal, mission: Mission, batch: Sequence[Attempt]
    ) -> tuple[MissionState, list[Task]]:
        """Results, payments, facts, scores and news of a batch: all or nothing.

        Returns the mission's state, and the tasks to try again.
        """
        with self.telemetry.settle_seconds.time():
            async with self.database.begin(principal) as tx:
                again, failed = await self._settle_in(tx, mission, batch)
                if failed is not None:
                    reason = f"task {failed.task.key} failed {failed.number} times: {failed.error}"
                    await self.missions.end(tx, mission, MissionState.FAILED, reason)
        self.telemetry.settle_batch.observe(len(batch))
        for attempt in batch:
            self.telemetry.tasks.labels(attempt.task.skill, "done" if attempt.work else "failed").inc()
        return (MissionState.RUNNING if failed is None else MissionState.FAILED), again

    async def _settle_in(
        self, tx: Tx, mission: Mission, batch: Sequence[Attempt]
    ) -> tuple[list[Task], Attempt | None]:
        roster = await self.missions.agents.roster(tx)
        prices = {
            attempt.task.key: _price(attempt, attempt.work, roster.get(attempt.task.agent))
            for attempt in batch
            if attempt.work is not None
        }
        if not await store.spend(tx, mission.id, 0):
            raise MissionEnded(f"mission {mission.id} ended while its agents were thinking")
        open_keys = await store.still_reserved(tx, mission.id, [a.task.key for a in batch])
        batch = [attempt for attempt in batch if attempt.task.key in open_keys]
        done = [(attempt, attempt.work) for attempt in batch if attempt.work is not None]
        splits = await self.payments.split(tx, prices)
        await store.settle(tx, mission.id, [self._row(attempt, splits) for attempt in batch])
        await store.add_attempts(tx, mission.id, [_attempt_row(attempt) for attempt in batch])
        await store.keep(tx, mission.id, {a.task.key: w.artefact for a, w in done if w.artefact is not None})
        await self.payments.pay(tx, mission, [(a.task, splits[a.task.key]) for a, _ in done])
        earned = await self._judge(tx, mission, roster, done)
        await store.spend(tx, mission.id, sum(prices[a.task.key] for a, _ in done) + earned)
        await self.knowledge.record(tx, [fact for _, work in done for fact in work.facts])
        scores = [(a.task.key, score) for a, work in done for score in work.scores]
        await self.performance.record(tx, mission.id, scores)
        tx.emit(Event("missions.tasks-settled", _news(mission, batch, prices)))
        failed = [a for a in batch if a.work is None]
        hopeless = next((a for a in failed if a.number >= self.bounds.attempts_max), None)
        return [_tried(attempt.task) for attempt in failed], hopeless

    async def _judge(self, tx: Tx, mission: Mission, roster: Roster, done: Sequence[tuple[Attempt, Work]]) -> Units:
        """Settle what these works rule on; what the outcomes cost together."""
        judges = [attempt.task.key for attempt, work in done if work.verdicts]
        if not judges:
            return Units(0)
        waiting = {task.key: task for task in await store.judged_by(tx, mission.id, judges)}
        awards = [a for attempt, w in done for a in awards_of(attempt.task.key, w.verdicts, waiting, roster)]
        splits = await self.payments.split(tx, {a.task.key: a.price for a in awards})
        judged = [(a, splits[a.task.key]) for a in awards]
        await store.judge(tx, mission.id, [(a.task.key, s.price, s.agent, a.forfeited) for a, s in judged])
        await self.payments.judge(tx, mission, judged)
        news = [
            {"key": a.task.key, "agent": a.task.agent, "paid_units": a.price, "forfeited_units": a.forfeited}
            for a in awards
        ]
        tx.emit(Event("missions.tasks-judged", {"mission": mission.id, "tasks": news}))
        return Units(sum(a.price for a in awards))

    def _row(self, attempt: Attempt, splits: Mapping[str, Split]) -> dict[str, object]:
        state = TaskState.DONE
        if attempt.work is None:
            last = attempt.number >= self.bounds.attempts_max
            state = TaskState.FAILED if last else TaskState.RESERVED
        paid = splits.get(attempt.task.key)
        return {
            "key": attempt.task.key,
            "state": state.value,
            "attempts": attempt.number,
            "result": None if attempt.work is None else dict(attempt.work.result),
            "paid_units": 0 if paid is None else paid.price,
            "agent_units": 0 if paid is None else paid.agent,
        }

    async def _publish(self, principal: Principal, mission_id: str, session: Session, seen: "ResultCache") -> str:
        """Compose outside, then report, remainder and completion in one transaction, then copies."""
        async with self.database.read(principal) as read:
            mission = await self.missions.get(read, mission_id)
            tasks = await seen.tasks(read, mission_id, mission.waves)
        if mission.state not in {MissionState.RUNNING, MissionState.COMPLETED}:
            return mission.state
        publication = await session.publish(mission, tasks)
        if mission.state is MissionState.RUNNING:
            try:
                async with self.database.begin(principal) as tx:
                    await publication.write(tx)
                    await self.missions.end(tx, mission, MissionState.COMPLETED, None)
            except MissionEnded:
                return (await self._mission(principal, mission_id)).state
        await publication.copy()
        return MissionState.COMPLETED

    async def _fail(self, principal: Principal, mission_id: str, reason: str) -> str:
        """Close a mission that cannot go on; a mission that ended meanwhile stays as it is."""
        with contextlib.suppress(MissionEnded):
            async with self.database.begin(principal) as tx:
                mission = await self.missions.get(tx, mission_id)
                await self.missions.end(tx, mission, MissionState.FAILED, reason)
        return (await self._mission(principal, mission_id)).state


@dataclass(slots=True)
class ResultCache:
    """Results that this process has read: those of a wave that is done do not change, and may be large."""

    waves: int = 0
    done: dict[str, Task] = field(default_factory=dict[str, Task])

    async def tasks(self, read: Read, mission_id: str, waves_below: int) -> list[Task]:
        """Tasks of earlier waves with their results, as they stand now, in order of wave and key."""
        new = await store.tasks_of(read, mission_id, waves_from=self.waves, waves_below=waves_below)
        outlines = await store.outlines_of(read, mission_id, waves_below=waves_below) if self.waves else new
        known = self.done | {task.key: task for task in new}
        found = [replace(t, input=known[t.key].input, result=known[t.key].result) for t in outlines]
        self.waves, self.done = waves_below, {task.key: task for task in found}
        return found


def _price(attempt: Attempt, work: Work, agent: Agent) -> Units:
    """What is paid: the agent's price and the surcharge of its models, never above what was held for it."""
    if work.skipped:
        return Units(0)
    held = attempt.task.share - attempt.task.outcome
    return Units(min(agent.price(work.units_of_work) + work.surcharge_units, held))


def _tried(task: Task) -> Task:
    """The task as the next attempt sees it."""
    return replace(task, attempts=task.attempts + 1)


def _attempt_row(attempt: Attempt) -> dict[str, object]:
    return {
        "task": attempt.task.key,
        "number": attempt.number,
        "outcome": "done" if attempt.work else "failed",
        "error": attempt.error,
        "seconds": round(attempt.seconds, 6),
    }


def _news(mission: Mission, batch: Sequence[Attempt], prices: dict[str, Units]) -> dict[str, object]:
    return {
        "mission": mission.id,
        "tasks": [
            {
                "key": attempt.task.key,
                "agent": attempt.task.agent,
                "skill": attempt.task.skill,
                "outcome": "done" if attempt.work else "failed",
                "paid_units": prices.get(attempt.task.key, 0),
            }
            for attempt in batch
        ],
    }
