"""Use-cases of follow-up: watches that fire once, comparisons, alerts, verdicts, proposals.

Whatever is slow (reading an input, comparing runs) happens outside transactions; what decides is one
statement: a watch is claimed by the time it was due, a comparison is finished while it is pending.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from aia.core.clock import Instant
from aia.core.errors import AIAError, Invalid
from aia.core.ids import content_id
from aia.core.money import Units, parse_units
from aia.core.pages import Page, PageRequest
from aia.core.principal import Principal
from aia.corpora.ingest import Ingestion
from aia.infra.plugins import load_plugin
from aia.infra.sql import Database, Event, Read, StoredEvent, Tx
from aia.knowledge import CorpusInfo, Knowledge
from aia.missions import Missions, Score
from aia.performance import Performance
from aia.reports import Reports, parse_report
from aia.ventures.monitoring import store
from aia.ventures.monitoring.compare import EarlierForecasts, Run, Scores, backing, compare, lineages_of
from aia.ventures.monitoring.model import (
    NAME_MAX,
    REASON_MAX,
    VERDICT_SCORES,
    WATCHES_MAX,
    Alert,
    Decision,
    NotCompared,
    NotPursued,
    Verdict,
    Watch,
    WatchExists,
    WatchNotFound,
    WatchRun,
    WatchState,
    next_due,
)
from aia.ventures.monitoring.proposal import default_ask, draft, opportunity_of
from aia.ventures.service import DiscoveryRequest, Ventures

if TYPE_CHECKING:
    from aia.corpora.ingest.reading import Input

BATCH = 20
RUNS_SHOWN = 50
OPEN_FORECASTS_MAX = 12
"""Earlier runs whose forecasts a run may still resolve."""
LOG = "aia.monitoring"
REQUEST_KEYS = {"title", "question", "top", "seed", "budget"}

Start = Callable[[str], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Thresholds:
    """When something emerges: documents at least, and the lower bound of growth (log rate a month)."""

    documents_min: int
    lower_min: float


@dataclass(frozen=True, slots=True)
class Monitoring:
    """What happens after a first discovery."""

    database: Database
    missions: Missions
    knowledge: Knowledge
    reports: Reports
    performance: Performance
    ventures: Ventures
    ingestion: Ingestion
    thresholds: Thresholds

    async def watch(
        self,
        tx: Tx,
        name: str,
        source: Mapping[str, Any],
        request: Mapping[str, Any],
        every_s: int,
        cron: str | None = None,
    ) -> Watch:
        """Let a discovery come again: every so many seconds from now on, or by cron in UTC when it says so.

        Raises `WatchExists`, or `Invalid` by field.
        """
        if not 1 <= len(name) <= NAME_MAX or not name.isprintable():
            raise Invalid(f"name must be 1 to {NAME_MAX} printable characters", field="name")
        discovery_request(request)
        if source.get("kind") not in {"path", "corpus"}:
            raise Invalid("source is a path or the name of a kept corpus", field="source")
        known = await store.all_watches(tx)
        if any(watch.name == name for watch in known):
            raise WatchExists(f"a watch named {name!r} stands already: remove it or choose another name")
        if len(known) >= WATCHES_MAX:
            raise Invalid(f"an organisation has at most {WATCHES_MAX} watches: remove one", field="name")
        made = Watch(
            id=tx.new_id("wch"),
            organisation=tx.organisation,
            name=name,
            source=source,
            request=request,
            every_s=every_s,
            next_at=tx.now if cron is None else _by_cron(cron, tx.now),
            state=WatchState.ACTIVE,
            created_at=tx.now,
            cron=cron,
        )
        await store.add_watch(tx, made)
        tx.emit(Event("ventures.watch-added", {"watch": made.id, "name": name}))
        return made

    async def watches(self, read: Read) -> list[Watch]:
        return await store.all_watches(read)

    async def runs(self, read: Read, watch: str) -> list[WatchRun]:
        """The newest runs of a watch, newest first."""
        return await store.runs_of(read, watch, RUNS_SHOWN)

    async def set_state(self, tx: Tx, watch: str, state: WatchState) -> None:
        """Pause or go on; raises `WatchNotFound`."""
        if not await store.set_state(tx, watch, state):
            raise WatchNotFound(f"watch {watch!r} does not exist in this organisation")

    async def remove(self, tx: Tx, watch: str) -> None:
        """Raises `WatchNotFound`."""
        if not await store.remove_watch(tx, watch):
            raise WatchNotFound(f"watch {watch!r} does not exist in this organisation")

    async def start_due(self, start: Start) -> list[str]:
        """Start what is due, of every organisation; missions started by this process."""
        async with self.database.read(Principal.system()) as read:
            due = await store.due_everywhere(read, BATCH)
        started = [mission for watch in due if (mission := await self._fire(watch)) is not None]
        for mission in started:
            await start(mission)
        return started

    async def _fire(self, watch: Watch) -> str | None:
        """One run: mission, hold and run row in the transaction that claims it; else the reason alone."""
        principal = Principal(watch.organisation, f"watch:{watch.id}")
        try:
            given = await self._given(principal, watch)
            async with self.database.begin(principal) as tx:
                if not await store.claim(tx, watch, _next(watch, tx.now)):
                    return None
                kept = given if isinstance(given, CorpusInfo) else await self.ingestion.keep(tx, given)
                request = discovery_request(watch.request)
                earlier = await self.ventures.earlier(tx, kept, request)
                if earlier is not None:
                    await store.add_run(tx, watch, None, f"nothing new since mission {earlier.id}")
                    return None
                mission = await self.ventures.start(tx, kept, request)
                await store.add_run(tx, watch, mission.id, None)
                return mission.id
        except AIAError as error:
            return await self._fired_in_vain(principal, watch, error.detail)
        except (SQLAlchemyError, asyncio.CancelledError):
            raise
        except Exception as fault:  # noqa: BLE001 - one bad input must not stop the watches of others
            structlog.get_logger(LOG).exception("watch.fault", watch=watch.id)
            return await self._fired_in_vain(principal, watch, f"{type(fault).__name__}: {fault}")

    async def _fired_in_vain(self, principal: Principal, watch: Watch, reason: str) -> None:
        structlog.get_logger(LOG).warning("watch.run-failed", watch=watch.id, error=reason)
        async with self.database.begin(principal) as tx:
            if await store.claim(tx, watch, _next(watch, tx.now)):
                await store.add_run(tx, watch, None, reason)
                tx.emit(Event("ventures.watch-failed", {"watch": watch.id, "reason": reason}))

    async def _given(self, principal: Principal, watch: Watch) -> "Input | CorpusInfo":
        """What the watch reads now, as `aia discover` reads it; or the newest corpus kept under a name."""
        if watch.source["kind"] == "path":
            return await self.ingestion.read(principal, Path(watch.source["path"]))
        async with self.database.read(principal) as read:
            return await self.knowledge.newest_named(read, watch.source["name"])

    async def compare_pending(self) -> int:
        """Compare completed discoveries with those before them, of every organisation; how many."""
        async with self.database.read(Principal.system()) as read:
            pending = await store.pending_everywhere(read, BATCH)
        return sum([await self._try_to_compare(Principal(org, "monitoring"), mission) for org, mission in pending])

    async def _try_to_compare(self, principal: Principal, mission: str) -> bool:
        """A mission that cannot be compared (say of an older version) is put aside, and the others go on."""
        try:
            return await self._compare(principal, mission)
        except (SQLAlchemyError, asyncio.CancelledError):
            raise
        except Exception:  # noqa: BLE001 - one mission must not stop the comparisons of others
            structlog.get_logger(LOG).exception("comparison.fault", mission=mission)
            async with self.database.begin(principal) as tx:
                await store.put_aside(tx, mission)
            return False

    async def _compare(self, principal: Principal, mission: str) -> bool:
        async with self.database.read(principal) as read:
            now = await self._run(read, mission)
            watch = await store.watch_of_mission(read, mission)
            subject = f"corpus:{now.corpus}" if watch is None else f"watch:{watch}"
            found = await store.previous_of(read, subject, mission)
            before = None if found is None else replace(await self._run(read, found[0]), changes=tuple(found[1]))
            foretold = await self._open_forecasts(read, subject, mission)
        made = await asyncio.to_thread(compare, now, before, subject, self.thresholds, now.ended_at, foretold)
        async with self.database.begin(principal) as tx:
            previous = None if before is None else before.mission
            rows = [change.to_json() for change in made.changes]
            if not await store.finish_comparison(tx, mission, subject, previous, rows):
                return False
            for alert in await store.add_alerts(tx, made.alerts):
                tx.emit(Event("ventures.alert-raised", {"alert": alert.id, "kind": alert.kind, "need": alert.need}))
            for scores in made.scores:
                if await store.claim_scoring(tx, scores.mission):
                    await self.performance.record(tx, mission, _judged(scores))
            tx.emit(Event("ventures.compared", {"mission": mission, "previous": previous}))
        return True

    async def _open_forecasts(self, read: Read, subject: str, mission: str) -> list[EarlierForecasts]:
        """Forecasts of earlier runs that found too little newer text until now."""
        return [
            EarlierForecasts(earlier, tuple(await self.missions.results(read, earlier)), lineages_of(rows))
            for earlier, rows in await store.unscored_of(read, subject, mission, OPEN_FORECASTS_MAX)
        ]

    async def _run(self, read: Read, mission: str) -> Run:
        found = await self.missions.get(read, mission)
        tasks = await self.missions.results(read, mission)
        corpus = await self.knowledge.corpus(read, found.brief["corpus"])
        documents = await self.knowledge.documents(read, corpus.id)
        ended = found.ended_at or found.created_at
        return Run(mission, corpus.name, found.seed, tuple(tasks), tuple(documents), ended)

    async def changes(self, read: Read, mission: str | None) -> dict[str, Any]:
        """What changed with a mission since the run before it; with the newest when none is named.

        Raises `NotCompared`.
        """
        mission = mission or await store.newest_comparison(read, None)
        row = None if mission is None else await store.comparison_of(read, mission)
        if row is None:
            raise NotCompared(
                f"mission {mission or '(none)'} has no comparison: it comes after a completed discovery"
            )
        return {"mission": row.mission, "subject": row.subject, "previous": row.previous, "changes": row.changes}

    async def alerts(self, read: Read, request: PageRequest) -> Page[Alert]:
        """Newest first."""
        return await store.alerts_page(read, request)

    async def decide(self, tx: Tx, mission: str, need: str, decision: Decision, reason: str) -> Verdict:
        """A person's verdict on an opportunity; the newest of a person stands, the others are kept.

        The agents behind it gain or lose a little, the first time this person decides so. Raises
        `ReportNotFound`, `NeedNotFound`, or `Invalid` for a reason that is missing or too long.
        """
        if not 1 <= len(reason.strip()) <= REASON_MAX:
            raise Invalid(f"reason must be 1 to {REASON_MAX} characters: say why", field="reason")
        report = parse_report(await self.reports.document(tx, mission))
        node = opportunity_of(report, need)
        person = tx.principal.subject
        mine = [v for v in await store.verdicts_of(tx, mission, need) if v.person == person]
        verdict = Verdict(mission, need, person, len(mine) + 1, decision, reason.strip(), tx.now)
        try:
            await store.add_verdict(tx, verdict)
        except IntegrityError:
            raise WatchExists("this person's verdict is being written elsewhere: try again") from None
        if decision not in {v.decision for v in mine}:
            cited = {link.rpartition(":")[2] for claim in node["claims"] for link in claim["evidence"]}
            documents = {q["document"] for q in report["quotations"] if q["id"].rpartition(":")[2] in cited}
            run = await self._run(tx, mission)
            judge = content_id("vrd", need, person, decision.value)
            value = VERDICT_SCORES[decision]
            agents = backing(run, need, documents)
            await self.performance.record(tx, mission, [(judge, Score(a, skill, value)) for a, skill in agents])
        body = {"mission": mission, "need": need, "person": person, "decision": decision.value}
        tx.emit(Event("ventures.decided", body))
        return verdict

    async def verdicts(self, read: Read, mission: str, need: str | None = None) -> list[Verdict]:
        """Every verdict with its history, in order of need, person and time."""
        return await store.verdicts_of(read, mission, need)

    async def proposal(self, read: Read, mission: str, need: str, ask: Units | None) -> dict[str, Any]:
        """A signed draft proposal for funding. Raises `NotPursued` unless somebody's standing verdict is pursue."""
        report = parse_report(await self.reports.document(read, mission))
        opportunity_of(report, need)
        standing = list({v.person: v for v in await store.verdicts_of(read, mission, need)}.values())
        pursuing = [v for v in standing if v.decision is Decision.PURSUE]
        if not pursuing:
            raise NotPursued(
                f"need {need} has no standing verdict to pursue it: aia ventures verdict {mission} {need} pursue"
            )
        spent = (await self.missions.get(read, mission)).spent
        asked = default_ask(spent) if ask is None else ask
        if asked <= 0:
            raise Invalid("ask is 0: ask for something", field="ask")
        made = draft(report, need, standing, organisation=read.organisation, asked=asked, now=read.now)
        return self.reports.sign_document(made, read.now)


