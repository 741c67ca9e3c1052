"""After a first discovery: watches, changes, alerts, verdicts of people, proposals for funding."""

from aia.ventures.monitoring.model import (
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
from aia.ventures.monitoring.proposal import Proposal
from aia.ventures.monitoring.service import Monitoring, MonitoringConsumer, Thresholds

__all__ = [
    "Alert",
    "AlertKind",
    "ChangeKind",
    "Decision",
    "Monitoring",
    "MonitoringConsumer",
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
