"""Tables of the log: complete nodes of the Merkle tree, and signed checkpoints. Rows are only ever added."""

from collections.abc import Sequence

import sqlalchemy as sa

from aia.infra.sql import Tx, metadata
from aia.tokens.log.merkle import Node

nodes = sa.Table(
    "log_node",
    metadata,
    sa.Column("level", sa.SmallInteger, primary_key=True, autoincrement=False),
    sa.Column("position", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("hash", sa.LargeBinary(32), nullable=False),
    sqlite_with_rowid=False,
)

checkpoints = sa.Table(
    "log_checkpoint",
    metadata,
    sa.Column("tree_size", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("note", sa.Text, nullable=False),
)


async def add_nodes(tx: Tx, new: Sequence[Node]) -> None:
    """Keep nodes that a batch completed."""
    await tx.insert(nodes, [{"level": n.level, "position": n.position, "hash": n.hash} for n in new])
