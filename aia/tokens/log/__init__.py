"""The log of the ledger: a Merkle tree over its transfers, kept by whoever writes them. See `merkle` for how."""

from aia.tokens.log.leaf import LeafFields, decode, encode, microseconds
from aia.tokens.log.merkle import Frontier, Node, leaf_hash
from aia.tokens.log.note import BadNote, SignedNote, SigningKey, VerifierKey
from aia.tokens.log.store import add_nodes
from aia.tokens.log.writer import LogBehind, grow, leaf_of

__all__ = [
    "BadNote",
    "Frontier",
    "LeafFields",
    "LogBehind",
    "Node",
    "SignedNote",
    "SigningKey",
    "VerifierKey",
    "add_nodes",
    "decode",
    "encode",
    "grow",
    "leaf_hash",
    "leaf_of",
    "microseconds",
]
