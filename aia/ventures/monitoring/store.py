"""Tables of follow-up. Every statement filters by the transaction's organisation, but for those of the loop."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from aia.core.clock import Instant
from aia.core.pages import Page, PageRequest, page_of
from aia.infra.sql import Instants, Json, Read, Tx, metadata
from aia.infra.sql.schema import insert_new
from aia.ventures.monitoring.model import Alert, AlertKind, Decision, Verdict, Watch, WatchRun, WatchState

watches = sa.Table(
    "watch",
    metadata,
    sa.Column("organisation", sa.String(64), sa.ForeignKey("organisation.id"), primary_key=True),
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("name", sa.String(80), nullable=False),
    sa.Column("source", Json, nullable=False),
    sa.Column("request", Json, nullable=False),
    sa.Column("every_s", sa.Integer, nullable=False),
    sa.Column("next_at", Instants, nullable=False),
    sa.Column("state", sa.String(12), nullable=False),
    sa.Column("created_at", Instants, nullable=False),
    sa.Column("cron", sa.String(100)),
    sa.UniqueConstraint("organisation", "name"),
    sa.Index(None, "state", "next_at"),
)

runs = sa.Table(
    "watch_run",
    metadata,
    sa.Column("organisation", sa.String(64), primary_key=True),
    sa.Column("watch", sa.String(40), primary_key=True),
    sa.Column("due_at", Instants, primary_key=True),
    sa.Column("mission", sa.String(40)),
    sa.Column("reason", sa.Text),
    sa.Column("started_at", Instants, nullable=False),
    sa.Index(None, "organisation", "mission"),
)

comparisons = sa.Table(
    "comparison",
    metadata,
    sa.Column("organisation", sa.String(64), sa.ForeignKey("organisation.id"), primary_key=True),
    sa.Column("mission", sa.String(40), primary_key=True),
    sa.Column("state", sa.String(12), nullable=False),
    sa.Column("subject", sa.String(500)),
    sa.Column("previous", sa.String(40)),
    sa.Column("changes", Json),
    sa.Column("at", Instants, nullable=False),
    sa.Column("scored", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Index(None, "state"),
    sa.Index(None, "organisation", "subject"),
)

alerts = sa.Table(
    "alert",
    metadata,
    sa.Column("organisation", sa.String(64), sa.ForeignKey("organisation.id"), primary_key=True),
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("subject", sa.String(500), nullable=False),
    sa.Column("mission", sa.String(40), nullable=False),
    sa.Column("need", sa.String(40), nullable=False),
    sa.Column("kind", sa.String(20), nullable=False),
    sa.Column("title", sa.String(400), nullable=False),
    sa.Column("detail", sa.Text, nullable=False),
    sa.Column("at", Instants, nullable=False),
)

verdicts = sa.Table(
    "verdict",
    metadata,
    sa.Column("organisation", sa.String(64), sa.ForeignKey("organisation.id"), primary_key=True),
    sa.Column("mission", sa.String(40), primary_key=True),
    sa.Column("need", sa.String(40), primary_key=True),
    sa.Column("person", sa.String(80), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("decision", sa.String(12), nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("at", Instants, nullable=False),
)

PENDING, DONE, ASIDE = "pending", "done", "aside"


def _watch(row: sa.Row[Any]) -> Watch:
    return Watch(
        id=row.id,
        organisation=row.organisation,
        name=row.name,
        source=row.source,
        request=row.request,
        every_s=row.every_s,
        next_at=row.next_at,
        state=WatchState(row.state),
        created_at=row.created_at,
        cron=row.cron,
    )


async def add_watch(tx: Tx, watch: Watch) -> None:
    row = {
        "organisation": tx.organisation,
        "id": watch.id,
        "name": watch.name,
        "source": dict(watch.source),
        "request": dict(watch.request),
        "every_s": watch.every_s,
        "next_at": watch.next_at,
        "state": watch.state.value,
        "created_at": watch.created_at,
        "cron": watch.cron,
    }
    await tx.insert(watches, [row])


async def all_watches(read: Read) -> list[Watch]:
    query = sa.select(watches).where(watches.c.organisation == read.organisation)
    return [_watch(row) for row in await read.rows(query.order_by(watches.c.name))]


async def set_state(tx: Tx, watch_id: str, state: WatchState) -> bool:
    here = sa.and_(watches.c.organisation == tx.organisation, watches.c.id == watch_id)
    return await tx.run(sa.update(watches).where(here).values(state=state.value)) == 1


async def remove_watch(tx: Tx, watch_id: str) -> bool:
    """Its runs stay: they say which mission was whose."""
    here = sa.and_(watches.c.organisation == tx.organisation, watches.c.id == watch_id)
    return await tx.run(sa.delete(watches).where(here)) == 1


async def due_everywhere(read: Read, limit: int) -> list[Watch]:
    """Watches of all organisations whose time has come: for the loop only."""
    query = sa.select(watches).where(watches.c.state == WatchState.ACTIVE.value, watches.c.next_at <= read.now)
    return [_watch(row) for row in await read.rows(query.order_by(watches.c.next_at, watches.c.id).limit(limit))]


async def claim(tx: Tx, watch: Watch, next_at: Instant) -> bool:
    """Take this run: only one process finds the watch still due at the time it saw."""
    here = sa.and_(watches.c.organisation == tx.organisation, watches.c.id == watch.id)
    unclaimed = sa.and_(watches.c.next_at == watch.next_at, watches.c.state == WatchState.ACTIVE.value)
    return await tx.run(sa.update(watches).where(here, unclaimed).values(next_at=next_at)) == 1


async def add_run(tx: Tx, watch: Watch, mission: str | None, reason: str | None) -> None:
    row = {
        "organisation": tx.organisation,
        "watch": watch.id,
        "due_at": watch.next_at,
        "mission": mission,
        "reason": reason,
        "started_at": tx.now,
    }
    await tx.insert(runs, [row])


async def runs_of(read: Read, watch_id: str, limit: int) -> list[WatchRun]:
    query = sa.select(runs).where(runs.c.organisation == read.organisation, runs.c.watch == watch_id)
    rows = await read.rows(query.order_by(runs.c.due_at.desc()).limit(limit))
    return [WatchRun(row.watch, row.due_at, row.mission, row.reason, row.started_at) for row in rows]


async def watch_of_mission(read: Read, mission: str) -> str | None:
    query = sa.select(runs.c.watch).where(runs.c.organisation == read.organisation, runs.c.mission == mission)
    row = await read.row(query)
    return None if row is None else row.watch


async def expect_comparison(conn: AsyncConnection, organisation: str, mission: str, at: Instant) -> None:
    """Note that a mission waits for its comparison; again is no change."""
    row = {"organisation": organisation, "mission": mission, "state": PENDING, "at": at}
    await conn.execute(insert_new(conn.dialect.name, comparisons), row)


async def pending_everywhere(read: Read, limit: int) -> list[tuple[str, str]]:
    """(organisation, mission) of comparisons to be made, oldest mission first: for the loop only."""
    query = sa.select(comparisons.c.organisation, comparisons.c.mission).where(comparisons.c.state == PENDING)
    rows = await read.rows(query.order_by(comparisons.c.mission).limit(limit))
    return [(row.organisation, row.mission) for row in rows]


async def previous_of(read: Read, subject: str, mission: str) -> tuple[str, list[Mapping[str, Any]]] | None:
    """The newest compared mission of the subject before this one, with its changes."""
    query = (
        sa.select(comparisons.c.mission, comparisons.c.changes)
        .where(
            comparisons.c.organisation == read.organisation,
            comparisons.c.subject == subject,
            comparisons.c.state == DONE,
            comparisons.c.mission < mission,
        )
        .order_by(comparisons.c.mission.desc())
        .limit(1)
    )
    row = await read.row(query)
    return None if row is None else (row.mission, row.changes)


async def unscored_of(
    read: Read, subject: str, mission: str, limit: int
) -> list[tuple[str, list[Mapping[str, Any]]]]:
    """The newest missions of the subject before this one whose forecasts nobody scored, with their changes."""
    query = (
        sa.select(comparisons.c.mission, comparisons.c.changes)
        .where(
            comparisons.c.organisation == read.organisation,
            comparisons.c.subject == subject,
            comparisons.c.state == DONE,
            comparisons.c.scored == sa.false(),
            comparisons.c.mission < mission,
        )
        .order_by(comparisons.c.mission.desc())
        .limit(limit)
    )
    return [(row.mission, row.changes) for row in await read.rows(query)]


async def claim_scoring(tx: Tx, mission: str) -> bool:
    """Take the scoring of a mission's forecasts: only one run finds them unscored."""
    here = sa.and_(comparisons.c.organisation == tx.organisation, comparisons.c.mission == mission)
    return (
        await tx.run(sa.update(comparisons).where(here, comparisons.c.scored == sa.false()).values(scored=True)) == 1
    )


