"""Grouping in parts: however many there are, the same bytes as in one piece."""

import numpy as np
import pytest

from aia.corpora.sample import generate
from aia.text.model import Statement, StatementKind
from aia.text.vectors import shipped_table
from aia.ventures.discovery import shard_tools, tools
from aia.ventures.needs import group_linked
from aia.ventures.needs.neighbours import EXACT_ROWS_MAX, nearest
from aia.ventures.needs.quantized import rows_of
from aia.ventures.needs.shards import Layout, bounds, compare, embed, group_parts, lay_out

COUNTS = [1, 2, 3, 7, 40]
CELLS_FROM = 100


def texts_of(number: int, copies: int = 0) -> list[str]:
    """Texts of the sample, with a flood of copies somewhere among them."""
    found = [row["text"] for row in generate(3, number)[0]]
    return [
        *found[: number // 3],
        *["This shop took my money and sent nothing at all to me"] * copies,
        *found[number // 3 :],
    ]


def embedded(texts: list[str], layout: Layout, of: int):
    """Rows of all statements, and cells of those that are not spare, made in so many parts."""
    encode = shipped_table().encode
    slices = [slice(*bounds(len(texts), part, of)) for part in range(of)]
    parts = [embed(texts[s], layout.crowd.spare[s], layout.centres, encode) for s in slices]
    return np.concatenate([p.rows for p in parts]), np.concatenate([p.cells for p in parts])


@pytest.mark.parametrize("exact_rows_max", [EXACT_ROWS_MAX, CELLS_FROM])
@pytest.mark.parametrize("of", COUNTS)
def test_lists_found_in_parts_are_those_found_in_one_piece(of, exact_rows_max):
    texts = texts_of(1_003)
    layout = lay_out(texts, shipped_table().encode, seed=5, exact_rows_max=exact_rows_max)
    rows, cells = embedded(texts, layout, of)
    assert rows.tobytes() == rows_of(shipped_table().encode(texts)).tobytes()
    kept = rows[~layout.crowd.spare]
    whole = nearest(kept, 20, seed=5, exact_rows_max=exact_rows_max)
    parts = [compare(kept, cells, layout.centres, part, of) for part in range(of)]
    assert sorted(np.concatenate([p.own for p in parts]).tolist()) == list(range(len(kept)))
    for part in parts:
        assert part.indices.tobytes() == whole[0][part.own].tobytes()
        assert part.similarities.tobytes() == whole[1][part.own].tobytes()


@pytest.mark.parametrize("of", COUNTS)
def test_needs_grouped_in_parts_are_those_grouped_in_one_piece(of):
    texts = texts_of(700, copies=60)
    statements = [Statement(i, 0, len(text), StatementKind.PROBLEM, 0.5, 0.0) for i, text in enumerate(texts)]
    encode = shipped_table().encode
    whole = group_linked(statements, texts, encode(texts), seed=2, needs_max=40)
    layout = lay_out(texts, encode, seed=2)
    assert layout.crowd.spare.sum() >= 57
    rows, cells = embedded(texts, layout, of)
    kept = rows[~layout.crowd.spare]
    lists = [compare(kept, cells, layout.centres, part, of) for part in range(of)]
    parts = group_parts(statements, texts, rows, layout.crowd, lists, seed=2, needs_max=40)
    assert len(whole.needs) > 5
    assert parts.needs == whole.needs
    assert parts.kinship.tobytes() == whole.kinship.tobytes()
    assert (parts.shares != whole.shares).nnz == 0


def test_work_by_cells_is_dealt_out_about_evenly():
    texts = texts_of(2_000)
    layout = lay_out(texts, shipped_table().encode, seed=0, exact_rows_max=CELLS_FROM)
    rows, cells = embedded(texts, layout, 1)
    sizes = [len(compare(rows, cells, layout.centres, part, 4).own) for part in range(4)]
    assert sum(sizes) == (~layout.crowd.spare).sum()
    assert min(sizes) > 200


@pytest.mark.parametrize("number", [0, 2, 5, 300])
def test_tools_that_hand_on_bytes_come_to_the_result_of_the_one_tool_even_with_more_parts_than_statements(number):
    texts, of = texts_of(number) if number else [], 7
    statements = [Statement(i, 0, len(text), StatementKind.PROBLEM, 0.5, 0.0) for i, text in enumerate(texts)]
    layout = shard_tools.sift(statements, texts, 4)
    places = [shard_tools.places_in(layout, part, of) for part in range(of)]
    assert [place for part in places for place in part] == [(s.document, s.start, s.end) for s in statements]
    rows = [shard_tools.embed([texts[d][a:b] for d, a, b in places[i]], layout, i, of) for i in range(of)]
    lists = [shard_tools.compare(list(rows), layout, i, of) for i in range(of)]
    kept = {"layout": layout, "rows": list(rows), "lists": lists}
    assert shard_tools.group(statements, texts, 4, 20, kept) == tools.group(statements, texts, 4, 20)
