"""A discovery that goes on from an earlier one: what of it stands still, and when it does not. Pure rules.

The documents that both corpora hold were read before: their statements are recalled, new documents alone are
read, and new statements are put into the needs that stand (`needs.continued`). How often that may be done before
everything is grouped anew is told by how much was added since.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from aia.knowledge import new_positions
from aia.missions import Inputs, Task, TaskState
from aia.text.model import Statement
from aia.ventures.discovery.task_results import extracts_of, statements_in
from aia.ventures.model import Need

CONTINUES = "continues"
GROWTH_MAX = 0.2
"""Documents added since everything was grouped together, as a share of those."""
KEPT_MIN = 0.9
"""The least share of the earlier corpus that must still be there."""
RANGES_MAX = 2_000
DOCUMENTS_MIN = 3
SAME = ("version", "needs_max", "stop_new_per_aia", "statements")
"""What two briefs must have in common."""

Common = Sequence[tuple[int, int, int]]
"""(position now, position before, count) of shared documents, in order of now."""


def continued(
    mission: str, before: Mapping[str, Any], brief: Mapping[str, Any], both: Common
) -> dict[str, Any] | None:
    """What a brief says of the mission it goes on from; None where it has to start anew.

    `grouped` is the number of documents when everything was grouped together last; `behind` whether what is new
    stands behind all that was there.
    """
    if any(before.get(key) != brief.get(key) for key in SAME) or brief["stop_new_per_aia"]:
        return None
    documents = int(brief["documents"])
    new = new_positions(both, documents)
    kept = sum(count for _, _, count in both)
    grouped = int((before.get(CONTINUES) or {}).get("grouped", before["documents"]))
    if not new or len(new) > RANGES_MAX or kept < KEPT_MIN * int(before["documents"]):
        return None
    if documents > (1 + GROWTH_MAX) * grouped:
        return None
    ranges = " ".join(f"{first}-{end}" for first, end in new)
    behind = kept == before["documents"] and all(now == then for now, then, _ in both)
    return {"mission": mission, "corpus": before["corpus"], "new": ranges, "grouped": grouped, "behind": behind}


def grew_behind(brief: Mapping[str, Any]) -> bool:
    """Whether a mission goes on from another whose documents all stand where they stood: what is new comes behind."""
    return bool((brief.get(CONTINUES) or {}).get("behind"))


def to_read(brief: Mapping[str, Any]) -> list[int] | None:
    """The positions of documents that a brief wants read; None for all."""
    continues = brief.get(CONTINUES)
    return None if not continues else [i for first, end in spans(continues["new"]) for i in range(first, end)]


def shared_in(brief: Mapping[str, Any]) -> str:
    """The positions of documents that were read before, as `first-end` apart by spaces."""
    bounds = [0, *(bound for span in spans(brief[CONTINUES]["new"]) for bound in span), int(brief["documents"])]
    gaps = zip(bounds[::2], bounds[1::2], strict=True)
    return " ".join(f"{first}-{end}" for first, end in gaps if first < end)


def spans(ranges: str) -> list[tuple[int, int]]:
    """The bounds in `first-end first-end`."""
    parts = (part.split("-") for part in ranges.split())
    return [(int(first), int(end)) for first, end in parts]


@dataclass(frozen=True, slots=True)
class Recalled:
    """Statements of documents that were read before, at their positions now, and the needs they were put into."""

    statements: list[Statement]
    needs: list[Need]


def recall(tasks: Sequence[Task], both: Common, *, behind: bool = False) -> Recalled:
    """From the tasks of the earlier mission; what its lost documents said is left out, and needs of too few.

    `behind`: all of its documents stand where they stood, so none is lost.
    """
    inputs = Inputs(tuple(task for task in tasks if task.state is TaskState.DONE))
    found = statements_in(extracts_of(inputs))
    if behind:
        return Recalled(found, _standing(inputs, found))
    position = {before + i: now + i for now, before, count in both for i in range(count)}
    place: dict[int, int] = {}
    statements: list[Statement] = []
    for index, statement in enumerate(found):
        if (now := position.get(statement.document)) is not None:
            place[index] = len(statements)
            statements.append(replace(statement, document=now))
    needs: list[Need] = []
    for row in inputs.one("group")["needs"]:
        need = Need.from_json(row)
        members = tuple(place[i] for i in need.members if i in place)
        medoids = tuple(place[i] for i in need.medoids if i in place) or members[:1]
        if len({statements[i].document for i in members}) >= DOCUMENTS_MIN:
            needs.append(replace(need, members=members, medoids=medoids))
    return Recalled(statements, needs)


def _standing(inputs: Inputs, statements: Sequence[Statement]) -> list[Need]:
    needs = [Need.from_json(row) for row in inputs.one("group")["needs"]]
    return [n for n in needs if len({statements[i].document for i in n.members}) >= DOCUMENTS_MIN]
