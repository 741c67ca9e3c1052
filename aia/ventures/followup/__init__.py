"""After a first discovery: watches, changes, alerts, verdicts of people, proposals for funding."""

from aia.ventures.followup.model import (
    Alert,
    AlertKind,
    ChangeKind,
    Decision,
    NotCompared,
    NotPursued,
    Verdict,
    Watch,
    WatchRun,
    WatchState,
    parse_every,
)
from aia.ventures.followup.proposal import Proposal
from aia.ventures.followup.service import Followup, FollowupConsumer, Thresholds

__all__ = [
    "Alert",
    "AlertKind",
    "ChangeKind",
    "Decision",
    "Followup",
    "FollowupConsumer",
    "NotCompared",
    "NotPursued",
    "Proposal",
    "Thresholds",
    "Verdict",
    "Watch",
    "WatchRun",
    "WatchState",
    "parse_every",
]
