"""Grouping in parts that do not know each other, done by whoever is free: the same bytes as in one piece.

    lay out   what is the same for all parts: who repeats whom, and the centres of cells, of a seeded sample
    embed     a part of the statements: its rows, and the cell of each
    compare   a part of the search for neighbours: some cells, or some rows among all where they are few
    group     the lists of all parts, communities, names

How many parts there are decides nothing: a text's row hangs on the text alone, the centres on the sample, and
products of rows are exact (`rows`).
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from aia.text.model import Statement
from aia.text.near_duplicates.floods import DuplicateRows, duplicate_rows_of
from aia.text.vectors import Vectors
from aia.ventures.needs.grouping import Linked, linked, looked_up, partition_by, widened
from aia.ventures.needs.neighbours import (
    EXACT_ROWS_MAX,
    Lists,
    Piece,
    cells_of,
    centre_sample,
    centres_of,
    look,
    merged,
    pieces_of_all,
    pieces_of_cells,
)
from aia.ventures.needs.quantized import Rows, rows_of

Encode = Callable[[Sequence[str]], Vectors]


@dataclass(frozen=True, slots=True)
class Layout:
    """What all parts share: copies among the statements, and centres (0 of them where rows are few)."""

    crowd: DuplicateRows
    centres: Rows


@dataclass(frozen=True, slots=True)
class Embedded:
    """The rows of a part of the statements, and the cells of those that are not spare (none without centres)."""

    rows: Rows
    cells: np.ndarray


def bounds(n: int, part: int, of: int) -> tuple[int, int]:
    """First and end of one of so many parts of n things."""
    return n * part // of, n * (part + 1) // of


def lay_out(texts: Sequence[str], encode: Encode, *, seed: int, exact_rows_max: int = EXACT_ROWS_MAX) -> Layout:
    """The layout of these statements; embeds a sample of at most 20,000."""
    crowd = duplicate_rows_of(texts)
    kept = np.flatnonzero(~crowd.spare)
    if len(kept) <= exact_rows_max:
        return Layout(crowd, np.zeros((0, 0), np.int16))
    sample: list[int] = kept[centre_sample(len(kept), seed)].tolist()
    return Layout(crowd, centres_of(rows_of(encode([texts[i] for i in sample])), len(kept), seed))


def embed(texts: Sequence[str], spare: np.ndarray, centres: Rows, encode: Encode) -> Embedded:
    """A part of the statements, given which of them are spare."""
    rows = rows_of(encode(texts))
    return Embedded(rows, cells_of(rows[~spare], centres) if len(centres) else np.zeros(0, np.int32))


def compare(rows: Rows, cells: np.ndarray, centres: Rows, part: int, of: int) -> Lists:
    """The lists of one of so many parts of the rows that are not spare, of all of which rows and cells are given."""
    n = len(rows)
    pieces = _dealt(pieces_of_cells(cells, centres), part, of) if len(centres) else _range(n, *bounds(n, part, of))
    return look(rows, pieces, looked_up(n))


def _range(n: int, first: int, end: int) -> list[Piece]:
    return pieces_of_all(n, first, end) if first < end else []


def _dealt(pieces: Sequence[Piece], part: int, of: int) -> list[Piece]:
    """Neighbouring pieces that come to about one of so many parts of the work."""
    work = np.array([len(piece.own) * len(piece.among) for piece in pieces], dtype=np.int64)
    whose = (np.cumsum(work) - work) * of // max(int(work.sum()), 1)
    return [piece for piece, who in zip(pieces, whose.tolist(), strict=True) if who == part]


def group_parts(
    statements: Sequence[Statement],
    texts: Sequence[str],
    rows: Rows,
    crowd: DuplicateRows,
    lists: Iterable[Lists],
    *,
    seed: int,
    needs_max: int,
) -> Linked:
    """The needs of all statements, given the rows of all and the lists of every part."""
    kept = rows[~crowd.spare]
    found = partition_by(kept, merged(len(kept), looked_up(len(kept)), lists), seed)
    return linked(statements, texts, rows, widened(found, crowd), seed=seed, needs_max=needs_max)
