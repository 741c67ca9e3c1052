"""The posting rules: a pure function over integers, shared by every database.

`post` takes exactly the rows a batch touches and answers each transfer in order, as if they had come
one by one (the semantics of TigerBeetle: docs/reference/requests/create_transfers). Rules are checked
in the order of this table; the first that is broken names the outcome, and nothing of it is posted:

    1  batch of at most 10,000                              batch-too-large (all)
    2  an id seen before: same request, same answer         exists | exists-with-different-content
    3  amount 1 .. 2^53-1 (0 for VOID and EXPIRE)           invalid-amount
    4  debit and credit differ                              same-account
    5  both accounts stand                                  account-not-found
    6  both are open                                        account-closed
    7  both and the transfer are of one token               wrong-token
    8  the account without a floor is debited by MINT only,
       and credited by BURN only                            mint-not-allowed
    9  the rule of its kind: hold-*, reversal-*
    10 available = posted - held - floor covers a debit     insufficient-funds

A chain (`linked`, up to the first transfer that is not) is posted whole or not at all: the one that
broke a rule says which, the others say linked-failed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from aia.core.clock import Instant
from aia.core.money import UNITS_MAX, Units
from aia.tokens.model import (
    BATCH_MAX,
    Account,
    Hold,
    HoldState,
    Outcome,
    PostedTransfer,
    Result,
    Transfer,
    TransferKind,
)

_CLOSES_HOLD = frozenset({TransferKind.POST, TransferKind.VOID, TransferKind.EXPIRE})
_MOVES_NOTHING = frozenset({TransferKind.HOLD, TransferKind.VOID, TransferKind.EXPIRE})
_ZERO_AMOUNT = frozenset({TransferKind.VOID, TransferKind.EXPIRE})
_DONE = frozenset({Outcome.CREATED, Outcome.EXISTS})


@dataclass(frozen=True, slots=True)
class Touched:
    """The rows a store must load and lock, each sorted."""

    accounts: tuple[str, ...]
    holds: tuple[str, ...]
    transfers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class State:
    """What stands before the batch: the rows of `Touched`, and the next sequence number.

    `reversed_units`: of each transfer named by a reversal, how much was reversed already.
    """

    accounts: Mapping[str, Account]
    holds: Mapping[str, Hold]
    existing: Mapping[str, PostedTransfer]
    reversed_units: Mapping[str, int]
    next_seq: int


@dataclass(frozen=True, slots=True)
class Posting:
    """What a batch comes to: results in order, and the rows to write."""

    results: tuple[Result, ...]
    transfers: tuple[PostedTransfer, ...]
    accounts: tuple[Account, ...]
    holds_created: tuple[Hold, ...]
    holds_changed: tuple[Hold, ...]
    next_seq: int


def touched(batch: Sequence[Transfer]) -> Touched:
    """Which rows the batch reads or changes."""
    accounts = {t.debit for t in batch} | {t.credit for t in batch}
    holds = {t.hold_id for t in batch if t.hold_id is not None}
    transfers = {t.id for t in batch} | {t.reverses for t in batch if t.reverses is not None}
    return Touched(tuple(sorted(accounts)), tuple(sorted(holds)), tuple(sorted(transfers)))


def post(state: State, batch: Sequence[Transfer], now: Instant) -> Posting:
    """Apply the rules to a batch; `now` decides which holds have expired. Reads and changes nothing else."""
    if len(batch) > BATCH_MAX:
        refused = tuple(Result(t.id, Outcome.BATCH_TOO_LARGE) for t in batch)
        return Posting(refused, (), (), (), (), state.next_seq)
    book = _Book.of(state)
    results: list[Result] = []
    for chain in _chains(batch):
        results.extend(_post_chain(book, chain, now))
    return book.posting(tuple(results), state)


def _chains(batch: Sequence[Transfer]) -> list[Sequence[Transfer]]:
    """The batch cut into chains; an open chain ends with the batch."""
    chains: list[Sequence[Transfer]] = []
    start = 0
    for index, transfer in enumerate(batch):
        if not transfer.linked:
            chains.append(batch[start : index + 1])
            start = index + 1
    if start < len(batch):
        chains.append(batch[start:])
    return chains


def _post_chain(book: "_Book", chain: Sequence[Transfer], now: Instant) -> list[Result]:
    if len(chain) == 1:
        return [_post_one(book, chain[0], now)]
    trial = book.copy()
    results: list[Result] = []
    for place, transfer in enumerate(chain):
        result = _post_one(trial, transfer, now)
        if result.outcome not in _DONE:
            failed = [Result(other.id, Outcome.LINKED_FAILED) for other in chain]
            return [*failed[:place], result, *failed[place + 1 :]]
        results.append(result)
    book.take(trial)
    return results


def _post_one(book: "_Book", transfer: Transfer, now: Instant) -> Result:
    seen = book.existing.get(transfer.id)
    if seen is not None:
        if seen.request_hash != transfer.request_hash:
            return Result(transfer.id, Outcome.EXISTS_WITH_DIFFERENT_CONTENT)
        return Result(transfer.id, Outcome.EXISTS, seen.debit_after, seen.credit_after, seen.seq)
    refusal = _refusal(book, transfer, now)
    if refusal is not None:
        return Result(transfer.id, refusal)
    return book.apply(transfer, now)


def _refusal(book: "_Book", transfer: Transfer, now: Instant) -> Outcome | None:
    """The first rule the transfer breaks, or None."""
    least = 0 if transfer.kind in _ZERO_AMOUNT else 1
    most = 0 if transfer.kind in _ZERO_AMOUNT else UNITS_MAX
    if not least <= transfer.amount <= most:
        return Outcome.INVALID_AMOUNT
    if transfer.debit == transfer.credit:
        return Outcome.SAME_ACCOUNT
    debit, credit = book.accounts.get(transfer.debit), book.accounts.get(transfer.credit)
    if debit is None or credit is None:
        return Outcome.ACCOUNT_NOT_FOUND
    if debit.closed or credit.closed:
        return Outcome.ACCOUNT_CLOSED
    if not debit.token == credit.token == transfer.token:
        return Outcome.WRONG_TOKEN
    if (debit.floor is None) is not (transfer.kind is TransferKind.MINT):
        return Outcome.MINT_NOT_ALLOWED
    if (credit.floor is None) is not (transfer.kind is TransferKind.BURN):
        return Outcome.MINT_NOT_ALLOWED
    if transfer.kind in _CLOSES_HOLD:
        return _hold_refusal(book.holds.get(transfer.hold_id or ""), transfer, now)
    return _kind_refusal(book, transfer) or _funds_refusal(debit, transfer)


def _hold_refusal(hold: Hold | None, transfer: Transfer, now: Instant) -> Outcome | None:
    """POST, VOID and EXPIRE need their hold open, of the same accounts, and not (or indeed) expired."""
    if hold is None:
        return Outcome.HOLD_NOT_FOUND
    if (hold.debit, hold.credit, hold.token) != (transfer.debit, transfer.credit, transfer.token):
        return Outcome.HOLD_MISMATCH
    if hold.state is HoldState.EXPIRED:
        return Outcome.HOLD_EXPIRED
    if hold.state is not HoldState.OPEN:
        return Outcome.HOLD_CLOSED
    expired = hold.expires_at is not None and hold.expires_at <= now
    if transfer.kind is TransferKind.EXPIRE:
        return None if expired else Outcome.HOLD_NOT_EXPIRED
    if transfer.kind is TransferKind.POST and expired:
        return Outcome.HOLD_EXPIRED
    return Outcome.HOLD_EXCEEDED if transfer.amount > hold.remaining else None


def _kind_refusal(book: "_Book", transfer: Transfer) -> Outcome | None:
    if transfer.kind is TransferKind.HOLD:
        if transfer.hold_id is None:
            return Outcome.HOLD_NOT_FOUND
        return Outcome.HOLD_EXISTS if transfer.hold_id in book.holds else None
    if transfer.kind is not TransferKind.REVERSAL:
        return None
    original = book.existing.get(transfer.reverses or "")
    reversible = original is not None and (original.debit, original.credit) == (
        transfer.credit,
        transfer.debit,
    )
    if original is None or not reversible or original.kind is TransferKind.REVERSAL:
        return Outcome.REVERSED_NOT_FOUND
    left = original.amount - book.reversed_units.get(original.id, 0)
    return Outcome.REVERSAL_EXCEEDED if transfer.amount > left else None


def _funds_refusal(debit: Account, transfer: Transfer) -> Outcome | None:
    available = debit.available
    short = available is not None and transfer.amount > available
    return Outcome.INSUFFICIENT_FUNDS if short else None


@dataclass(slots=True)
class _Book:
    """The working copy of the state while a batch is applied; never seen outside this module."""

    accounts: dict[str, Account]
    holds: dict[str, Hold]
    existing: dict[str, PostedTransfer]
    reversed_units: dict[str, int]
    next_seq: int
    appended: list[PostedTransfer] = field(default_factory=list[PostedTransfer])

    @classmethod
    def of(cls, state: State) -> "_Book":
        return cls(
            dict(state.accounts),
            dict(state.holds),
            dict(state.existing),
            dict(state.reversed_units),
            state.next_seq,
        )

    def copy(self) -> "_Book":
        return _Book(
            dict(self.accounts),
            dict(self.holds),
            dict(self.existing),
            dict(self.reversed_units),
            self.next_seq,
            list(self.appended),
        )

    def take(self, other: "_Book") -> None:
        self.accounts, self.holds, self.existing = other.accounts, other.holds, other.existing
        self.reversed_units, self.next_seq, self.appended = (
            other.reversed_units,
            other.next_seq,
            other.appended,
        )

    def apply(self, transfer: Transfer, now: Instant) -> Result:
        """Post a transfer that broke no rule."""
        moved = Units(0) if transfer.kind in _MOVES_NOTHING else transfer.amount
        debit = self.accounts[transfer.debit]
        held = debit.held + self._apply_hold(transfer)
        debit = replace(debit, posted=debit.posted - moved, held=held)
        credit = self.accounts[transfer.credit]
        credit = replace(credit, posted=credit.posted + moved)
        assert held >= 0, "open holds never sum below zero"
        self.accounts[debit.id], self.accounts[credit.id] = debit, credit
        if transfer.reverses is not None and transfer.kind is TransferKind.REVERSAL:
            before = self.reversed_units.get(transfer.reverses, 0)
            self.reversed_units[transfer.reverses] = before + moved
        row = _journal_row(transfer, self.next_seq, moved, debit, credit, now)
        self.next_seq += 1
        self.appended.append(row)
        self.existing[row.id] = row
        return Result(row.id, Outcome.CREATED, row.debit_after, row.credit_after, row.seq)

    def _apply_hold(self, transfer: Transfer) -> int:
        """Open or close the transfer's hold; the change of what is held on the debit account."""
        hold_id = transfer.hold_id
        if hold_id is None:
            return 0
        if transfer.kind is TransferKind.HOLD:
            amount = transfer.amount
            self.holds[hold_id] = Hold(
                id=hold_id,
                debit=transfer.debit,
                credit=transfer.credit,
                token=transfer.token,
                amount=amount,
                remaining=amount,
                state=HoldState.OPEN,
                expires_at=transfer.expires_at,
            )
            return amount
        if transfer.kind not in _CLOSES_HOLD:
            return 0
        hold = self.holds[hold_id]
        self.holds[hold_id] = replace(hold, remaining=Units(0), state=_CLOSED_STATE[transfer.kind])
        return -hold.remaining

    def posting(self, results: tuple[Result, ...], before: State) -> Posting:
        changed = [h for i, h in self.holds.items() if before.holds.get(i) not in {None, h}]
        return Posting(
            results=results,
            transfers=tuple(self.appended),
            accounts=tuple(a for i, a in self.accounts.items() if a != before.accounts[i]),
            holds_created=tuple(h for i, h in self.holds.items() if i not in before.holds),
            holds_changed=tuple(changed),
            next_seq=self.next_seq,
        )


_CLOSED_STATE = {
    TransferKind.POST: HoldState.POSTED,
    TransferKind.VOID: HoldState.VOIDED,
    TransferKind.EXPIRE: HoldState.EXPIRED,
}


def _journal_row(
    transfer: Transfer, seq: int, moved: Units, debit: Account, credit: Account, now: Instant
) -> PostedTransfer:
    return PostedTransfer(
        seq=seq,
        id=transfer.id,
        debit=debit.id,
        credit=credit.id,
        token=transfer.token,
        amount=moved,
        kind=transfer.kind,
        hold_id=transfer.hold_id,
        reverses=transfer.reverses,
        request_hash=transfer.request_hash,
        debit_after=debit.posted,
        credit_after=credit.posted,
        memo=transfer.memo,
        at=now,
    )
