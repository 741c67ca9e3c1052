"""The table of token vectors: a text points where the sum of its tokens, and of its pairs of them, does."""

from importlib.resources import files
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aia.text.vectors import shipped_table
from aia.text.vectors.embedder import BLOCK_TEXTS, PAIR_BASE, TOKENS_MAX, TokenTable, features_of
from aia.text.vectors.wordpiece import WordPiece

WORDS = ("[UNK]", "not", "working", "card")
SHIPPED_BYTES_MAX = 10_000_000


def small_table(*pairs: tuple[int, int]) -> TokenTable:
    """The words point along the axes, "card" three times as long as the others; pairs along the last axis."""
    rows = np.vstack([np.diag([1, 1, 1, 3, 0])[:4], *[[0, 0, 0, 0, 1]] * len(pairs)]).astype(np.float32)
    return TokenTable(WordPiece(WORDS), rows, np.array([a * PAIR_BASE + b for a, b in pairs], np.int64))


def test_a_text_points_where_the_sum_of_its_tokens_does():
    found = small_table().encode(["working card working"])[0]
    assert found == pytest.approx(np.array([0, 0, 2, 3, 0]) / np.sqrt(13), abs=1e-5)


def test_a_pair_counts_where_its_tokens_stand_side_by_side_in_its_order():
    in_order, turned, apart = small_table((1, 2)).encode(["not working", "working not", "not card working"])
    assert in_order == pytest.approx(np.array([0, 1, 1, 0, 1]) / np.sqrt(3), abs=1e-5)
    assert turned[-1] == apart[-1] == 0


def test_a_pair_does_not_reach_from_one_text_into_the_next():
    found = small_table((1, 2)).encode(["card not", "working", "", "not", "not working"])
    assert np.flatnonzero(found[:, -1]).tolist() == [4]


TOKENS = st.lists(st.lists(st.integers(0, 4), max_size=8), max_size=6)


@given(rows=TOKENS, pairs=st.sets(st.tuples(st.integers(0, 4), st.integers(0, 4)), max_size=6))
def test_features_are_how_often_each_token_and_each_pair_is_in_a_text(rows, pairs):
    ordered = sorted(pairs)
    keys = np.array([a * PAIR_BASE + b for a, b in ordered], np.int64)
    expected = [
        [*(row.count(token) for token in range(5)), *(list(pairwise(row)).count(p) for p in ordered)] for row in rows
    ]
    assert features_of(rows, keys, 5).toarray().tolist() == expected


def test_a_text_has_the_same_vector_alone_and_among_many():
    texts = [f"my card number {i} is not working" for i in range(BLOCK_TEXTS + 3)]
    table = shipped_table()
    among = table.encode(texts)
    for i in (0, BLOCK_TEXTS - 1, BLOCK_TEXTS, BLOCK_TEXTS + 2):
        assert np.array_equal(among[i], table.encode([texts[i]])[0])


def test_a_text_without_words_has_no_vector_and_takes_none_from_its_neighbours():
    found = small_table().encode(["card", "", "not", " \n"])
    assert found.tolist() == [[0, 0, 0, 1, 0], [0] * 5, [0, 1, 0, 0, 0], [0] * 5]


def test_only_so_many_tokens_of_a_text_count():
    found = small_table().encode(["not " * TOKENS_MAX + "card"])[0]
    assert found.tolist() == [0, 1, 0, 0, 0]


def test_no_texts_give_no_vectors():
    assert shipped_table().encode([]).shape == (0, shipped_table().table.shape[1])


def test_the_shipped_table_is_small_and_whole():
    assert files("aia.text.vectors").joinpath("data/table.npz").stat().st_size <= SHIPPED_BYTES_MAX
    table = shipped_table()
    assert len(table.table) == table.pieces.size + len(table.pairs)
    assert len(table.pairs) > 0
    assert (np.diff(table.pairs) > 0).all()
    assert np.isfinite(table.table).all()
