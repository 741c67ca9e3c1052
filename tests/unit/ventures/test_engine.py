"""Statements, needs, momentum and ranking: pure, deterministic, and able to find what was planted."""

from collections import Counter
from datetime import date
from functools import cache
from importlib.resources import files
from math import log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

from aia.corpora.model import Document
from aia.corpora.sample import generate, phrases, write_sample
from aia.corpora.sources import ReadOptions, read_rows
from aia.text.model import Statement, StatementKind
from aia.text.statements import find_statements, sentences
from aia.text.vectors import Embedding, open_embedder, shipped_table
from aia.text.vectors.embedder import shipped_pieces
from aia.text.vectors.wordpiece import WordPiece
from aia.ventures.assessment.trend import RIDGE, distinct_first, fit, momentum, monthly
from aia.ventures.assessment.trend import momenta as momenta_of
from aia.ventures.model import Need
from aia.ventures.needs import group_linked, partition
from aia.ventures.needs.communities import agreement
from aia.ventures.needs.neighbours import nearest
from aia.ventures.needs.quantized import LENGTH, rows_of
from aia.ventures.pipeline import group_corpus, momenta

ODD = "日本語한국어—…’“”€™\u200b\u00ad\ufeff😀ﬁ½\u2028"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("The app crashes whenever I open the camera.", StatementKind.PROBLEM),
        ("They refuse to return my deposit.", StatementKind.PROBLEM),
        ("I was charged twice for one order.", StatementKind.PROBLEM),
        ("It would be great to export to a spreadsheet.", StatementKind.REQUEST),
        ("How do I track my card?", StatementKind.REQUEST),
        ("Please add a dark mode.", StatementKind.REQUEST),
    ],
)
def test_a_plain_problem_or_request_is_found(text, kind):
    (span,) = find_statements(text)
    assert (text[span.start : span.end], span.kind) == (text, kind)


@pytest.mark.parametrize("text", ["", "   ", "Lovely weather today.", "We met on Monday in the park.", "ok"])
def test_what_states_no_need_is_passed_over(text):
    assert find_statements(text) == ()


@given(st.text(max_size=600))
def test_statements_are_literal_ordered_and_do_not_overlap(text):
    last = 0
    for span in find_statements(text):
        assert last <= span.start < span.end <= len(text)
        assert text[span.start : span.end].strip() == text[span.start : span.end]
        last = span.end


@given(st.text(alphabet="aB. !?\n-Mr", max_size=300))
def test_sentences_leave_out_nothing_but_white_space(text):
    kept = "".join(text[start:end] for start, end in sentences(text))
    assert "".join(kept.split()) == "".join(text.split())


def test_a_long_hostile_text_takes_linear_work():
    for text in ("can't " * 30_000, "." * 200_000, "a" * 200_000, "x. " * 60_000, "$" * 100_000):
        assert len(find_statements(text)) <= 40


@pytest.mark.parametrize("choice", list(Embedding))
def test_vectors_are_the_same_each_time_and_of_unit_length(choice):
    texts = [f"the {w} does not work on {v}" for w in ("printer", "scanner", "lamp") for v in ("monday", "friday")]
    first, second = (open_embedder(choice).encode(texts) for _ in range(2))
    assert first.tobytes() == second.tobytes()
    assert np.allclose(np.linalg.norm(first, axis=1), 1, atol=1e-4)


@settings(max_examples=30, deadline=None)
@given(st.integers(5, 60), st.integers(1, 6), st.integers(0, 5))
def test_nearest_neighbours_are_those_of_a_full_sort(n, k, seed):
    rows = np.random.default_rng(seed).integers(-2, 3, (n, 4)).astype(np.int16)
    found, similarities = nearest(rows, k)
    full = rows.astype(int) @ rows.T.astype(int)
    for row in range(n):
        others = [i for i in range(n) if i != row]
        expected = sorted(others, key=lambda i: (-full[row, i], i))[: min(k, n - 1)]
        assert found[row].tolist() == expected
        assert similarities[row].tolist() == [np.float32(full[row, i]) / np.float32(LENGTH**2) for i in expected]


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 2_000), st.integers(0, 2**32), st.booleans())
def test_products_of_rows_are_whole_numbers_in_whatever_order_they_are_summed(dimensions, seed, one_direction):
    rng = np.random.default_rng(seed)
    vectors = rng.standard_normal((6, dimensions)) * (0.001 if one_direction else 1) + one_direction
    rows = rows_of((vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32))
    exact = rows.astype(int) @ rows.T.astype(int)
    order = rng.permutation(dimensions)
    for some in (rows, rows[:, order]):
        assert (some.astype(np.float32) @ some.T.astype(np.float32) == exact).all()
        summed = np.zeros((6, 6), np.float32)
        for column in some.T.astype(np.float32):
            summed += np.outer(column, column)
        assert (summed == exact).all()


