"""Tables of missions. Every statement filters by the transaction's organisation."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from aia.core.money import Units
from aia.core.pages import Page, PageRequest, page_of
from aia.infra.sql import Instants, Json, Read, Tx, metadata
from aia.missions.model import Mission, MissionState, PlannedTask, Task, TaskState

missions = sa.Table(
    "mission",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("organisation", sa.String(64), sa.ForeignKey("organisation.id"), nullable=False),
    sa.Column("kind", sa.String(40), nullable=False),
    sa.Column("brief", Json, nullable=False),
    sa.Column("brief_sha256", sa.String(64), nullable=False),
    sa.Column("seed", sa.BigInteger, nullable=False),
    sa.Column("budget_units", sa.BigInteger, nullable=False),
    sa.Column("spent_units", sa.BigInteger, nullable=False),
    sa.Column("state", sa.String(12), nullable=False),
    sa.Column("reason", sa.Text),
    sa.Column("waves", sa.Integer, nullable=False),
    sa.Column("created_at", Instants, nullable=False),
    sa.Column("started_at", Instants),
    sa.Column("ended_at", Instants),
    sa.CheckConstraint("spent_units >= 0 and spent_units <= budget_units", name="spent"),
    sa.Index(None, "organisation", "id"),
    sa.Index(None, "state"),
)

# Under which key of its caller a mission was asked for.
keys = sa.Table(
    "mission_key",
    metadata,
    sa.Column("organisation", sa.String(64), sa.ForeignKey("organisation.id"), primary_key=True),
    sa.Column("key", sa.String(200), primary_key=True),
    sa.Column("mission", sa.String(40), nullable=False),
)

tasks = sa.Table(
    "task",
    metadata,
    sa.Column("mission", sa.String(40), sa.ForeignKey("mission.id"), primary_key=True),
    sa.Column("key", sa.String(80), primary_key=True),
    sa.Column("organisation", sa.String(64), nullable=False),
    sa.Column("parent", sa.String(80)),
    sa.Column("wave", sa.Integer, nullable=False),
    sa.Column("agent", sa.String(40), nullable=False),
    sa.Column("skill", sa.String(40), nullable=False),
    sa.Column("title", sa.String(200), nullable=False),
    sa.Column("input", Json, nullable=False),
    sa.Column("share_units", sa.BigInteger, nullable=False),
    sa.Column("state", sa.String(12), nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("result", Json),
    sa.Column("paid_units", sa.BigInteger, nullable=False),
    sa.Column("agent_units", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("outcome_units", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("stake_units", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("forfeited_units", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("judge", sa.String(80)),
    sa.Column("judged", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.CheckConstraint("paid_units >= 0 and paid_units <= share_units", name="paid"),
    sa.Index(None, "mission", "wave"),
)

attempts = sa.Table(
    "attempt",
    metadata,
    sa.Column("mission", sa.String(40), primary_key=True),
    sa.Column("task", sa.String(80), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("organisation", sa.String(64), nullable=False),
    sa.Column("outcome", sa.String(12), nullable=False),
    sa.Column("error", sa.Text),
    sa.Column("seconds", sa.Float, nullable=False),
    sa.Column("ended_at", Instants, nullable=False),
    sa.ForeignKeyConstraint(["mission", "task"], ["task.mission", "task.key"]),
)

artefacts = sa.Table(
    "artefact",
    metadata,
    sa.Column("mission", sa.String(40), primary_key=True),
    sa.Column("task", sa.String(80), primary_key=True),
    sa.Column("organisation", sa.String(64), nullable=False),
    sa.Column("data", sa.LargeBinary, nullable=False),
    sa.ForeignKeyConstraint(["mission", "task"], ["task.mission", "task.key"]),
)


async def add(tx: Tx, mission: Mission, brief_sha256: str) -> None:
    row = {
        "id": mission.id,
        "organisation": tx.organisation,
        "kind": mission.kind,
        "brief": dict(mission.brief),
        "brief_sha256": brief_sha256,
        "seed": mission.seed,
        "budget_units": mission.budget,
        "spent_units": 0,
        "state": mission.state.value,
        "waves": 0,
        "created_at": mission.created_at,
    }
    await tx.insert(missions, [row])


def _mission(row: sa.Row[Any]) -> Mission:
    return Mission(
        id=row.id,
        organisation=row.organisation,
        kind=row.kind,
        brief=row.brief,
        seed=row.seed,
        budget=Units(row.budget_units),
        spent=Units(row.spent_units),
        state=MissionState(row.state),
        reason=row.reason,
        waves=row.waves,
        created_at=row.created_at,
        started_at=row.started_at,
        ended_at=row.ended_at,
    )


async def find(read: Read, mission_id: str) -> Mission | None:
    query = sa.select(missions).where(missions.c.organisation == read.organisation, missions.c.id == mission_id)
    row = await read.row(query)
    return None if row is None else _mission(row)


async def page(read: Read, request: PageRequest) -> Page[Mission]:
    """Newest first: ids sort by time."""
    query = sa.select(missions).where(missions.c.organisation == read.organisation)
    if request.after is not None:
        query = query.where(missions.c.id < request.after)
    rows = await read.rows(query.order_by(missions.c.id.desc()).limit(request.limit + 1))
    return page_of([_mission(row) for row in rows], request, lambda mission: mission.id)


async def claim_key(tx: Tx, key: str, mission: str) -> str:
    """The mission of a key: this one, unless the key has one already."""
    await tx.insert_new(keys, [{"organisation": tx.organisation, "key": key, "mission": mission}])
    row = await tx.row(sa.select(keys.c.mission).where(keys.c.organisation == tx.organisation, keys.c.key == key))
    assert row is not None, "the key has a mission now"
    return row.mission


async def is_like(read: Read, mission: str, brief_sha256: str) -> bool:
    """Whether a mission has that brief."""
    query = sa.select(missions.c.brief_sha256).where(
        missions.c.organisation == read.organisation, missions.c.id == mission
    )
    row = await read.row(query)
    return row is not None and row.brief_sha256 == brief_sha256


async def latest_like(read: Read, kind: str, brief_sha256: str) -> Mission | None:
    """The newest mission of the same brief that was not cancelled and did not fail."""
    query = (
        sa.select(missions)
        .where(
            missions.c.organisation == read.organisation,
            missions.c.kind == kind,
            missions.c.brief_sha256 == brief_sha256,
            missions.c.state.in_([MissionState.QUEUED, MissionState.RUNNING, MissionState.COMPLETED]),
        )
        .order_by(missions.c.id.desc())
        .limit(1)
    )
    row = await read.row(query)
    return None if row is None else _mission(row)


async def unfinished_everywhere(read: Read) -> list[str]:
    """Every mission that has not ended, oldest first, of all organisations: for the engine only."""
    query = sa.select(missions.c.id).where(missions.c.state.in_([MissionState.QUEUED, MissionState.RUNNING]))
    return [row.id for row in await read.rows(query.order_by(missions.c.id))]


async def organisation_of(read: Read, mission_id: str) -> str | None:
    """Whose mission it is: for the engine, which knows ids only."""
    row = await read.row(sa.select(missions.c.organisation).where(missions.c.id == mission_id))
    return None if row is None else row.organisation


async def move(tx: Tx, mission_id: str, sources: Sequence[MissionState], target: MissionState, **values: Any) -> bool:
    """Change state if it is one of `sources` now; the statement decides, and locks the row."""
    moved = await tx.run(
        sa.update(missions)
        .where(
            missions.c.organisation == tx.organisation,
            missions.c.id == mission_id,
            missions.c.state.in_(list(sources)),
        )
        .values(state=target, **values)
    )
    return moved == 1


async def spend(tx: Tx, mission_id: str, units: int) -> bool:
    """Add to what a running mission spent; False when it is not running any more. Locks the row."""
    moved = await tx.run(
        sa.update(missions)
        .where(
            missions.c.organisation == tx.organisation,
            missions.c.id == mission_id,
            missions.c.state == MissionState.RUNNING,
        )
        .values(spent_units=missions.c.spent_units + units)
    )
    return moved == 1


async def add_tasks(tx: Tx, mission_id: str, planned: Sequence[PlannedTask]) -> None:
    await tx.insert(
        tasks,
        [
            {
                "mission": mission_id,
                "key": task.key,
                "organisation": tx.organisation,
                "parent": task.parent,
                "wave": task.wave,
                "agent": task.agent,
                "skill": task.skill,
                "title": task.title,
                "input": dict(task.input),
                "share_units": task.share,
                "state": TaskState.RESERVED.value,
                "attempts": 0,
                "paid_units": 0,
                "agent_units": 0,
                "outcome_units": task.outcome,
                "judge": task.judge,
            }
            for task in planned
        ],
    )


def _task(row: sa.Row[Any]) -> Task:
    return Task(
        key=row.key,
        parent=row.parent,
        wave=row.wave,
        agent=row.agent,
        skill=row.skill,
        title=row.title,
        input=row.input or {},
        share=Units(row.share_units),
        state=TaskState(row.state),
        attempts=row.attempts,
        result=row.result,
        paid=Units(row.paid_units),
        earned=Units(row.agent_units),
        outcome=Units(row.outcome_units),
        stake=Units(row.stake_units),
        forfeited=Units(row.forfeited_units),
        judge=row.judge,
        judged=bool(row.judged),
    )


def _of(read: Read, mission_id: str) -> sa.ColumnElement[bool]:
    return sa.and_(tasks.c.organisation == read.organisation, tasks.c.mission == mission_id)


async def tasks_of(read: Read, mission_id: str, *, waves_from: int = 0, waves_below: int | None = None) -> list[Task]:
    """Tasks with their results, in order of wave and key."""
    query = sa.select(tasks).where(_of(read, mission_id), tasks.c.wave >= waves_from)
    if waves_below is not None:
        query = query.where(tasks.c.wave < waves_below)
    return [_task(row) for row in await read.rows(query.order_by(tasks.c.wave, tasks.c.key))]


async def outlines_of(read: Read, mission_id: str, *, waves_below: int | None = None) -> list[Task]:
    """Tasks without input and result, which may be large: for status and trees."""
    bulky = {"input", "result"}
    columns = [sa.null().label(c.name) if c.name in bulky else c for c in tasks.c]
    query = sa.select(*columns).where(_of(read, mission_id))
    if waves_below is not None:
        query = query.where(tasks.c.wave < waves_below)
    return [_task(row) for row in await read.rows(query.order_by(tasks.c.wave, tasks.c.key))]


async def reserved_in(read: Read, mission_id: str, wave: int) -> list[Task]:
    query = sa.select(tasks).where(_of(read, mission_id), tasks.c.wave == wave, tasks.c.state == TaskState.RESERVED)
    return [_task(row) for row in await read.rows(query.order_by(tasks.c.key))]


async def reserved(read: Read, mission_id: str, key: str) -> list[Task]:
    """The task of this key, if it is not settled yet."""
    query = sa.select(tasks).where(_of(read, mission_id), tasks.c.key == key, tasks.c.state == TaskState.RESERVED)
    return [_task(row) for row in await read.rows(query)]


async def keep(tx: Tx, mission_id: str, kept: Mapping[str, bytes]) -> None:
    """Artefacts by the task that made them, each settled in this transaction, so once."""
    common = {"mission": mission_id, "organisation": tx.organisation}
    for task, data in kept.items():
        await tx.insert(artefacts, [common | {"task": task, "data": data}])


async def artefacts_of(read: Read, mission_id: str, prefix: str) -> dict[str, bytes]:
    """What tasks kept whose keys begin so, in order of key."""
    query = sa.select(artefacts.c.task, artefacts.c.data).where(
        artefacts.c.organisation == read.organisation,
        artefacts.c.mission == mission_id,
        artefacts.c.task.startswith(prefix, autoescape=True),
    )
    return {row.task: bytes(row.data) for row in await read.rows(query.order_by(artefacts.c.task))}


async def forget_artefacts(tx: Tx, mission_id: str) -> None:
    mine = sa.and_(artefacts.c.organisation == tx.organisation, artefacts.c.mission == mission_id)
    await tx.run(sa.delete(artefacts).where(mine))


async def still_reserved(tx: Tx, mission_id: str, keys: Sequence[str]) -> set[str]:
    """Which of these are not settled yet; the mission's row must be locked before."""
    query = sa.select(tasks.c.key).where(
        _of(tx, mission_id), tasks.c.key.in_(keys), tasks.c.state == TaskState.RESERVED
    )
    return {row.key for row in await tx.rows(query)}


