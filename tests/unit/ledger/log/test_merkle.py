"""The Merkle tree against the recursive definition of RFC 6962, section 2.1, and against pymerkle."""

import hashlib
import random
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymerkle import InmemoryTree

from aia.ledger.log.merkle import (
    EMPTY_ROOT,
    STORED_LEVEL,
    Frontier,
    build_proof,
    complete_nodes,
    consistency_spans,
    inclusion_spans,
    leaf_hash,
    nodes_within,
    verify_consistency,
    verify_inclusion,
)

SIZES = st.integers(1, 300)


def rfc_root(leaves: Sequence[bytes]) -> bytes:
    """MTH of RFC 6962, as it is written there."""
    if not leaves:
        return hashlib.sha256().digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return hashlib.sha256(b"\x01" + rfc_root(leaves[:k]) + rfc_root(leaves[k:])).digest()


def rfc_path(m: int, leaves: Sequence[bytes]) -> list[bytes]:
    """PATH of RFC 6962."""
    if len(leaves) == 1:
        return []
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    if m < k:
        return [*rfc_path(m, leaves[:k]), rfc_root(leaves[k:])]
    return [*rfc_path(m - k, leaves[k:]), rfc_root(leaves[:k])]


def rfc_subproof(m: int, leaves: Sequence[bytes], whole: bool) -> list[bytes]:
    """SUBPROOF of RFC 6962; PROOF(m, D) is SUBPROOF(m, D, true)."""
    if m == len(leaves):
        return [] if whole else [rfc_root(leaves)]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    if m <= k:
        return [*rfc_subproof(m, leaves[:k], whole), rfc_root(leaves[k:])]
    return [*rfc_subproof(m - k, leaves[k:], False), rfc_root(leaves[:k])]


def leaves_of(size: int) -> list[bytes]:
    return [f"leaf {number}".encode() for number in range(size)]


def reader(leaves: Sequence[bytes]):
    hashes = [leaf_hash(leaf) for leaf in leaves]
    found = nodes_within(0, hashes)
    return lambda level, position: found[level, position]


def proof_of(index: int, leaves: Sequence[bytes]) -> list[bytes]:
    return build_proof(inclusion_spans(index, len(leaves)), reader(leaves))


@pytest.mark.parametrize("size", [0, 1, 2, 3, 4, 5, 7, 8, 9, 63, 64, 65, 127, 128, 129, 200])
def test_the_root_is_that_of_the_recursive_definition(size: int) -> None:
    leaves = leaves_of(size)
    assert Frontier().append([leaf_hash(leaf) for leaf in leaves])[0].root() == rfc_root(leaves)


@given(st.lists(st.integers(0, 70), max_size=8))
def test_however_the_leaves_are_cut_into_batches_tree_and_nodes_are_the_same(cuts: list[int]) -> None:
    hashes = [leaf_hash(leaf) for leaf in leaves_of(sum(cuts))]
    whole, whole_nodes = Frontier().append(hashes)
    frontier, nodes, start = Frontier(), [], 0
    for cut in cuts:
        frontier, new = frontier.append(hashes[start : start + cut])
        frontier = Frontier.from_bytes(frontier.to_bytes())
        nodes += new
        start += cut
    assert frontier == whole
    assert sorted(nodes) == sorted(whole_nodes)


@given(st.integers(0, 1000))
def test_the_nodes_made_are_exactly_the_complete_ones_from_the_stored_level(size: int) -> None:
    leaves = leaves_of(size)
    nodes = Frontier().append([leaf_hash(leaf) for leaf in leaves])[1]
    read = reader(leaves)
    made = {(node.level, node.position): node.hash for node in nodes}
    wanted = {
        (level, position) for level in range(STORED_LEVEL, size.bit_length() + 1) for position in range(size >> level)
    }
    assert set(made) == wanted
    assert len(nodes) == len(made)
    assert all(value == read(*key) for key, value in made.items())


@pytest.mark.parametrize("size", [1, 2, 3, 5, 8, 13, 33])
def test_every_inclusion_proof_is_that_of_the_recursive_definition_and_verifies(size: int) -> None:
    leaves = leaves_of(size)
    root = rfc_root(leaves)
    for index in range(size):
        proof = proof_of(index, leaves)
        assert proof == rfc_path(index, leaves)
        assert verify_inclusion(index, size, leaf_hash(leaves[index]), proof, root)


@pytest.mark.parametrize("new", [1, 2, 3, 5, 8, 13, 33])
def test_every_consistency_proof_is_that_of_the_recursive_definition_and_verifies(new: int) -> None:
    leaves = leaves_of(new)
    for old in range(new + 1):
        proof = build_proof(consistency_spans(old, new), reader(leaves))
        if old:
            assert proof == rfc_subproof(old, leaves, True)
        assert verify_consistency(old, new, rfc_root(leaves[:old]), rfc_root(leaves), proof)


