"""The log of the ledger: a Merkle tree over its transfers, kept by whoever writes them. See `merkle` for how."""

from aia.ledger.log.leaf import LeafFields, decode, encode, microseconds
from aia.ledger.log.merkle import Frontier, Node, leaf_hash
from aia.ledger.log.note import BadNote, SignedNote, SigningKey, VerifierKey
from aia.ledger.log.store import add_nodes
from aia.ledger.log.writer import LogBehind, grow, leaf_of

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
