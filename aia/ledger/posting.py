"""The posting rules: a pure function over integers, shared by every database.

`post` takes exactly the rows a batch touches and answers each transfer in order, as if they had come
one by one (the semantics of TigerBeetle: docs/reference/requests/create_transfers). Rules are checked
in the order of this table; the first that is broken names the outcome, and nothing of it is posted:

    1  batch of at most 10,000                              batch-too-large (all)
    2  ids that the journal can keep                        invalid-id
    3  an id seen before: same request, same answer         exists | exists-with-different-FIELD
    4  amount 1 .. 2^53-1 (0 for VOID and EXPIRE)           invalid-amount
    5  memo is text, of at most 200 characters              invalid-memo
    6  debit and credit differ                              same-account
    7  both accounts stand                                  account-not-found
    8  both are open, but for VOID and EXPIRE               account-closed
    9  both and the transfer are of one token               wrong-token
    10 the account without a floor is debited by MINT only,
       and credited by BURN only                            mint-not-allowed
    11 an account of the treasury is debited under a signed
       order only, but for VOID and EXPIRE                  order-required
    12 the rule of its kind: hold-*, reversal-*
    13 available = posted - held - floor covers a debit     insufficient-funds
    14 both balances stay within 2^53-1                     balance-too-large

A chain (`linked`, up to the first transfer that is not) is posted whole or not at all: the one that
broke a rule says which, the others say linked-failed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aia.core.clock import Instant
from aia.core.money import UNITS_MAX, Units
from aia.ledger.model import (
    BATCH_MAX,
    DONE,
    MEMO_CHARACTERS_MAX,
    TREASURY_OWNER,
    Account,
    Hold,
    HoldState,
    Outcome,
    PostedTransfer,
    Result,
    Transfer,
    TransferKind,
    is_text,
)

_CLOSED_STATE = {
    TransferKind.POST: HoldState.POSTED,
    TransferKind.VOID: HoldState.VOIDED,
    TransferKind.EXPIRE: HoldState.EXPIRED,
}
_MOVES_NOTHING = frozenset({TransferKind.HOLD, TransferKind.VOID, TransferKind.EXPIRE})
_ZERO_AMOUNT = frozenset({TransferKind.VOID, TransferKind.EXPIRE})
_NOTHING = Units(0)


@dataclass(frozen=True, slots=True)
class Touched:
    """The rows a store must load, each once."""

    accounts: tuple[str, ...]
    holds: tuple[str, ...]
    transfers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class State:
    """What stands before the batch: the rows of `Touched`, and the next sequence number.

    `reversed_units`: of each transfer named by a reversal, how much was reversed already.
    `unusable`: ids of transfers or holds that the database cannot keep as they are.
    `ordered`: transfers that a signed order of the treasury asks for, exactly as they are.
    """

    accounts: Mapping[str, Account]
    holds: Mapping[str, Hold]
    existing: Mapping[str, PostedTransfer]
    reversed_units: Mapping[str, int]
    next_seq: int
    unusable: frozenset[str] = frozenset()
    ordered: frozenset[Transfer] = frozenset()


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
    return Touched(tuple(accounts), tuple(holds), tuple(transfers))


def too_large(batch: Sequence[Transfer]) -> tuple[Result, ...] | None:
    """The answer to a batch above the bound, which needs no state; None for any other."""
    if len(batch) <= BATCH_MAX:
        return None
    return tuple(Result(t.id, Outcome.BATCH_TOO_LARGE) for t in batch)


def post(state: State, batch: Sequence[Transfer], now: Instant) -> Posting:
    """Apply the rules to a batch; `now` decides which holds have expired. Reads and changes nothing else."""
    refused = too_large(batch)
    if refused is not None:
        return Posting(refused, (), (), (), (), state.next_seq)
    book = _Book(state, now)
    results: list[Result] = []
    chain: list[Transfer] = []
    for transfer in batch:
        if transfer.linked:
            chain.append(transfer)
        elif chain:
            chain.append(transfer)
            results += _post_chain(book, chain)
            chain = []
        else:
            results.append(_post_one(book, transfer))
    if chain:  # an open chain ends with the batch
        results += _post_chain(book, chain)
    return book.posting(tuple(results))


def _post_chain(book: "_Book", chain: Sequence[Transfer]) -> list[Result]:
    book.begin_chain()
    results: list[Result] = []
    for transfer in chain:
        results.append(_post_one(book, transfer))
        if results[-1].outcome not in DONE:
            book.end_chain(keep=False)
            failed = [Result(other.id, Outcome.LINKED_FAILED) for other in chain]
            failed[len(results) - 1] = results[-1]
            return failed
    book.end_chain(keep=True)
    return results


def _post_one(book: "_Book", transfer: Transfer) -> Result:
    if book.unusable and not book.unusable.isdisjoint((transfer.id, transfer.hold_id, transfer.reverses)):
        return Result(transfer.id, Outcome.INVALID_ID)
    seen = book.seen(transfer.id)
    if seen is not None:
        difference = _difference(seen, transfer)
        if difference is not None:
            return Result(transfer.id, difference)
        return Result(transfer.id, Outcome.EXISTS, seen.debit_after, seen.credit_after, seen.seq)
    refusal = _field_refusal(transfer)
    if refusal is None:
        debit, credit = book.account(transfer.debit), book.account(transfer.credit)
        if debit is None or credit is None:
            return Result(transfer.id, Outcome.ACCOUNT_NOT_FOUND)
        refusal = _refusal(book, debit, credit, transfer)
        if refusal is None:
            return book.apply(debit, credit, transfer)
    return Result(transfer.id, refusal)


_COMPARED = (
    ("kind", "kind", Outcome.EXISTS_WITH_DIFFERENT_KIND),
    ("debit", "debit", Outcome.EXISTS_WITH_DIFFERENT_DEBIT),
    ("credit", "credit", Outcome.EXISTS_WITH_DIFFERENT_CREDIT),
    ("token", "token", Outcome.EXISTS_WITH_DIFFERENT_TOKEN),
    ("asked", "amount", Outcome.EXISTS_WITH_DIFFERENT_AMOUNT),
    ("hold_id", "hold_id", Outcome.EXISTS_WITH_DIFFERENT_HOLD),
    ("reverses", "reverses", Outcome.EXISTS_WITH_DIFFERENT_REVERSES),
    ("expires_at", "expires_at", Outcome.EXISTS_WITH_DIFFERENT_EXPIRES_AT),
    ("memo", "memo", Outcome.EXISTS_WITH_DIFFERENT_MEMO),
)


def _difference(seen: PostedTransfer, asked: Transfer) -> Outcome | None:
    """The first field in which a request differs from the one that was posted under its id."""
    for stored, wanted, outcome in _COMPARED:
        if getattr(seen, stored) != getattr(asked, wanted):
            return outcome
    return None


def _refusal(book: "_Book", debit: Account, credit: Account, transfer: Transfer) -> Outcome | None:
    """The first rule from the eighth on that the transfer breaks, or None."""
    kind = transfer.kind
    if (debit.closed or credit.closed) and kind not in _ZERO_AMOUNT:
        return Outcome.ACCOUNT_CLOSED
    if not debit.token is credit.token is transfer.token:
        return Outcome.WRONG_TOKEN
    if (debit.floor is None) is not (kind is TransferKind.MINT):
        return Outcome.MINT_NOT_ALLOWED
    if (credit.floor is None) is not (kind is TransferKind.BURN):
        return Outcome.MINT_NOT_ALLOWED
    if debit.owner == TREASURY_OWNER and kind not in _ZERO_AMOUNT and transfer not in book.ordered:
        return Outcome.ORDER_REQUIRED
    if kind in _CLOSED_STATE:
        refusal = _hold_refusal(book, transfer)
    else:
        refusal = None if kind is TransferKind.PLAIN else _kind_refusal(book, transfer)
        refusal = refusal or _funds_refusal(debit, transfer)
    return refusal or _size_refusal(debit, credit, transfer)


def _field_refusal(transfer: Transfer) -> Outcome | None:
    zero = transfer.kind in _ZERO_AMOUNT
    if transfer.amount != 0 if zero else not 1 <= transfer.amount <= UNITS_MAX:
        return Outcome.INVALID_AMOUNT
    memo = transfer.memo
    if memo and (len(memo) > MEMO_CHARACTERS_MAX or not is_text(memo)):
        return Outcome.INVALID_MEMO
    return Outcome.SAME_ACCOUNT if transfer.debit == transfer.credit else None


def _hold_refusal(book: "_Book", transfer: Transfer) -> Outcome | None:
    """POST, VOID and EXPIRE need their hold open, of the same accounts, and not (or indeed) expired."""
    hold = book.hold(transfer.hold_id or "")
    if hold is None:
        return Outcome.HOLD_NOT_FOUND
    if (hold.debit, hold.credit, hold.token) != (transfer.debit, transfer.credit, transfer.token):
        return Outcome.HOLD_MISMATCH
    if hold.state is HoldState.EXPIRED:
        return Outcome.HOLD_EXPIRED
    if hold.state is not HoldState.OPEN:
        return Outcome.HOLD_CLOSED
    expired = hold.expires_at is not None and hold.expires_at <= book.now
    if transfer.kind is TransferKind.EXPIRE:
        return None if expired else Outcome.HOLD_NOT_EXPIRED
    if transfer.kind is TransferKind.POST and expired:
        return Outcome.HOLD_EXPIRED
    return Outcome.HOLD_EXCEEDED if transfer.amount > hold.remaining else None


def _kind_refusal(book: "_Book", transfer: Transfer) -> Outcome | None:
    if transfer.kind is TransferKind.HOLD:
        if transfer.hold_id is None:
            return Outcome.HOLD_NOT_FOUND
        return None if book.hold(transfer.hold_id) is None else Outcome.HOLD_EXISTS
    if transfer.kind is not TransferKind.REVERSAL:
        return None
    original = book.seen(transfer.reverses or "")
    if original is None or original.kind is TransferKind.REVERSAL:
        return Outcome.REVERSED_NOT_FOUND
    if (original.debit, original.credit) != (transfer.credit, transfer.debit):
        return Outcome.REVERSED_NOT_FOUND
    left = original.amount - book.reversed_before(original.id)
    return Outcome.REVERSAL_EXCEEDED if transfer.amount > left else None


def _funds_refusal(debit: Account, transfer: Transfer) -> Outcome | None:
    short = debit.floor is not None and transfer.amount > debit.posted - debit.held - debit.floor
    return Outcome.INSUFFICIENT_FUNDS if short else None


def _size_refusal(debit: Account, credit: Account, transfer: Transfer) -> Outcome | None:
    """Mints without end, or floors far below zero, could pass what JSON and the database keep exactly."""
    large = transfer.amount > min(UNITS_MAX - credit.posted, UNITS_MAX + debit.posted)
    return Outcome.BALANCE_TOO_LARGE if large else None


class _Book:
    """What a batch has changed so far, over the state before it; never seen outside this module.

    A chain is applied in place; what it changed stands in `_undo` until it ends.
    """

    def __init__(self, state: State, now: Instant) -> None:
        self.now = now
        self.unusable = state.unusable
        self.ordered = state.ordered
        self.appended: list[PostedTransfer] = []
        self._before = state
        self._accounts: dict[str, Account] = {}
        self._holds: dict[str, Hold] = {}
        self._rows: dict[str, PostedTransfer] = {}
        self._reversed: dict[str, int] = {}
        self._chain_start = 0
        self._undo: list[tuple[dict[str, Any], str, Any]] | None = None  # None: not within a chain

    def account(self, name: str) -> Account | None:
        return self._accounts.get(name) or self._before.accounts.get(name)

    def hold(self, hold_id: str) -> Hold | None:
        return self._holds.get(hold_id) or self._before.holds.get(hold_id)

    def seen(self, transfer_id: str) -> PostedTransfer | None:
        return self._rows.get(transfer_id) or self._before.existing.get(transfer_id)

    def reversed_before(self, transfer_id: str) -> int:
        return self._reversed.get(transfer_id) or self._before.reversed_units.get(transfer_id, 0)

    def begin_chain(self) -> None:
        self._chain_start = len(self.appended)
        self._undo = []

    def end_chain(self, *, keep: bool) -> None:
        changes, self._undo = self._undo or [], None
        if keep:
            return
        for place, key, before in reversed(changes):
            if before is None:
                del place[key]
            else:
                place[key] = before
        del self.appended[self._chain_start :]

    def _put(self, place: dict[str, Any], key: str, value: Any) -> None:
        if self._undo is not None:
            self._undo.append((place, key, place.get(key)))
        place[key] = value

    def apply(self, debit: Account, credit: Account, transfer: Transfer) -> Result:
        """Post a transfer that broke no rule."""
        kind, asked = transfer.kind, transfer.amount
        seq = self._before.next_seq + len(self.appended)
        moved = _NOTHING if kind in _MOVES_NOTHING else asked
        debit_after, credit_after = debit.posted - moved, credit.posted + moved
        held = debit.held if kind is TransferKind.PLAIN else debit.held + self._held_by(transfer)
        assert held >= 0, "open holds never sum below zero"
        ids = (transfer.hold_id, transfer.reverses, transfer.expires_at)
        legs = (transfer.debit, transfer.credit, transfer.token)
        after = (debit_after, credit_after, transfer.memo, self.now, debit.last_seq, credit.last_seq)
        row = PostedTransfer._make((seq, transfer.id, *legs, moved, asked, kind, *ids, *after))
        self._put(self._accounts, transfer.debit, debit.after(debit_after, held, seq))
        self._put(self._accounts, transfer.credit, credit.after(credit_after, credit.held, seq))
        self._put(self._rows, transfer.id, row)
        self.appended.append(row)
        return Result(transfer.id, Outcome.CREATED, debit_after, credit_after, seq)

    def _held_by(self, transfer: Transfer) -> int:
        """Open or close the transfer's hold, count a reversal; the change of what the debit account holds."""
        kind = transfer.kind
        if kind is TransferKind.REVERSAL and transfer.reverses is not None:
            before = self.reversed_before(transfer.reverses)
            self._put(self._reversed, transfer.reverses, before + transfer.amount)
        if transfer.hold_id is None:
            return 0
        if kind is TransferKind.HOLD:
            self._put(self._holds, transfer.hold_id, _new_hold(transfer, transfer.hold_id))
            return transfer.amount
        hold = self.hold(transfer.hold_id)
        if hold is None or kind not in _CLOSED_STATE:
            return 0
        self._put(self._holds, hold.id, hold._replace(remaining=_NOTHING, state=_CLOSED_STATE[kind]))
        return -hold.remaining

    def posting(self, results: tuple[Result, ...]) -> Posting:
        """A transfer changes its two accounts always, if only their newest sequence number."""
        known = self._before.holds
        return Posting(
            results=results,
            transfers=tuple(self.appended),
            accounts=tuple(self._accounts.values()),
            holds_created=tuple(h for i, h in self._holds.items() if i not in known),
            holds_changed=tuple(h for i, h in self._holds.items() if i in known),
            next_seq=self._before.next_seq + len(self.appended),
        )


def _new_hold(transfer: Transfer, hold_id: str) -> Hold:
    return Hold(
        id=hold_id,
        debit=transfer.debit,
        credit=transfer.credit,
        token=transfer.token,
        amount=transfer.amount,
        remaining=transfer.amount,
        state=HoldState.OPEN,
        expires_at=transfer.expires_at,
    )
