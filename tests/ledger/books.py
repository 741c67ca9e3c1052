"""What the oracle is held against: the pure rules with a store of dictionaries, and the ledger on a database."""

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime

import sqlalchemy as sa

from aia.core.clock import Instant
from aia.core.principal import Principal
from aia.infra.sql import Database, Tx
from aia.infra.telemetry import open_telemetry
from aia.ledger import (
    Account,
    Hold,
    Ledger,
    PostedTransfer,
    Poster,
    Result,
    Token,
    Transfer,
    TransferKind,
    posting,
    store,
)
from aia.ledger.audit.verify import Audit, audit
from aia.ledger.model import TREASURY_OWNER
from tests.ledger.oracle import BY_ORDER, Answer, Oracle, is_of_the_treasury

PRINCIPAL = Principal("default", "test")
Snapshot = tuple[dict[str, tuple[int, int]], dict[str, tuple[str, int]]]
"""(posted, held) by account; (state, what is left) by hold."""


class Clock:
    """A clock that stands where it was put."""

    def __init__(self, at: Instant) -> None:
        self.at = at

    def __call__(self) -> Instant:
        return self.at


class OrdersByMemo:
    """Stands for the orders of the treasury: whatever says that it is by order is."""

    async def covering(self, tx: Tx, transfers: Sequence[Transfer]) -> frozenset[Transfer]:
        return by_order(transfers)


def by_order(transfers: Sequence[Transfer]) -> frozenset[Transfer]:
    return frozenset(t for t in transfers if t.memo == BY_ORDER)


def new_account(name: str, token: str, floor: int | None) -> Account:
    owner = TREASURY_OWNER if is_of_the_treasury(name) else "test"
    return Account(name, Token(token), owner, "test", floor, 0, 0, closed=False)


class PureBook:
    """The rules of `aia.ledger.posting` (or a copy of it) with every row in memory."""

    def __init__(self, rules=posting) -> None:
        self.rules = rules
        self.accounts: dict[str, Account] = {}
        self.holds: dict[str, Hold] = {}
        self.journal: dict[str, PostedTransfer] = {}
        self.reversed: dict[str, int] = {}
        self.seq = 0

    def open(self, accounts: dict[str, tuple[str, int | None]]) -> None:
        for name, (token, floor) in accounts.items():
            self.accounts[name] = new_account(name, token, floor)

    def close(self, account: str) -> None:
        self.accounts[account] = self._with(self.accounts[account], closed=True)

    @staticmethod
    def _with(account: Account, *, closed: bool) -> Account:
        values = [getattr(account, name) for name in ("id", "token", "owner", "purpose", "floor", "posted", "held")]
        return Account(*values, closed=closed, last_seq=account.last_seq)

    def post(self, batch: Sequence[Transfer], now: datetime) -> Sequence[Result]:
        wanted = self.rules.touched(batch)
        state = self.rules.State(
            accounts={i: self.accounts[i] for i in wanted.accounts if i in self.accounts},
            holds={i: self.holds[i] for i in wanted.holds if i in self.holds},
            existing={i: self.journal[i] for i in wanted.transfers if i in self.journal},
            reversed_units={i: self.reversed[i] for i in wanted.transfers if i in self.reversed},
            next_seq=self.seq + 1,
            ordered=by_order(batch),
        )
        self.last = done = self.rules.post(state, batch, now)
        for row in done.transfers:
            assert row.seq == self.seq + 1, f"sequence {row.seq} follows {self.seq}"
            self.seq = row.seq
            self.journal[row.id] = row
            if row.kind is TransferKind.REVERSAL and row.reverses is not None:
                self.reversed[row.reverses] = self.reversed.get(row.reverses, 0) + row.amount
        assert done.next_seq == self.seq + 1
        self.accounts |= {account.id: account for account in done.accounts}
        self.holds |= {hold.id: hold for hold in (*done.holds_created, *done.holds_changed)}
        return done.results

    def snapshot(self) -> Snapshot:
        return _snapshot(list(self.accounts.values()), list(self.holds.values()))


