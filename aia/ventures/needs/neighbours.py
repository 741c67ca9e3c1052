"""The nearest others of each row: exact for some thousands of rows, by cells for more; the same bytes each time.

By cells: rows are split among the square root of n centres (spherical k-means, Dhillon and Modha, 2001), and each row
looks among the rows of the cells nearest its own, as inverted file indexes do (Jégou, Douze and Schmid, 2011).
Products are of whole numbers and ties go to the lower index, so neither blocks nor the last bits of a sum decide.
"""

import numpy as np

from aia.ventures.needs.rows import Rows, cosines, floats, rows_of

EXACT_ROWS_MAX = 20_000
BLOCK_ROWS = 1_024
SPARE = 6
CENTRE_SAMPLE_ROWS = 20_000
CENTRE_ROUNDS = 3
CELLS_PROBED = 16

Found = tuple[np.ndarray, np.ndarray]


def nearest(rows: Rows, k: int, *, seed: int = 0, exact_rows_max: int = EXACT_ROWS_MAX) -> Found:
    """(n, k) indices (int32) and cosine similarities (float32) of each row's nearest others, nearest first.

    Where a row finds fewer than k by cells, it stands for itself with similarity 0.
    """
    n = len(rows)
    k = min(k, n - 1)
    indices = np.tile(np.arange(n, dtype=np.int32)[:, None], k)
    similarities = np.zeros((n, k), np.float32)
    everything = np.arange(n, dtype=np.int32)
    work = [(everything, everything)] if n <= exact_rows_max else _by_cells(rows, seed)
    for own, candidates in work:
        among = floats(rows[candidates])
        for start in range(0, len(own), BLOCK_ROWS):
            part = own[start : start + BLOCK_ROWS]
            places = np.searchsorted(candidates, part)
            chosen, values = _top(among, places, min(k, len(candidates) - 1))
            indices[part, : chosen.shape[1]] = candidates[chosen]
            similarities[part, : chosen.shape[1]] = values
    return indices, similarities


def nearest_in(queries: Rows, rows: Rows, k: int) -> Found:
    """The k of `rows` nearest each query, exact: (m, k) indices and similarities."""
    k, among = min(k, len(rows)), floats(rows)
    parts = [_select(floats(queries[i : i + BLOCK_ROWS]) @ among.T, k) for i in range(0, len(queries), BLOCK_ROWS)]
    if not parts:
        return np.zeros((0, k), np.int32), np.zeros((0, k), np.float32)
    return np.concatenate([p[0] for p in parts]).astype(np.int32), cosines(np.concatenate([p[1] for p in parts]))


def _top(among: np.ndarray, places: np.ndarray, k: int) -> Found:
    """The k others nearest each of the rows that stand at these places."""
    block = among[places] @ among.T
    block[np.arange(len(places)), places] = -np.inf
    chosen, values = _select(block, k)
    return chosen, cosines(values)


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


def _by_cells(rows: Rows, seed: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """For each cell its rows, and the rows of the cells nearest it, its own among them."""
    n = len(rows)
    rng = np.random.default_rng(seed)
    sample = rows[np.sort(rng.choice(n, min(n, CENTRE_SAMPLE_ROWS), replace=False))]
    centres = sample[np.sort(rng.choice(len(sample), min(int(n**0.5), len(sample)), replace=False))]
    for _ in range(CENTRE_ROUNDS):
        nearest_centre = nearest_in(sample, centres, 1)[0][:, 0]
        order = np.argsort(nearest_centre, kind="stable")
        filled, starts = np.unique(nearest_centre[order], return_index=True)
        sums = np.add.reduceat(sample[order], starts, dtype=np.int64).astype(np.float64)
        centres[filled] = rows_of(sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-12))
    cells = nearest_in(rows, centres, 1)[0][:, 0]
    order = np.argsort(cells, kind="stable").astype(np.int32)
    bounds = np.searchsorted(cells[order], np.arange(len(centres) + 1))
    members = [order[bounds[i] : bounds[i + 1]] for i in range(len(centres))]
    near = nearest_in(centres, centres, CELLS_PROBED)[0]
    work: list[tuple[np.ndarray, np.ndarray]] = []
    for cell, own in enumerate(members):
        if len(own):
            probed = sorted({cell, *near[cell].tolist()})
            work.append((own, np.sort(np.concatenate([members[p] for p in probed]))))
    return work
