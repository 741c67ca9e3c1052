"""Use-cases of votes: delegate, look up the past, and keep checkpoints as AIA_GOV moves."""

from collections.abc import Sequence
from dataclasses import dataclass

from aia.core.errors import Invalid
from aia.infra.sql import Event, Read, Tx
from aia.ledger.lookup import accounts_by_id
from aia.ledger.model import Account, PostedTransfer, Token
from aia.ledger.service import AccountNotFound, Ledger, mint_account
from aia.tokens.genesis import Genesis
from aia.tokens.staking import stake_account
from aia.tokens.votes import store
from aia.tokens.votes.model import (
    SUPPLY,
    Checkpoint,
    Delegation,
    FutureLookup,
    changes,
    checkpoints,
    moves,
    wallet_of,
)

FIRST_GENESIS_SEQ = 2
"""Where books begun before there were checkpoints minted their AIA_GOV: the second transfer of all."""


class NotAVotingWallet(Invalid):
    code = "not-a-voting-wallet"
    title = "Only wallets of AIA_GOV delegate and are delegated to"


@dataclass(frozen=True, slots=True)
class VoteKeeper:
    """Keeps checkpoints in the transaction that moves AIA_GOV; AIA does not pass here."""

    async def posted(self, tx: Tx, transfers: Sequence[PostedTransfer]) -> None:
        moved = moves(transfers)
        if not moved:
            return
        wallets = sorted({wallet_of(a) for t in moved for a in (t.debit, t.credit)})
        await _write(tx, changes(moved, await store.delegates_of(tx, wallets)))


async def _write(tx: Tx, changed: Sequence[tuple[str, int, int]]) -> None:
    if changed:
        before = await store.newest(tx, sorted({delegate for delegate, _, _ in changed}))
        await store.write(tx, checkpoints(before, changed))


@dataclass(frozen=True, slots=True)
class Votes:
    """Voting weight of AIA_GOV at every sequence number of the ledger."""

    ledger: Ledger
    genesis: Genesis

    async def ensure(self, tx: Tx) -> None:
        """Give books that began before there were checkpoints the one of their supply."""
        if not await store.newest(tx, [SUPPLY]):
            mint = mint_account(Token.AIA_GOV)
            standing = (await accounts_by_id(tx, [mint]))[mint]
            await store.write(tx, [Checkpoint(SUPPLY, FIRST_GENESIS_SEQ, -standing.posted)])

    async def delegate(self, tx: Tx, wallet: str, delegate: str | None) -> Delegation:
        """Let a wallet's weight vote for a delegate, itself or another, or for nobody (None).

        Raises `AccountNotFound` and `NotAVotingWallet`. Holds from the next sequence number on.
        """
        seq = await self.ledger.lock(tx)
        await self.ledger.account(tx, wallet)
        named = [wallet] if delegate is None else [wallet, delegate]
        standing = await accounts_by_id(tx, [*named, stake_account(wallet)])
        for name in named:
            _check_wallet(name, standing.get(name))
        old = await store.find_delegation(tx, wallet)
        new = Delegation(wallet, delegate, seq, tx.now)
        await store.save_delegation(tx, new)
        weight = sum(a.posted for name, a in standing.items() if wallet_of(name) == wallet)
        before = None if old is None else old.delegate
        if weight and before != delegate:
            out = [] if before is None else [(before, seq, -weight)]
            into = [] if delegate is None else [(delegate, seq, weight)]
            await _write(tx, [*out, *into])
        tx.emit(Event("tokens.votes-delegated", {"wallet": wallet, "delegate": delegate, "from_seq": seq}))
        return new

    async def delegation(self, read: Read, wallet: str) -> Delegation | None:
        """Whom a wallet of the reader's organisation delegates to; None when it never did."""
        return await store.find_delegation(read, wallet)

    async def votes(self, read: Read, delegate: str) -> int:
        """What a delegate can vote with now."""
        found = (await store.newest(read, [delegate])).get(delegate)
        return 0 if found is None else found.votes

    async def past_votes(self, read: Read, delegate: str, seq: int) -> int:
        """What a delegate could vote with after the transfer `seq`; raises `FutureLookup`."""
        await self._past(read, seq)
        return await store.at(read, delegate, seq)

    async def past_supply(self, read: Read, seq: int) -> int:
        """The total supply of AIA_GOV after the transfer `seq`; raises `FutureLookup`."""
        await self._past(read, seq)
        return await store.at(read, SUPPLY, seq)

    async def _past(self, read: Read, seq: int) -> None:
        clock = await self.ledger.clock(read)
        if not 0 <= seq < clock:
            raise FutureLookup(
                f"seq is {seq}: the ledger has passed {clock - 1}; ask for 0 to {clock - 1}",
                field="seq",
                passed=clock - 1,
            )


def _check_wallet(name: str, account: Account | None) -> None:
    if account is None:
        raise AccountNotFound(f"account {name[:120]!r} does not exist")
    if account.token is not Token.AIA_GOV or account.floor is None or wallet_of(name) != name:
        raise NotAVotingWallet(f"{name} is no wallet of AIA_GOV", field="wallet")
