"""Discoveries and missions."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Path, Response

from aia.api.deps import AppDep, MaybeKey, PageDep, PrincipalDep, ReadDep, TxDep
from aia.api.schemas import DiscoveryIn, DocumentIn, Listed, MissionOut, TaskOut
from aia.app import App
from aia.core.money import format_units, parse_units
from aia.corpora.cleaning import clean
from aia.corpora.model import Corpus
from aia.corpora.sources import read_rows
from aia.missions import Mission, MissionState, Task
from aia.ventures import DiscoveryRequest
from aia.ventures.market_size import parse_assumptions

router = APIRouter(prefix="/v1", tags=["missions"])
MissionId = Annotated[str, Path(max_length=40)]


def shown(mission: Mission, tasks: dict[str, int] | None = None) -> MissionOut:
    done = mission.state is MissionState.COMPLETED
    return MissionOut(
        id=mission.id,
        kind=mission.kind,
        state=mission.state.value,
        reason=mission.reason,
        title=str(mission.brief.get("title", "")),
        budget=format_units(mission.budget),
        spent=format_units(mission.spent),
        seed=mission.seed,
        tasks=tasks or {},
        created_at=mission.created_at,
        started_at=mission.started_at,
        ended_at=mission.ended_at,
        report=f"/v1/reports/{mission.id}" if done else None,
    )


async def _sent(body: DiscoveryIn, documents: Sequence[DocumentIn], app: App) -> Corpus:
    """The documents of a request as a corpus. Reading and masking compute, so they run in a thread."""
    options = replace(app.ingestion.reading, text_field="text", today=app.clock().date())
    cleaning = replace(app.ingestion.cleaning, keep_private=body.keep_pii)
    rows: list[dict[str, Any]] = [document.model_dump(exclude_none=True) for document in documents]
    return await asyncio.to_thread(lambda: clean(read_rows(body.name, rows, options), cleaning))


@router.post("/discoveries", status_code=202)
async def start_discovery(
    body: DiscoveryIn, app: AppDep, principal: PrincipalDep, response: Response, key: MaybeKey = None
) -> MissionOut:
    """Keep the documents, hold the budget, and let the organisation work: follow `Location`.

    With an `Idempotency-Key` asking twice holds and pays once; the second answer is 200, with the mission as it is.
    """
    sent = None if body.documents is None else await _sent(body, body.documents, app)
    request = DiscoveryRequest(
        title=body.title,
        top=body.top,
        seed=body.seed,
        statements=body.statements,
        budget=None if body.budget is None else parse_units(body.budget, "budget"),
        assumptions=None if body.assumptions is None else parse_assumptions(body.assumptions),
    )
    if body.question is not None:
        request = replace(request, question=body.question)
    async with app.database.begin(principal) as tx:
        if sent is not None:
            kept = await app.corpora.keep(tx, sent)
        else:
            kept = await app.knowledge.newest_named(tx, body.corpus or "")
        mission = await app.ventures.start(tx, kept, request, key)
        if mission.created_at != tx.now:
            response.status_code = 200
    await app.engine.start(mission.id)
    response.headers["Location"] = f"/v1/discoveries/{mission.id}"
    return shown(mission)


@router.get("/discoveries/{mission_id}")
async def get_discovery(mission_id: MissionId, app: AppDep, read: ReadDep) -> MissionOut:
    """State and progress of a discovery; `report` is set when it is completed."""
    return await get_mission(mission_id, app, read)


@router.get("/missions")
async def list_missions(app: AppDep, read: ReadDep, page: PageDep) -> Listed[MissionOut]:
    """Missions, newest first."""
    found = await app.missions.page(read, page)
    return Listed(data=[shown(mission) for mission in found.items], next_cursor=found.next_cursor)


@router.get("/missions/{mission_id}")
async def get_mission(mission_id: MissionId, app: AppDep, read: ReadDep) -> MissionOut:
    """A mission, with the number of its tasks by state."""
    mission, counts = await app.missions.progress(read, mission_id)
    return shown(mission, {state.value: count for state, count in counts.items()})


@router.get("/missions/{mission_id}/tree")
async def get_tree(mission_id: MissionId, app: AppDep, read: ReadDep) -> Listed[TaskOut]:
    """The task tree: who does what, what was held for it and what was paid."""
    return Listed(data=[_task(task) for task in await app.missions.tree(read, mission_id)])


@router.post("/missions/{mission_id}/cancel")
async def cancel_mission(mission_id: MissionId, app: AppDep, tx: TxDep) -> MissionOut:
    """Stop a mission; what it did not spend goes back to the organisation's wallet."""
    return shown(await app.missions.cancel(tx, mission_id))


def _task(task: Task) -> TaskOut:
    return TaskOut(
        key=task.key,
        parent=task.parent,
        wave=task.wave,
        agent=task.agent,
        skill=task.skill,
        title=task.title,
        state=task.state.value,
        attempts=task.attempts,
        share=format_units(task.share),
        paid=format_units(task.paid),
        earned=format_units(task.earned),
        stake=format_units(task.stake),
        forfeited=format_units(task.forfeited),
        judged=task.judged,
    )
