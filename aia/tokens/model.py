"""Accounts, transfers and holds: the values the posting rules work on."""

from dataclasses import dataclass
from enum import StrEnum

from aia.core.canonical import canonical, sha256
from aia.core.clock import Instant, rfc3339
from aia.core.money import Units

BATCH_MAX = 10_000


class Token(StrEnum):
    AIA = "AIA"
    AIA_GOV = "AIA_GOV"


class TransferKind(StrEnum):
    PLAIN = "plain"
    HOLD = "hold"
    POST = "post"
    VOID = "void"
    EXPIRE = "expire"
    MINT = "mint"
    BURN = "burn"
    REVERSAL = "reversal"


class HoldState(StrEnum):
    OPEN = "open"
    POSTED = "posted"
    VOIDED = "voided"
    EXPIRED = "expired"


class Outcome(StrEnum):
    CREATED = "created"
    EXISTS = "exists"
    EXISTS_WITH_DIFFERENT_CONTENT = "exists-with-different-content"
    BATCH_TOO_LARGE = "batch-too-large"
    INVALID_AMOUNT = "invalid-amount"
    SAME_ACCOUNT = "same-account"
    ACCOUNT_NOT_FOUND = "account-not-found"
    ACCOUNT_CLOSED = "account-closed"
    WRONG_TOKEN = "wrong-token"  # noqa: S105 - the name of an outcome
    MINT_NOT_ALLOWED = "mint-not-allowed"
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
    LINKED_FAILED = "linked-failed"


@dataclass(frozen=True, slots=True)
class Account:
    """`posted` is credits less debits; `held` what open holds may still take; `floor` None: unbounded."""

    id: str
    token: Token
    owner: str
    purpose: str
    floor: int | None
    posted: int
    held: int
    closed: bool

    @property
    def available(self) -> int | None:
        """What can still be debited or held; None for the mint, which has no floor."""
        return None if self.floor is None else self.posted - self.held - self.floor


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

    @property
    def request_hash(self) -> str:
        """SHA-256 of what was asked; the same id with another hash is another request."""
        expires = None if self.expires_at is None else rfc3339(self.expires_at)
        content = (
            *(self.id, self.kind.value, self.debit, self.credit, str(self.amount), self.token.value),
            *(self.hold_id, self.reverses, expires, self.memo),
        )
        return sha256(canonical(content))


@dataclass(frozen=True, slots=True)
class Hold:
    """A reservation on the debit account in favour of the credit account."""

    id: str
    debit: str
    credit: str
    token: Token
    amount: Units
    remaining: Units
    state: HoldState
    expires_at: Instant | None


@dataclass(frozen=True, slots=True)
class PostedTransfer:
    """A row of the journal: `seq` has no gaps; `amount` is what moved (0 for hold, void, expire)."""

    seq: int
    id: str
    debit: str
    credit: str
    token: Token
    amount: Units
    kind: TransferKind
    hold_id: str | None
    reverses: str | None
    request_hash: str
    debit_after: int
    credit_after: int
    memo: str
    at: Instant


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one transfer; balances after it, and its place in the journal when it was made."""

    transfer_id: str
    outcome: Outcome
    debit_after: int | None = None
    credit_after: int | None = None
    seq: int | None = None
