"""Follow-up: watches, what changed between runs, alerts, verdicts. Values and pure rules."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any

from aia.core.clock import Instant
from aia.core.errors import Conflict, Invalid, NotFound

EVERY_MIN_S = 60
EVERY_MAX_S = 366 * 86_400
WATCHES_MAX = 1_000
NAME_MAX = 80
REASON_MAX = 1_000
_EVERY = re.compile(r"([1-9][0-9]{0,5})([mhdw])")
_SECONDS = {"m": 60, "h": 3_600, "d": 86_400, "w": 604_800}


class WatchNotFound(NotFound):
    code = "watch-not-found"
    title = "No such watch"


class WatchExists(Conflict):
    code = "watch-exists"
    title = "A watch of this name stands already"


class NotCompared(NotFound):
    """The mission is not a completed discovery, or its comparison has not been made yet."""

    code = "not-compared"
    title = "Nothing to compare"


class NeedNotFound(NotFound):
    code = "need-not-found"
    title = "The report has no such opportunity"


class NotPursued(Conflict):
    """Only an opportunity that somebody pursues becomes a proposal."""

    code = "not-pursued"
    title = "Nobody pursues this opportunity"


class WatchState(StrEnum):
    ACTIVE = "active"
    PAUSED = "paused"


class ChangeKind(StrEnum):
    NEW = "new"
    GONE = "gone"
    GROWN = "grown"
    SHRUNK = "shrunk"
    SAME = "same"


class AlertKind(StrEnum):
    NEW_NEED = "new-need"
    GROWING = "growing"


class Decision(StrEnum):
    PURSUE = "pursue"
    PARK = "park"
    REJECT = "reject"


VERDICT_SCORES = {Decision.PURSUE: 0.75, Decision.PARK: 0.5, Decision.REJECT: 0.25}
"""What a verdict adds to the rating of the agents behind an opportunity: half as far from the middle as a
score may be, since a person judges the need more than the work."""


def parse_every(text: str) -> int:
    """Seconds of `30m`, `12h`, `7d` or `2w`; raises `Invalid` naming what is wrong."""
    found = _EVERY.fullmatch(text)
    seconds = 0 if found is None else int(found.group(1)) * _SECONDS[found.group(2)]
    if not EVERY_MIN_S <= seconds <= EVERY_MAX_S:
        raise Invalid(f"every is {text[:20]!r}: give a time from 1m to 366d, like 12h, 7d or 2w", field="every")
    return seconds


def next_due(due: Instant, every_s: int, now: Instant) -> Instant:
    """The first time of the schedule after now; whatever was missed is made up by one run."""
    missed = max(0, int((now - due).total_seconds() // every_s))
    return due + timedelta(seconds=every_s * (missed + 1))


@dataclass(frozen=True, slots=True)
class Watch:
    """A discovery that comes again. `source` says what is read, `request` what is asked of it.

    It comes every `every_s` seconds, or by `cron` in UTC when that is given.
    """

    id: str
    organisation: str
    name: str
    source: Mapping[str, Any]
    request: Mapping[str, Any]
    every_s: int
    next_at: Instant
    state: WatchState
    created_at: Instant
    cron: str | None = None


@dataclass(frozen=True, slots=True)
class WatchRun:
    """One run of a watch: its mission, or the reason why there is none."""

    watch: str
    due_at: Instant
    mission: str | None
    reason: str | None
    started_at: Instant


@dataclass(frozen=True, slots=True)
class Alert:
    """Something that emerges: raised once for each subject, need and kind."""

    id: str
    subject: str
    mission: str
    need: str
    kind: AlertKind
    title: str
    detail: str
    at: Instant


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a person decided of a need; the newest of a person stands, the others are its history."""

    mission: str
    need: str
    person: str
    number: int
    decision: Decision
    reason: str
    at: Instant


@dataclass(frozen=True, slots=True)
class Quotation:
    """Words of a document: new evidence."""

    document: str
    start: int
    end: int
    quotation: str

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class SeenNeed:
    """What a run knew of a need. `places` are (document id, start, end); `rank` from 1, None when not listed."""

    need: str
    title: str
    rank: int | None
    documents: int
    read: int
    lower: float | None
    places: frozenset[tuple[str, int, int]]
    passages: tuple[str, ...]
    evidence: tuple[Quotation, ...]
    months: tuple[tuple[str, int, int], ...] = ()

    @property
    def share(self) -> float:
        return self.documents / self.read if self.read else 0.0


@dataclass(frozen=True, slots=True)
class Change:
    """How a need of this run stands to the run before; `lineage` is its id when it was first seen."""

    kind: ChangeKind
    need: str
    was: str | None
    lineage: str
    title: str
    documents: int
    documents_before: int
    share: float
    share_before: float
    rank: int | None
    rank_before: int | None
    lower: float | None
    lower_before: float | None
    new_evidence: tuple[Quotation, ...]

    def to_json(self) -> dict[str, Any]:
        return asdict(self)
