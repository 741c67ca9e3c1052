"""The nearest others of each row: exact for some thousands of rows, by cells for more; the same bytes each time.

By cells: rows are split among the square root of n centres (spherical k-means, Dhillon and Modha, 2001), and each row
looks among the rows of the cells nearest its own, as inverted file indexes do (Jégou, Douze and Schmid, 2011).
Products are of whole numbers and ties go to the lower index, so neither blocks nor the last bits of a sum decide.

The search comes in pieces that do not know each other: rows, and those they look among. `nearest` does all of them;
`parts` has them done by several workers, and comes to the same bytes.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from aia.ventures.needs.quantized import Rows, cosines, floats, rows_of

EXACT_ROWS_MAX = 20_000
BLOCK_ROWS = 256
SPARE = 6
CENTRE_SAMPLE_ROWS = 20_000
CENTRE_ROUNDS = 3
CELLS_PROBED = 16

Found = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True, slots=True)
class Piece:
    """Indices of rows, and of those they look among, their own among them; both ascend."""

    own: np.ndarray
    among: np.ndarray


@dataclass(frozen=True, slots=True)
class Lists:
    """Of the rows `own` (m,) the nearest others: indices (m, k) int32 and cosines (m, k) float32, nearest first.

    A row that found fewer than k stands for itself, with similarity 0.
    """

    own: np.ndarray
    indices: np.ndarray
    similarities: np.ndarray


def nearest(rows: Rows, k: int, *, seed: int = 0, exact_rows_max: int = EXACT_ROWS_MAX) -> Found:
    """(n, k) indices (int32) and cosine similarities (float32) of each row's nearest others, nearest first.

    Where a row finds fewer than k by cells, it stands for itself with similarity 0.
    """
    n = len(rows)
    k = min(k, n - 1)
    if n <= exact_rows_max:
        pieces = pieces_of_all(n)
    else:
        centres = centres_of(rows[centre_sample(n, seed)], n, seed)
        pieces = pieces_of_cells(cells_of(rows, centres), centres)
    return merged(n, k, [look(rows, pieces, k)])


def look(rows: Rows, pieces: Sequence[Piece], k: int) -> Lists:
    """The lists of all rows whose pieces these are."""
    own = np.concatenate([piece.own for piece in pieces]) if pieces else np.zeros(0, np.int32)
    indices = np.tile(own[:, None], k)
    similarities = np.zeros((len(own), k), np.float32)
    at = 0
    for piece in pieces:
        among = floats(rows[piece.among])
        wide = min(k, len(piece.among) - 1)
        for start in range(0, len(piece.own), BLOCK_ROWS):
            places = np.searchsorted(piece.among, piece.own[start : start + BLOCK_ROWS])
            chosen, values = _top(among, places, wide)
            indices[at : at + len(places), :wide] = piece.among[chosen]
            similarities[at : at + len(places), :wide] = values
            at += len(places)
    return Lists(own, indices, similarities)


def merged(n: int, k: int, lists: Iterable[Lists]) -> Found:
    """The lists of all n rows, each of which stands in one of these."""
    indices, similarities = np.zeros((n, k), np.int32), np.zeros((n, k), np.float32)
    for part in lists:
        indices[part.own] = part.indices
        similarities[part.own] = part.similarities
    return indices, similarities


def pieces_of_all(n: int, first: int = 0, end: int | None = None) -> list[Piece]:
    """Rows `first` to `end` among all n."""
    return [Piece(np.arange(first, n if end is None else end, dtype=np.int32), np.arange(n, dtype=np.int32))]


def centre_sample(n: int, seed: int) -> np.ndarray:
    """The rows that centres are made of, in order."""
    return np.sort(np.random.default_rng(seed).choice(n, min(n, CENTRE_SAMPLE_ROWS), replace=False))


def centres_of(sample: Rows, n: int, seed: int) -> Rows:
    """The centres of cells for n rows, made of some of them."""
    rng = np.random.default_rng([seed, n])
    centres = sample[np.sort(rng.choice(len(sample), min(int(n**0.5), len(sample)), replace=False))]
    for _ in range(CENTRE_ROUNDS):
        nearest_centre = cells_of(sample, centres)
        order = np.argsort(nearest_centre, kind="stable")
        filled, starts = np.unique(nearest_centre[order], return_index=True)
        sums = np.add.reduceat(sample[order], starts, dtype=np.int64).astype(np.float64)
        centres[filled] = rows_of(sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-12))
    return centres


def cells_of(rows: Rows, centres: Rows) -> np.ndarray:
    """(n,) int32: the centre nearest each row."""
    return nearest_in(rows, centres, 1)[0][:, 0]


def pieces_of_cells(cells: np.ndarray, centres: Rows) -> list[Piece]:
    """For each cell that holds any its rows, and the rows of the cells nearest it."""
    order = np.argsort(cells, kind="stable").astype(np.int32)
    bounds = np.searchsorted(cells[order], np.arange(len(centres) + 1))
    members = [order[bounds[i] : bounds[i + 1]] for i in range(len(centres))]
    near = nearest_in(centres, centres, CELLS_PROBED)[0]
    pieces: list[Piece] = []
    for cell, own in enumerate(members):
        if len(own):
            probed = sorted({cell, *near[cell].tolist()})
            pieces.append(Piece(own, np.sort(np.concatenate([members[p] for p in probed]))))
    return pieces


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
