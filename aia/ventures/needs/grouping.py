"""Grouping statements into needs, and needs into themes.

A neighbour graph, its Leiden communities near the most stable resolution, borders settled, the rest set aside, a name
and the plainest quotations for each need. The same statements, vectors and seed give the same needs.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import numpy as np
from scipy import sparse

from aia.core.ids import content_id
from aia.text.model import Statement
from aia.text.near_duplicates.floods import DuplicateRows, duplicate_rows_of, joined
from aia.text.vectors import Vectors
from aia.ventures.model import Need
from aia.ventures.needs.communities import (
    NEIGHBOURS_WIDE,
    SAMPLE_ROWS_MAX,
    choose_resolution,
    communities,
    ranked_graph,
)
from aia.ventures.needs.names import Read, name_groups, read_groups, terms_of
from aia.ventures.needs.neighbours import Found, nearest
from aia.ventures.needs.quantized import LENGTH, Rows, rows_of
from aia.ventures.needs.refinement import settled
from aia.ventures.needs.similarity import shares_of, similarity_of

DOCUMENTS_MIN = 3
MEDOIDS = 12
PLAIN_CHARACTERS = 160
THEME_RESOLUTION = 1.5
"""Of communities of needs: four to eight needs a theme of some fifty, as a person would put them together."""
CORE_SHARE = 0.5
FINER = 1.3
"""Twenty neighbours hold communities together longer than the ten that the resolution is chosen with."""
ITERATIONS = 4


@dataclass(frozen=True, slots=True)
class Partition:
    """A label for each row (-1 fits nowhere) and the graph it was found in."""

    labels: np.ndarray
    graph: Any
    resolution: float


@dataclass(frozen=True, slots=True)
class Linked:
    """Needs and how they hang together: `kinship` (needs, needs) and `shares` (statements, needs), see `kinship`."""

    needs: tuple[Need, ...]
    kinship: np.ndarray
    shares: Any


def group(
    statements: Sequence[Statement], texts: Sequence[str], vectors: Vectors, *, seed: int, needs_max: int
) -> tuple[Need, ...]:
    """Needs that at least three documents state, those of most documents first; the rest fits nowhere.

    `texts[i]` is the quotation of `statements[i]` and `vectors[i]` its vector.
    """
    return group_linked(statements, texts, vectors, seed=seed, needs_max=needs_max).needs


def group_linked(
    statements: Sequence[Statement], texts: Sequence[str], vectors: Vectors, *, seed: int, needs_max: int
) -> Linked:
    """As `group`, and how the needs hang together."""
    rows = rows_of(vectors)
    found = None if len(statements) < DOCUMENTS_MIN else _partition(rows, seed, texts)
    return linked(statements, texts, rows, found, seed=seed, needs_max=needs_max)


def linked(
    statements: Sequence[Statement],
    texts: Sequence[str],
    rows: Rows,
    found: Partition | None,
    *,
    seed: int,
    needs_max: int,
) -> Linked:
    """The needs of a partition of the statements, named and quoted; None of too few statements."""
    if found is None:
        return Linked((), np.zeros((0, 0)), sparse.csr_matrix((len(statements), 0)))
    members: dict[int, list[int]] = defaultdict(list)
    for index, label in enumerate(found.labels.tolist()):
        members[label].append(index)
    reach = {label: len({statements[i].document for i in rows}) for label, rows in members.items()}
    kept = sorted((la for la in members if reach[la] >= DOCUMENTS_MIN), key=lambda la: (-reach[la], members[la][0]))
    kept = kept[:needs_max]
    groups = [members[label] for label in kept]
    close = [_by_closeness(own, rows) for own in groups]
    read = read_groups([[texts[i] for i in own] for own in close])
    names = name_groups(read)
    titled = [None if name.place is None else own[name.place] for own, name in zip(close, names, strict=True)]
    medoids = [_medoids(own, statements, rows, first) for own, first in zip(groups, titled, strict=True)]
    themes = _themes(found, kept, seed)
    theme_rows: dict[int, list[int]] = defaultdict(list)
    theme_reads: dict[int, list[Read]] = defaultdict(list)
    for own, told, theme in zip(groups, read, themes, strict=True):
        theme_rows[theme].extend(own)
        theme_reads[theme].append(told)
    theme_terms = dict(zip(theme_reads, terms_of(list(theme_reads.values())), strict=True))
    kinship = similarity_of(found.graph, found.resolution, groups)
    shares = shares_of(found.graph, groups)
    ids = _unique([_stable_id("need", [texts[i] for i in _core(own, rows)]) for own in groups])
    theme_ids = {theme: _stable_id("theme", [texts[i] for i in own]) for theme, own in theme_rows.items()}
    needs = tuple(
        Need(
            ids[i],
            names[i].title,
            names[i].terms,
            tuple(groups[i]),
            medoids[i],
            theme_ids[themes[i]],
            ", ".join(theme_terms[themes[i]][:3]),
        )
        for i in range(len(groups))
    )
    return Linked(needs, kinship, shares)


def partition(vectors: Vectors, *, seed: int, texts: Sequence[str] | None = None) -> Partition:
    """Communities of the rows of `vectors` (n, d), each of length 1 (or 0: such a row fits nowhere).

    With `texts`, rows that repeat three others in nearly the same words take no part: they go where the first went.
    """
    return _partition(rows_of(vectors), seed, texts)


def _partition(rows: Rows, seed: int, texts: Sequence[str] | None) -> Partition:
    if texts is None or not (crowd := duplicate_rows_of(texts)).spare.any():
        return partition_by(rows, nearest(rows, looked_up(len(rows)), seed=seed), seed)
    kept = rows[~crowd.spare]
    return widened(partition_by(kept, nearest(kept, looked_up(len(kept)), seed=seed), seed), crowd)


def looked_up(n: int) -> int:
    """How many nearest others are looked up for each of n rows."""
    return min(NEIGHBOURS_WIDE, max(n - 1, 0))


def partition_by(rows: Rows, lists: Found, seed: int) -> Partition:
    """Communities of the rows, given their nearest others."""
    n = len(rows)
    neighbours, similarities = lists
    if n <= SAMPLE_ROWS_MAX:
        resolution = choose_resolution(neighbours, similarities, seed=seed)
    else:
        # A graph of fixed degree falls apart the more, the larger it is: the same grain is at resolution times size.
        sample = np.sort(np.random.default_rng(seed).choice(n, SAMPLE_ROWS_MAX, replace=False))
        sampled = choose_resolution(*nearest(rows[sample], NEIGHBOURS_WIDE, seed=seed), seed=seed)
        resolution = sampled * SAMPLE_ROWS_MAX / n
    resolution *= FINER
    graph = ranked_graph(neighbours, similarities)
    labels = settled(rows, graph, communities(graph, resolution, seed, iterations=ITERATIONS))
    labels[np.asarray(graph.sum(axis=1)).ravel() == 0] = -1
    return Partition(labels, graph, resolution)


def widened(found: Partition, crowd: DuplicateRows) -> Partition:
    """A partition of the rows that are not spare as one of all rows."""
    n, kept = len(crowd.spare), np.flatnonzero(~crowd.spare)
    labels = np.full(n, -1)
    labels[kept] = found.labels
    edges: Any = found.graph.tocoo()
    graph: Any = sparse.csr_matrix((edges.data, (kept[edges.row], kept[edges.col])), shape=(n, n))
    graph.sort_indices()
    return Partition(joined(labels, crowd), graph, found.resolution)


def _themes(found: Partition, kept: Sequence[int], seed: int) -> list[int]:
    """The theme of each kept community: communities of the graph of communities, at a coarser grain."""
    place = np.full(int(found.labels.max()) + 1, -1)
    place[np.array(kept, dtype=np.int64)] = np.arange(len(kept))
    own = np.where(found.labels >= 0, place[np.maximum(found.labels, 0)], -1)
    rows = np.flatnonzero(own >= 0)
    membership = sparse.csr_matrix(
        (np.ones(len(rows)), (rows, own[rows])), shape=(len(found.labels), max(len(kept), 1))
    )
    between: Any = (membership.T @ found.graph @ membership).tocsr()
    between.setdiag(0)
    between.eliminate_zeros()
    between.sort_indices()
    return communities(between, THEME_RESOLUTION, seed).tolist()[: len(kept)]


def centres_of(groups: Sequence[Sequence[int]], vectors: Vectors) -> Vectors:
    """(groups, d) mean vectors scaled to length 1."""
    means = np.stack([vectors[list(rows)].mean(axis=0) for rows in groups])
    return (means / np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-12)).astype(np.float32)


def _closeness(members: Sequence[int], rows: Rows) -> np.ndarray:
    """Cosines with the centre of the members, rounded: of whole numbers, which float64 sums exactly."""
    own = rows[list(members)].astype(np.float64)
    return np.round(own @ own.sum(axis=0) / (len(own) * LENGTH * LENGTH), 4)


def _by_closeness(members: Sequence[int], rows: Rows) -> list[int]:
    """Members nearest the centre first."""
    order = np.argsort(-_closeness(members, rows), kind="stable")
    return [members[i] for i in order.tolist()]


def _core(members: Sequence[int], rows: Rows) -> list[int]:
    """The half nearest the centre, where a few more documents change least."""
    return _by_closeness(members, rows)[: max(2, int(len(members) * CORE_SHARE))]


def _stable_id(kind: str, texts: Sequence[str]) -> str:
    """An id of the least hash of the texts: two sets share it as likely as they overlap (MinHash, Broder, 1997)."""
    least = min(blake2b(text.encode(), digest_size=16).hexdigest() for text in texts)
    return content_id(kind, least)


def _unique(ids: Sequence[str]) -> list[str]:
    """Ids without repeats: a later need of the same id (both hold the same text) gets one made from it."""
    seen: set[str] = set()
    found: list[str] = []
    for given in ids:
        own, turn = given, 1
        while own in seen:
            own, turn = content_id("need", given, str(turn)), turn + 1
        seen.add(own)
        found.append(own)
    return found


def _medoids(
    members: Sequence[int], statements: Sequence[Statement], rows: Rows, first: int | None
) -> tuple[int, ...]:
    """The members nearest the centre that say it plainly and shortly, of different documents, best first.

    `first` is the one that holds the title's words, if one does: who reads a title asks who said so.
    A long sentence is near every centre, as it holds a little of everything.
    """
    ranked = sorted(
        zip(members, _closeness(members, rows).tolist(), strict=True),
        key=lambda pair: (-(pair[1] + _plainness(statements[pair[0]])), pair[0]),
    )
    chosen: dict[int, int] = {} if first is None else {statements[first].document: first}
    for index, _ in ranked:
        chosen.setdefault(statements[index].document, index)
        if len(chosen) >= MEDOIDS:
            break
    return tuple(chosen.values())


def _plainness(statement: Statement) -> float:
    excess = max(0, statement.end - statement.start - PLAIN_CHARACTERS)
    return 0.15 * statement.strength - 0.15 * excess / PLAIN_CHARACTERS
