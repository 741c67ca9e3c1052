"""Two runs side by side: their changes, what emerges, and how earlier forecasts turned out. No I/O."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from aia.core.clock import Instant
from aia.core.ids import content_id
from aia.infra.plugins import load_plugin
from aia.knowledge import StoredDocument
from aia.missions import Inputs, Task, TaskState
from aia.ventures.discovery.forecasts import brier, outcome
from aia.ventures.discovery.task_results import extracts_of, is_recall, positions_of
from aia.ventures.monitoring.changes import alerts, changes, match
from aia.ventures.monitoring.model import Alert, Change, ChangeKind, SeenNeed
from aia.ventures.monitoring.seen import seen

TOOLS = "aia.tools"


@dataclass(frozen=True, slots=True)
class Run:
    """A completed discovery as it is kept; `changes` are those it had against the run before it."""

    mission: str
    corpus: str
    seed: int
    tasks: tuple[Task, ...]
    documents: tuple[StoredDocument, ...]
    ended_at: Instant
    changes: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class EarlierForecasts:
    """The forecasts of an earlier mission that were not resolved yet, and the lineage of each of its needs."""

    mission: str
    tasks: tuple[Task, ...]
    lineages: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Scores:
    """What the forecasts of a mission came to: (agent, value) by `judge`."""

    mission: str
    judge: str
    values: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """`scores` are of the missions whose forecasts could be resolved."""

    changes: tuple[Change, ...]
    alerts: tuple[Alert, ...]
    scores: tuple[Scores, ...]


class Limits(Protocol):
    @property
    def documents_min(self) -> int: ...
    @property
    def lower_min(self) -> float: ...


def compare(
    now: Run,
    before: Run | None,
    subject: str,
    limits: Limits,
    at: Instant,
    open_forecasts: Sequence[EarlierForecasts] = (),
) -> Comparison:
    """Pure: the same runs give the same comparison. `open_forecasts` are those of any earlier run of the subject."""
    here = seen(now.tasks, now.documents)
    there = () if before is None else seen(before.tasks, before.documents)
    matched = match(here, there, load_plugin(TOOLS, "nearness")(here, there))
    lineages = lineages_of(() if before is None else before.changes)
    known = frozenset(d.id for d in before.documents) if before is not None else frozenset[str]()
    made = changes(here, there, matched, lineages, known)
    raised = alerts(
        made,
        first=before is None,
        subject=subject,
        mission=now.mission,
        documents_min=limits.documents_min,
        lower_min=limits.lower_min,
        now=at,
    )
    now_of = {change.lineage: change.need for change in made if change.kind is not ChangeKind.GONE}
    by_id = {need.need: need for need in here}
    resolved = (
        _resolved(earlier, {line: by_id[need] for line, need in now_of.items()}) for earlier in open_forecasts
    )
    return Comparison(made, raised, tuple(scores for scores in resolved if scores.values))


def lineages_of(changes: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """The lineage of each need of a run, from the changes it was kept with."""
    return {row["need"]: row["lineage"] for row in changes if row["kind"] != "gone"}


def _resolved(earlier: EarlierForecasts, by_lineage: Mapping[str, SeenNeed]) -> Scores:
    """1 less Brier's score, averaged for each agent over the forecasts that newer months resolve.

    The judge's name holds the forecast's mission alone, so that a mission's forecasts are scored once.
    """
    values: dict[str, list[float]] = {}
    for task in earlier.tasks:
        if task.skill != "forecast" or task.state is not TaskState.DONE:
            continue
        for row in (task.result or {})["forecasts"]:
            need = by_lineage.get(earlier.lineages.get(row["need"], ""))
            grew = None if need is None else outcome(need.months, row["after"])
            if grew is not None:
                values.setdefault(task.agent, []).append(1.0 - brier(row["probability"], grew))
    means = tuple((agent, round(sum(found) / len(found), 6)) for agent, found in sorted(values.items()))
    return Scores(earlier.mission, content_id("brier", earlier.mission), means)


def backing(run: Run, need: str, documents: set[str]) -> list[tuple[str, str]]:
    """(agent, skill) of those whose work an opportunity rests on: its analyst, and scouts of its quotations."""
    inputs = Inputs(tuple(task for task in run.tasks if task.state is TaskState.DONE))
    behind: set[tuple[str, str]] = set()
    for task in inputs.of("assess"):
        if any(row["need"] == need for row in (task.result or {})["assessments"]):
            behind.add((task.agent, task.skill))
    places = {d.id: d.position for d in run.documents}
    quoted = {places[d] for d in documents if d in places}
    for task in extracts_of(inputs):
        if not is_recall(task) and not quoted.isdisjoint(positions_of(task)):
            behind.add((task.agent, task.skill))
    return sorted(behind)
