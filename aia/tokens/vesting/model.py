"""Vesting: what of a promised amount may be released by now. Pure, in integers of units and microseconds."""

from dataclasses import dataclass
from datetime import timedelta

from aia.core.clock import Instant
from aia.core.errors import Conflict, Invalid, NotFound
from aia.core.money import Units
from aia.ledger.model import Token

MICROSECOND = timedelta(microseconds=1)
DURATION_MAX = timedelta(days=36_525)


class ScheduleNotFound(NotFound):
    code = "vesting-not-found"
    title = "No such vesting schedule"


class NothingToRelease(Conflict):
    """Nothing more has vested since the last release."""

    code = "nothing-to-release"
    title = "Nothing more has vested yet"


class NotRevocable(Conflict):
    """The schedule was promised for good, or was revoked already."""

    code = "vesting-not-revocable"
    title = "The vesting schedule cannot be revoked"


class BadSchedule(Invalid):
    code = "bad-vesting"
    title = "The vesting schedule cannot be used"


@dataclass(frozen=True, slots=True)
class Schedule:
    """An amount that waits in `account` and is released to `beneficiary` over time.

    Nothing vests before `start + cliff`; then what is due linearly since the start; all of `total` from
    `start + duration` on. A cliff as long as the duration releases everything at once. `revoked_at` set:
    `total` is what had vested at that moment, and the rest went back to `origin`.
    """

    id: str
    token: Token
    account: str
    beneficiary: str
    origin: str
    total: Units
    released: Units
    start: Instant
    cliff: timedelta
    duration: timedelta
    revocable: bool
    revoked_at: Instant | None = None

    def vested(self, now: Instant) -> Units:
        """floor(total x elapsed / duration): the remainder of the division is placed at the end."""
        if self.revoked_at is not None:
            return self.total
        elapsed = now - self.start
        if elapsed < self.cliff:
            return Units(0)
        if elapsed >= self.duration:
            return self.total
        return Units(self.total * (elapsed // MICROSECOND) // (self.duration // MICROSECOND))

    def releasable(self, now: Instant) -> Units:
        """What has vested and was not released yet; 0 when the clock went back."""
        return Units(max(0, self.vested(now) - self.released))


def check_terms(total: Units, cliff: timedelta, duration: timedelta) -> None:
    """Raises `BadSchedule` naming the field that is out of bounds."""
    if total <= 0:
        raise BadSchedule(f"amount is {total} units: a schedule needs 1 or more", field="amount")
    if not MICROSECOND <= duration <= DURATION_MAX:
        raise BadSchedule(f"duration is {duration}: choose up to {DURATION_MAX.days} days", field="duration")
    if not timedelta(0) <= cliff <= duration:
        raise BadSchedule(f"cliff is {cliff}: choose 0 to the duration, {duration}", field="cliff")