class DatabaseBook:
    """The ledger on a migrated database, by its poster; `clock` is the one the database was opened with, if ours.

    `opened` closes the poster, which begins with the first transfer.
    """

    def __init__(self, database: Database, clock: Clock | None = None) -> None:
        self.database = database
        self.clock = clock
        self.ledger = Ledger(open_telemetry(), orders=OrdersByMemo())
        self._poster: Poster | None = None

    @asynccontextmanager
    async def opened(self) -> AsyncGenerator["DatabaseBook"]:
        try:
            yield self
        finally:
            await self.done()

    async def done(self) -> None:
        poster, self._poster = self._poster, None
        if poster is not None:
            await poster.close()

    async def open(self, accounts: dict[str, tuple[str, int | None]]) -> None:
        new = [new_account(name, token, floor) for name, (token, floor) in accounts.items()]
        async with self.database.begin(PRINCIPAL) as tx:
            await store.open_accounts(tx, tx.organisation, new)

    async def close(self, account: str) -> None:
        async with self.database.begin(PRINCIPAL) as tx:
            await store.lock_head(tx)
            closing = sa.update(store.accounts).where(store.accounts.c.id == account).values(closed=True)
            assert await tx.run(closing) == 1
            await tx.run(sa.update(store.ledger_head).values(epoch=store.ledger_head.c.epoch + 1))

    async def post(self, batch: Sequence[Transfer], now: Instant) -> Sequence[Result]:
        """Post at the time that is given."""
        assert self.clock is not None
        self.clock.at = now
        return await self.submit(batch)

    async def submit(self, batch: Sequence[Transfer]) -> Sequence[Result]:
        """Post now, together with what others submit; the results come after the commit."""
        if self._poster is None:
            self._poster = Poster(self.database, self.ledger, queue_max=1_000_000, sweep_s=None)
        return await self._poster.submit(batch)

    async def journal(self) -> list[PostedTransfer]:
        """Every transfer there is, in order of sequence."""
        rows: list[PostedTransfer] = []
        async with self.database.read(PRINCIPAL) as read:
            while more := await store.transfers_after(read, rows[-1].seq if rows else 0, 10_000):
                rows += more
        return rows

    async def audit(self) -> Audit:
        async with self.database.read(Principal.system()) as read:
            return await audit(read)

    async def last_seq(self) -> int:
        async with self.database.begin(PRINCIPAL) as tx:
            return (await store.lock_head(tx)).next_seq - 1

    async def snapshot(self, prefix: str) -> Snapshot:
        """Of accounts whose id begins so, and of the holds on them."""
        async with self.database.read(PRINCIPAL) as read:
            accounts = await read.rows(sa.select(store.accounts).where(store.accounts.c.id.startswith(prefix)))
            ours = sa.select(store.accounts.c.no).where(store.accounts.c.id.startswith(prefix))
            rows = await read.rows(store.hold_rows().where(store.holds.c.debit.in_(ours)))
        holds = [store.hold_of(row) for row in rows]
        return _snapshot(accounts, holds)


def _snapshot(accounts: Sequence, holds: Sequence) -> Snapshot:
    return (
        {account.id: (account.posted, account.held) for account in accounts},
        {hold.id: (str(hold.state), hold.remaining) for hold in holds},
    )


def expected(oracle: Oracle) -> Snapshot:
    """The same as `snapshot`, from the oracle."""
    holds = {hold: ("open", units) for hold, units in oracle.purses.items()}
    return (
        {name: (oracle.balance(name), oracle.held(name)) for name in oracle.accounts},
        holds | {hold: (fate, 0) for hold, fate in oracle.fates.items()},
    )


def differences(batch: Sequence[Transfer], answers: Sequence[Answer], results: Sequence[Result]) -> list[str]:
    """What the ledger said otherwise than the oracle, in words."""
    if len(results) != len(answers):
        return [f"{len(results)} results for {len(answers)} transfers"]
    found: list[str] = []
    for number, (asked, answer, result) in enumerate(zip(batch, answers, results, strict=True)):
        told = Answer(result.outcome.value, result.debit_after, result.credit_after, result.seq)
        if told != answer or result.transfer_id != asked.id:
            found.append(f"number {number} {asked}: the oracle says {answer}, the ledger {result}")
    return found


def compare(what: str, found: Snapshot, wanted: Snapshot) -> list[str]:
    parts: list[tuple[str, Callable[[Snapshot], dict]]] = [("account", lambda s: s[0]), ("hold", lambda s: s[1])]
    return [
        f"{what}: {part} {key} is {of(found).get(key)}, the oracle's {of(wanted).get(key)}"
        for part, of in parts
        for key in sorted(of(found).keys() | of(wanted).keys())
        if of(found).get(key) != of(wanted).get(key)
    ]
