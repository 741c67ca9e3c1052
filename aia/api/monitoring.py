"""Watches, changes, alerts, verdicts and proposals."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field

from aia.api.deps import AppDep, PageDep, ReadDep, TxDep
from aia.api.schemas import Listed
from aia.core.money import parse_units
from aia.ventures.monitoring import Decision, Verdict, Watch, WatchState, parse_every

router = APIRouter(prefix="/v1", tags=["follow-up"])
MissionId = Annotated[str, Path(max_length=40)]
NeedId = Annotated[str, Path(max_length=40)]
WatchId = Annotated[str, Path(max_length=40)]


class WatchIn(BaseModel):
    """A discovery of the newest corpus kept under a name, again and again."""

    name: str = Field(min_length=1, max_length=80)
    corpus: str = Field(min_length=1, max_length=400, description="name of a kept corpus; the newest of it is read")
    every: str = Field(default="7d", description="like 12h, 7d or 2w")
    cron: str | None = Field(default=None, max_length=100, description="five fields in UTC; instead of every")
    title: str | None = Field(default=None, max_length=200)
    question: str | None = Field(default=None, max_length=1_000)
    top: int | None = Field(default=None, ge=1, le=50)
    seed: int | None = Field(default=None, ge=0)
    budget: str | None = None


class RunOut(BaseModel):
    due_at: datetime
    mission: str | None
    reason: str | None


class WatchOut(BaseModel):
    id: str
    name: str
    source: dict[str, Any]
    every_s: int
    cron: str | None
    next_at: datetime
    state: str
    runs: list[RunOut] = []


class AlertOut(BaseModel):
    id: str
    subject: str
    mission: str
    need: str
    kind: str
    title: str
    detail: str
    at: datetime


class QuotationOut(BaseModel):
    document: str
    start: int
    end: int
    quotation: str


class ChangeOut(BaseModel):
    kind: str
    need: str
    was: str | None
    lineage: str
    title: str
    documents: int
    documents_before: int
    share: float
    share_before: float
    rank: int | None
    rank_before: int | None
    lower: float | None
    lower_before: float | None
    new_evidence: list[QuotationOut]


class ChangesOut(BaseModel):
    mission: str
    subject: str
    previous: str | None
    changes: list[ChangeOut]


class VerdictIn(BaseModel):
    decision: Literal["pursue", "park", "reject"]
    reason: str = Field(min_length=1, max_length=1_000)


class VerdictOut(BaseModel):
    mission: str
    need: str
    person: str
    number: int
    decision: str
    reason: str
    at: datetime


def _watch(watch: Watch, runs: list[RunOut] | None = None) -> WatchOut:
    return WatchOut(
        id=watch.id,
        name=watch.name,
        source=dict(watch.source),
        every_s=watch.every_s,
        cron=watch.cron,
        next_at=watch.next_at,
        state=watch.state.value,
        runs=runs or [],
    )


def _verdict(verdict: Verdict) -> VerdictOut:
    return VerdictOut(
        mission=verdict.mission,
        need=verdict.need,
        person=verdict.person,
        number=verdict.number,
        decision=verdict.decision.value,
        reason=verdict.reason,
        at=verdict.at,
    )


@router.post("/watches", status_code=201)
async def add_watch(body: WatchIn, app: AppDep, tx: TxDep) -> WatchOut:
    """Let a discovery come again: every so long, the first time at once, or by cron."""
    asked = body.model_dump(include={"title", "question", "top", "seed", "budget"}, exclude_none=True)
    source = {"kind": "corpus", "name": body.corpus}
    return _watch(await app.monitoring.watch(tx, body.name, source, asked, parse_every(body.every), body.cron))


@router.get("/watches")
async def list_watches(app: AppDep, read: ReadDep) -> Listed[WatchOut]:
    """Watches with their newest runs."""
    data: list[WatchOut] = []
    for watch in await app.monitoring.watches(read):
        runs = await app.monitoring.runs(read, watch.id)
        data.append(_watch(watch, [RunOut(due_at=r.due_at, mission=r.mission, reason=r.reason) for r in runs]))
    return Listed(data=data)


@router.post("/watches/{watch_id}/{state}", status_code=204)
async def set_watch_state(watch_id: WatchId, state: Literal["pause", "resume"], app: AppDep, tx: TxDep) -> None:
    """Pause a watch, or let it go on."""
    wanted = WatchState.PAUSED if state == "pause" else WatchState.ACTIVE
    await app.monitoring.set_state(tx, watch_id, wanted)


@router.delete("/watches/{watch_id}", status_code=204)
async def remove_watch(watch_id: WatchId, app: AppDep, tx: TxDep) -> None:
    """Remove a watch; what it found stays."""
    await app.monitoring.remove(tx, watch_id)


@router.get("/changes")
async def get_changes(
    app: AppDep, read: ReadDep, mission: Annotated[str | None, Query(max_length=40)] = None
) -> ChangesOut:
    """What changed with a mission against the run before it; with the newest when none is named."""
    return ChangesOut.model_validate(await app.monitoring.changes(read, mission))


@router.get("/alerts")
async def list_alerts(app: AppDep, read: ReadDep, page: PageDep) -> Listed[AlertOut]:
    """What emerges, newest first; each is raised once."""
    found = await app.monitoring.alerts(read, page)
    data = [AlertOut.model_validate(alert, from_attributes=True) for alert in found.items]
    return Listed(data=data, next_cursor=found.next_cursor)


@router.post("/reports/{mission_id}/needs/{need_id}/verdicts", status_code=201)
async def decide(mission_id: MissionId, need_id: NeedId, body: VerdictIn, app: AppDep, tx: TxDep) -> VerdictOut:
    """Pursue, park or reject an opportunity, with the reason; a person's newest verdict stands."""
    return _verdict(await app.monitoring.decide(tx, mission_id, need_id, Decision(body.decision), body.reason))


@router.get("/reports/{mission_id}/verdicts")
async def list_verdicts(mission_id: MissionId, app: AppDep, read: ReadDep) -> Listed[VerdictOut]:
    """Every verdict on a report's opportunities, with their history."""
    return Listed(data=[_verdict(verdict) for verdict in await app.monitoring.verdicts(read, mission_id)])


@router.get("/reports/{mission_id}/needs/{need_id}/proposal")
async def get_proposal(
    mission_id: MissionId,
    need_id: NeedId,
    app: AppDep,
    read: ReadDep,
    ask: Annotated[str | None, Query(max_length=20)] = None,
) -> dict[str, Any]:
    """A pursued opportunity as a signed draft proposal for funding (docs/schemas/funding-proposal-1.json)."""
    asked = None if ask is None else parse_units(ask, "ask")
    return await app.monitoring.proposal(read, mission_id, need_id, asked)
