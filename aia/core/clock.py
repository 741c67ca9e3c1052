"""Time is an argument: rules receive an `Instant`, services own a `Clock`."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeAlias

Instant: TypeAlias = datetime
"""An aware UTC datetime."""

Clock: TypeAlias = Callable[[], Instant]


def system_clock() -> Instant:
    """The time now, aware and in UTC."""
    return datetime.now(UTC)


def rfc3339(at: Instant) -> str:
    """RFC 3339 text in UTC with microseconds and a `Z`, the form of every time we write."""
    if at.tzinfo is None:
        raise ValueError("a naive datetime has no place in AIA: give it a time zone")
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
