"""What a product team asks of the engine besides a discovery: its needs, market sizes, backtests."""

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import Field

from aia.api.deps import AppDep, PrincipalDep, ReadDep
from aia.api.schemas import Body, Listed
from aia.core.pages import LIMIT_MAX
from aia.reports import parse_report
from aia.ventures import BacktestAsked
from aia.ventures.market_size import parse_assumptions
from aia.ventures.needs_view import NeedView, needs_of

router = APIRouter(prefix="/v1", tags=["ventures"])
MissionId = Annotated[str, Path(max_length=40)]
CUTOFFS_MAX = 20


class NeedOut(Body):
    need: str
    title: str
    words: list[str]
    statements: int
    documents: int
    position: Annotated[int | None, Field(description="Place among the opportunities; null when not listed.")]
    theme: Annotated[str | None, Field(description="Needs of one theme lie near each other; null in older reports.")]
    theme_words: list[str]


class SizesIn(Body):
    """Assumptions as in docs/sizes.md; decimals as strings keep their digits."""

    size: Annotated[list[dict[str, Any]], Field(min_length=1, max_length=50)]
    need: Annotated[str | None, Field(max_length=40, description="Only this need's opportunity.")] = None


class FigureOut(Body):
    figure: str
    formula: str
    unit: str
    median: str
    interval: tuple[str, str]
    driver: str
    narrows: str


class SizeOut(Body):
    figures: list[FigureOut]
    factors: list[dict[str, Any]]


class NeedSizesOut(Body):
    need: str
    title: str
    sizes: list[SizeOut]


class BacktestIn(Body):
    corpus: Annotated[str, Field(max_length=400, description="Name of a kept corpus; the newest of it is read.")]
    cutoffs: Annotated[tuple[date, ...], Field(max_length=CUTOFFS_MAX)] = ()
    window_months: Annotated[int, Field(ge=4, le=600)] = 60
    horizon_months: Annotated[int, Field(ge=1, le=240)] = 24
    partitions: Annotated[int, Field(ge=1, le=5)] = 1
    seed: Annotated[int, Field(ge=0, le=2**53 - 1)] = 0


class BacktestOut(Body):
    cutoffs: list[dict[str, Any]]
    mean: dict[str, Any]


@router.get("/discoveries/{mission_id}/needs")
async def list_needs(mission_id: MissionId, app: AppDep, read: ReadDep) -> Listed[NeedOut]:
    """Every need that a completed discovery grouped, most documents first, and its place in the report."""
    told = needs_of(parse_report(await app.reports.document(read, mission_id)))
    return Listed(data=[_need(need) for need in told[:LIMIT_MAX]])


def _need(need: NeedView) -> NeedOut:
    return NeedOut(
        need=need.need,
        title=need.title,
        words=list(need.words),
        statements=need.statements,
        documents=need.documents,
        position=need.position,
        theme=need.theme,
        theme_words=list(need.theme_words),
    )


@router.post("/reports/{mission_id}/sizes")
async def size_report(mission_id: MissionId, body: SizesIn, app: AppDep, read: ReadDep) -> Listed[NeedSizesOut]:
    """TAM, SAM and SOM of a report's opportunities, from inputs that are cited, counted or marked as assumptions."""
    document = parse_report(await app.reports.document(read, mission_id))
    assumptions = parse_assumptions({"size": body.size})
    _, found = await app.ventures.size_report(read, document, assumptions, body.need)
    return Listed(
        data=[NeedSizesOut(need=n.need, title=n.title, sizes=[_size(node) for node in n.sizes]) for n in found]
    )


def _size(node: dict[str, Any]) -> SizeOut:
    figures = [
        FigureOut(
            figure=f["name"],
            formula=f["formula"],
            unit=f["unit"],
            median=f["median"],
            interval=(f["low10"], f["high90"]),
            driver=f["driver"],
            narrows=f["driverNarrows"],
        )
        for f in node["figures"]
    ]
    return SizeOut(figures=figures, factors=node["factors"])


@router.post("/backtests")
async def backtest(body: BacktestIn, app: AppDep, principal: PrincipalDep) -> BacktestOut:
    """Train before each cut-off, compare with what came after it, beside popularity and chance."""
    asked = BacktestAsked(
        cutoffs=body.cutoffs,
        window_months=body.window_months,
        horizon_months=body.horizon_months,
        partitions=body.partitions,
        seed=body.seed,
    )
    async with app.database.read(principal) as read:
        documents = await app.ventures.history(read, body.corpus)
    return BacktestOut.model_validate(await app.ventures.backtest(documents, asked))
