"""Growing the log, in the transaction that writes the transfers."""

from collections.abc import Sequence

from aia.core.errors import Conflict
from aia.tokens.log.leaf import encode, microseconds
from aia.tokens.log.merkle import Frontier, Node, leaf_hash
from aia.tokens.model import PostedTransfer


class LogBehind(Conflict):
    """The log does not end where the journal does, so that nothing can be appended to it."""

    code = "log-behind"
    title = "The log of the ledger is behind its journal"


def grow(frontier: bytes, posted: Sequence[PostedTransfer]) -> tuple[bytes, bytes, list[Node]]:
    """Append transfers to the log; frontier and root after them, for the ledger's head, and the nodes to keep.

    Raises `LogBehind` unless the first transfer follows the last one in the log.
    """
    before = Frontier.from_bytes(frontier)
    if posted and before.size != posted[0].seq - 1:
        raise LogBehind(
            f"the log holds {before.size} transfers, the next one is number {posted[0].seq}: "
            "nothing is posted; run `aia ledger verify`"
        )
    after, nodes = before.append([leaf_hash(leaf_of(row)) for row in posted])
    return after.to_bytes(), after.root(), nodes


def leaf_of(row: PostedTransfer) -> bytes:
    """The leaf of a row of the journal."""
    return encode(
        row.seq,
        row.id,
        row.kind,
        row.token,
        row.debit,
        row.credit,
        row.asked,
        row.debit_after,
        row.credit_after,
        microseconds(row.at),
        row.hold_id,
        row.reverses,
        None if row.expires_at is None else microseconds(row.expires_at),
        row.memo,
    )
