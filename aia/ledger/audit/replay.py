"""The rules of the ledger applied again, from nothing, to the rows of the journal; pure.

Written from the rules and not from `aia.ledger.posting`, and on rows as the driver gives them, so that a
million cost seconds. What a row must obey:

- sequence numbers have no gap; debit and credit are two known accounts of one token
- each balance after it, and each link to the account's transfer before it, is what the replay finds
- 1 .. 2^53-1 units move; void and expire move none; only mint takes from the account without a floor, only burn
  pays into it
- posted less held stays at the floor or above it (the floor as it is now: the journal does not tell of changes)
- a hold is opened once and closed once, by transfers of the same two accounts; no more is posted than was held; it
  is posted before it expires and expires after
- a reversal goes the other way of an earlier transfer that is none itself, and all of them together give back no
  more than it moved
- supply, which is the mint's balance below zero, stays within its cap
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from aia.core.money import UNITS_MAX
from aia.ledger.log.leaf import KIND_CODES

PROBLEMS_MAX = 100
NO_FLOOR = -(2**63)

PLAIN, HOLD, POST, VOID, EXPIRE, MINT, BURN, REVERSAL = (
    KIND_CODES[kind] for kind in ("plain", "hold", "post", "void", "expire", "mint", "burn", "reversal")
)
OPEN = 0
CLOSED_BY = {POST: 1, VOID: 2, EXPIRE: 3}

Number: TypeAlias = bytes
"""An id of a transfer or a hold as its 16 bytes."""


class Entry(NamedTuple):
    """A row of the journal as stored: accounts are their numbers, `amount` what was asked, times as the driver's
    bytes."""

    seq: int
    kind: int
    debit: int
    credit: int
    amount: int
    debit_after: int
    credit_after: int
    debit_prev: int
    credit_prev: int
    at: bytes
    id: Number
    hold: Number | None
    reverses: Number | None
    expires_at: bytes | None


class StoredAccount(NamedTuple):
    no: int
    id: str
    token: str
    floor: int | None
    posted: int
    held: int
    last_seq: int
    closed: bool


class StoredHold(NamedTuple):
    id: Number
    amount: int
    debit: int
    credit: int
    state: int
    expires_at: bytes | None


class Problems:
    """What was found wrong, bounded: the first hundred in words, all of them counted."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.count = 0

    def add(self, text: str) -> None:
        self.count += 1
        if len(self.texts) < PROBLEMS_MAX:
            self.texts.append(text)


class _Account:
    """An account as the replay has it; `kind_of_money` differs between a mint and the accounts of its token."""

    __slots__ = ("floor", "held", "id", "kind_of_money", "last_seq", "posted", "token")

    def __init__(self, stored: StoredAccount) -> None:
        self.id = stored.id
        self.token = stored.token
        self.floor = NO_FLOOR if stored.floor is None else stored.floor
        self.kind_of_money = stored.token if stored.floor is not None else f"mint of {stored.token}"
        self.posted = self.held = self.last_seq = 0


@dataclass(slots=True)
class _Hold:
    debit: int
    credit: int
    amount: int
    expires_at: bytes | None
    state: int = OPEN


_Reversal: TypeAlias = tuple[int, int, int, int]
"""Its sequence number, debit, credit and amount."""


