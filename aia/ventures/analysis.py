"""The engine on documents, without mission or ledger: the same tools, one after the other."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from aia.ventures.assessment.trend import momenta as momenta_of
from aia.ventures.assessment.trend import month_of
from aia.ventures.model import Document, Need, Statement, StatementKind
from aia.ventures.needs import centres_of, group
from aia.ventures.statements import find_statements
from aia.ventures.vectors import Embedding, open_embedder

NEEDS_MAX = 1_000
DECIMALS = 4


@dataclass(frozen=True, slots=True)
class Grouping:
    """Needs with their number of documents, and for each document its need and margin.

    The margin is the cosine to the own need's centre less the best cosine to another's, or less 0 where no other
    is nearer than that, so it is never above 1 (0 when there is no need). A document belongs to the need of its
    statement with the greatest margin, and to one of sentences that are mostly the same only for want of another.
    """

    needs: tuple[tuple[Need, int], ...]
    assigned: tuple[tuple[str | None, float], ...]


def group_corpus(
    documents: Sequence[Document], *, seed: int, everything: bool, embedding: Embedding = Embedding.TABLE
) -> Grouping:
    """Group the statements of documents, or with `everything` each document as one text."""
    statements: list[Statement] = []
    for position, document in enumerate(documents):
        if everything:
            statements.append(Statement(position, 0, len(document.text), StatementKind.PROBLEM, 0.5, 0.0))
            continue
        spans = find_statements(document.text)
        statements.extend(Statement(position, s.start, s.end, s.kind, s.strength, s.severity) for s in spans)
    texts = [documents[s.document].text[s.start : s.end] for s in statements]
    if len(statements) < 3:
        return Grouping((), tuple((None, 0.0) for _ in documents))
    vectors = open_embedder(embedding).encode(texts)
    needs = group(statements, texts, vectors, seed=seed, needs_max=NEEDS_MAX)
    return Grouping(*_assign(documents, statements, needs, vectors))


def _assign(
    documents: Sequence[Document], statements: Sequence[Statement], needs: Sequence[Need], vectors: np.ndarray
) -> tuple[tuple[tuple[Need, int], ...], tuple[tuple[str | None, float], ...]]:
    best: dict[int, tuple[bool, float, str]] = {}
    if needs:
        centres = centres_of([n.members for n in needs], vectors)
        for i, need in enumerate(needs):
            cosines = vectors[list(need.members)] @ centres.T
            own_words = not _repeats(need, statements, documents)
            own = cosines[:, i].copy()
            cosines[:, i] = 0.0
            nearest_other = np.maximum(cosines.max(axis=1), 0.0)
            for member, margin in zip(need.members, np.round(own - nearest_other, DECIMALS), strict=True):
                where = statements[member].document
                best[where] = max(best.get(where, (False, -2.0, "")), (own_words, float(margin), need.id))
    assigned = tuple((best[i][2], best[i][1]) if i in best else (None, 0.0) for i in range(len(documents)))
    documents_of = Counter(found for found, _ in assigned)
    counts = tuple((need, documents_of[need.id]) for need in needs)
    return tuple(sorted(counts, key=lambda pair: (-pair[1], pair[0].id))), assigned


def _repeats(need: Need, statements: Sequence[Statement], documents: Sequence[Document]) -> bool:
    """Whether most members say the same in the same words: boilerplate, which tells no document apart."""
    said = {documents[s.document].text[s.start : s.end] for s in (statements[i] for i in need.members)}
    return 2 * len(said) < len(need.members)


def momenta(documents: Sequence[Document], grouping: Grouping) -> list[dict[str, Any]]:
    """A row for each need with a momentum, strongest lower bound first."""
    months = sorted({month_of(document.day) for document in documents if document.day is not None})
    month_place = {month: i for i, month in enumerate(months)}
    need_place = {need.id: i for i, (need, _) in enumerate(grouping.needs)}
    counts = np.zeros((len(need_place), len(months)))
    totals = [0] * len(months)
    for document, (need, _) in zip(documents, grouping.assigned, strict=True):
        if document.day is not None:
            month = month_place[month_of(document.day)]
            totals[month] += 1
            if need is not None:
                counts[need_place[need], month] += 1
    rows = [
        {"need": n.id, "title": n.title, "slope": found.slope, "lower": found.lower, "documents": count}
        for (n, count), found in zip(grouping.needs, momenta_of(counts, months, totals), strict=True)
        if found is not None
    ]
    return sorted(rows, key=lambda row: (-row["lower"], row["need"]))
