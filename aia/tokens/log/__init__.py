"""The log of the ledger: a Merkle tree over its transfers, kept by whoever writes them. See `merkle` for how."""

from aia.tokens.log.leaf import LeafFields, decode, encode, microseconds
from aia.tokens.log.merkle import Frontier, Node, leaf_hash
from aia.tokens.log.store import add_nodes

__all__ = ["Frontier", "LeafFields", "Node", "add_nodes", "decode", "encode", "leaf_hash", "microseconds"]
