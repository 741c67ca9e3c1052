"""What decides between communities: the order of a list of neighbours, crowds, and the centres."""

import numpy as np
import pytest
from scipy import sparse

from aia.ventures.needs import partition
from aia.ventures.needs.communities import ranked_graph
from aia.ventures.needs.quantized import rows_of
from aia.ventures.needs.refinement import settled

SIDES = np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.0, 1.0]])


def edges(n: int, *pairs: tuple[int, int]) -> sparse.csr_matrix:
    """A symmetric graph with weight 1 at these pairs."""
    rows, columns = np.array([*pairs, *((b, a) for a, b in pairs)], dtype=int).reshape(-1, 2).T
    return sparse.csr_matrix((np.ones(len(rows)), (rows, columns)), shape=(n, n))


def at(degrees: float) -> list[float]:
    return [float(np.cos(np.radians(degrees))), float(np.sin(np.radians(degrees)))]


def test_those_first_in_a_list_count_more_and_the_last_still_counts():
    n = 21
    lists = np.array([[j for j in range(n) if j != i] for i in range(n)])
    graph = ranked_graph(lists, np.full(lists.shape, 0.5, np.float32)).toarray()
    assert graph[0, 1] > graph[0, 10] > graph[0, 19] > 0
    assert (graph == graph.T).all()


def test_one_that_all_are_near_to_counts_less_than_one_that_few_are_near_to():
    lists = np.array([[1, 2], [0, 3], [4, 5], [1, 0], [2, 5], [2, 4]])
    similar = np.array([[0.6, 0.6], [0.6, 0.3], [0.9, 0.9], [0.3, 0.2], [0.9, 0.8], [0.9, 0.8]], np.float32)
    graph = ranked_graph(lists, similar).toarray()
    assert graph[0, 2] < graph[0, 1] / 2, "2 is near all of its own, so it comes behind 1 and only 0 looks to it"


def test_neighbours_that_have_nothing_in_common_are_no_edge():
    assert ranked_graph(np.array([[1], [0]]), np.array([[0.01], [0.01]], np.float32)).nnz == 0


def test_a_statement_between_two_communities_goes_where_the_nearer_centre_is():
    rows = rows_of(np.array([*SIDES, at(60)], np.float32))
    graph = edges(5, (0, 1), (2, 3), (4, 0), (4, 2))
    assert settled(rows, graph, np.array([0, 0, 1, 1, 0])).tolist() == [0, 0, 1, 1, 1]


def test_a_statement_goes_with_its_neighbours_where_the_centres_are_as_near():
    rows = rows_of(np.array([*SIDES, at(46)], np.float32))
    graph = edges(5, (0, 1), (2, 3), (4, 0), (4, 1), (4, 2))
    assert settled(rows, graph, np.array([0, 0, 1, 1, 1])).tolist() == [0, 0, 1, 1, 0]


def test_a_statement_goes_only_where_a_neighbour_is():
    rows = rows_of(np.array([*SIDES, at(90)], np.float32))
    graph = edges(5, (0, 1), (2, 3), (4, 0))
    assert settled(rows, graph, np.array([0, 0, 1, 1, 0])).tolist() == [0, 0, 1, 1, 0]


def test_without_edges_each_stays_and_labels_have_no_gaps():
    rows = rows_of(SIDES.astype(np.float32))
    assert settled(rows, sparse.csr_matrix((4, 4)), np.array([0, 3, 3, 5])).tolist() == [0, 1, 1, 2]
    assert settled(rows[:0], sparse.csr_matrix((0, 0)), np.zeros(0, int)).tolist() == []


@pytest.mark.parametrize("number", [3, 8, 60])
def test_far_apart_crowds_are_told_apart_whatever_their_number(number):
    rng = np.random.default_rng(0)
    vectors = np.repeat(np.eye(3, 16), number, axis=0) + rng.normal(0, 0.05, (3 * number, 16))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    labels = partition(vectors.astype(np.float32), seed=0).labels
    for i in range(3):
        own = set(labels[i * number : (i + 1) * number].tolist())
        assert not own & set(np.delete(labels, slice(i * number, (i + 1) * number)).tolist())
