"""The table of token vectors: a text points where the sum of its tokens does."""

from importlib.resources import files

import numpy as np
import pytest

from aia.ventures.vectors import shipped_table
from aia.ventures.vectors.embedder import BLOCK_TEXTS, TOKENS_MAX, TokenTable
from aia.ventures.vectors.wordpiece import WordPiece

WORDS = ("[UNK]", "not", "working", "card")
SHIPPED_BYTES_MAX = 10_000_000


def small_table() -> TokenTable:
    """The words point along the axes; "card" counts three times as much as the others."""
    return TokenTable(WordPiece(WORDS), np.diag([1, 1, 1, 3]).astype(np.float32))


def test_a_text_points_where_the_sum_of_its_tokens_does():
    found = small_table().encode(["working card working"])[0]
    assert found == pytest.approx(np.array([0, 0, 2, 3]) / np.sqrt(13), abs=1e-5)


def test_a_text_has_the_same_vector_alone_and_among_many():
    texts = [f"my card number {i} is not working" for i in range(BLOCK_TEXTS + 3)]
    table = shipped_table()
    among = table.encode(texts)
    for i in (0, BLOCK_TEXTS - 1, BLOCK_TEXTS, BLOCK_TEXTS + 2):
        assert np.array_equal(among[i], table.encode([texts[i]])[0])


def test_a_text_without_words_has_no_vector_and_takes_none_from_its_neighbours():
    found = small_table().encode(["card", "", "not", " \n"])
    assert found.tolist() == [[0, 0, 0, 1], [0, 0, 0, 0], [0, 1, 0, 0], [0, 0, 0, 0]]


def test_only_so_many_tokens_of_a_text_count():
    found = small_table().encode(["not " * TOKENS_MAX + "card"])[0]
    assert found.tolist() == [0, 1, 0, 0]


def test_no_texts_give_no_vectors():
    assert shipped_table().encode([]).shape == (0, shipped_table().table.shape[1])


def test_the_shipped_table_is_small_and_whole():
    assert files("aia.ventures.vectors").joinpath("data/table.npz").stat().st_size <= SHIPPED_BYTES_MAX
    vectors = shipped_table().table
    vocabulary = files("aia.ventures.vectors").joinpath("data/vocab.txt").read_text(encoding="utf-8").splitlines()
    assert len(vectors) == len(vocabulary)
    assert np.isfinite(vectors).all()
