"""How the organisation did its work, as a report tells it: what was read, what critics broke; and that
nothing planted is published. Pure, over finished tasks."""

from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from struct import Struct
from typing import Any

from aia.core.errors import AIAError
from aia.knowledge import StoredDocument
from aia.missions import Inputs, Task
from aia.reports import Opportunity
from aia.text.model import Statement, StatementKind
from aia.ventures.discovery.claims import ClaimKind, NeedClaim

PACKED = "packed"
PACKED_ROW = Struct("<iiiBdd")
"""Document, start, end, kind, strength, severity."""
_KINDS = (StatementKind.PROBLEM, StatementKind.REQUEST)


class PlantedClaim(AIAError):
    """A false claim that was planted to measure the critics is about to be published: a fault of the engine."""

    code = "planted-claim"
    title = "A planted claim stands in a report"


def extracts_of(inputs: Inputs) -> list[Task]:
    """What was recalled, then the scouts' tasks in order of place, whichever round they belong to."""
    return sorted(inputs.of("extract"), key=lambda task: (not is_recall(task), task.key))


def is_recall(task: Task) -> bool:
    """Whether a task recalls what an earlier mission read, instead of reading."""
    return bool(task.input.get("recalls"))


def positions_of(task: Task) -> list[int]:
    """Positions of the documents of a scout's task."""
    ranges = task.input.get("ranges")
    if ranges is None:
        return list(range(int(task.input["first"]), int(task.input["end"])))
    bounds = [part.split("-") for part in ranges.split()]
    return [i for first, end in bounds for i in range(int(first), int(end))]


def statements_in(tasks: Sequence[Task]) -> list[Statement]:
    found: list[Statement] = []
    for task in tasks:
        result = task.result or {}
        found.extend(map(Statement.from_json, result["statements"]))
        found.extend(unpacked(result.get(PACKED, "")))
    return found


def number_of(task: Task) -> int:
    """How many statements a task gave back."""
    result = task.result or {}
    return len(result["statements"]) + len(b64decode(result.get(PACKED, ""))) // PACKED_ROW.size


def packed(statements: Sequence[Statement]) -> str:
    """Many statements as one string of JSON: rows of `PACKED_ROW` in base64."""
    rows = [(s.document, s.start, s.end, _KINDS.index(s.kind), s.strength, s.severity) for s in statements]
    return b64encode(b"".join(PACKED_ROW.pack(*row) for row in rows)).decode()


def unpacked(text: str) -> list[Statement]:
    rows = PACKED_ROW.iter_unpack(b64decode(text))
    return [Statement(d, start, end, _KINDS[kind], strength, hurts) for d, start, end, kind, strength, hurts in rows]


def was_skipped(task: Task) -> bool:
    return bool((task.result or {}).get("skipped"))


def read_rounds(inputs: Inputs) -> list[list[Task]]:
    """The scouts' tasks by round."""
    rounds: dict[int, list[Task]] = {}
    for task in extracts_of(inputs):
        if not is_recall(task):
            rounds.setdefault(task.input["round"], []).append(task)
    return [rounds[number] for number in sorted(rounds)]


def read_of(inputs: Inputs) -> list[int]:
    """Positions of the documents that were read, now or before, in order."""
    return sorted(i for task in extracts_of(inputs) if not was_skipped(task) for i in positions_of(task))


def read_anew(inputs: Inputs) -> int:
    """How many documents this mission's scouts read."""
    return sum(len(positions_of(t)) for t in extracts_of(inputs) if not is_recall(t) and not was_skipped(t))


def reading_notes(inputs: Inputs, documents: int, needs_max: int) -> tuple[str, ...]:
    """What was left undone and why, if anything was."""
    read = len(read_of(inputs))
    notes: list[str] = []
    planned = sum(len(positions_of(task)) for task in inputs.of("extract"))
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
    if told := (grouping.result or {}).get("continued"):
        notes.append(_continued_note(read_anew(inputs), read, told))
    needs = int(grouping.input["needs"])
    if needs < needs_max:
        notes.append(f"The budget reached for the {needs} needs that most documents state, not for {needs_max}.")
    return tuple(notes)


def _continued_note(new: int, read: int, told: Mapping[str, Any]) -> str:
    before = f"{read - new} of {read} documents were read by an earlier discovery, and {new} are new."
    if told["regrouped"]:
        return f"{before} They have drifted from what was said before: everything was grouped anew."
    return (
        f"{before} Of their statements {told['joined']} joined needs that stood, {told['apart']} fit nowhere; "
        f"{told['opened']} needs opened."
    )


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
            return opportunity.values.get("slopeLower") == f"{c['lower']:z.4f}"
        case ClaimKind.DISTINCT | ClaimKind.SEVERAL | ClaimKind.UNSOLVED:
            return True
