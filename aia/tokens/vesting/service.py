"""Use-cases of vesting: open a schedule, release what has vested, revoke what has not."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from aia.core.errors import Conflict
from aia.core.ids import content_id
from aia.core.money import Units, format_units
from aia.core.pages import Page, PageRequest
from aia.infra.sql import Event, Read, Tx
from aia.ledger.model import Account, Token
from aia.ledger.service import Ledger, transfer
from aia.tokens.vesting import store
from aia.tokens.vesting.model import NothingToRelease, NotRevocable, Schedule, ScheduleNotFound, check_terms


def schedule_account(schedule: str) -> str:
    return f"vesting:{schedule}"


@dataclass(frozen=True, slots=True)
class Vesting:
    """Schedules over accounts of the ledger: the account holds exactly what is not released yet."""

    ledger: Ledger

    async def add(self, tx: Tx, organisation: str, schedules: Sequence[Schedule]) -> None:
        """Keep schedules whose accounts are funded by the same transaction."""
        for schedule in schedules:
            check_terms(schedule.total, schedule.cliff, schedule.duration)
        await store.add(tx, organisation, schedules)

    async def open(
        self,
        tx: Tx,
        schedule_id: str,
        *,
        origin: str,
        beneficiary: str,
        organisation: str,
        token: Token,
        amount: Units,
        cliff: timedelta,
        duration: timedelta,
        revocable: bool,
    ) -> Schedule:
        """Move `amount` into an account of its own and begin to vest it now; raises `BadSchedule`.

        The organisation is the beneficiary's, who sees and releases the schedule.
        """
        account = schedule_account(schedule_id)
        schedule = Schedule(
            id=schedule_id,
            token=token,
            account=account,
            beneficiary=beneficiary,
            origin=origin,
            total=amount,
            released=Units(0),
            start=tx.now,
            cliff=cliff,
            duration=duration,
            revocable=revocable,
        )
        await self.add(tx, organisation, [schedule])
        new = Account(account, token, tx.organisation, "vesting", 0, 0, 0, closed=False)
        await self.ledger.open_accounts(tx, [new])
        opening = transfer(
            content_id("tfr", "vesting", schedule_id), origin, account, amount, token=token, memo="to be vested"
        )
        await self.ledger.require(tx, [opening])
        return schedule

    async def get(self, read: Read, schedule_id: str) -> Schedule:
        """Raises `ScheduleNotFound`."""
        found = await store.find(read, schedule_id)
        if found is None:
            raise ScheduleNotFound(f"vesting schedule {schedule_id!r} does not exist in this organisation")
        return found

    async def page(self, read: Read, request: PageRequest) -> Page[Schedule]:
        return await store.page(read, request)

    async def release(self, tx: Tx, schedule_id: str) -> tuple[Schedule, Units]:
        """Pay what has vested to the beneficiary; the schedule as it was, and the units released.

        Raises `NothingToRelease` when nothing more has vested; twice at a time releases once.
        """
        schedule = await self.get(tx, schedule_id)
        units = schedule.releasable(tx.now)
        if not units:
            raise NothingToRelease(
                f"of {format_units(schedule.total)} {schedule.token} {format_units(schedule.vested(tx.now))} have "
                f"vested and {format_units(schedule.released)} were released: wait",
                vested=format_units(schedule.vested(tx.now)),
            )
        if not await store.release(tx, schedule, units):
            raise Conflict(f"vesting schedule {schedule_id} is released by someone else just now: look again")
        released = schedule.released + units
        paying = transfer(
            content_id("tfr", "release", schedule_id, str(released)),
            schedule.account,
            schedule.beneficiary,
            units,
            token=schedule.token,
            memo="vested",
        )
        await self.ledger.require(tx, [paying])
        tx.emit(Event("tokens.vesting-released", {"vesting": schedule_id, "units": units}))
        return schedule, units

    async def revoke(self, tx: Tx, schedule_id: str) -> Units:
        """Give back to the origin what has not vested, for an order of the treasury; the units returned.

        What had vested stays the beneficiary's to release. Raises `NotRevocable`.
        """
        schedule = await store.find_any(tx, schedule_id)
        if schedule is None:
            raise ScheduleNotFound(f"vesting schedule {schedule_id!r} does not exist")
        vested = max(schedule.vested(tx.now), schedule.released)
        if not await store.revoke(tx, schedule, Units(vested), tx.now):
            raise NotRevocable(f"vesting schedule {schedule_id} is not revocable, or was revoked already")
        back = Units(schedule.total - vested)
        if back:
            returning = transfer(
                content_id("tfr", "revoke", schedule_id),
                schedule.account,
                schedule.origin,
                back,
                token=schedule.token,
                memo="not vested",
            )
            await self.ledger.require(tx, [returning])
        tx.emit(Event("tokens.vesting-revoked", {"vesting": schedule_id, "units": back}))
        return back
