"""The table of vesting schedules."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from aia.core.clock import Instant
from aia.core.money import Units
from aia.core.pages import Page, PageRequest
from aia.infra.sql import Instants, Read, Tx, metadata
from aia.ledger.model import Token
from aia.tokens import queries
from aia.tokens.vesting.model import MICROSECOND, Schedule

schedules = sa.Table(
    "vesting",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("organisation", sa.String(64), nullable=False, index=True),
    sa.Column("token", sa.String(8), nullable=False),
    sa.Column("account", sa.String(120), nullable=False),
    sa.Column("beneficiary", sa.String(120), nullable=False),
    sa.Column("origin", sa.String(120), nullable=False),
    sa.Column("total_units", sa.BigInteger, nullable=False),
    sa.Column("released_units", sa.BigInteger, nullable=False),
    sa.Column("start", Instants, nullable=False),
    sa.Column("cliff_us", sa.BigInteger, nullable=False),
    sa.Column("duration_us", sa.BigInteger, nullable=False),
    sa.Column("revocable", sa.Boolean, nullable=False),
    sa.Column("revoked_at", Instants),
    sa.CheckConstraint("released_units >= 0 and released_units <= total_units", name="released"),
    sa.CheckConstraint("cliff_us >= 0 and cliff_us <= duration_us and duration_us > 0", name="terms"),
)


def _schedule(row: sa.Row[Any]) -> Schedule:
    return Schedule(
        id=row.id,
        token=Token(row.token),
        account=row.account,
        beneficiary=row.beneficiary,
        origin=row.origin,
        total=Units(row.total_units),
        released=Units(row.released_units),
        start=row.start,
        cliff=timedelta(microseconds=row.cliff_us),
        duration=timedelta(microseconds=row.duration_us),
        revocable=row.revocable,
        revoked_at=row.revoked_at,
    )


async def add(tx: Tx, organisation: str, new: Sequence[Schedule]) -> None:
    await tx.insert_new(
        schedules,
        [
            {
                "id": s.id,
                "organisation": organisation,
                "token": s.token.value,
                "account": s.account,
                "beneficiary": s.beneficiary,
                "origin": s.origin,
                "total_units": s.total,
                "released_units": s.released,
                "start": s.start,
                "cliff_us": s.cliff // MICROSECOND,
                "duration_us": s.duration // MICROSECOND,
                "revocable": s.revocable,
                "revoked_at": s.revoked_at,
            }
            for s in new
        ],
    )


async def find(read: Read, schedule_id: str) -> Schedule | None:
    """A schedule whose beneficiary is the reader's."""
    return await queries.find_own(read, schedules.c.id, schedule_id, _schedule)


async def find_any(read: Read, schedule_id: str) -> Schedule | None:
    return await queries.find_any(read, schedules.c.id, schedule_id, _schedule)


async def page(read: Read, request: PageRequest) -> Page[Schedule]:
    return await queries.page_own(read, schedules.c.id, request, _schedule)


async def release(tx: Tx, schedule: Schedule, units: Units) -> bool:
    """Count a release; False when another came between, or the schedule was revoked meanwhile."""
    moved = await tx.run(
        sa.update(schedules)
        .where(
            schedules.c.id == schedule.id,
            schedules.c.released_units == schedule.released,
            schedules.c.total_units == schedule.total,
        )
        .values(released_units=schedules.c.released_units + units)
    )
    return moved == 1


async def revoke(tx: Tx, schedule: Schedule, vested: Units, at: Instant) -> bool:
    """Cut the schedule to what has vested; False when it was released or revoked meanwhile."""
    moved = await tx.run(
        sa.update(schedules)
        .where(
            schedules.c.id == schedule.id,
            schedules.c.revocable.is_(True),
            schedules.c.revoked_at.is_(None),
            schedules.c.released_units <= vested,
        )
        .values(total_units=vested, revoked_at=at)
    )
    return moved == 1