def test_the_table_brings_paraphrases_together_and_keeps_topics_apart():
    texts = ["my card has not arrived", "the bank card is still missing in the post", "the soup was too salty"]
    vectors = shipped_table().encode([*texts, "", "\u2603 \u2603"])
    assert vectors[0] @ vectors[1] > 0.4 > vectors[0] @ vectors[2]
    assert not vectors[3].any()


@settings(max_examples=300, deadline=None)
@given(
    st.text(
        st.one_of(st.characters(max_codepoint=0x529, exclude_categories=("Cn",)), st.sampled_from(ODD)), max_size=80
    )
)
def test_wordpiece_gives_the_ids_of_the_reference_library(text):
    """Latin, Greek, Cyrillic and some marks: beyond them the two know different versions of Unicode."""
    assert ours().encode(text) == reference().encode(text, add_special_tokens=False).ids


@cache
def ours() -> WordPiece:
    return shipped_pieces()


@cache
def reference() -> Tokenizer:
    """The tokenizers library with the same vocabulary, set up as BERT's uncased models have it."""
    vocabulary = files("aia.text.vectors").joinpath("data/vocab.txt").read_text(encoding="utf-8").splitlines()
    tokenizer = Tokenizer(models.WordPiece({piece: i for i, piece in enumerate(vocabulary)}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    return tokenizer


def test_agreement_is_one_for_the_same_partition_and_near_zero_by_chance():
    labels, rng = np.arange(400) % 5, np.random.default_rng(0)
    assert agreement(labels, (labels + 2) % 5, rng) == pytest.approx(1.0, abs=0.02)
    assert abs(agreement(labels, rng.permutation(labels), rng)) < 0.05


def test_neighbours_by_cells_are_nearly_those_of_a_full_search_and_the_same_each_time():
    rng = np.random.default_rng(0)
    centres = rng.standard_normal((40, 16))
    vectors = (centres[rng.integers(0, 40, 3_000)] + 0.4 * rng.standard_normal((3_000, 16))).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    rows = rows_of(vectors)
    exact, _ = nearest(rows, 10)
    first, second = (nearest(rows, 10, seed=3, exact_rows_max=100) for _ in range(2))
    recall = np.mean([len(set(a) & set(b)) / 10 for a, b in zip(exact.tolist(), first[0].tolist(), strict=True)])
    assert recall > 0.97
    assert first[0].tobytes() == second[0].tobytes()


@pytest.mark.parametrize(("groups", "size"), [(8, 60), (40, 15)])
def test_the_resolution_is_as_fine_as_what_is_there(groups, size):
    rng = np.random.default_rng(1)
    centres = rng.standard_normal((groups, 24))
    truth = np.repeat(np.arange(groups), size)
    vectors = (centres[truth] + 0.6 * rng.standard_normal((groups * size, 24))).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    labels = partition(vectors, seed=0).labels
    assert agreement(truth, labels, rng) > 0.85


def months(counts: list[int], totals: list[int]) -> list[tuple[str, int, int]]:
    return [(f"2024-{i + 1:02d}", c, t) for i, (c, t) in enumerate(zip(counts, totals, strict=True))]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 30), st.integers(30, 300)), min_size=4, max_size=12))
def test_the_fit_is_the_optimum_that_a_general_solver_finds(rows):
    counts, totals = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    if counts.sum() < 3:
        return
    times = np.arange(len(rows)) - np.average(np.arange(len(rows)), weights=totals)

    def loss(parameters):
        eta = parameters[0] + parameters[1] * times
        return -(counts * eta - totals * np.exp(eta)).sum() + RIDGE * parameters[1] ** 2 / 2

    best = minimize(loss, [log(counts.sum() / totals.sum()), 0.0], method="BFGS", tol=1e-9)
    levels, slopes = fit(counts[None], totals, times)
    assert loss((levels[0], slopes[0])) <= best.fun + 1e-5


def test_growing_volume_alone_makes_no_momentum():
    found = momentum(months([10, 20, 40, 80, 160], [100, 200, 400, 800, 1600]))
    assert found is not None
    assert abs(found.slope) < 1e-3
    assert found.lower < 0


def test_a_growing_share_has_a_positive_lower_bound_and_a_falling_one_does_not():
    up = momentum(months([2, 5, 12, 25, 55], [500] * 5))
    down = momentum(months([55, 25, 12, 5, 2], [500] * 5))
    assert up is not None
    assert down is not None
    assert up.lower > 0 > down.slope


@pytest.mark.parametrize(("periods", "mean"), [(4, 2.0), (6, 1.0), (12, 1.0), (12, 8.0), (24, 3.0)])
def test_at_most_a_tenth_of_steady_needs_are_said_to_grow(periods, mean):
    rng = np.random.default_rng(7)
    totals = rng.integers(100, 400, periods)
    counts = rng.poisson(mean * totals / totals.mean(), (2_000, periods)).astype(float)
    months = [f"{2020 + i // 12}-{i % 12 + 1:02d}" for i in range(periods)]
    found = [m for m in momenta_of(counts, months, totals.tolist()) if m is not None]
    assert sum(m.lower > 0 for m in found) / len(found) <= 0.1


