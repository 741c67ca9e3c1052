"""Needs keep their identity from run to run, and new statements find their place without grouping anew."""

import numpy as np

from aia.ventures.needs import Known, extend, match


def unit(rows: np.ndarray) -> np.ndarray:
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def documents(first: int, last: int) -> frozenset[str]:
    return frozenset(str(i) for i in range(first, last))


def test_a_need_continues_the_one_it_shares_most_documents_with():
    previous = {"a": documents(0, 50), "b": documents(50, 80), "gone": documents(200, 210)}
    current = {"x": documents(0, 45), "y": documents(45, 82), "new": documents(300, 320)}
    assert match(previous, current) == {"x": "a", "y": "b"}


def test_a_split_need_leaves_its_identity_to_the_larger_part():
    assert match({"a": documents(0, 90)}, {"small": documents(0, 30), "large": documents(30, 90)}) == {"large": "a"}


def test_new_statements_go_where_their_neighbours_are_and_strangers_open_a_need():
    rng = np.random.default_rng(0)
    centres = rng.standard_normal((9, 32))
    truth = np.repeat(np.arange(8), 40)
    known = Known(unit(centres[truth] + 0.3 * rng.standard_normal((320, 32))), tuple(f"need{i}" for i in truth))
    coming = np.array([0, 3, 7, 8, 8, 8, 8])
    found = extend(known, unit(centres[coming] + 0.3 * rng.standard_normal((7, 32))))
    assert found.assigned == ("need0", "need3", "need7", None, None, None, None)
    assert found.opened == ((3, 4, 5, 6),)


def test_nothing_new_changes_nothing():
    known = Known(unit(np.eye(4)), ("a", "a", "b", None))
    assert extend(known, np.zeros((0, 4), np.float32)).assigned == ()