@given(st.data())
def test_pymerkle_gives_the_same_roots_and_the_same_hashes_of_a_proof(data: st.DataObject) -> None:
    """pymerkle writes the leaf into its path and orders it by side, so the hashes are compared as a set; its
    consistency proofs are of another form than RFC 6962 has and are left out."""
    new = data.draw(SIZES)
    old = data.draw(st.integers(1, new))
    leaves = leaves_of(new)
    tree = InmemoryTree(algorithm="sha256")
    for leaf in leaves:
        tree.append_entry(leaf)
    hashes = [leaf_hash(leaf) for leaf in leaves]
    assert Frontier().append(hashes)[0].root() == tree.get_root()
    assert Frontier().append(hashes[:old])[0].root() == tree.get_root(old)
    path = tree.prove_inclusion(old, new).serialize()["path"]
    assert sorted(bytes.fromhex(value) for value in path) == sorted([hashes[old - 1], *proof_of(old - 1, leaves)])


@given(st.data())
def test_an_inclusion_proof_with_anything_changed_is_refused(data: st.DataObject) -> None:
    size = data.draw(SIZES)
    index = data.draw(st.integers(0, size - 1))
    leaves = leaves_of(size)
    leaf, root, proof = leaf_hash(leaves[index]), rfc_root(leaves), proof_of(index, leaves)
    assert verify_inclusion(index, size, leaf, proof, root)
    values = [leaf, root, *proof]
    which = data.draw(st.integers(0, len(values) - 1))
    bit = data.draw(st.integers(0, 255))
    values[which] = flipped(values[which], bit)
    assert not verify_inclusion(index, size, values[0], values[2:], values[1])
    other = data.draw(st.integers(-2, size + 2).filter(lambda value: value != index))
    assert not verify_inclusion(other, size, leaf, proof, root)
    assert not verify_inclusion(index, size, leaf, [*proof, leaf], root)
    assert not (proof and verify_inclusion(index, size, leaf, proof[:-1], root))


@given(st.data())
def test_a_consistency_proof_with_anything_changed_is_refused(data: st.DataObject) -> None:
    new = data.draw(st.integers(2, 300))
    old = data.draw(st.integers(1, new - 1))
    leaves = leaves_of(new)
    old_root, new_root = rfc_root(leaves[:old]), rfc_root(leaves)
    proof = build_proof(consistency_spans(old, new), reader(leaves))
    assert verify_consistency(old, new, old_root, new_root, proof)
    values = [old_root, new_root, *proof]
    which = data.draw(st.integers(0, len(values) - 1))
    values[which] = flipped(values[which], data.draw(st.integers(0, 255)))
    assert not verify_consistency(old, new, values[0], values[1], values[2:])
    assert not verify_consistency(old, new, old_root, new_root, [*proof, new_root])
    assert not verify_consistency(old, new, old_root, new_root, proof[:-1])
    assert not verify_consistency(new, old, old_root, new_root, proof)


def test_trees_of_equal_size_and_the_empty_tree_need_no_proof() -> None:
    root = rfc_root(leaves_of(5))
    assert verify_consistency(5, 5, root, root, [])
    assert not verify_consistency(5, 5, root, rfc_root(leaves_of(4)), [])
    assert not verify_consistency(5, 5, root, root, [root])
    assert verify_consistency(0, 5, EMPTY_ROOT, root, [])
    assert not verify_consistency(0, 5, root, root, [])


@pytest.mark.parametrize(("index", "size"), [(-1, 5), (5, 5), (0, 0)])
def test_there_is_no_inclusion_proof_outside_of_the_tree(index: int, size: int) -> None:
    with pytest.raises(ValueError, match="not in a tree"):
        inclusion_spans(index, size)


@pytest.mark.parametrize(("old", "new"), [(6, 5), (-1, 5)])
def test_a_smaller_tree_does_not_extend_a_larger_one(old: int, new: int) -> None:
    with pytest.raises(ValueError, match="does not extend"):
        consistency_spans(old, new)


@given(st.integers(1, 2**53 - 1), st.data())
def test_a_proof_in_the_largest_tree_is_short_and_its_subtrees_cover_all_other_leaves(
    size: int, data: st.DataObject
) -> None:
    index = data.draw(st.integers(0, size - 1))
    spans = inclusion_spans(index, size)
    assert len(spans) <= 53
    edges = sorted([*spans, (index, index + 1)])
    assert edges[0][0] == 0
    assert all(left[1] == right[0] for left, right in pairwise(edges))
    assert edges[-1][1] == size
    for start, end in spans:
        nodes = complete_nodes((start, end))
        assert sum(1 << level for level, _ in nodes) == end - start
        assert nodes[0][1] << nodes[0][0] == start


@given(st.binary(max_size=200))
def test_bytes_are_a_frontier_or_refused(data: bytes) -> None:
    try:
        frontier = Frontier.from_bytes(data)
    except ValueError:
        return
    assert len(frontier.hashes) == frontier.size.bit_count()
    assert not data or frontier.to_bytes() == data


def flipped(value: bytes, bit: int) -> bytes:
    return (int.from_bytes(value, "big") ^ (1 << bit)).to_bytes(len(value), "big")


def test_a_long_log_in_random_batches_has_the_root_of_the_whole() -> None:
    rng = random.Random(3)
    hashes = [leaf_hash(number.to_bytes(8, "big")) for number in range(20_000)]
    frontier, start = Frontier(), 0
    while start < len(hashes):
        step = rng.choice([1, 2, 7, 64, 500, 1000])
        frontier = frontier.append(hashes[start : start + step])[0]
        start += step
    assert frontier.root() == rfc_root([number.to_bytes(8, "big") for number in range(20_000)])
