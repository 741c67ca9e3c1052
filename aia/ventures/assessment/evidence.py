"""Assessing a need: counting what its statements say, and choosing the passages that show it."""

from collections.abc import Sequence
from datetime import date

from aia.ventures.assessment.trend import momentum, monthly
from aia.ventures.model import Assessment, Document, Need, Statement, StatementKind
from aia.ventures.statements import is_satisfied
from aia.ventures.words import content_words

EVIDENCE_MAX = 5
TELLING_WORDS = 4


def assess(
    need: Need, statements: Sequence[Statement], documents: Sequence[Document], days: Sequence[date | None]
) -> Assessment:
    """Reach, severity, requests, satisfaction and momentum of one need, with its best passages."""
    members = [statements[i] for i in need.members]
    where = sorted({statement.document for statement in members})
    months = monthly(days, set(where))
    return Assessment(
        need=need.id,
        title=need.title,
        terms=need.terms,
        documents=len(where),
        authors=len({documents[i].author for i in where} - {None}),
        statements=len(members),
        requests=sum(statement.kind is StatementKind.REQUEST for statement in members),
        severity_sum=round(sum(statement.severity for statement in members), 4),
        satisfied=sum(is_satisfied(documents[i].text) for i in where),
        momentum=momentum(months),
        months=months,
        evidence=passages(need, statements, documents),
    )


def passages(
    need: Need, statements: Sequence[Statement], documents: Sequence[Document]
) -> tuple[tuple[int, int, int], ...]:
    """Up to five (document, start, end) of different documents whose words differ, best first.

    Passages that say little by themselves ("XXXX is fraudulent.") stand last.
    """
    telling: list[tuple[int, int, int]] = []
    short: list[tuple[int, int, int]] = []
    seen: set[tuple[str, ...]] = set()
    for index in need.medoids:
        statement = statements[index]
        words = tuple(content_words(documents[statement.document].text[statement.start : statement.end]))
        if words in seen:
            continue
        seen.add(words)
        place = (statement.document, statement.start, statement.end)
        (telling if len(words) >= TELLING_WORDS else short).append(place)
    return tuple([*telling, *short][:EVIDENCE_MAX])