async def finish_comparison(
    tx: Tx, mission: str, subject: str, previous: str | None, changes: Sequence[Mapping[str, Any]]
) -> bool:
    """Write a comparison once; False when another process has."""
    here = sa.and_(comparisons.c.organisation == tx.organisation, comparisons.c.mission == mission)
    values = {"state": DONE, "subject": subject, "previous": previous, "changes": [dict(c) for c in changes]}
    return await tx.run(sa.update(comparisons).where(here, comparisons.c.state == PENDING).values(values)) == 1


async def put_aside(tx: Tx, mission: str) -> None:
    """Try no more to compare this mission."""
    here = sa.and_(comparisons.c.organisation == tx.organisation, comparisons.c.mission == mission)
    await tx.run(sa.update(comparisons).where(here, comparisons.c.state == PENDING).values(state=ASIDE))


async def comparison_of(read: Read, mission: str) -> sa.Row[Any] | None:
    query = sa.select(comparisons).where(
        comparisons.c.organisation == read.organisation,
        comparisons.c.mission == mission,
        comparisons.c.state == DONE,
    )
    return await read.row(query)


async def newest_comparison(read: Read, subject: str | None) -> str | None:
    query = sa.select(sa.func.max(comparisons.c.mission).label("mission")).where(
        comparisons.c.organisation == read.organisation, comparisons.c.state == DONE
    )
    if subject is not None:
        query = query.where(comparisons.c.subject == subject)
    row = await read.row(query)
    return None if row is None else row.mission


