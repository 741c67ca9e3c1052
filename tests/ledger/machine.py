"""A Hypothesis state machine over the ledger: what it finds, it shrinks to the fewest transfers."""

import asyncio
from datetime import timedelta

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from aia.core.ids import content_id
from aia.core.money import Units
from aia.ledger import Token, Transfer, TransferKind
from tests.ledger.books import DatabaseBook, PureBook, compare, differences, expected
from tests.ledger.oracle import BY_ORDER, MOST, Oracle
from tests.ledger.steered import START

K = TransferKind
NAMES = ["a", "b", "c", "low", "vault"]
FLOORS: dict[str, tuple[str, int | None]] = {
    **{name: ("AIA", -20 if name == "low" else 0) for name in NAMES},
    **{"mint": ("AIA", None), "gov": ("AIA_GOV", 0), "govmint": ("AIA_GOV", None)},
}
units = st.integers(1, 40)
payers = st.sampled_from(NAMES)


def agree(found: list[str]) -> None:
    assert found == [], "\n".join(found)


class LedgerMachine(RuleBasedStateMachine):
    """Asks for transfers, posts them in batches, lets time pass, closes accounts."""

    def __init__(self, book: DatabaseBook | None, runner: asyncio.Runner, name: str) -> None:
        super().__init__()
        self.book, self.runner, self.name = book, runner, name
        self.pure, self.now, self.made = PureBook(), START, 0
        self.waiting: list[Transfer] = []
        self.asked: list[Transfer] = []

    def at(self, account: str) -> str:
        return f"test:{self.name}:{account}"

    @initialize(amount=st.integers(1, 200))
    def open(self, amount: int) -> None:
        accounts = {self.at(name): kept for name, kept in FLOORS.items()}
        seq = 0
        if self.book is not None:
            self.runner.run(self.book.open(accounts))
            seq = self.runner.run(self.book.last_seq())
        self.pure.open(accounts)
        self.pure.seq, self.oracle = seq, Oracle(accounts, seq)
        self.ask(K.MINT, "mint", "a", amount)
        self.ask(K.MINT, "govmint", "gov", amount, token=Token.AIA_GOV)
        self.post_batch()

    def ask(self, kind: K, debit: str, credit: str, amount: int, **more) -> None:
        self.made += 1
        name = content_id("tfr", self.name, str(self.made))
        token = more.pop("token", Token.AIA)
        transfer = Transfer(name, kind, self.at(debit), self.at(credit), Units(amount), token, **more)
        self.waiting.append(transfer)
        self.asked.append(transfer)

    def hold(self, number: int) -> str:
        return content_id("hld", self.name, str(number))

    @rule(payer=payers, payee=payers, amount=units, linked=st.booleans(), ordered=st.booleans())
    def pay(self, payer: str, payee: str, amount: int, linked: bool, ordered: bool) -> None:
        self.ask(K.PLAIN, payer, payee, amount, linked=linked, memo=BY_ORDER if ordered else "")

    @rule(
        kind=st.sampled_from(list(K)),
        payer=st.sampled_from([*FLOORS, "nobody"]),
        payee=st.sampled_from([*FLOORS, "nobody"]),
        amount=st.sampled_from([-1, 0, 1, MOST, MOST + 1]),
        token=st.sampled_from(list(Token)),
        hold=st.none() | st.integers(0, 9),
    )
    def ask_anything(self, kind: K, payer: str, payee: str, amount: int, token: Token, hold: int | None) -> None:
        self.ask(kind, payer, payee, amount, token=token, hold_id=None if hold is None else self.hold(hold))

    @rule(payer=payers, payee=payers, amount=units, number=st.integers(0, 9), linked=st.booleans(),
          seconds=st.none() | st.integers(-1, 3))  # fmt: skip
    def reserve(self, payer: str, payee: str, amount: int, number: int, linked: bool, seconds: int | None) -> None:
        until = None if seconds is None else self.now + timedelta(seconds=seconds)
        self.ask(K.HOLD, payer, payee, amount, hold_id=self.hold(number), expires_at=until, linked=linked)

    @precondition(lambda self: self.oracle.holds)
    @rule(data=st.data(), kind=st.sampled_from([K.POST, K.VOID, K.EXPIRE]), amount=units, linked=st.booleans())
    def close_hold(self, data, kind: K, amount: int, linked: bool) -> None:
        made = self.oracle.holds[data.draw(st.sampled_from(sorted(self.oracle.holds)))]
        payer, payee = (account.rpartition(":")[2] for account in (made.debit, made.credit))
        units = amount if kind is K.POST else 0
        self.ask(kind, payer, payee, units, token=made.token, hold_id=made.hold_id, linked=linked)

    @precondition(lambda self: self.asked)
    @rule(data=st.data(), amount=units, linked=st.booleans())
    def reverse(self, data, amount: int, linked: bool) -> None:
        first = data.draw(st.sampled_from(self.asked[-15:]))
        payer, payee = (account.rpartition(":")[2] for account in (first.credit, first.debit))
        self.ask(K.REVERSAL, payer, payee, amount, token=first.token, reverses=first.id, linked=linked)

    @precondition(lambda self: self.asked)
    @rule(data=st.data())
    def ask_again(self, data) -> None:
        self.waiting.append(data.draw(st.sampled_from(self.asked[-15:])))

    @rule()
    def post_batch(self) -> None:
        batch, self.waiting = self.waiting, []
        answers = self.oracle.batch(batch, self.now)
        agree(differences(batch, answers, self.pure.post(batch, self.now)))
        if self.book is not None:
            agree(differences(batch, answers, self.runner.run(self.book.post(batch, self.now))))

    @rule(seconds=st.integers(1, 3))
    def let_time_pass(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @rule(name=st.sampled_from(["c", "low"]))
    def close_account(self, name: str) -> None:
        self.post_batch()
        self.oracle.closed.add(self.at(name))
        self.pure.close(self.at(name))
        if self.book is not None:
            self.runner.run(self.book.close(self.at(name)))

    @invariant()
    def nothing_is_made_or_lost_and_every_balance_is_the_oracles(self) -> None:
        agree(compare("rules", self.pure.snapshot(), expected(self.oracle)))
        assert sum(account.posted for account in self.pure.accounts.values()) == 0
        assert all(account.available is None or account.available >= 0 for account in self.pure.accounts.values())
        if self.book is not None:
            found = self.runner.run(self.book.snapshot(self.at("")))
            agree(compare("database", found, expected(self.oracle)))


def thorough(examples: int, steps: int = 30) -> settings:
    """Settings of a run: no deadline, as machines are shared, and no complaint that building takes long."""
    health = [HealthCheck.too_slow, HealthCheck.data_too_large]
    return settings(max_examples=examples, stateful_step_count=steps, deadline=None, suppress_health_check=health)
