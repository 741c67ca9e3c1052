"""How needs hang together in the neighbour graph: which are near kin, and how far each statement belongs to which.

Two communities with weight w between them, of total weights a and b in a graph of total weight m (twice each edge),
join by modularity at every resolution below w m / (a b) (Reichardt and Bornholdt, 2006). Their kinship is that
resolution as a share of the one that the needs were found at: below 1, or they would be one need.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import sparse

NEIGHBOUR_SHARE = 0.5
"""How much of a statement's membership its neighbours decide: it may stand at the border of two needs."""


def similarity_of(graph: Any, resolution: float, groups: Sequence[Sequence[int]]) -> np.ndarray:
    """(needs, needs) kinship of groups of rows of the graph (n, n); 0 with itself."""
    membership = _membership(graph.shape[0], groups)
    between = np.asarray((membership.T @ graph @ membership).todense())
    weights = np.asarray(membership.T @ graph.sum(axis=1)).ravel()
    apart = np.maximum(np.outer(weights, weights), 1e-12)
    kinship = between * graph.sum() / apart / resolution
    np.fill_diagonal(kinship, 0.0)
    return kinship


def shares_of(graph: Any, groups: Sequence[Sequence[int]]) -> Any:
    """(n, needs) sparse: half of each row counts for its own need, half for those of its neighbours by weight."""
    membership = _membership(graph.shape[0], groups)
    near = (graph @ membership).tocsr()
    totals = np.asarray(near.sum(axis=1)).ravel()
    near = sparse.diags(NEIGHBOUR_SHARE / np.maximum(totals, 1e-12)) @ near
    own = sparse.diags(np.where(totals > 0, 1 - NEIGHBOUR_SHARE, 1.0)) @ membership
    return (own + near).tocsr()


def _membership(n: int, groups: Sequence[Sequence[int]]) -> Any:
    rows = np.array([row for members in groups for row in members], np.int64)
    columns = np.repeat(np.arange(len(groups)), [len(members) for members in groups])
    return sparse.csr_matrix((np.ones(len(rows)), (rows, columns)), shape=(n, len(groups)))
