"""Statements of an account and of a mission, as JSON or as CSV."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from aia.api.deps import AppDep, ReadDep
from aia.api.token_schemas import AgentSumOut, MissionStatementOut, StatementLineOut
from aia.core.money import format_units
from aia.core.pages import LIMIT_MAX, PageRequest
from aia.ledger import PostedTransfer
from aia.missions import BILL_HEADER, MissionBill, bill_of
from aia.tokens.account_statement import ACCOUNT_HEADER, account_rows, to_csv

router = APIRouter(prefix="/v1", tags=["statements"])
AccountId = Annotated[str, Path(max_length=120, pattern=r"^[!-~]+$")]
MissionId = Annotated[str, Path(max_length=40, pattern=r"^[!-~]+$")]
ROWS_MAX = 10_000


@router.get(
    "/accounts/{account_id}/statement", response_class=Response, responses={200: {"content": {"text/csv": {}}}}
)
async def account_statement(
    account_id: AccountId,
    app: AppDep,
    read: ReadDep,
    cursor: Annotated[str | None, Query(max_length=400)] = None,
) -> Response:
    """Up to 10,000 entries of an account as CSV; the header `X-Next-Cursor` names what to ask for next."""
    entries: list[PostedTransfer] = []
    while len(entries) < ROWS_MAX:
        page = await app.ledger.entries(read, account_id, PageRequest.of(LIMIT_MAX, cursor))
        entries += page.items
        cursor = page.next_cursor
        if cursor is None:
            break
    headers = {"Content-Disposition": 'attachment; filename="statement.csv"'}
    if cursor is not None:
        headers["X-Next-Cursor"] = cursor
    return Response(to_csv(ACCOUNT_HEADER, account_rows(account_id, entries)), media_type="text/csv", headers=headers)


@router.get("/missions/{mission_id}/statement")
async def mission_statement(
    mission_id: MissionId,
    app: AppDep,
    read: ReadDep,
    agent: Annotated[str | None, Query(max_length=40)] = None,
) -> MissionStatementOut:
    """What each task of a mission cost, and what of it its agent earned; of all agents or of one."""
    return _shown(await _statement(app, read, mission_id, agent))


@router.get(
    "/missions/{mission_id}/statement.csv", response_class=Response, responses={200: {"content": {"text/csv": {}}}}
)
async def mission_statement_csv(
    mission_id: MissionId,
    app: AppDep,
    read: ReadDep,
    agent: Annotated[str | None, Query(max_length=40)] = None,
) -> Response:
    """The same as CSV."""
    found = await _statement(app, read, mission_id, agent)
    return Response(to_csv(BILL_HEADER, [line.row for line in found.lines]), media_type="text/csv")


async def _statement(app: AppDep, read: ReadDep, mission_id: str, agent: str | None) -> MissionBill:
    mission = await app.missions.get(read, mission_id)
    return bill_of(mission, await app.missions.tree(read, mission_id), agent)


def _shown(found: MissionBill) -> MissionStatementOut:
    return MissionStatementOut(
        mission=found.mission,
        budget=format_units(found.budget),
        spent=format_units(found.spent),
        agents=[
            AgentSumOut(agent=agent, price=format_units(price), earned=format_units(earned))
            for agent, price, earned in found.agents()
        ],
        tasks=[
            StatementLineOut(
                task=line.task,
                agent=line.agent,
                skill=line.skill,
                state=line.state,
                held=format_units(line.held),
                price=format_units(line.price),
                earned=format_units(line.earned),
                treasury=format_units(line.treasury),
                transfers=list(line.transfers),
            )
            for line in found.lines
        ],
    )
