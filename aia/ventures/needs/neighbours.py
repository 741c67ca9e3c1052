"""The nearest others of each row: exact for some thousands of rows, by cells for more; the same bytes each time.

By cells: rows are split among the square root of n centres (spherical k-means, Dhillon and Modha, 2001), and each row
looks among the rows of the cells nearest its own, as inverted file indexes do (Jégou, Douze and Schmid, 2011).
Similarities are rounded and ties go to the lower index, so that the last bits of a sum decide nothing.
"""

import numpy as np

from aia.ventures.vectors import Vectors

EXACT_ROWS_MAX = 20_000
BLOCK_ROWS = 1_024
SPARE = 6
CENTRE_SAMPLE_ROWS = 20_000
CENTRE_ROUNDS = 3
CELLS_PROBED = 16
DECIMALS = 4

Found = tuple[np.ndarray, np.ndarray]


def nearest(vectors: Vectors, k: int, *, seed: int = 0, exact_rows_max: int = EXACT_ROWS_MAX) -> Found:
    """(n, k) indices (int32) and cosine similarities (float32) of each row's nearest others, nearest first.

    `vectors` (n, d) have length 1. Where a row finds fewer than k by cells, it stands for itself with similarity 0.
    """
    n = len(vectors)
    k = min(k, n - 1)
    indices = np.tile(np.arange(n, dtype=np.int32)[:, None], k)
    similarities = np.zeros((n, k), np.float32)
    everything = np.arange(n, dtype=np.int32)
    if n <= exact_rows_max:
        work = [(everything[start : start + BLOCK_ROWS], everything) for start in range(0, n, BLOCK_ROWS)]
    else:
        work = _by_cells(vectors, seed)
    for rows, candidates in work:
        for start in range(0, len(rows), BLOCK_ROWS):
            part = rows[start : start + BLOCK_ROWS]
            chosen, values = _top(vectors, part, candidates, min(k, len(candidates) - 1))
            indices[part, : chosen.shape[1]] = chosen
            similarities[part, : chosen.shape[1]] = values
    return indices, similarities


def nearest_in(queries: Vectors, vectors: Vectors, k: int) -> Found:
    """The k rows of `vectors` nearest each query, exact: (m, k) indices and similarities."""
    k = min(k, len(vectors))
    parts = [
        _select(np.round(queries[i : i + BLOCK_ROWS] @ vectors.T, DECIMALS), k)
        for i in range(0, len(queries), BLOCK_ROWS)
    ]
    if not parts:
        return np.zeros((0, k), np.int32), np.zeros((0, k), np.float32)
    return np.concatenate([p[0] for p in parts]).astype(np.int32), np.concatenate([p[1] for p in parts])


def _top(vectors: Vectors, rows: np.ndarray, candidates: np.ndarray, k: int) -> Found:
    """The k candidates nearest each of the rows; candidates are in ascending order, rows are among them."""
    block = np.round(vectors[rows] @ vectors[candidates].T, DECIMALS)
    block[np.arange(len(rows)), np.searchsorted(candidates, rows)] = -np.inf
    chosen, values = _select(block, k)
    return candidates[chosen], values


def _select(block: np.ndarray, k: int) -> Found:
    """Columns of the k greatest of each row, greatest first, ties to the left."""
    if k < 1:
        return np.zeros((len(block), 0), np.int64), np.zeros((len(block), 0), np.float32)
    width = block.shape[1]
    wide = min(k + SPARE, width)
    if wide == width:
        columns = np.tile(np.arange(width), (len(block), 1))
    else:
        columns = np.sort(np.argpartition(block, width - wide, axis=1)[:, width - wide :], axis=1)
    values = np.take_along_axis(block, columns, axis=1)
    order = np.argsort(-values, axis=1, kind="stable")[:, :k]
    found = np.take_along_axis(columns, order, axis=1)
    best = np.take_along_axis(values, order, axis=1)
    if wide < width:
        # Where the last of the k ties with the least of the spare ones, equals may lie outside: look there too.
        for row in np.flatnonzero(best[:, -1] <= values.min(axis=1)):
            able = np.flatnonzero(block[row] >= best[row, -1])
            found[row] = able[np.argsort(-block[row, able], kind="stable")[:k]]
            best[row] = block[row, found[row]]
    return found, best


def _by_cells(vectors: Vectors, seed: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """For each cell its rows, and the rows of the cells nearest it, its own among them."""
    n = len(vectors)
    rng = np.random.default_rng(seed)
    sample = vectors[np.sort(rng.choice(n, min(n, CENTRE_SAMPLE_ROWS), replace=False))]
    centres = sample[np.sort(rng.choice(len(sample), min(int(n**0.5), len(sample)), replace=False))]
    for _ in range(CENTRE_ROUNDS):
        nearest_centre = nearest_in(sample, centres, 1)[0][:, 0]
        order = np.argsort(nearest_centre, kind="stable")
        filled, starts = np.unique(nearest_centre[order], return_index=True)
        sums = np.add.reduceat(sample[order], starts)
        centres[filled] = sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-12)
    cells = nearest_in(vectors, centres, 1)[0][:, 0]
    order = np.argsort(cells, kind="stable").astype(np.int32)
    bounds = np.searchsorted(cells[order], np.arange(len(centres) + 1))
    members = [order[bounds[i] : bounds[i + 1]] for i in range(len(centres))]
    near = nearest_in(centres, centres, CELLS_PROBED)[0]
    work: list[tuple[np.ndarray, np.ndarray]] = []
    for cell, rows in enumerate(members):
        if len(rows):
            probed = sorted({cell, *near[cell].tolist()})
            work.append((rows, np.sort(np.concatenate([members[p] for p in probed]))))
    return work
