"""Accounts, transfers and holds: the values the posting rules work on.

What a batch makes by the thousand is a named tuple, which costs a quarter of a frozen dataclass to make; and the
enums hash as the texts they are, where Python's own hash of an enum is a call of a function for every look-up.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from aia.core.clock import Instant
from aia.core.money import Units

BATCH_MAX = 10_000
MEMO_CHARACTERS_MAX = 200

TREASURY_OWNER = "treasury"
"""The owner of accounts that only a signed order may debit."""


_make = tuple.__new__


def is_text(value: str) -> bool:
    """Whether both databases can keep a text: no NUL, which PostgreSQL refuses, and no half of a surrogate pair."""
    return "\0" not in value and (value.isascii() or value == value.encode(errors="replace").decode())


class Token(StrEnum):
    __hash__ = str.__hash__

    AIA = "AIA"
    AIA_GOV = "AIA_GOV"


class TransferKind(StrEnum):
    __hash__ = str.__hash__

    PLAIN = "plain"
    HOLD = "hold"
    POST = "post"
    VOID = "void"
    EXPIRE = "expire"
    MINT = "mint"
    BURN = "burn"
    REVERSAL = "reversal"


class HoldState(StrEnum):
    __hash__ = str.__hash__

    OPEN = "open"
    POSTED = "posted"
    VOIDED = "voided"
    EXPIRED = "expired"


class Outcome(StrEnum):
    __hash__ = str.__hash__

    CREATED = "created"
    EXISTS = "exists"
    EXISTS_WITH_DIFFERENT_KIND = "exists-with-different-kind"
    EXISTS_WITH_DIFFERENT_DEBIT = "exists-with-different-debit"
    EXISTS_WITH_DIFFERENT_CREDIT = "exists-with-different-credit"
    EXISTS_WITH_DIFFERENT_TOKEN = "exists-with-different-token"  # noqa: S105 - the name of an outcome
    EXISTS_WITH_DIFFERENT_AMOUNT = "exists-with-different-amount"
    EXISTS_WITH_DIFFERENT_HOLD = "exists-with-different-hold"
    EXISTS_WITH_DIFFERENT_REVERSES = "exists-with-different-reverses"
    EXISTS_WITH_DIFFERENT_EXPIRES_AT = "exists-with-different-expires-at"
    EXISTS_WITH_DIFFERENT_MEMO = "exists-with-different-memo"
    BATCH_TOO_LARGE = "batch-too-large"
    INVALID_ID = "invalid-id"
    INVALID_AMOUNT = "invalid-amount"
    INVALID_MEMO = "invalid-memo"
    SAME_ACCOUNT = "same-account"
    ACCOUNT_NOT_FOUND = "account-not-found"
    ACCOUNT_CLOSED = "account-closed"
    WRONG_TOKEN = "wrong-token"  # noqa: S105 - the name of an outcome
    MINT_NOT_ALLOWED = "mint-not-allowed"
    ORDER_REQUIRED = "order-required"
    HOLD_EXISTS = "hold-exists"
    HOLD_NOT_FOUND = "hold-not-found"
    HOLD_MISMATCH = "hold-mismatch"
    HOLD_CLOSED = "hold-closed"
    HOLD_EXPIRED = "hold-expired"
    HOLD_NOT_EXPIRED = "hold-not-expired"
    HOLD_EXCEEDED = "hold-exceeded"
    REVERSED_NOT_FOUND = "reversed-not-found"
    REVERSAL_EXCEEDED = "reversal-exceeded"
    INSUFFICIENT_FUNDS = "insufficient-funds"
    BALANCE_TOO_LARGE = "balance-too-large"
    LINKED_FAILED = "linked-failed"


DONE = frozenset({Outcome.CREATED, Outcome.EXISTS})
"""The outcomes under which what was asked stands in the journal."""


class Account(NamedTuple):
    """`posted` is credits less debits; `held` what open holds may still take; `floor` None: unbounded.

    `no` is the account's number in the database, 0 before it stands there; `last_seq` its newest transfer's.
    """

    id: str
    token: Token
    owner: str
    purpose: str
    floor: int | None
    posted: int
    held: int
    closed: bool
    no: int = 0
    last_seq: int = 0

    @property
    def available(self) -> int | None:
        """What can still be debited or held; None for the mint, which has no floor."""
        return None if self.floor is None else self.posted - self.held - self.floor

    def after(self, posted: int, held: int, last_seq: int) -> "Account":
        """The account with other numbers."""
        name, token, owner, purpose, floor, _, _, closed, no, _ = self
        return _make(Account, (name, token, owner, purpose, floor, posted, held, closed, no, last_seq))


@dataclass(frozen=True, slots=True)
class Transfer:
    """A transfer as asked for; `id` is the caller's and makes asking twice the same as asking once.

    `hold_id` names the hold that HOLD makes and that POST, VOID and EXPIRE close. `linked` chains it to
    the next transfer of the batch: all of a chain or none.
    """

    id: str
    kind: TransferKind
    debit: str
    credit: str
    amount: Units
    token: Token
    hold_id: str | None = None
    reverses: str | None = None
    expires_at: Instant | None = None
    linked: bool = False
    memo: str = ""


class Hold(NamedTuple):
    """A reservation on the debit account in favour of the credit account.

    The first POST, VOID or EXPIRE closes it: `remaining` is the amount while it is open, then 0.
    """

    id: str
    debit: str
    credit: str
    token: Token
    amount: Units
    remaining: Units
    state: HoldState
    expires_at: Instant | None


class PostedTransfer(NamedTuple):
    """A row of the journal, which says all that was asked; `seq` has no gaps.

    `amount` is what moved (0 for HOLD, VOID and EXPIRE), `asked` what was asked for: the two differ for a HOLD
    alone. `debit_prev` is the sequence number of the debit account's transfer before this one, 0 if there
    is none, and `credit_prev` the credit account's: they chain an account's entries, newest first.
    """

    seq: int
    id: str
    debit: str
    credit: str
    token: Token
    amount: Units
    asked: Units
    kind: TransferKind
    hold_id: str | None
    reverses: str | None
    expires_at: Instant | None
    debit_after: int
    credit_after: int
    memo: str
    at: Instant
    debit_prev: int = 0
    credit_prev: int = 0


class Result(NamedTuple):
    """What became of one transfer; balances after it, and its place in the journal when it was made."""

    transfer_id: str
    outcome: Outcome
    debit_after: int | None = None
    credit_after: int | None = None
    seq: int | None = None
