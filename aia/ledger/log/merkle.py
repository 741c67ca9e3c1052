"""The Merkle tree of the transfer log: RFC 6962, section 2.1; proofs are checked as RFC 9162 does (2.1.3, 2.1.4).

    leaf hash   SHA-256(0x00 || leaf)            leaf i is the transfer of sequence number i + 1
    node hash   SHA-256(0x01 || left || right)
    root        of no leaves SHA-256 of nothing, else the larger left subtree is a power of two

How a writer keeps the log, in the transaction that writes the transfers (`aia.ledger.log.writer.grow` does it):

1. read the frontier of the ledger's head under its lock; its `size` is the number of transfers, next_seq - 1;
2. `grown, nodes = frontier.append(hashes of the leaves)`, the leaves of `aia.ledger.log.leaf` in order of sequence;
3. store `grown.to_bytes()` and `grown.root()` in the head, and the rows (level, position, hash) of `nodes`.

A node (level, position) is the root over the 2^level leaves from position x 2^level; only complete nodes are
ever made, so none changes. Nodes below `STORED_LEVEL` are not stored: a proof computes them from at most
2^STORED_LEVEL transfers.
"""

import hashlib
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

HASH_BYTES = 32
STORED_LEVEL = 6
SIZE_MAX = 2**53 - 1
EMPTY_ROOT = hashlib.sha256(b"").digest()

_SIZE = struct.Struct(">Q")
_sha256 = hashlib.sha256


class Node(NamedTuple):
    """A complete node: the root over leaves position x 2^level up to (position + 1) x 2^level."""

    level: int
    position: int
    hash: bytes


Span = tuple[int, int]
"""Leaves from the first up to, not including, the second."""

Reader = Callable[[int, int], bytes]
"""The hash of the complete node at (level, position)."""


def leaf_hash(leaf: bytes) -> bytes:
    return _sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return _sha256(b"\x01" + left + right).digest()


def fold(hashes: Sequence[bytes]) -> bytes:
    """The root over neighbouring complete nodes, the largest first; raises ValueError for none."""
    if not hashes:
        raise ValueError("nothing to fold")
    root = hashes[-1]
    for left in reversed(hashes[:-1]):
        root = node_hash(left, root)
    return root


@dataclass(frozen=True, slots=True)
class Frontier:
    """The right edge of a tree: what must be known to append to it and to tell its root.

    `hashes` has one complete node for each bit of `size`, the largest first.
    """

    size: int = 0
    hashes: tuple[bytes, ...] = ()

    def append(self, leaf_hashes: Sequence[bytes]) -> tuple["Frontier", list[Node]]:
        """The tree with more leaves, and the nodes completed by them at `STORED_LEVEL` and above.

        Works level by level over the whole set, so that a batch costs its hashing and little else.
        """
        if not leaf_hashes:
            return self, []
        edge = list(self.hashes)
        row, first = list(leaf_hashes), self.size
        kept: list[bytes] = []
        nodes: list[Node] = []
        level = 0
        while row:
            if level >= STORED_LEVEL:
                nodes.extend(Node(level, first + i, value) for i, value in enumerate(row))
            if first & 1:
                row.insert(0, edge.pop())
            if len(row) & 1:
                kept.append(row.pop())
            row = [_sha256(b"\x01" + row[i] + row[i + 1]).digest() for i in range(0, len(row), 2)]
            first >>= 1
            level += 1
        return Frontier(self.size + len(leaf_hashes), (*edge, *reversed(kept))), nodes

    def root(self) -> bytes:
        return fold(self.hashes) if self.hashes else EMPTY_ROOT

    def to_bytes(self) -> bytes:
        """The size as 8 bytes, then the hashes; at most 8 + 53 x 32 bytes."""
        return _SIZE.pack(self.size) + b"".join(self.hashes)

    @classmethod
    def from_bytes(cls, data: bytes) -> "Frontier":
        """The frontier written by `to_bytes`; no bytes are the empty tree. Raises ValueError for others."""
        if not data:
            return cls()
        size = _SIZE.unpack_from(data)[0] if len(data) >= _SIZE.size else -1
        if not 0 <= size <= SIZE_MAX or len(data) != _SIZE.size + HASH_BYTES * size.bit_count():
            raise ValueError(f"{len(data)} bytes are not the frontier of a Merkle tree")
        hashes = (data[at : at + HASH_BYTES] for at in range(_SIZE.size, len(data), HASH_BYTES))
        return cls(size, tuple(hashes))


