"""What a completed discovery saw of its needs, from the results of its tasks. Pure."""

from collections.abc import Sequence

from aia.knowledge import StoredDocument
from aia.missions import Inputs, Task, TaskState
from aia.text.model import Statement
from aia.ventures.discovery.task_results import extracts_of, read_of, statements_in
from aia.ventures.model import Assessment, Need
from aia.ventures.monitoring.model import Quotation, SeenNeed

PASSAGES = 5


def seen(tasks: Sequence[Task], documents: Sequence[StoredDocument]) -> tuple[SeenNeed, ...]:
    """The needs of a mission, listed or not."""
    inputs = Inputs(tuple(task for task in tasks if task.state is TaskState.DONE))
    statements = statements_in(extracts_of(inputs))
    needs = [Need.from_json(row) for row in inputs.one("group")["needs"]]
    rows = [row for task in inputs.of("assess") for row in (task.result or {})["assessments"]]
    assessed = {row["need"]: Assessment.from_json(row) for row in rows}
    ranks = {need: i for i, need in enumerate(inputs.one("direct")["opportunities"], 1)}
    read = len(read_of(inputs))
    return tuple(
        _seen(n, assessed[n.id], ranks.get(n.id), read, statements, documents) for n in needs if n.id in assessed
    )


def _seen(
    need: Need,
    a: Assessment,
    rank: int | None,
    read: int,
    statements: Sequence[Statement],
    documents: Sequence[StoredDocument],
) -> SeenNeed:
    members = [statements[i] for i in need.members]
    telling = [statements[i] for i in need.medoids[:PASSAGES]]
    return SeenNeed(
        need=need.id,
        title=a.title,
        rank=rank,
        documents=a.documents,
        read=read,
        lower=None if a.momentum is None else a.momentum.lower,
        places=frozenset((documents[s.document].id, s.start, s.end) for s in members),
        passages=tuple(documents[s.document].text[s.start : s.end] for s in telling),
        evidence=tuple(
            Quotation(documents[d].id, start, end, documents[d].text[start:end]) for d, start, end in a.evidence
        ),
        months=a.months,
    )
