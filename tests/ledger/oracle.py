"""A second ledger, written from the rules in words (issue and research note), not from the code.

It is built differently on purpose. Money lies in purses: an account's own, and one for each open hold,
so that holding *moves* money out of reach and posting, voiding or expiring empties the hold's purse.
There is nothing to subtract and no state to derive. Every change goes through `_put`, so a chain that
fails is undone by putting the old values back, one by one.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from aia.ledger.model import Transfer

MOST = 2**53 - 1
ASKED = ("kind", "debit", "credit", "token", "amount", "hold_id", "reverses", "expires_at", "memo")
FATES = {"post": "posted", "void": "voided", "expire": "expired"}
NOTHING: Any = object()
BY_ORDER = "by order"
"""The memo of a transfer that a signed order of the treasury asks for, as far as these tests are concerned."""


def is_of_the_treasury(account: str) -> bool:
    """Of the treasury's are the accounts of that name here: only orders take from them."""
    return account.endswith(":vault")


class Answer(NamedTuple):
    """What a transfer is told. A reused id with other content is told the first field of `ASKED` that differs."""

    outcome: str
    debit_after: int | None = None
    credit_after: int | None = None
    seq: int | None = None


class Oracle:
    """`accounts`: token and floor by name; the floor None marks a mint."""

    def __init__(self, accounts: dict[str, tuple[str, int | None]], seq: int = 0) -> None:
        self.accounts = accounts
        self.closed: set[str] = set()
        self.own: dict[str, int] = dict.fromkeys(accounts, 0)
        self.holds: dict[str, Transfer] = {}  # the transfer that made each
        self.purses: dict[str, int] = {}  # of open holds only
        self.fates: dict[str, str] = {}  # of holds that are no longer open
        self.told: dict[str, tuple[Transfer, Answer]] = {}  # of transfers that were made
        self.refundable: dict[str, int] = {}
        self.head = {"seq": seq}
        self._undo: list[tuple[dict[str, Any], str, Any]] = []

    def held(self, account: str) -> int:
        return sum(units for hold, units in self.purses.items() if self.holds[hold].debit == account)

    def balance(self, account: str) -> int:
        return self.own[account] + self.held(account)

    def available(self, account: str) -> int:
        return self.own[account] - (self.accounts[account][1] or 0)

    def batch(self, batch: Sequence[Transfer], now: datetime) -> list[Answer]:
        if len(batch) > 10_000:
            return [Answer("batch-too-large")] * len(batch)
        answers: list[Answer] = []
        while len(answers) < len(batch):
            rest = batch[len(answers) :]
            ends = [n for n, transfer in enumerate(rest, 1) if not transfer.linked]
            answers += self.chain(rest[: ends[0] if ends else len(rest)], now)
        return answers

    def chain(self, chain: Sequence[Transfer], now: datetime) -> list[Answer]:
        """All of it, or none: then the first that fails says why."""
        self._undo, answers = [], list[Answer]()
        for transfer in chain:
            answers.append(self._one(transfer, now))
            if answers[-1].outcome not in {"created", "exists"}:
                self._put_back()
                others = [Answer("linked-failed")] * len(chain)
                return [*others[: len(answers) - 1], answers[-1], *others[len(answers) :]]
        return answers

    def would(self, chain: Sequence[Transfer], now: datetime) -> bool:
        """Whether all of it would be made; nothing is."""
        answers = self.chain(chain, now)
        self._put_back()
        return all(answer.outcome in {"created", "exists"} for answer in answers)

    def _put_back(self) -> None:
        for place, key, before in reversed(self._undo):
            place.pop(key) if before is NOTHING else place.update({key: before})
        self._undo = []

    def _put(self, place: dict[str, Any], key: str, value: Any) -> None:
        self._undo.append((place, key, place.get(key, NOTHING)))
        place[key] = value

    def _move(self, account: str, units: int) -> None:
        self._put(self.own, account, self.own[account] + units)

    def _one(self, t: Transfer, now: datetime) -> Answer:
        if t.id in self.told:
            first, answer = self.told[t.id]
            other = [name for name in ASKED if getattr(first, name) != getattr(t, name)]
            if other:
                return Answer("exists-with-different-" + other[0].removesuffix("_id").replace("_", "-"))
            return answer._replace(outcome="exists")
        for rule in self._broken(t, now):
            return Answer(rule)
        if t.kind == "hold":
            self._move(t.debit, -t.amount)
            self._put(self.purses, str(t.hold_id), int(t.amount))
            self._put(self.holds, str(t.hold_id), t)
        elif t.kind in FATES:
            self._move(t.debit, self.purses[str(t.hold_id)] - t.amount)
            self._move(t.credit, t.amount)
            self._put(self.fates, str(t.hold_id), FATES[t.kind])
            self._undo.append((self.purses, str(t.hold_id), self.purses.pop(str(t.hold_id))))
        else:
            self._move(t.debit, -t.amount)
            self._move(t.credit, t.amount)
        if t.kind == "reversal":
            self._put(self.refundable, str(t.reverses), self.refundable[str(t.reverses)] - t.amount)
        elif t.kind in {"plain", "post", "mint", "burn"}:
            self._put(self.refundable, t.id, t.amount)
        self._put(self.head, "seq", self.head["seq"] + 1)
        answer = Answer("created", self.balance(t.debit), self.balance(t.credit), self.head["seq"])
        self._put(self.told, t.id, (t, answer))
        return answer

    def _broken(self, t: Transfer, now: datetime) -> Iterator[str]:
        """The rules a transfer breaks, in the order they are told; after some, the rest has no meaning."""
        if not (t.amount == 0 if t.kind in {"void", "expire"} else 0 < t.amount <= MOST):
            yield "invalid-amount"
        if len(t.memo) > 200 or "\0" in t.memo:
            yield "invalid-memo"
        if t.debit == t.credit:
            yield "same-account"
        if not {t.debit, t.credit} <= self.accounts.keys():
            yield "account-not-found"
            return
        if self.closed & {t.debit, t.credit} and t.kind not in {"void", "expire"}:  # what is held can be let go
            yield "account-closed"
        if any(self.accounts[name][0] != t.token for name in (t.debit, t.credit)):
            yield "wrong-token"
        mints = [self.accounts[name][1] is None for name in (t.debit, t.credit)]
        if mints != [t.kind == "mint", t.kind == "burn"]:
            yield "mint-not-allowed"
        if is_of_the_treasury(t.debit) and t.memo != BY_ORDER and t.kind not in {"void", "expire"}:
            yield "order-required"
        if t.kind in FATES:
            yield from self._broken_of_a_closing(t, now)
            yield from self._too_large(t)
            return
        if t.kind == "hold" and t.hold_id is None:
            yield "hold-not-found"
        if t.kind == "hold" and t.hold_id in self.holds:
            yield "hold-exists"
        if t.kind == "reversal":
            first, _ = self.told.get(str(t.reverses), (None, None))
            # What moved nothing (a hold, a void) can be named, but there is nothing of it to give back.
            if first is None or first.kind == "reversal" or (first.debit, first.credit) != (t.credit, t.debit):
                yield "reversed-not-found"
            elif t.amount > self.refundable.get(first.id, 0):
                yield "reversal-exceeded"
        if t.kind != "mint" and t.amount > self.available(t.debit):
            yield "insufficient-funds"
        yield from self._too_large(t)

    def _too_large(self, t: Transfer) -> Iterator[str]:
        if self.balance(t.credit) + t.amount > MOST or self.balance(t.debit) - t.amount < -MOST:
            yield "balance-too-large"

    def _broken_of_a_closing(self, t: Transfer, now: datetime) -> Iterator[str]:
        made = self.holds.get(str(t.hold_id))
        if made is None:
            yield "hold-not-found"
            return
        if (made.debit, made.credit, made.token) != (t.debit, t.credit, t.token):
            yield "hold-mismatch"
        if t.hold_id in self.fates:
            yield "hold-expired" if self.fates[str(t.hold_id)] == "expired" else "hold-closed"
            return
        late = made.expires_at is not None and now >= made.expires_at
        if t.kind == "expire" and not late:
            yield "hold-not-expired"
        if t.kind == "post" and late:
            yield "hold-expired"
        if t.amount > made.amount:
            yield "hold-exceeded"