async def add_alerts(tx: Tx, raised: Sequence[Alert]) -> list[Alert]:
    """Keep alerts that were not raised before; those that are new."""
    known = sa.select(alerts.c.id).where(
        alerts.c.organisation == tx.organisation, alerts.c.id.in_([alert.id for alert in raised])
    )
    before = {row.id for row in await tx.rows(known)} if raised else set[str]()
    new = [alert for alert in raised if alert.id not in before]
    await tx.insert_new(
        alerts,
        [
            {
                "organisation": tx.organisation,
                "id": a.id,
                "subject": a.subject,
                "mission": a.mission,
                "need": a.need,
                "kind": a.kind.value,
                "title": a.title,
                "detail": a.detail,
                "at": a.at,
            }
            for a in new
        ],
    )
    return new


async def alerts_page(read: Read, request: PageRequest) -> Page[Alert]:
    """Newest mission first."""
    key = alerts.c.mission + "/" + alerts.c.id
    query = sa.select(alerts).where(alerts.c.organisation == read.organisation)
    if request.after is not None:
        query = query.where(key < request.after)
    rows = await read.rows(query.order_by(key.desc()).limit(request.limit + 1))
    found = [Alert(r.id, r.subject, r.mission, r.need, AlertKind(r.kind), r.title, r.detail, r.at) for r in rows]
    return page_of(found, request, lambda alert: f"{alert.mission}/{alert.id}")


async def verdicts_of(read: Read, mission: str, need: str | None = None) -> list[Verdict]:
    """Every verdict on a mission's needs, in order of need, person and time."""
    query = sa.select(verdicts).where(verdicts.c.organisation == read.organisation, verdicts.c.mission == mission)
    if need is not None:
        query = query.where(verdicts.c.need == need)
    rows = await read.rows(query.order_by(verdicts.c.need, verdicts.c.person, verdicts.c.number))
    return [Verdict(r.mission, r.need, r.person, r.number, Decision(r.decision), r.reason, r.at) for r in rows]


async def add_verdict(tx: Tx, verdict: Verdict) -> None:
    row = {
        "organisation": tx.organisation,
        "mission": verdict.mission,
        "need": verdict.need,
        "person": verdict.person,
        "number": verdict.number,
        "decision": verdict.decision.value,
        "reason": verdict.reason,
        "at": verdict.at,
    }
    await tx.insert(verdicts, [row])
