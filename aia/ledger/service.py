"""Use-cases of tokens: genesis, grants, posting a batch in the caller's transaction, checking the books."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from aia.core.errors import Conflict, NotFound
from aia.core.ids import content_id
from aia.core.money import UNITS_PER_TOKEN, Units, format_units
from aia.core.pages import Page, PageRequest
from aia.infra.sql import Event, Read, Tx
from aia.infra.telemetry import Telemetry
from aia.ledger import store
from aia.ledger.log import grow
from aia.ledger.model import (
    DONE,
    TREASURY_OWNER,
    Account,
    Hold,
    Outcome,
    PostedTransfer,
    Result,
    Token,
    Transfer,
    TransferKind,
)
from aia.ledger.posting import Posting, State, post, too_large
from aia.ledger.store_postgres import driver_of
from aia.ledger.store_posting import load_state, write_posting

SYSTEM = "system"
POSTED = "tokens.transfers-posted"


class AccountNotFound(NotFound):
    code = "account-not-found"
    title = "No such account"


class AccountNotEmpty(Conflict):
    """An account can be closed only when nothing is in it."""

    code = "account-not-empty"
    title = "The account is not empty"


class TransferRefused(Conflict):
    """The ledger refused a transfer that the caller cannot do without; nothing was posted."""

    code = "transfer-refused"
    title = "The ledger refused the transfer"


class InsufficientFunds(TransferRefused):
    """The source account has less available than the transfer needs."""

    code = "insufficient-funds"
    title = "Not enough available in the account"


def mint_account(token: Token) -> str:
    return f"mint:{token.value}"


def genesis_mint(token: Token) -> str:
    """The id of the transfer that minted the supply."""
    return content_id("tfr", "genesis", token.value)


def treasury_account(token: Token) -> str:
    return f"treasury:{token.value}"


def wallet(organisation: str) -> str:
    """The account an organisation's budgets come from."""
    return f"organisation:{organisation}"


def gov_wallet(organisation: str) -> str:
    """The account that holds an organisation's AIA_GOV and votes with it."""
    return f"gov:{organisation}"


def agent_wallet(organisation: str, agent: str) -> str:
    return f"agent:{organisation}:{agent}"


class Watcher(Protocol):
    """Sees mints and every movement of AIA_GOV in the transaction that posts them; may refuse by raising."""

    async def posted(self, tx: Tx, transfers: Sequence[PostedTransfer]) -> None: ...


class Orders(Protocol):
    """Knows the signed orders under which tokens leave accounts of the treasury."""

    async def covering(self, tx: Tx, transfers: Sequence[Transfer]) -> frozenset[Transfer]:
        """Those of the transfers that an order asks for exactly, and is being carried out for."""
        ...


