"""Growing the log, in the transaction that writes the transfers."""

from collections.abc import Sequence

from aia.core.errors import Conflict
from aia.ledger.log.leaf import encode, microseconds
from aia.ledger.log.merkle import Frontier, Node, leaf_hash
from aia.ledger.model import PostedTransfer


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
    after, nodes = before.append([leaf_hash(leaf) for leaf in leaves_of(posted)])
    return after.to_bytes(), after.root(), nodes


def leaves_of(posted: Sequence[PostedTransfer]) -> list[bytes]:
    """The leaves of rows of the journal."""
    leaves: list[bytes] = []
    last_at, at_us = None, 0
    for row in posted:
        seq, name, debit, credit, token, _, asked, kind, hold_id, reverses, expires_at = row[:11]
        debit_after, credit_after, memo, at, _, _ = row[11:]
        if at is not last_at:  # a batch has one time
            last_at, at_us = at, microseconds(at)
        expires_us = None if expires_at is None else microseconds(expires_at)
        balances = (debit_after, credit_after, at_us)
        leaves.append(
            encode(seq, name, kind, token, debit, credit, asked, *balances, hold_id, reverses, expires_us, memo)
        )
    return leaves


def leaf_of(row: PostedTransfer) -> bytes:
    """The leaf of a row of the journal."""
    return leaves_of([row])[0]