def _judged(scores: Scores) -> Sequence[tuple[str, Score]]:
    return [(scores.judge, Score(agent, "forecast", value)) for agent, value in scores.values]


def _next(watch: Watch, now: Instant) -> Instant:
    """The first time of a watch's schedule after now; whatever was missed is made up by one run."""
    return next_due(watch.next_at, watch.every_s, now) if watch.cron is None else _by_cron(watch.cron, now)


def _by_cron(cron: str, now: Instant) -> Instant:
    return load_plugin("aia.tools", "schedule")(cron, now)


def discovery_request(request: Mapping[str, Any]) -> DiscoveryRequest:
    """A request as a watch keeps it; raises `Invalid` naming an unknown member or a bad budget."""
    if unknown := sorted(set(request) - REQUEST_KEYS):
        raise Invalid(f"request has {unknown[0]!r}; known are {', '.join(sorted(REQUEST_KEYS))}", field="request")
    given = {key: value for key, value in request.items() if value is not None}
    budget = given.pop("budget", None)
    return DiscoveryRequest(**given, budget=None if budget is None else parse_units(str(budget), "budget"))


@dataclass(frozen=True, slots=True)
class MonitoringConsumer:
    """Notes each published report for comparison; exactly once, as it writes where its cursor moves."""

    name: str = "ventures-monitoring"

    async def handle(self, conn: AsyncConnection, events: Sequence[StoredEvent]) -> None:
        for event in events:
            if event.topic == "reports.published":
                await store.expect_comparison(conn, event.organisation, event.body["mission"], event.at)
