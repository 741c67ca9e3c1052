"""Vesting schedules: cliff and linear, exact in units, released on demand."""

from aia.tokens.vesting.model import (
    BadSchedule,
    NothingToRelease,
    NotRevocable,
    Schedule,
    ScheduleNotFound,
    check_terms,
)
from aia.tokens.vesting.service import Vesting

__all__ = [
    "BadSchedule",
    "NotRevocable",
    "NothingToRelease",
    "Schedule",
    "ScheduleNotFound",
    "Vesting",
    "check_terms",
]
