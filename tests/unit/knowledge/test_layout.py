"""Where the documents of corpora stand: each kept once, whatever grows, shrinks or is shuffled."""

from hypothesis import given
from hypothesis import strategies as st

from aia.knowledge.layout import Run, from_json, lay_out, new_positions, part_of, shared, to_json

corpora = st.lists(st.lists(st.integers(0, 30), unique=True, max_size=30), min_size=1, max_size=5)


def keep_all(contents: list[list[int]]) -> list[tuple[Run, ...]]:
    """Layouts of corpora kept one after the other; a document is an integer."""
    stands: dict[int, tuple[str, int]] = {}
    layouts: list[tuple[Run, ...]] = []
    for number, documents in enumerate(contents):
        own = f"c{number}"
        layouts.append(lay_out([stands.get(d) for d in documents], own))
        new = [d for d in documents if d not in stands]
        stands.update({d: (own, place) for place, d in enumerate(new)})
    return layouts


def spread(runs: tuple[Run, ...]) -> list[tuple[str, int]]:
    return [(run.segment, run.first + i) for run in runs for i in range(run.count)]


@given(corpora)
def test_every_document_stands_at_one_place_and_every_corpus_finds_its_own(contents):
    layouts = keep_all(contents)
    seen: dict[int, tuple[str, int]] = {}
    for documents, layout in zip(contents, layouts, strict=True):
        for document, place in zip(documents, spread(layout), strict=True):
            assert seen.setdefault(document, place) == place
    assert len(set(seen.values())) == len(seen)


@given(corpora, st.integers(0, 30), st.integers(0, 30))
def test_a_part_of_a_corpus_is_what_stands_at_those_positions(contents, first, end):
    layout = keep_all(contents)[-1]
    parts = list(part_of(layout, first, end))
    assert spread(tuple(run for _, run in parts)) == spread(layout)[first:end]
    assert [p + i for p, run in parts for i in range(run.count)] == list(range(len(contents[-1])))[first:end]


@given(corpora)
def test_what_two_corpora_share_is_found_and_the_rest_is_new(contents):
    before, now = contents[0], contents[-1]
    layouts = keep_all(contents)
    both = shared(layouts[0], layouts[-1])
    pairs = {(there + i, here + i) for here, there, count in both for i in range(count)}
    assert pairs == {(before.index(d), now.index(d)) for d in set(before) & set(now)}
    new = [i for first, end in new_positions(both, len(now)) for i in range(first, end)]
    assert new == [i for i, d in enumerate(now) if d not in before]


@given(corpora)
def test_a_layout_is_read_as_it_was_written(contents):
    layout = keep_all(contents)[-1]
    assert from_json(to_json(layout), "own", len(contents[-1])) == layout


def test_a_corpus_that_grew_is_two_runs():
    assert lay_out([("a", i) for i in range(100)] + [None] * 5, "b") == (Run("a", 0, 100), Run("b", 0, 5))
    assert from_json(None, "a", 7) == (Run("a", 0, 7),)
