"""Missions: playbook, task tree, waves, settlement. The flow of docs/architecture stands in runner.py."""

from aia.missions.bill import BILL_HEADER, MissionBill, bill_of
from aia.missions.model import (
    BadPlan,
    Bounds,
    BudgetTooSmall,
    Inputs,
    KeyReused,
    Mission,
    MissionEnded,
    MissionNotFound,
    MissionState,
    Plan,
    PlannedTask,
    Score,
    Task,
    TaskFailed,
    TaskState,
    Verdict,
    Work,
    within_budget,
)
from aia.missions.payments import Payments, mission_account
from aia.missions.playbook import Playbook, Publication, Session
from aia.missions.runner import MissionRunner
from aia.missions.service import Missions, artefacts_of, results_of

__all__ = [
    "BILL_HEADER",
    "BadPlan",
    "Bounds",
    "BudgetTooSmall",
    "Inputs",
    "KeyReused",
    "Mission",
    "MissionBill",
    "MissionEnded",
    "MissionNotFound",
    "MissionRunner",
    "MissionState",
    "Missions",
    "Payments",
    "Plan",
    "PlannedTask",
    "Playbook",
    "Publication",
    "Score",
    "Session",
    "Task",
    "TaskFailed",
    "TaskState",
    "Verdict",
    "Work",
    "artefacts_of",
    "bill_of",
    "mission_account",
    "results_of",
    "within_budget",
]
