"""How the organisation did its work, as a report tells it: what was read, what critics broke; and that
nothing planted is published. Pure, over finished tasks."""

from collections.abc import Mapping, Sequence
from typing import Any

from aia.core.errors import AIAError
from aia.knowledge import StoredDocument
from aia.missions import Inputs, Task
from aia.reports import Opportunity
from aia.ventures.discovery.claims import ClaimKind, NeedClaim
from aia.ventures.model import Statement


class PlantedClaim(AIAError):
    """A false claim that was planted to measure the critics is about to be published: a fault of the engine."""

    code = "planted-claim"
    title = "A planted claim stands in a report"


def extracts_of(inputs: Inputs) -> list[Task]:
    """The scouts' tasks in order of place, whichever round they belong to."""
    return sorted(inputs.of("extract"), key=lambda task: task.key)


def statements_in(tasks: Sequence[Task]) -> list[Statement]:
    return [Statement.from_json(row) for task in tasks for row in (task.result or {})["statements"]]


def was_skipped(task: Task) -> bool:
    return bool((task.result or {}).get("skipped"))


def read_rounds(inputs: Inputs) -> list[list[Task]]:
    """The scouts' tasks by round."""
    rounds: dict[int, list[Task]] = {}
    for task in extracts_of(inputs):
        rounds.setdefault(task.input["round"], []).append(task)
    return [rounds[number] for number in sorted(rounds)]


def read_of(inputs: Inputs) -> list[int]:
    """Positions of the documents that were read."""
    done = [task.input for task in extracts_of(inputs) if not was_skipped(task)]
    return [i for part in done for i in range(int(part["first"]), int(part["end"]))]


def reading_notes(inputs: Inputs, documents: int, needs_max: int) -> tuple[str, ...]:
    """What was left undone and why, if anything was."""
    read = len(read_of(inputs))
    notes: list[str] = []
    planned = sum(int(task.input["end"]) - int(task.input["first"]) for task in inputs.of("extract"))
    if planned < documents:
        notes.append(
            f"The budget reached for {planned} of {documents} documents, spread evenly; "
            f"{documents - planned} are unread."
        )
    if read < planned:
        notes.append(
            f"The director stopped reading after {read} of {planned} documents: "
            "the last round brought too few new statements for its price."
        )
    (grouping,) = inputs.of("group")
    needs = int(grouping.input["needs"])
    if needs < needs_max:
        notes.append(f"The budget reached for the {needs} needs that most documents state, not for {needs_max}.")
    return tuple(notes)


def critics_notes(reviewed: Mapping[str, Any]) -> tuple[str, ...]:
    """What critics checked and broke, and how many of the false claims planted among them they found."""
    planted = {claim["id"] for claim in reviewed["planted"]}
    found = {claim for critic in reviewed["critics"].values() for claim in critic["upheld"]}
    alarms = sum(len(critic["false_alarms"]) for critic in reviewed["critics"].values())
    return (
        f"Critics checked {reviewed['claims']} claims and broke {len(reviewed['broken'])}, with {alarms} "
        f"false alarms; of {len(planted)} false claims planted to measure them they found {len(planted & found)}.",
    )


def forecast_notes(inputs: Inputs) -> tuple[str, ...]:
    made = {row["need"] for task in inputs.of("forecast") for row in (task.result or {})["forecasts"]}
    if not made:
        return ()
    who = len(inputs.of("forecast"))
    return (f"{who} forecasters gave {len(made)} needs a probability to grow; a later discovery scores them.",)


def without_planted(
    opportunities: tuple[Opportunity, ...], planted: Sequence[NeedClaim], documents: Sequence[StoredDocument]
) -> tuple[Opportunity, ...]:
    """The opportunities as they are; raises `PlantedClaim` when one holds what was planted."""
    for opportunity in opportunities:
        spans = {(e.document, e.start, e.end) for claim in opportunity.claims for e in claim.evidence}
        for claim in planted:
            if claim.need == opportunity.need and _stands_in(claim, opportunity, spans, documents):
                raise PlantedClaim(f"opportunity {opportunity.id} holds the planted {claim.kind} claim {claim.id}")
    return opportunities


def _stands_in(
    claim: NeedClaim,
    opportunity: Opportunity,
    spans: set[tuple[str, int, int]],
    documents: Sequence[StoredDocument],
) -> bool:
    c = claim.content
    match claim.kind:
        case ClaimKind.PASSAGE:
            return (documents[c["document"]].id, c["start"], c["end"]) in spans
        case ClaimKind.COUNT:
            return opportunity.values.get(c["column"]) == c["value"]
        case ClaimKind.GROWTH:
            return opportunity.values.get("slopeLower") == f"{c['lower']:.4f}"
        case ClaimKind.DISTINCT | ClaimKind.SEVERAL | ClaimKind.UNSOLVED:
            return True
