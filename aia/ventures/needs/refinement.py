"""Statements at the border of two communities go where their neighbours and the centres together put them.

Modularity sees edges alone, and a fixed number of them for each statement. How near a statement is to the whole of a
community says more about those between two. Products are of whole numbers (`rows`), so the result is the same on any
processor.
"""

from typing import Any

import numpy as np
from scipy import sparse

from aia.ventures.needs.quantized import Rows, cosines, floats, rows_of

ROUNDS = 2
BLOCK_PAIRS = 2_048
"""So many as a processor's cache holds."""


def settled(rows: Rows, graph: Any, labels: np.ndarray) -> np.ndarray:
    """The labels, from 0 without gaps, after each statement moved to the best community of its neighbours.

    The best has the greatest sum of two: the share of the statement's edges that go there, and the cosine with its
    centre. A statement without edges stays where it is.
    """
    for _ in range(ROUNDS):
        labels = np.unique(_moved(rows, graph, labels), return_inverse=True)[1]
    return labels


def _moved(rows: Rows, graph: Any, labels: np.ndarray) -> np.ndarray:
    n = len(labels)
    membership = sparse.csr_matrix((np.ones(n), (np.arange(n), labels)), shape=(n, int(labels.max(initial=0)) + 1))
    near: Any = (graph @ membership).tocsr()
    statement, community = np.repeat(np.arange(n), np.diff(near.indptr)), near.indices
    shares = near.data / np.asarray(near.sum(axis=1)).ravel()[statement]
    scores = shares + _cosines(rows, _centres(rows, labels), statement, community)
    order = np.lexsort((community, -scores, statement))
    first = order[np.unique(statement, return_index=True)[1]]
    moved = labels.copy()
    moved[statement[first]] = community[first]
    return moved


def _centres(rows: Rows, labels: np.ndarray) -> Rows:
    order = np.argsort(labels, kind="stable")
    starts = np.unique(labels[order], return_index=True)[1]
    sums = np.add.reduceat(rows[order], starts, dtype=np.int64).astype(np.float64)
    return rows_of(sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-12))


def _cosines(rows: Rows, centres: Rows, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    found = np.zeros(len(left), np.float32)
    for start in range(0, len(left), BLOCK_PAIRS):
        block = slice(start, start + BLOCK_PAIRS)
        found[block] = np.einsum("ij,ij->i", floats(rows[left[block]]), floats(centres[right[block]]))
    return cosines(found)
