"""What is done in each part of grouping, from bytes to bytes: plugins of `aia.tools`, like the tools of agents."""

from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any

import numpy as np

from aia.text.model import Statement
from aia.text.near_duplicates.floods import DuplicateRows
from aia.text.vectors import Embedding, open_embedder
from aia.ventures.discovery.tools import as_result, chosen_of, too_few
from aia.ventures.needs.neighbours import Lists
from aia.ventures.needs.shards import bounds, group_parts, lay_out
from aia.ventures.needs.shards import compare as compare_part
from aia.ventures.needs.shards import embed as embed_part


def packed(**arrays: np.ndarray) -> bytes:
    file = BytesIO()
    np.savez(file, allow_pickle=False, **arrays)
    return file.getvalue()


def unpacked(data: bytes) -> dict[str, np.ndarray]:
    with np.load(BytesIO(data), allow_pickle=False) as stored:
        return {name: stored[name] for name in stored.files}


def sift(statements: Sequence[Statement], texts: Sequence[str], seed: int) -> bytes:
    """The layout: places of the statements that are grouped, copies among them, centres."""
    chosen = chosen_of(statements)
    layout = lay_out([texts[i] for i in chosen], open_embedder(Embedding.TABLE).encode, seed=seed)
    places = [(statements[i].document, statements[i].start, statements[i].end) for i in chosen]
    crowd, centres = layout.crowd, layout.centres
    where = np.array(places, dtype=np.int32).reshape(-1, 3)
    return packed(places=where, spare=crowd.spare, first=crowd.first, centres=centres)


def places_in(layout: bytes, part: int, of: int) -> list[tuple[int, int, int]]:
    """Where the statements of a part stand: document, start, end."""
    places = unpacked(layout)["places"]
    first, end = bounds(len(places), part, of)
    return [(int(d), int(start), int(stop)) for d, start, stop in places[first:end]]


def embed(texts: Sequence[str], layout: bytes, part: int, of: int) -> bytes:
    """Rows of a part of the statements."""
    shared = unpacked(layout)
    first, end = bounds(len(shared["spare"]), part, of)
    encode = open_embedder(Embedding.TABLE).encode
    found = embed_part(texts, shared["spare"][first:end], shared["centres"], encode)
    return packed(rows=found.rows, cells=found.cells)


def compare(rows: list[bytes], layout: bytes, part: int, of: int) -> bytes:
    """Lists of a part of the rows, given the rows of all parts (which are used up)."""
    shared = unpacked(layout)
    cells, kept = _all_rows(rows, shared["spare"])
    found = compare_part(kept, cells, shared["centres"], part, of)
    return packed(own=found.own, indices=found.indices, similarities=found.similarities)


def _all_rows(parts: list[bytes], spare: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Cells and rows of all statements that are not spare, of the rows of all parts; takes each off the list.

    A million rows are half a gigabyte, so no more copies are held than need be.
    """
    kept, cells = np.zeros((0, 0), np.int16), [np.zeros(0, np.int32)]
    first = at = 0
    while parts:
        part = unpacked(parts.pop(0))
        rows = part["rows"][~spare[first : first + len(part["rows"])]]
        if not len(kept):
            kept = np.zeros((int((~spare).sum()), rows.shape[1]), np.int16)
        kept[at : at + len(rows)] = rows
        cells.append(part["cells"])
        first, at = first + len(part["rows"]), at + len(rows)
    return np.concatenate(cells), kept


def group(
    statements: Sequence[Statement],
    texts: Sequence[str],
    seed: int,
    needs_max: int,
    parts: Mapping[str, Any],
) -> dict[str, Any]:
    """The needs of all statements, as `tools.group` finds them in one piece; `parts` are what all tasks kept."""
    chosen = chosen_of(statements)
    if len(chosen) < 3:
        return too_few(len(chosen))
    shared = unpacked(parts["layout"])
    _, rows = _all_rows(parts["rows"], np.zeros(len(chosen), bool))
    found = group_parts(
        [statements[i] for i in chosen],
        [texts[i] for i in chosen],
        rows,
        DuplicateRows(shared["spare"], shared["first"]),
        [Lists(**unpacked(data)) for data in parts["lists"]],
        seed=seed,
        needs_max=needs_max,
    )
    return as_result(found.needs, chosen, open_embedder(Embedding.TABLE).name)