def test_what_near_kin_shows_already_goes_behind_other_growth_but_not_behind_what_does_not_grow():
    kinship = np.zeros((5, 5))
    kinship[0, 1] = kinship[1, 0] = kinship[3, 4] = kinship[4, 3] = 0.4
    assert distinct_first([0.5, 0.4, 0.2, -0.1, -np.inf], kinship) == [0, 2, 1, 3, 4]
    assert distinct_first([0.5, 0.4, 0.05, -0.1, -np.inf], kinship) == [0, 1, 2, 3, 4]
    assert distinct_first([0.5, 0.4, 0.2, -0.1, -np.inf], np.zeros((5, 5))) == [0, 1, 2, 3, 4]


def test_kinship_is_the_share_of_the_resolution_at_which_two_needs_become_one():
    rng = np.random.default_rng(2)
    centres = np.repeat(rng.standard_normal((12, 16)), 2, axis=0) + 0.5 * rng.standard_normal((24, 16))
    truth = np.repeat(np.arange(24), 20)
    vectors = (centres[truth] + 0.25 * rng.standard_normal((480, 16))).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    statements = [Statement(i, 0, 1, StatementKind.PROBLEM, 0.5, 0.0) for i in range(480)]
    texts = ["".join(chr(97 + int(digit)) for digit in f"{i:03d}") for i in range(480)]
    linked = group_linked(statements, texts, vectors, seed=0, needs_max=100)
    assert len(linked.needs) > 12
    majority = np.array([np.bincount(truth[list(n.members)] // 2).argmax() for n in linked.needs])
    kin = majority[:, None] == majority[None]
    np.fill_diagonal(kin, False)
    assert linked.kinship[kin].mean() > 10 * linked.kinship[~kin].mean()
    assert np.allclose(linked.shares.sum(axis=1), 1)


def test_few_months_or_documents_give_no_momentum():
    assert momentum(months([5, 6, 7], [50] * 3)) is None
    assert momentum(months([1, 0, 0, 1], [50] * 4)) is None
    assert monthly([None, date(2024, 1, 2)], {0, 1}) == (("2024-01", 1, 1),)


def test_values_survive_their_journal_form():
    statement = Statement(3, 1, 9, StatementKind.REQUEST, 0.5, 0.25)
    need = Need("n", "t", ("a", "b"), (1, 2), (2,))
    assert Statement.from_json(statement.to_json()) == statement
    assert Need.from_json(need.to_json()) == need


def sample_documents(seed: int) -> tuple[tuple[Document, ...], dict]:
    rows, truth = generate(seed)
    return read_rows("sample", rows, ReadOptions()).documents, truth


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_planted_needs_and_trends_are_recovered(seed):
    documents, truth = sample_documents(seed)
    grouping = group_corpus(documents, seed=seed, everything=False)
    planted = {i: truth["documents"][d.id] for i, d in enumerate(documents) if truth["documents"][d.id]}
    noise = [i for i in range(len(documents)) if i not in planted]
    assigned = {i: need for i, (need, _) in enumerate(grouping.assigned) if need is not None}
    found = [i for i in planted if i in assigned]
    by_need: dict[str, Counter] = {}
    for i in found:
        by_need.setdefault(assigned[i], Counter())[planted[i]] += 1
    purity = sum(counts.most_common(1)[0][1] for counts in by_need.values()) / len(found)
    strongest = [by_need[row["need"]].most_common(1)[0][0] for row in momenta(documents, grouping)[:10]]
    growing = [truth["trends"][name] == "growing" for name in strongest]
    assert len(found) / len(planted) > 0.7
    assert purity > 0.9
    assert sum(i in assigned for i in noise) / len(noise) < 0.1
    assert {name for counts in by_need.values() for name in counts} == {p.name for p in phrases().planted}
    assert sum(growing) >= 9


def test_the_sample_is_the_same_for_the_same_seed_and_says_what_it_is(tmp_path):
    first, second = (write_sample(tmp_path / name, seed=5, documents=50) for name in ("a", "b"))
    assert first.read_bytes() == second.read_bytes()
    assert all('"id": "synthetic-' in line for line in first.read_text().splitlines())


def test_margins_are_cosines_at_most_one_where_there_is_a_single_need():
    texts = ("The export of my invoices fails.", "My invoices fail to export.", "Exporting invoices fails again.")
    documents = [Document(str(i), text) for i, text in enumerate(texts * 2)]
    found = group_corpus(documents, seed=0, everything=True)
    assert len(found.needs) == 1
    assert all(need is not None and 0 < margin <= 1 for need, margin in found.assigned)


def test_nothing_to_group_gives_no_needs():
    documents = [Document(str(i), "Lovely weather today.") for i in range(20)]
    assert group_corpus(documents, seed=0, everything=False).needs == ()
