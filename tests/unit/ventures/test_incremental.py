"""New statements join the needs that stand, and what was not listed before is not taken for news."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from aia.text.model import Statement, StatementKind
from aia.text.vectors import Vectors
from aia.ventures.discovery.task_results import packed, unpacked
from aia.ventures.model import Need
from aia.ventures.needs import continue_needs

WORDS = "amber birch cedar dune ember fjord grove heath islet jetty".split()


def setting(coming: list[int]) -> tuple[list[Statement], list[str], list[Need], Vectors]:
    """Eight subjects of forty statements, of which the first four are needs; then those that come."""
    rng = np.random.default_rng(0)
    centres = rng.standard_normal((10, 32))
    subjects = np.array([*np.repeat(np.arange(8), 40), *coming])
    rows = centres[subjects] + 0.3 * rng.standard_normal((len(subjects), 32))
    vectors = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    statements = [Statement(i, 0, 9, StatementKind.PROBLEM, 0.5, 0.0) for i in range(len(subjects))]
    texts = [f"{WORDS[s]}one {WORDS[s]}two {WORDS[s]}three, case {i}" for i, s in enumerate(subjects)]
    needs = [
        Need(f"need{s}", f"Subject {s}", ("fails",), tuple(range(40 * s, 40 * s + 40)), (40 * s,)) for s in range(4)
    ]
    return statements, texts, needs, vectors


def go_on(coming: list[int]):
    statements, texts, needs, vectors = setting(coming)
    place = {text: i for i, text in enumerate(texts)}
    asked: list[int] = []

    def encode(given) -> Vectors:
        asked.append(len(given))
        return vectors[[place[text] for text in given]]

    found = continue_needs(statements, texts, needs, encode, first_new=320, seed=0, needs_max=60)
    return found, {n.id: set(n.members) for n in found.needs}, asked


def test_a_new_statement_joins_the_need_it_lies_in():
    found, members, _ = go_on([0, 3, 3])
    assert (found.joined, found.opened, found.apart) == (3, 0, 0)
    assert members["need0"] == {*range(40), 320}
    assert members["need3"] == {*range(120, 160), 321, 322}


def test_statements_of_what_was_not_listed_before_are_no_drift_and_open_nothing():
    found, members, asked = go_on([5, 6, 7] * 20)
    assert not found.regrouped
    assert (found.joined, found.opened, found.apart) == (0, 0, 60)
    assert set(members) == {"need0", "need1", "need2", "need3"}
    assert len(asked) == 1


def test_a_few_that_lie_together_outside_everything_open_a_need():
    found, members, _ = go_on([0] * 20 + [8] * 5)
    assert not found.regrouped
    assert found.joined >= 15
    (opened,) = [rows for need, rows in members.items() if need not in {f"need{s}" for s in range(4)}]
    assert len(opened) >= 3
    assert opened <= {*range(340, 345)}


def test_many_outside_everything_have_all_grouped_anew_and_needs_that_stand_keep_their_ids():
    found, members, _ = go_on([0] * 10 + [8] * 40)
    assert found.regrouped
    assert {"need0", "need1", "need2", "need3"} <= set(members)
    assert members["need0"] >= {*range(40)}


@given(
    st.lists(
        st.builds(
            Statement,
            st.integers(0, 2**31 - 1),
            st.integers(0, 2**31 - 1),
            st.integers(0, 2**31 - 1),
            st.sampled_from(StatementKind),
            st.floats(0, 1),
            st.floats(0, 1),
        )
    )
)
def test_packed_statements_are_those_that_were_packed(statements: list[Statement]):
    assert unpacked(packed(statements)) == statements