@dataclass(frozen=True, slots=True)
class Ledger:
    """The double-entry ledger of the deployment; without `orders` nothing leaves an account of the treasury."""

    telemetry: Telemetry
    watchers: tuple[Watcher, ...] = ()
    orders: Orders | None = None

    async def genesis(self, tx: Tx, *, aia_tokens: int, gov_tokens: int) -> None:
        """Mint the supply into the treasury, once: the transfer ids are fixed, so again is no change."""
        supplies = {Token.AIA: aia_tokens, Token.AIA_GOV: gov_tokens}
        for token in Token:
            mint = Account(mint_account(token), token, SYSTEM, "mint", None, 0, 0, closed=False)
            treasury = Account(treasury_account(token), token, SYSTEM, "treasury", 0, 0, 0, closed=False)
            await store.open_accounts(tx, SYSTEM, [mint, treasury])
        await self.require(
            tx,
            [
                transfer(
                    genesis_mint(token),
                    mint_account(token),
                    treasury_account(token),
                    Units(tokens * UNITS_PER_TOKEN),
                    kind=TransferKind.MINT,
                    token=token,
                    memo="genesis supply",
                )
                for token, tokens in supplies.items()
            ],
        )

    async def open_wallets(self, tx: Tx, owners: Sequence[tuple[str, str]]) -> None:
        """Open AIA accounts of the transaction's organisation: (account id, owner) pairs."""
        new = [Account(account, Token.AIA, owner, "wallet", 0, 0, 0, closed=False) for account, owner in owners]
        await store.open_accounts(tx, tx.organisation, new)

    async def open_gov_wallet(self, tx: Tx) -> None:
        """Open the account of AIA_GOV of the transaction's organisation."""
        account = gov_wallet(tx.organisation)
        new = Account(account, Token.AIA_GOV, tx.organisation, "wallet", 0, 0, 0, closed=False)
        await store.open_accounts(tx, tx.organisation, [new])

    async def open_accounts(self, tx: Tx, new: Sequence[Account]) -> None:
        """Open accounts of the transaction's organisation, empty; those that stand already are left as they are."""
        await store.open_accounts(tx, tx.organisation, new)

    async def lock(self, tx: Tx) -> int:
        """Take the ledger's head, as a posting does, before reading rows that decide what is posted.

        Returns the next sequence number. Whoever locks rows beside the ledger's takes the head first,
        so that no two transactions wait for each other.
        """
        return (await store.lock_head(tx)).next_seq

    async def guard(self, tx: Tx, account_ids: Sequence[str]) -> None:
        """Give accounts to the treasury: from the next transfer on, a signed order alone debits them."""
        await store.lock_head(tx)
        await store.guard_accounts(tx, account_ids)

    async def close_account(self, tx: Tx, account_id: str) -> None:
        """Close an account for ever; raises `AccountNotFound`, or `AccountNotEmpty` while there is anything in it."""
        await store.lock_head(tx)
        account = await self.account(tx, account_id)
        if not account.closed and not await store.close_account(tx, account_id):
            raise AccountNotEmpty(
                f"account {account_id!r} has {format_units(account.posted)}, of which {format_units(account.held)} "
                "is held: move it out and void the holds, then close it"
            )

    async def clock(self, read: Read) -> int:
        """The sequence number the next transfer gets: everything below it has been posted."""
        return await store.next_seq(read)

    async def post(self, tx: Tx, batch: Sequence[Transfer]) -> tuple[Result, ...]:
        """Post a batch within the caller's transaction; a result for each transfer, in order.

        The row of the ledger's head is locked until the transaction ends, so post last and commit soon. What
        the results report as created is durable when the transaction commits, and not before.
        """
        if not batch:
            return ()
        results = too_large(batch)
        if results is None:
            results = await self._post(tx, batch)
        self.count(results)
        return results

    def count(self, results: Sequence[Result]) -> None:
        """Add outcomes to the metrics."""
        for outcome, number in Counter([result.outcome for result in results]).items():
            self.telemetry.transfers.labels(outcome.value).inc(number)

    async def _post(self, tx: Tx, batch: Sequence[Transfer]) -> tuple[Result, ...]:
        head = await store.lock_head(tx)
        driver = await driver_of(tx)
        state, wanted = await load_state(driver, batch, head.next_seq)
        state = await self._with_orders(tx, batch, state)
        posting = post(state, batch, tx.now)
        if posting.transfers:
            frontier, root, nodes = grow(head.frontier, posting.transfers)
            after = store.Head(posting.next_seq, frontier, root, head.epoch)
            await write_posting(tx, driver, (posting, state, wanted, nodes), head, after)
            await self._watch(tx, posting.transfers)
            _announce(tx, posting)
        return posting.results

    async def _with_orders(self, tx: Tx, batch: Sequence[Transfer], state: State) -> State:
        """The state with the transfers of the batch that may leave the treasury: asked for once, if one would."""
        guarded = {account.id for account in state.accounts.values() if account.owner == TREASURY_OWNER}
        leaving = [t for t in batch if t.debit in guarded] if guarded else []
        if not leaving or self.orders is None:
            return state
        return replace(state, ordered=await self.orders.covering(tx, leaving))

    async def _watch(self, tx: Tx, posted: Sequence[PostedTransfer]) -> None:
        watched = [t for t in posted if t.token is Token.AIA_GOV or t.kind is TransferKind.MINT]
        if watched:
            for watcher in self.watchers:
                await watcher.posted(tx, watched)

    async def require(self, tx: Tx, batch: Sequence[Transfer]) -> tuple[Result, ...]:
        """Post a batch of which every transfer must succeed (or exist already, being the same).

        Raises `InsufficientFunds` or `TransferRefused`; the caller's transaction must then roll back.
        """
        results = await self.post(tx, batch)
        for asked, result in zip(batch, results, strict=True):
            if result.outcome in DONE:
                continue
            refusal = f"{asked.memo}: {format_units(asked.amount)} {asked.token} from {asked.debit}"
            if result.outcome is Outcome.INSUFFICIENT_FUNDS:
                account = await store.find_account(tx, asked.debit)
                left = "" if account is None else f"; {format_units(account.available or 0)} are available"
                raise InsufficientFunds(f"{refusal} cannot be paid{left}", account=asked.debit)
            raise TransferRefused(f"{refusal} was refused: {result.outcome}", outcome=result.outcome.value)
        return results

    async def account(self, read: Read, account_id: str) -> Account:
        """An account of the reader's organisation; raises `AccountNotFound`."""
        account = await store.find_account(read, account_id)
        if account is None:
            raise AccountNotFound(f"account {account_id!r} does not exist in this organisation")
        return account

    async def hold(self, read: Read, hold_id: str) -> Hold | None:
        """A hold by its id, or None; whose it is, its accounts tell."""
        return await store.find_hold(read, hold_id)

    async def transfer(self, read: Read, transfer_id: str) -> PostedTransfer | None:
        """A posted transfer by its id, or None; whose it is, its accounts tell."""
        return await store.find_transfer(read, transfer_id)

    async def accounts(self, read: Read, request: PageRequest) -> Page[Account]:
        return await store.accounts_page(read, request)

    async def entries(self, read: Read, account_id: str, request: PageRequest) -> Page[PostedTransfer]:
        """Transfers in and out of one of the organisation's accounts, newest first; raises `AccountNotFound`."""
        return await store.entries_page(read, await self.account(read, account_id), request)

    async def trial_balance(self, read: Read) -> int:
        """The sum of every balance of every token: 0, or the books are wrong."""
        sums = await store.balance_sums(read)
        return sum(abs(total) for total in sums.values())


def _announce(tx: Tx, posting: Posting) -> None:
    first, last = posting.transfers[0].seq, posting.transfers[-1].seq
    tx.emit(Event(POSTED, {"first_seq": first, "last_seq": last}))


def transfer(
    transfer_id: str,
    debit: str,
    credit: str,
    amount: Units,
    *,
    kind: TransferKind = TransferKind.PLAIN,
    token: Token = Token.AIA,
    hold_id: str | None = None,
    memo: str = "",
) -> Transfer:
    """A transfer with the usual fields."""
    return Transfer(
        id=transfer_id,
        kind=kind,
        debit=debit,
        credit=credit,
        amount=amount,
        token=token,
        hold_id=hold_id,
        reverses=None,
        expires_at=None,
        linked=False,
        memo=memo,
    )
