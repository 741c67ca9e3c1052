"""The Merkle log of the ledger begins with the transfers there are.

Leaves of version 1 in a tree of RFC 6962, as docs/ledger-audit.md lays them out.
"""

import base64
import hashlib
import struct
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from alembic import op

from aia.infra.sql.schema import Instants

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

BATCH = 2_000
STORED_LEVEL = 6
TOKENS = {"AIA": 1, "AIA_GOV": 2}
_RFC4648 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_FROM_RFC4648 = bytes.maketrans(_RFC4648, b"0123456789abcdefghjkmnpqrstvwxyz")
_QUERY = """select t.seq, t.id, t.kind, d.token, d.id as debit, c.id as credit, t.amount, t.debit_after,
    t.credit_after, t.at, t.hold, t.reverses, t.expires_at, m.memo from transfer t join account d on d.no = t.debit
    join account c on c.no = t.credit left join transfer_memo m on m.no = t.memo
    where t.seq > :after order by t.seq limit :most"""


def upgrade() -> None:
    conn = op.get_bind()
    tree = _Tree()
    for row in _rows(conn):
        tree.add(hashlib.sha256(b"\x00" + _leaf(row)).digest())
        if len(tree.nodes) >= BATCH:
            _keep(conn, tree)
    if tree.size:
        _keep(conn, tree)
        values = {"frontier": tree.size.to_bytes(8, "big") + b"".join(h for _, h in tree.edge), "root": tree.root()}
        conn.execute(sa.text("update ledger_head set frontier = :frontier, root = :root where id = 1"), values)


def _keep(conn: sa.Connection, tree: "_Tree") -> None:
    if tree.nodes:
        insert = sa.text("insert into log_node (level, position, hash) values (:level, :position, :hash)")
        conn.execute(insert, tree.nodes)
        tree.nodes.clear()


class _Tree:
    """Complete subtrees from the largest to the smallest as (level, hash), and the nodes to keep."""

    def __init__(self) -> None:
        self.size = 0
        self.edge: list[tuple[int, bytes]] = []
        self.nodes: list[dict[str, Any]] = []

    def add(self, leaf: bytes) -> None:
        level, current = 0, leaf
        while self.edge and self.edge[-1][0] == level:
            current = hashlib.sha256(b"\x01" + self.edge.pop()[1] + current).digest()
            level += 1
            if level >= STORED_LEVEL:
                self.nodes.append({"level": level, "position": self.size >> level, "hash": current})
        self.edge.append((level, current))
        self.size += 1

    def root(self) -> bytes:
        current = self.edge[-1][1]
        for _, left in reversed(self.edge[:-1]):
            current = hashlib.sha256(b"\x01" + left + current).digest()
        return current


def _rows(conn: sa.Connection) -> Iterator[Any]:
    query = sa.text(_QUERY).columns(at=Instants(), expires_at=Instants())
    after = 0
    while rows := conn.execute(query, {"after": after, "most": BATCH}).all():
        yield from rows
        after = rows[-1].seq


def _leaf(row: Any) -> bytes:
    hold = b"" if row.hold is None else _id("hld_", row.hold)
    reverses = b"" if row.reverses is None else _id("tfr_", row.reverses)
    flags = (row.hold is not None) + 2 * (row.reverses is not None) + 4 * (row.expires_at is not None)
    texts = (_id("tfr_", row.id), row.debit.encode(), row.credit.encode(), hold, reverses, (row.memo or "").encode())
    expires = 0 if row.expires_at is None else _micros(row.expires_at)
    numbers = (row.seq, row.amount, row.debit_after, row.credit_after, _micros(row.at), expires)
    head = struct.pack(">BBBBQQqqqq", 1, row.kind, TOKENS[row.token], flags, *numbers)
    return head + struct.pack(">6H", *map(len, texts)) + b"".join(texts)


def _micros(at: datetime) -> int:
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def _id(prefix: str, stored: Any) -> bytes:
    """16 bytes on SQLite, a uuid on PostgreSQL; 20 digits of base 32 below 2^100, else 26."""
    number = int.from_bytes(stored, "big") if isinstance(stored, bytes) else stored.int
    digits = base64.b32encode(number.to_bytes(20, "big")).translate(_FROM_RFC4648)
    return prefix.encode() + digits[-(20 if number < 1 << 100 else 26) :]
