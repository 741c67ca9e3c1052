"""Tables of the log: complete nodes of the Merkle tree, and signed checkpoints. Rows are only ever added."""

from collections.abc import Sequence

import sqlalchemy as sa

from aia.infra.sql import Read, Tx, metadata
from aia.ledger.log.merkle import Node

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


async def add_checkpoint(tx: Tx, tree_size: int, note: str) -> None:
    """Keep a checkpoint; one of that size that stands already stays."""
    await tx.insert_new(checkpoints, [{"tree_size": tree_size, "note": note}])


async def find_checkpoint(read: Read, tree_size: int | None = None) -> str | None:
    """The note of the checkpoint of that size, or the newest."""
    query = sa.select(checkpoints.c.note)
    if tree_size is None:
        query = query.order_by(checkpoints.c.tree_size.desc()).limit(1)
    else:
        query = query.where(checkpoints.c.tree_size == tree_size)
    row = await read.row(query)
    return None if row is None else row.note


async def checkpoint_from(read: Read, tree_size: int) -> str | None:
    """The note of the smallest checkpoint of at least that size."""
    query = sa.select(checkpoints.c.note).where(checkpoints.c.tree_size >= tree_size)
    row = await read.row(query.order_by(checkpoints.c.tree_size).limit(1))
    return None if row is None else row.note
