"""Voting weight of AIA_GOV: delegation and checkpoints, keyed to the ledger's sequence number. Pure.

Semantics are those of ERC20Votes (OpenZeppelin Contracts 5, Votes.sol and Checkpoints.sol): tokens vote only
where their wallet has delegated, be it to itself; delegation does not chain; what was delegated moves with
the balance. The clock is the ledger's next sequence number: a change made now is written at that number, and
only numbers below it can be asked for, whose values cannot change any more. The value at a number is that
after everything which happened at it (upper lookup).

A wallet's weight is what it holds and what it has staked; the treasury's and vesting accounts have delegated
to nobody, so their tokens count in the supply and do not vote.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from aia.core.clock import Instant
from aia.core.errors import Conflict
from aia.ledger.model import PostedTransfer, Token, TransferKind

SUPPLY = "supply:AIA_GOV"
"""The name under which the total supply has its checkpoints."""
_STAKE = "stake:"


class FutureLookup(Conflict):
    """Votes were asked for at a sequence number that has not been passed yet."""

    code = "future-lookup"
    title = "Only the past can be asked for"


@dataclass(frozen=True, slots=True)
class Delegation:
    """Whom a wallet's weight votes for; None: nobody."""

    wallet: str
    delegate: str | None
    from_seq: int
    at: Instant


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a delegate may vote with after everything that happened at `seq`."""

    delegate: str
    seq: int
    votes: int


def wallet_of(account: str) -> str:
    """The wallet for whose votes an account counts: a stake counts for the wallet that staked it."""
    return account.removeprefix(_STAKE)


def moves(transfers: Iterable[PostedTransfer]) -> list[PostedTransfer]:
    """Those that change somebody's balance of AIA_GOV, between wallets."""
    return [
        t for t in transfers if t.token is Token.AIA_GOV and t.amount and wallet_of(t.debit) != wallet_of(t.credit)
    ]


def changes(transfers: Sequence[PostedTransfer], delegates: Mapping[str, str | None]) -> list[tuple[str, int, int]]:
    """(delegate, seq, change of votes) that movements of AIA_GOV bring, in order; the supply's among them."""
    found: list[tuple[str, int, int]] = []
    for transfer in transfers:
        source = delegates.get(wallet_of(transfer.debit))
        target = delegates.get(wallet_of(transfer.credit))
        if source != target:
            if source is not None:
                found.append((source, transfer.seq, -transfer.amount))
            if target is not None:
                found.append((target, transfer.seq, transfer.amount))
        if transfer.kind is TransferKind.MINT:
            found.append((SUPPLY, transfer.seq, transfer.amount))
        if transfer.kind is TransferKind.BURN:
            found.append((SUPPLY, transfer.seq, -transfer.amount))
    return found


def checkpoints(before: Mapping[str, Checkpoint], changed: Sequence[tuple[str, int, int]]) -> list[Checkpoint]:
    """The checkpoints to write, given the newest of each delegate: one for each delegate and number."""
    votes: dict[str, int] = defaultdict(int, {name: checkpoint.votes for name, checkpoint in before.items()})
    written: dict[tuple[str, int], Checkpoint] = {}
    for delegate, seq, change in changed:
        votes[delegate] += change
        assert votes[delegate] >= 0, "votes never fall below zero"
        written[delegate, seq] = Checkpoint(delegate, seq, votes[delegate])
    return list(written.values())
