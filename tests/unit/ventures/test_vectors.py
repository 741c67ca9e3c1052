"""The table of token vectors: sums of tokens and of pairs of tokens side by side."""

from importlib.resources import files

import numpy as np
import pytest

from aia.ventures.vectors import shipped_table
from aia.ventures.vectors.embedder import BLOCK_TEXTS, PAIR_BASE, TokenTable
from aia.ventures.vectors.wordpiece import WordPiece

WORDS = ("[UNK]", "not", "working", "card")
SHIPPED_BYTES_MAX = 10_000_000


def small_table(*pairs: tuple[int, int]) -> TokenTable:
    """The words point along the axes, a pair along the last one."""
    vectors = np.eye(len(WORDS) + 1, dtype=np.float32)
    keys = np.array([first * PAIR_BASE + second for first, second in pairs], np.int64)
    return TokenTable(WordPiece(WORDS), vectors[:-1], np.repeat(vectors[-1:], len(pairs), axis=0), keys)


def test_a_text_points_where_the_sum_of_its_tokens_does():
    found = small_table().encode(["card working card"])[0]
    assert found == pytest.approx(np.array([0, 0, 1, 2, 0]) / np.sqrt(5), abs=1e-5)


def test_a_pair_counts_where_its_tokens_stand_side_by_side_in_its_order():
    in_order, turned, apart = small_table((1, 2)).encode(["card not working", "card working not", "not card working"])
    assert in_order == pytest.approx(np.array([0, 1, 1, 1, 1]) / 2, abs=1e-5)
    assert turned[-1] == apart[-1] == 0


def test_a_pair_does_not_reach_from_one_text_into_the_next():
    found = small_table((1, 2)).encode(["card not", "working", "", "not", "not working"])
    assert np.flatnonzero(found[:, -1]).tolist() == [4]
    assert not found[2].any()


def test_a_text_has_the_same_vector_alone_and_among_many():
    texts = [f"my card number {i} is not working" for i in range(BLOCK_TEXTS + 3)]
    table = shipped_table()
    among = table.encode(texts)
    for i in (0, BLOCK_TEXTS - 1, BLOCK_TEXTS, BLOCK_TEXTS + 2):
        assert np.array_equal(among[i], table.encode([texts[i]])[0])


def test_the_shipped_table_is_small_and_whole():
    assert files("aia.ventures.vectors").joinpath("data/table.npz").stat().st_size <= SHIPPED_BYTES_MAX
    table = shipped_table()
    assert len(table.tokens) == table.pieces.size
    assert len(table.pairs) == len(table.keys) > 0
    assert (np.diff(table.keys) > 0).all()
    assert np.isfinite(table.tokens).all()
    assert np.isfinite(table.pairs).all()


def test_no_texts_give_no_vectors():
    table = shipped_table()
    assert table.encode([]).shape == (0, table.tokens.shape[1])