async def counts(read: Read, mission_id: str) -> Mapping[TaskState, int]:
    number = sa.func.count().label("number")
    query = sa.select(tasks.c.state, number).where(_of(read, mission_id)).group_by(tasks.c.state)
    return {TaskState(row.state): row.number for row in await read.rows(query)}


async def settle(tx: Tx, mission_id: str, results: Sequence[Mapping[str, Any]]) -> None:
    """Write outcomes of attempts: rows of key, state, attempts, result, paid_units, agent_units."""
    statement = (
        sa.update(tasks)
        .where(_of(tx, mission_id), tasks.c.key == sa.bindparam("b_key"))
        .values(
            state=sa.bindparam("b_state"),
            attempts=sa.bindparam("b_attempts"),
            result=sa.bindparam("b_result", type_=Json),
            paid_units=sa.bindparam("b_paid_units"),
            agent_units=sa.bindparam("b_agent_units"),
        )
    )
    rows = [{f"b_{name}": value for name, value in row.items()} for row in results]
    await tx.conn.execute(statement, rows)


async def judged_by(tx: Tx, mission_id: str, judges: Sequence[str]) -> list[Task]:
    """Done tasks that wait for one of these judges, without input and result; lock the mission before."""
    return [t for t in await outlines_of(tx, mission_id) if t.judge in judges and not t.judged and t.state == "done"]


