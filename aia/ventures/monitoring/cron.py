"""Cron schedules in UTC: five fields, as crontab(5) has them. Loaded as a plugin, since croniter takes its time."""

import re
from datetime import datetime

from croniter import CroniterError, croniter

from aia.core.clock import Instant
from aia.core.errors import Invalid

CRON_MAX = 100
_FIELD = r"(?:[0-9*/,-]|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|mon|tue|wed|thu|fri|sat|sun)+"
_FIVE = re.compile(rf"{_FIELD}(?: +{_FIELD}){{4}}", re.IGNORECASE)


def next_time(cron: str, after: Instant) -> Instant:
    """The first time of a schedule after an instant; raises `Invalid` for one that is none or never comes."""
    if len(cron) > CRON_MAX or not _FIVE.fullmatch(cron):
        raise Invalid(
            f"cron is {cron[:CRON_MAX]!r}: give minute, hour, day, month and weekday in UTC, like '0 6 * * mon'",
            field="cron",
        )
    try:
        found: datetime = croniter(cron, after).get_next(datetime)
    except (CroniterError, ValueError, OverflowError) as error:
        raise Invalid(f"cron {cron!r} has no next time: {error}", field="cron") from None
    return found
