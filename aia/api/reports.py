"""Reports, the ventures in them, and the facts behind them."""

from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Query, Response
from fastapi.responses import HTMLResponse

from aia.api.deps import AppDep, PageDep, ReadDep
from aia.api.middleware import REPORT_POLICY
from aia.api.schemas import FactOut, Listed, ReportOut, VentureOut
from aia.core.pages import PageRequest
from aia.reports import parse_report, render_html

router = APIRouter(prefix="/v1", tags=["reports"])
MissionId = Annotated[str, Path(max_length=40)]
LD_JSON = "application/ld+json"


@router.get("/reports")
async def list_reports(app: AppDep, read: ReadDep, page: PageDep) -> Listed[ReportOut]:
    """Published reports, newest first."""
    found = await app.reports.page(read, page)
    data = [ReportOut(mission=m, title=title, content_digest=digest) for m, title, digest in found.items]
    return Listed(data=data, next_cursor=found.next_cursor)


@router.get("/reports/{mission_id}", responses={200: {"content": {LD_JSON: {}, "text/html": {}}}})
async def get_report(
    mission_id: MissionId, app: AppDep, read: ReadDep, accept: Annotated[str, Header(max_length=500)] = LD_JSON
) -> Response:
    """The signed JSON-LD document, or its page where the client prefers text/html."""
    data = await app.reports.document(read, mission_id)
    if "text/html" in accept and LD_JSON not in accept:
        policy = {"Content-Security-Policy": REPORT_POLICY.decode()}
        return HTMLResponse(render_html(parse_report(data)), headers=policy)
    return Response(data, media_type=LD_JSON)


@router.get("/ventures")
async def list_ventures(
    app: AppDep, read: ReadDep, mission: Annotated[str | None, Query(max_length=40)] = None
) -> Listed[VentureOut]:
    """Opportunities, best first: of the mission named, else of the newest report."""
    if mission is None:
        newest = (await app.reports.page(read, PageRequest(1))).items
        if not newest:
            return Listed(data=[])
        mission = newest[0][0]
    document = parse_report(await app.reports.document(read, mission))
    return Listed(data=[_venture(node, mission) for node in document["opportunities"]])


def _venture(node: dict[str, Any], mission: str) -> VentureOut:
    row = node["table"]
    return VentureOut(
        id=node["id"].removeprefix("urn:aia:opportunity:"),
        mission=mission,
        need=node["need"],
        title=node["name"],
        score=row["score"],
        interval=(row["low"], row["high"]),
        documents=row["documents"],
        flags=node["flags"],
    )


@router.get("/facts")
async def list_facts(
    app: AppDep, read: ReadDep, page: PageDep, subject: Annotated[str | None, Query(max_length=200)] = None
) -> Listed[FactOut]:
    """Facts in force that agents established, of one subject or all."""
    found = await app.knowledge.facts(read, page, subject)
    data = [
        FactOut(
            id=fact.id,
            subject=fact.subject,
            predicate=fact.predicate,
            object=fact.object,
            agent=fact.agent,
            mission=fact.mission,
            recorded_at=fact.recorded_at,
            evidence=list(fact.evidence),
        )
        for fact in found.items
    ]
    return Listed(data=data, next_cursor=found.next_cursor)
