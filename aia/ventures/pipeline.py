"""The engine on documents, without mission or ledger: the same tools, one after the other."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from aia.corpora.model import Document
from aia.text.model import Statement, StatementKind
from aia.text.statements import find_statements
from aia.text.vectors import Embedding, open_embedder
from aia.ventures.assessment.trend import distinct_first, month_of
from aia.ventures.assessment.trend import momenta as momenta_of
from aia.ventures.model import Need
from aia.ventures.needs import centres_of, group_linked

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
    kinship: np.ndarray
    shares: Any
    """(documents, needs) sparse: how far each document belongs to which need, 1 in all for one that has a need."""


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
        return Grouping(
            (), tuple((None, 0.0) for _ in documents), np.zeros((0, 0)), sparse.csr_matrix((len(documents), 0))
        )
    vectors = open_embedder(embedding).encode(texts)
    linked = group_linked(statements, texts, vectors, seed=seed, needs_max=NEEDS_MAX)
    best = _best(documents, statements, linked.needs, vectors)
    ids = [need.id for need in linked.needs]
    assigned = tuple((ids[b.need], b.margin) if (b := best.get(i)) else (None, 0.0) for i in range(len(documents)))
    documents_of = Counter(found for found, _ in assigned)
    order = sorted(range(len(ids)), key=lambda i: (-documents_of[ids[i]], ids[i]))
    speaking = sparse.csr_matrix(
        (np.ones(len(best)), (list(best), [b.member for b in best.values()])), (len(documents), len(statements))
    )
    return Grouping(
        tuple((linked.needs[i], documents_of[ids[i]]) for i in order),
        assigned,
        linked.kinship[np.ix_(order, order)],
        (speaking @ linked.shares).tocsr()[:, order],
    )


@dataclass(frozen=True, slots=True)
class _Best:
    """The statement that decides where a document belongs."""

    own_words: bool
    margin: float
    need: int
    member: int


def _best(
    documents: Sequence[Document], statements: Sequence[Statement], needs: Sequence[Need], vectors: np.ndarray
) -> dict[int, _Best]:
    best: dict[int, _Best] = {}
    if not needs:
        return best
    centres = centres_of([n.members for n in needs], vectors)
    for i, need in enumerate(needs):
        cosines = vectors[list(need.members)] @ centres.T
        own_words = not _repeats(need, statements, documents)
        own = cosines[:, i].copy()
        cosines[:, i] = 0.0
        nearest_other = np.maximum(cosines.max(axis=1), 0.0)
        for member, margin in zip(need.members, np.round(own - nearest_other, DECIMALS), strict=True):
            where = statements[member].document
            found, before = _Best(own_words, float(margin), i, member), best.get(where)
            if before is None or (found.own_words, found.margin) > (before.own_words, before.margin):
                best[where] = found
    return dict(sorted(best.items()))


def _repeats(need: Need, statements: Sequence[Statement], documents: Sequence[Document]) -> bool:
    """Whether most members say the same in the same words: boilerplate, which tells no document apart."""
    said = {documents[s.document].text[s.start : s.end] for s in (statements[i] for i in need.members)}
    return 2 * len(said) < len(need.members)


def momenta(documents: Sequence[Document], grouping: Grouping) -> list[dict[str, Any]]:
    """A row for each need with a momentum: strongest lower bound first, repeats behind (`distinct_first`)."""
    months = sorted({month_of(document.day) for document in documents if document.day is not None})
    month_place = {month: i for i, month in enumerate(months)}
    dated = [(i, month_place[month_of(d.day)]) for i, d in enumerate(documents) if d.day is not None]
    rows, columns = [i for i, _ in dated], [month for _, month in dated]
    when = sparse.csr_matrix((np.ones(len(dated)), (rows, columns)), (len(documents), len(months)))
    counts = np.asarray((grouping.shares.T @ when).todense())
    found = momenta_of(counts, months, np.bincount(columns, minlength=len(months)).tolist())
    lower = [-np.inf if m is None else m.lower for m in found]
    ordered = [(grouping.needs[i], m) for i in distinct_first(lower, grouping.kinship) if (m := found[i]) is not None]
    return [
        {"need": n.id, "title": n.title, "slope": m.slope, "lower": m.lower, "documents": count}
        for (n, count), m in ordered
    ]
