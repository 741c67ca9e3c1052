"""A thousand agents spend at the same time under one tree of budgets, and no node ever spends more than it has.

    make campaign-budgets
    make campaign-budgets ARGS="--spenders 200 --seed 7 --database sqlite"

Every spender holds the worst-case price of a call, then pays what the call cost, until it is refused. A watcher
looks at all accounts in one statement all the while. Beside it, with the same prices, the way of counting after
the call: whoever sees the cap not reached makes its call, and the cap is passed by what was in flight.
"""

import argparse
import asyncio
import random
import secrets
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aia.core.clock import system_clock
from aia.core.ids import content_id, random_ids
from aia.core.money import Units
from aia.core.principal import Principal
from aia.infra.sql import Database, migrate, open_database
from aia.infra.telemetry import open_telemetry
from aia.ledger import DONE, Ledger, Token, TransferKind, transfer
from aia.ledger.lookup import accounts_by_id
from aia.tokens.budgets import Budget, allot
from campaigns.ledger import database_of

ONE = Principal("budgets", "campaign")
DEPARTMENTS, TEAMS = 10, 10
WORST = 1_000
ROUNDS = 4
SHOP = "shop"


@dataclass
class Tally:
    """What happened: units spent below each node, refusals, looks, and looks that saw too much spent."""

    spent: dict[str, int] = field(default_factory=dict[str, int])
    refused: int = 0
    looks: int = 0
    overspent: int = 0
    looked: asyncio.Event = field(default_factory=asyncio.Event)


def tree_of(spenders: int) -> Budget:
    """Departments over teams; all together want about twice of what there is."""
    team = Units(max(WORST, spenders * ROUNDS * WORST // 4 // (DEPARTMENTS * TEAMS)))
    return Budget(
        "root",
        Units(team * DEPARTMENTS * TEAMS),
        tuple(
            Budget(f"root/{d}", Units(team * TEAMS), tuple(Budget(f"root/{d}/{t}", team) for t in range(TEAMS)))
            for d in range(DEPARTMENTS)
        ),
    )


@asynccontextmanager
async def books(url: str, tree: Budget) -> AsyncGenerator[tuple[Database, Ledger]]:
    """A ledger whose tree of budgets is funded and spread."""
    database = open_database(url, system_clock, random_ids())
    ledger = Ledger(open_telemetry())
    try:
        await migrate(database)
        async with database.begin(Principal.system()) as tx:
            await ledger.genesis(tx, aia_tokens=1_000_000, gov_tokens=1)
        async with database.begin(ONE) as tx:
            names = [*(budget.account for budget in tree.walk()), SHOP]
            await ledger.open_wallets(tx, [(name, "budgets") for name in names])
            funding = transfer(content_id("tfr", "fund"), f"treasury:{Token.AIA}", tree.account, tree.amount)
            await ledger.require(tx, [funding, *allot(tree, "campaign")])
        yield database, ledger
    finally:
        await database.engine.dispose()


async def spend(database: Database, ledger: Ledger, team: str, name: str, draw: random.Random, tally: Tally) -> None:
    """Hold the worst case, work, pay the price; stop at the first refusal."""
    for turn in range(ROUNDS):
        hold = content_id("hld", name, str(turn))
        asked = transfer(
            content_id("tfr", name, str(turn), "hold"),
            *(team, SHOP, Units(WORST)),
            kind=TransferKind.HOLD,
            hold_id=hold,
        )
        async with database.begin(ONE) as tx:
            (held,) = await ledger.post(tx, [asked])
        if held.outcome not in DONE:
            tally.refused += 1
            return
        await asyncio.sleep(0)  # the call
        price = Units(draw.randint(1, WORST))
        paying = transfer(
            content_id("tfr", name, str(turn), "post"),
            *(team, SHOP, price),
            kind=TransferKind.POST,
            hold_id=hold,
        )
        async with database.begin(ONE) as tx:
            await ledger.require(tx, [paying])
        tally.spent[team] = tally.spent.get(team, 0) + price


async def watch(database: Database, tree: Budget, tally: Tally) -> None:
    """Look at every account in one statement: nothing is below zero, and the whole is what was given."""
    names = [*(budget.account for budget in tree.walk()), SHOP]
    while True:
        async with database.read(ONE) as read:
            found = await accounts_by_id(read, names)
        below = any(account.posted - account.held < 0 for account in found.values())
        whole = sum(account.posted for account in found.values())
        tally.looks += 1
        tally.overspent += below or whole != tree.amount or found[SHOP].posted > tree.amount
        tally.looked.set()
        await asyncio.sleep(0.01)


async def campaign(url: str, spenders: int, seed: str) -> Tally:
    """Let all spend at once; what happened, checked against the balances that stand in the end."""
    tree, tally = tree_of(spenders), Tally()
    teams = [team.account for department in tree.children for team in department.children]
    async with books(url, tree) as (database, ledger):
        watching = asyncio.create_task(watch(database, tree, tally))
        await asyncio.gather(
            *(
                spend(database, ledger, teams[n % len(teams)], f"{seed}/{n}", random.Random(f"{seed}/{n}"), tally)
                for n in range(spenders)
            )
        )
        await tally.looked.wait()
        async with database.stilled():
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
        async with database.read(ONE) as read:
            found = await accounts_by_id(read, [*teams, SHOP])
    for budget in tree.walk():
        spent = sum(tally.spent.get(node.account, 0) for node in budget.walk())
        tally.overspent += spent > budget.amount
    assert found[SHOP].posted == sum(tally.spent.values()), "what was paid arrived"
    assert all(found[team].held == 0 for team in teams), "every hold was closed"
    return tally


async def after_the_call(spenders: int, seed: str) -> int:
    """Units by which teams pass their cap when it is looked at before the call and counted after it."""
    tree = tree_of(spenders)
    caps = {team.account: int(team.amount) for department in tree.children for team in department.children}
    spent = dict.fromkeys(caps, 0)
    teams = list(caps)

    async def call(n: int) -> None:
        draw, team = random.Random(f"{seed}/{n}"), teams[n % len(teams)]
        for _ in range(ROUNDS):
            if spent[team] >= caps[team]:
                return
            await asyncio.sleep(0)
            spent[team] += draw.randint(1, WORST)

    await asyncio.gather(*(call(n) for n in range(spenders)))
    return sum(max(0, spent[team] - caps[team]) for team in teams)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--spenders", type=int, default=1_000)
    parser.add_argument("--seed", default=None, help="any text; a new one each time when left out")
    parser.add_argument("--database", choices=("sqlite", "postgres", "both"), default="both")
    options = parser.parse_args()
    seed = options.seed or secrets.token_hex(4)
    for kind in ("sqlite", "postgres") if options.database == "both" else (options.database,):
        with database_of(kind) as url:
            tally = asyncio.run(campaign(url, options.spenders, seed))
        paid = sum(tally.spent.values())
        print(
            f"{kind}: {options.spenders} spenders paid {paid} units, {tally.refused} were refused; "
            f"{tally.looks} looks, overspent {tally.overspent} times",
            flush=True,
        )
        if tally.overspent:
            raise SystemExit(1)
    beside = asyncio.run(after_the_call(options.spenders, seed))
    print(f"seed {seed}; counting after the call would have overspent {beside} units")


if __name__ == "__main__":
    main()
