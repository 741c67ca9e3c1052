"""A thousand agents spend at the same time under one tree of budgets, and not one unit too much."""

import asyncio
import random
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
import sqlalchemy as sa

from aia.core.clock import system_clock
from aia.core.ids import content_id, random_ids
from aia.core.money import Units, apportion
from aia.infra.sql import Database, open_database
from aia.ledger import Outcome, Token, Transfer, TransferKind
from tests.ledger.books import DatabaseBook

K = TransferKind
AGENTS = 1_000
LEADS, TEAMS = 10, 100
BUDGET = 1_000_000
WORST_MOST = 4_000
"""A call is held at up to this, so that a thousand calls ask for twice the budget."""
SAMPLES_LEAST = 3
"""Looks from outside while they spend; the audit at the end replays every instant."""


@dataclass
class Tree:
    """The company's budget, ten leads', a hundred teams', each the child of one above; and who is paid."""

    company: str = "test:company"
    provider: str = "test:provider"
    leads: list[str] = field(default_factory=lambda: [f"test:lead:{n}" for n in range(LEADS)])
    teams: list[str] = field(default_factory=lambda: [f"test:team:{n}" for n in range(TEAMS)])

    @property
    def budgets(self) -> list[str]:
        return [self.company, *self.leads, *self.teams]

    def accounts(self) -> dict[str, tuple[str, int | None]]:
        return {"test:mint": ("AIA", None), **dict.fromkeys([self.provider, *self.budgets], ("AIA", 0))}

    def opening(self, rng: random.Random) -> list[Transfer]:
        """Every child's budget is a transfer from its parent's, so no cap over the tree needs a rule."""
        batch = [pay("mint", "test:mint", self.company, BUDGET, K.MINT)]
        parts = apportion(Units(BUDGET), [rng.randint(5, 15) for _ in self.leads])
        for number, (lead, share) in enumerate(zip(self.leads, parts, strict=True)):
            batch.append(pay(lead, self.company, lead, share))
            below = self.teams[number :: len(self.leads)]
            shares = apportion(share, [rng.randint(1, 20) for _ in below])
            batch += [pay(team, lead, team, units) for team, units in zip(below, shares, strict=True)]
        return batch


def pay(name: str, payer: str, payee: str, units: int, kind: K = K.PLAIN, hold: str | None = None) -> Transfer:
    hold_id = None if hold is None else content_id("hld", hold)
    return Transfer(content_id("tfr", name), kind, payer, payee, Units(units), Token.AIA, hold_id)


@dataclass
class Agent:
    """Calls until its team's budget refuses: hold the worst case, call, pay the price or nothing."""

    name: str
    budget: str
    rng: random.Random
    calls: int = 0

    async def work(self, book: DatabaseBook, provider: str) -> int:
        """What it spent."""
        spent = 0
        while True:
            self.calls += 1
            key = f"{self.name}-{self.calls}"
            worst = self.rng.randint(1, WORST_MOST)
            (held,) = await book.submit([pay(f"hold {key}", self.budget, provider, worst, K.HOLD, key)])
            if held.outcome is Outcome.INSUFFICIENT_FUNDS:
                return spent
            assert held.outcome is Outcome.CREATED
            await asyncio.sleep(0)  # the call to the model, with no transaction open
            price = 0 if self.rng.random() < 0.1 else self.rng.randint(1, worst)
            kind = K.POST if price else K.VOID
            (paid,) = await book.submit([pay(f"close {key}", self.budget, provider, price, kind, key)])
            assert paid.outcome is Outcome.CREATED
            spent += price


@dataclass(frozen=True)
class Sample:
    """One look at all balances in one statement."""

    spent: int
    held: int
    least_available: int
    total: int


@asynccontextmanager
async def watched(url: str, tree: Tree) -> AsyncGenerator[list[Sample]]:
    """Samples taken through a connection of its own while the block runs."""
    database = open_database(url, system_clock, random_ids(), pool_size=1)
    samples: list[Sample] = []

    async def watch() -> None:
        while True:
            samples.append(await look(database, tree))
            await asyncio.sleep(0.02)

    watching = asyncio.create_task(watch())
    try:
        yield samples
        samples.append(await look(database, tree))
    finally:
        async with database.stilled():
            watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        await database.engine.dispose()


async def look(database: Database, tree: Tree) -> Sample:
    statement = sa.text("select id, posted, held, floor from account where id like 'test:%'")
    async with database.engine.connect() as conn:
        rows = {row.id: row for row in await conn.execute(statement)}
    budgets = [rows[name] for name in tree.budgets]
    return Sample(
        spent=rows[tree.provider].posted,
        held=sum(row.held for row in budgets),
        least_available=min(row.posted - row.held - row.floor for row in budgets),
        total=sum(row.posted for row in rows.values()),
    )


@pytest.mark.anyio
@pytest.mark.timeout(400)
async def test_a_thousand_agents_at_once_never_overspend_their_tree_by_one_unit(
    book: DatabaseBook, database_url: str, capsys
):
    tree, rng = Tree(), random.Random(20)
    await book.open(tree.accounts())
    assert {result.outcome for result in await book.submit(tree.opening(rng))} == {Outcome.CREATED}
    agents = [Agent(f"agent{n}", tree.teams[n % TEAMS], random.Random(n)) for n in range(AGENTS)]
    async with watched(database_url, tree) as samples:
        spent = sum(await asyncio.gather(*(agent.work(book, tree.provider) for agent in agents)))
    assert len(samples) >= SAMPLES_LEAST
    assert [sample for sample in samples if sample.least_available < 0 or sample.total != 0] == []
    assert max(sample.spent + sample.held for sample in samples) <= BUDGET
    assert samples[-1].spent == spent <= BUDGET
    assert samples[-1].held == 0
    found = await book.audit()
    assert (found.problems, found.trial_balance) == ((), 0)
    paid = await after_the_call(tree)
    with capsys.disabled():
        calls = sum(agent.calls for agent in agents)
        print(
            f" [{book.database.dialect}: {calls} calls of {AGENTS} agents, {len(samples)} looks, {spent} of {BUDGET} "
            f"units spent, 0 too much; the same agents checked after the call: {paid - BUDGET} too much]",
            end="",
        )


async def after_the_call(tree: Tree) -> int:
    """What the same agents spend by the approach of PraisonAI 2314: see whether money is left, call, add the price.

    Simulated in memory, with the same budgets, prices and concurrency; there is no ledger in it.
    """
    left = {transfer.credit: int(transfer.amount) for transfer in tree.opening(random.Random(20))}
    paid: list[int] = []

    async def work(budget: str, rng: random.Random) -> None:
        while left[budget] > 0:
            worst = rng.randint(1, WORST_MOST)
            await asyncio.sleep(0)  # the call; others look at the same budget meanwhile
            price = 0 if rng.random() < 0.1 else rng.randint(1, worst)
            left[budget] -= price
            paid.append(price)

    await asyncio.gather(*(work(tree.teams[n % TEAMS], random.Random(n)) for n in range(AGENTS)))
    return sum(paid)


@pytest.mark.anyio
async def test_checking_a_budget_after_the_call_overspends_it():
    """The contrast: what the ledger's holds are for."""
    assert await after_the_call(Tree()) > BUDGET