class Replay:
    """Feed it the journal in order, then compare what it has with what stands."""

    def __init__(
        self,
        accounts: Iterable[StoredAccount],
        caps: Mapping[str, int],
        microseconds: Callable[[bytes], int],
    ) -> None:
        """`caps`: the most units of a token there may ever be; `microseconds` reads a time of the driver."""
        self.problems = Problems()
        self.seq = 0
        self._accounts = {stored.no: _Account(stored) for stored in accounts}
        self._caps = caps
        self._microseconds = microseconds
        self._holds: dict[Number, _Hold] = {}
        self._given: dict[Number, list[_Reversal]] = {}

    def feed(self, rows: Iterable[Entry]) -> None:
        """Apply rows that follow those fed before. The loop is plain, since it runs a million times."""
        accounts, expected, problem = self._accounts, self.seq, self.problems.add
        for row in rows:
            seq, kind, debit_no, credit_no, amount, debit_after, credit_after, debit_prev, credit_prev, *_ = row
            expected += 1
            debit, credit = accounts.get(debit_no), accounts.get(credit_no)
            if seq != expected:
                problem(f"sequence {expected} is missing: {seq} comes after {expected - 1}")
                expected = seq
            if debit is None or credit is None or debit is credit:
                problem(f"transfer {seq} goes from account {debit_no} to {credit_no}, which are not two accounts")
                continue
            moved = amount
            if kind != PLAIN:
                moved = self._special(row, debit, credit)
            elif debit.kind_of_money != credit.kind_of_money or not 0 < amount <= UNITS_MAX:
                self._unfit(Entry(*row), debit, credit)
            debit.posted -= moved
            credit.posted += moved
            if debit.posted != debit_after or credit.posted != credit_after:
                problem(f"transfer {seq} leaves {debit_after} and {credit_after}, its replay {_after(debit, credit)}")
            if debit.last_seq != debit_prev or credit.last_seq != credit_prev:
                problem(f"transfer {seq} does not follow the transfers before it of {debit.id} and {credit.id}")
            debit.last_seq = credit.last_seq = seq
            if debit.posted - debit.held < debit.floor:
                problem(f"transfer {seq} leaves {debit.id} below its floor")
        self.seq = expected

    def _unfit(self, row: Entry, debit: _Account, credit: _Account) -> None:
        if not 0 < row.amount <= UNITS_MAX:
            self.problems.add(f"transfer {row.seq} is of {row.amount} units")
        if debit.kind_of_money != credit.kind_of_money:
            what = f"{debit.kind_of_money} to {credit.kind_of_money}"
            self.problems.add(f"transfer {row.seq} goes from {what}, which its kind may not")

    def _special(self, row: Entry, debit: _Account, credit: _Account) -> int:
        """Check a transfer that is not plain, apply what it does to holds; how much it moves."""
        row = Entry(*row)
        kind = row.kind
        if kind in {VOID, EXPIRE}:
            if row.amount:
                self.problems.add(f"transfer {row.seq} closes a hold without posting and is of {row.amount} units")
        elif not 0 < row.amount <= UNITS_MAX:
            self.problems.add(f"transfer {row.seq} is of {row.amount} units")
        mints, burns = debit.floor == NO_FLOOR, credit.floor == NO_FLOOR
        if debit.token != credit.token or mints != (kind == MINT) or burns != (kind == BURN):
            self._unfit(row, debit, credit)
        if kind == MINT:
            self._check_cap(row, debit)
        elif kind == HOLD:
            self._open(row, debit)
        elif kind in CLOSED_BY:
            self._close(row, debit)
        elif kind == REVERSAL:
            self._note_reversal(row)
        elif kind != BURN:
            self.problems.add(f"transfer {row.seq} has the kind {kind}, which there is not")
        return 0 if kind in {HOLD, VOID, EXPIRE} else row.amount

    def _check_cap(self, row: Entry, mint: _Account) -> None:
        cap = self._caps.get(mint.token)
        if cap is not None and row.amount - mint.posted > cap:
            self.problems.add(f"transfer {row.seq} mints beyond the cap of {cap} units of {mint.token}")

    def _open(self, row: Entry, debit: _Account) -> None:
        if row.hold is None or row.hold in self._holds:
            self.problems.add(f"transfer {row.seq} opens no hold, or one that was opened before")
            return
        self._holds[row.hold] = _Hold(row.debit, row.credit, row.amount, row.expires_at)
        debit.held += row.amount

    def _close(self, row: Entry, debit: _Account) -> None:
        hold = None if row.hold is None else self._holds.get(row.hold)
        if hold is None or hold.state != OPEN:
            self.problems.add(f"transfer {row.seq} closes a hold that is not open")
            return
        if (hold.debit, hold.credit) != (row.debit, row.credit):
            self.problems.add(f"transfer {row.seq} closes a hold of other accounts")
        if row.amount > hold.amount:
            self.problems.add(f"transfer {row.seq} posts {row.amount} units of a hold of {hold.amount}")
        expired = hold.expires_at is not None and self._time(row, hold.expires_at) <= self._time(row, row.at)
        if (row.kind == EXPIRE and not expired) or (row.kind == POST and expired):
            self.problems.add(f"transfer {row.seq} does not agree with the time its hold expires")
        debit.held -= hold.amount
        hold.state = CLOSED_BY[row.kind]

    def _time(self, row: Entry, value: bytes) -> int:
        try:
            return self._microseconds(value)
        except ValueError as error:
            self.problems.add(f"transfer {row.seq}: {error}")
            return 0

    def _note_reversal(self, row: Entry) -> None:
        if row.reverses is None:
            self.problems.add(f"transfer {row.seq} reverses nothing")
            return
        self._given.setdefault(row.reverses, []).append((row.seq, row.debit, row.credit, row.amount))

    @property
    def reversed_numbers(self) -> Sequence[Number]:
        """The transfers that reversals name, whose rows `check_reversals` needs."""
        return list(self._given)

    def check_reversals(self, originals: Iterable[Entry]) -> None:
        """Compare reversals with the transfers they reverse; the rows were replayed like all others."""
        found = {original.id: original for original in originals}
        for number, given in self._given.items():
            self._check_reversals_of(found.get(number), given)

    def _check_reversals_of(self, original: Entry | None, reversals: Sequence[_Reversal]) -> None:
        given = 0
        for seq, debit, credit, amount in reversals:
            given += amount
            if original is None or original.seq >= seq or original.kind == REVERSAL:
                self.problems.add(f"transfer {seq} reverses none that came before it")
            elif (original.debit, original.credit) != (credit, debit):
                self.problems.add(f"transfer {seq} reverses transfer {original.seq} between other accounts")
            elif given > (0 if original.kind in {HOLD, VOID, EXPIRE} else original.amount):
                self.problems.add(f"transfer {seq} gives back more than transfer {original.seq} moved")

    def compare(self, accounts: Iterable[StoredAccount], holds: Iterable[StoredHold]) -> None:
        """Compare every account and hold that stands with the replay."""
        for stored in accounts:
            found = self._accounts[stored.no]
            stands = (stored.posted, stored.held, stored.last_seq)
            if stands != (found.posted, found.held, found.last_seq):
                replayed = f"{found.posted} and {found.held} after transfer {found.last_seq}"
                self.problems.add(
                    f"account {stored.id} stands at {stored.posted} units with {stored.held} held after transfer "
                    f"{stored.last_seq}, its replay at {replayed}"
                )
        self._compare_holds(holds)

    def _compare_holds(self, holds: Iterable[StoredHold]) -> None:
        left = dict(self._holds)
        for stored in holds:
            found = left.pop(stored.id, None)
            expires_at = None if found is None or found.state != OPEN else found.expires_at
            if found is None or stored[1:] != (found.amount, found.debit, found.credit, found.state, expires_at):
                self.problems.add(f"hold {stored.id.hex()} is not as its transfers made it")
        for number in left:
            self.problems.add(f"hold {number.hex()} is missing")

    def supply(self) -> dict[str, int]:
        """What was minted and not burned, by token."""
        totals: dict[str, int] = {}
        for account in self._accounts.values():
            if account.floor == NO_FLOOR:
                totals[account.token] = totals.get(account.token, 0) - account.posted
        return totals

    def sums(self) -> dict[str, int]:
        """The sum of all balances by token: each 0, or the books are wrong."""
        totals: dict[str, int] = {}
        for account in self._accounts.values():
            totals[account.token] = totals.get(account.token, 0) + account.posted
        return totals


def _after(debit: _Account, credit: _Account) -> str:
    return f"{debit.posted} and {credit.posted}"