async def stake(tx: Tx, mission_id: str, stakes: Mapping[str, int]) -> None:
    """Write what was really staked on each task."""
    statement = (
        sa.update(tasks)
        .where(_of(tx, mission_id), tasks.c.key == sa.bindparam("b_key"))
        .values(stake_units=sa.bindparam("b_stake"))
    )
    if stakes:
        await tx.conn.execute(statement, [{"b_key": key, "b_stake": units} for key, units in stakes.items()])


async def judge(tx: Tx, mission_id: str, awards: Sequence[tuple[str, int, int, int]]) -> None:
    """Close the judgement of tasks: rows of key, price of the outcome, the agent's part of it, units forfeited."""
    statement = (
        sa.update(tasks)
        .where(_of(tx, mission_id), tasks.c.key == sa.bindparam("b_key"), tasks.c.judged.is_(sa.false()))
        .values(
            judged=True,
            paid_units=tasks.c.paid_units + sa.bindparam("b_price"),
            agent_units=tasks.c.agent_units + sa.bindparam("b_agent"),
            forfeited_units=sa.bindparam("b_forfeited"),
        )
    )
    names = ("b_key", "b_price", "b_agent", "b_forfeited")
    rows: list[dict[str, Any]] = [dict(zip(names, award, strict=True)) for award in awards]
    if rows:
        await tx.conn.execute(statement, rows)


async def add_attempts(tx: Tx, mission_id: str, rows: Sequence[Mapping[str, Any]]) -> None:
    common = {"mission": mission_id, "organisation": tx.organisation, "ended_at": tx.now}
    await tx.insert(attempts, [common | dict(row) for row in rows])


async def void_reserved(tx: Tx, mission_id: str) -> None:
    await tx.run(
        sa.update(tasks).where(_of(tx, mission_id), tasks.c.state == TaskState.RESERVED).values(state=TaskState.VOID)
    )