def complete_nodes(span: Span) -> list[tuple[int, int]]:
    """The (level, position) of the complete nodes that make up a subtree of RFC 6962, the largest first."""
    start, end = span
    nodes: list[tuple[int, int]] = []
    while start < end:
        level = (end - start).bit_length() - 1
        nodes.append((level, start >> level))
        start += 1 << level
    return nodes


def inclusion_spans(index: int, size: int) -> list[Span]:
    """The subtrees whose roots prove leaf `index` in the tree of `size`, from the leaf up.

    Raises ValueError unless 0 <= index < size.
    """
    if not 0 <= index < size:
        raise ValueError(f"leaf {index} is not in a tree of {size}")
    low, high = 0, size
    spans: list[Span] = []
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            spans.append((middle, high))
            high = middle
        else:
            spans.append((low, middle))
            low = middle
    return spans[::-1]


def consistency_spans(old: int, new: int) -> list[Span]:
    """The subtrees whose roots prove that the tree of `new` leaves begins with the tree of `old`.

    None for equal sizes and for the empty tree. Raises ValueError unless 0 <= old <= new.
    """
    if not 0 <= old <= new:
        raise ValueError(f"a tree of {new} does not extend a tree of {old}")
    if old == 0:
        return []
    low, high = 0, new
    spans: list[Span] = []
    while old != high:
        middle = low + _split(high - low)
        if old <= middle:
            spans.append((middle, high))
            high = middle
        else:
            spans.append((low, middle))
            low = middle
    if low:
        spans.append((low, high))
    return spans[::-1]


def _split(width: int) -> int:
    """The largest power of two below the width."""
    return 1 << ((width - 1).bit_length() - 1)


def build_proof(spans: Sequence[Span], read: Reader) -> list[bytes]:
    """The hashes of a proof, each folded from complete nodes."""
    return [fold([read(level, position) for level, position in complete_nodes(span)]) for span in spans]


def nodes_within(start: int, leaf_hashes: Sequence[bytes]) -> Mapping[tuple[int, int], bytes]:
    """Every complete node over some neighbouring leaves that begin at `start`, a multiple of a power of two
    that is not below their number: what a proof needs below `STORED_LEVEL`."""
    found: dict[tuple[int, int], bytes] = {}
    row, level = list(leaf_hashes), 0
    while row:
        found.update(((level, (start >> level) + i), value) for i, value in enumerate(row))
        row = [node_hash(row[i], row[i + 1]) for i in range(0, len(row) - 1, 2)]
        level += 1
    return found


def verify_inclusion(index: int, size: int, leaf: bytes, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether a leaf hash stands at `index` in the tree of that size and root (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    fn, sn, current = index, size - 1, leaf
    for sibling in proof:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            current = node_hash(sibling, current)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            current = node_hash(current, sibling)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and current == root


def verify_consistency(old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether the tree (new, new_root) begins with the tree (old, old_root) (RFC 9162, 2.1.4.2)."""
    if not 0 <= old <= new:
        return False
    if old in {0, new}:
        return not proof and old_root == (new_root if old == new else EMPTY_ROOT)
    path = list(proof) if old & (old - 1) else [old_root, *proof]
    if not path:
        return False
    fn, sn = old - 1, new - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    old_found = new_found = path[0]
    for sibling in path[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            old_found, new_found = node_hash(sibling, old_found), node_hash(sibling, new_found)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            new_found = node_hash(new_found, sibling)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and old_found == old_root and new_found == new_root
