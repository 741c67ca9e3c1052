"""Kill -9 the ledger under load, restart it, and hold it to every answer it gave.

    make campaign-ledger-kill                  200 kills: of the posting process and of PostgreSQL's postmaster
    make campaign-ledger-kill ARGS="--kills 9 --seed 7"

The clients are outside the killed process and remember what they were answered. After each kill: every
acknowledged transfer stands in the journal as it was told, once; the sequence has no gap; balances and
holds are those of a replay; of a batch without an answer each chain stands whole or not at all; and
asking for it again, or for what was acknowledged, is answered as a retry.
A seed fixes the work and the answer after which is killed; the machine's timing stays its own.
"""

import argparse
import asyncio
import contextlib
import json
import random
import secrets
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aia.core.clock import system_clock
from aia.core.ids import content_id, random_ids
from aia.core.money import Units
from aia.infra.sql import migrate, open_database
from aia.ledger import PostedTransfer, Token, Transfer, TransferKind
from tests.ledger.books import DatabaseBook
from tests.support.ledger_process import to_json
from tests.support.postgres import PostgresServer

K = TransferKind
KINDS = ("sqlite", "postgres", "postmaster")
"""What is killed: the posting process on SQLite or on PostgreSQL, or PostgreSQL itself."""
KILLS_A_DATABASE = 10
CLIENTS = 24
ACCOUNTS = 12
ANSWERS_MOST = 250
ANSWER_S = 60.0
Told = tuple[str, int | None, int | None, int | None]
"""Outcome, balances after, sequence."""


class Violation(AssertionError):
    """The ledger broke a promise; the text says which."""


def hold_true(true: bool, what: str) -> None:
    if not true:
        raise Violation(what)


class LedgerProcess:
    """A ledger in a process, asked through a pipe; an answer that did not come is None."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._asked: dict[int, asyncio.Future[list[Told] | None]] = {}

    async def start(self) -> "LedgerProcess":
        self.process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.support.ledger_process", self._url),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            limit=2**22,
        )
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self._to, self._of = self.process.stdin, self.process.stdout
        hold_true(b"ready" in await asyncio.wait_for(self._of.readline(), ANSWER_S), "the ledger did not start")
        self._listening = asyncio.create_task(self._listen())
        return self

    async def _listen(self) -> None:
        # A last line without its end was cut off by the kill: nobody was told.
        while (line := await self._of.readline()).endswith(b"\n"):
            answer = json.loads(line)
            told = [tuple(result) for result in answer["results"]] if "results" in answer else None
            self._asked.pop(answer["n"]).set_result(told)  # type: ignore[arg-type]
        for future in self._asked.values():
            future.set_result(None)
        self._asked.clear()

    async def ask(self, number: int, batch: Sequence[Transfer]) -> list[Told] | None:
        if self._listening.done():
            return None
        future = self._asked[number] = asyncio.get_running_loop().create_future()
        with contextlib.suppress(ConnectionError):
            self._to.write(json.dumps({"n": number, "batch": [to_json(t) for t in batch]}).encode() + b"\n")
        return await future

    async def kill(self) -> None:
        self.process.kill()
        await self.process.wait()
        await self._listening

    async def close(self) -> None:
        self._to.close()
        await asyncio.wait_for(self.process.wait(), ANSWER_S)
        await self._listening


@dataclass
class Load:
    """Batches by seed, and what became of them: `told` what was acknowledged, `unknown` what was not answered."""

    rng: random.Random
    name: str
    made: int = 0
    told: dict[str, tuple[Transfer, Told]] = field(default_factory=dict)
    unknown: list[list[Transfer]] = field(default_factory=list)
    holds: list[Transfer] = field(default_factory=list)
    answers: int = 0

    def account(self, number: int) -> str:
        return f"test:{self.name}:{number}"

    def accounts(self) -> dict[str, tuple[str, int | None]]:
        wallets: dict[str, tuple[str, int | None]] = {self.account(n): ("AIA", 0) for n in range(ACCOUNTS)}
        return wallets | {self.account(-1): ("AIA", None)}

    def opening(self) -> list[Transfer]:
        return [self.ask(K.MINT, self.account(-1), self.account(n), 5_000) for n in range(ACCOUNTS)]

    def ask(self, kind: K, debit: str, credit: str, amount: int, **more: Any) -> Transfer:
        self.made += 1
        return Transfer(
            content_id("tfr", self.name, str(self.made)), kind, debit, credit, Units(amount), Token.AIA, **more
        )

    def transfer(self, *, linked: bool) -> Transfer:
        payer, payee = (self.account(n) for n in self.rng.sample(range(ACCOUNTS), 2))
        roll = self.rng.random()
        if roll < 0.3:
            hold = content_id("hld", self.name, str(self.made))
            return self.ask(K.HOLD, payer, payee, self.rng.randint(1, 300), hold_id=hold, linked=linked)
        if roll < 0.6 and self.holds:
            made = self.holds.pop(self.rng.randrange(len(self.holds)))
            kind, amount = (K.POST, self.rng.randint(1, made.amount)) if self.rng.random() < 0.7 else (K.VOID, 0)
            return self.ask(kind, made.debit, made.credit, amount, hold_id=made.hold_id, linked=linked)
        return self.ask(K.PLAIN, payer, payee, self.rng.randint(1, 400), linked=linked)

    def batch(self) -> list[Transfer]:
        size = self.rng.choice((1, 1, 1, 2, 3, 6))
        linked = [self.rng.random() < 0.5 for _ in range(size - 1)]
        return [self.transfer(linked=link) for link in (*linked, False)]

    def hear(self, batch: list[Transfer], answer: list[Told] | None) -> None:
        self.answers += 1
        if answer is None:
            self.unknown.append(batch)
            return
        for asked, told in zip(batch, answer, strict=True):
            if told[0] in {"created", "exists"}:
                self.told[asked.id] = (asked, ("created", *told[1:]))
                if asked.kind is K.HOLD:
                    self.holds.append(asked)


def chains(batch: Sequence[Transfer]) -> list[list[Transfer]]:
    cut: list[list[Transfer]] = [[]]
    for transfer in batch:
        cut[-1].append(transfer)
        if not transfer.linked:
            cut.append([])
    return [chain for chain in cut if chain]


@dataclass(frozen=True)
class Target:
    """A database, the book through which it is checked, and its server when that is to be killed."""

    url: str
    book: DatabaseBook
    server: PostgresServer | None


async def load_until_killed(target: Target, load: Load, kind: str) -> tuple[int, int]:
    """Clients ask until the kill; the number of answers before it, and of batches that were not answered."""
    after, delay_s = load.rng.randint(1, ANSWERS_MOST), load.rng.choice((0.0, load.rng.uniform(0, 0.03)))
    processes = [await LedgerProcess(target.url).start() for _ in range(1 + (load.rng.random() < 0.3))]
    before, unknown, killed = load.answers, len(load.unknown), asyncio.Event()

    async def client(number: int) -> None:
        process = processes[number % len(processes)]
        while not killed.is_set():
            batch = load.batch()
            load.hear(batch, await process.ask(load.made, batch))
            if load.answers - before >= after:
                await asyncio.sleep(delay_s)
                killed.set()

    clients = [asyncio.create_task(client(number)) for number in range(CLIENTS)]
    await killed.wait()
    answered = load.answers - before
    if kind == "postmaster":
        assert target.server is not None
        await asyncio.to_thread(target.server.kill)
        await asyncio.to_thread(target.server.restart)
    else:
        await processes[0].kill()
    await asyncio.wait_for(asyncio.gather(*clients), ANSWER_S)
    unanswered = len(load.unknown) - unknown
    if kind == "postmaster":
        # The process that saw its database die must find it again by itself.
        await retry(processes[0], load)
    for process in processes[kind != "postmaster" :]:
        await process.close()
    return answered, unanswered


async def retry(process: LedgerProcess, load: Load) -> None:
    """Ask again for what was not answered, and for some of what was: a retry is told the same."""
    waiting, load.unknown = load.unknown, []
    for batch in waiting:
        load.made += 1
        answer = await process.ask(load.made, batch)
        hold_true(answer is not None, "a retry was not answered by a ledger that runs")
        load.hear(batch, answer)
    known = load.rng.sample(sorted(load.told), min(len(load.told), 20))
    load.made += 1
    again = [load.told[name][0] for name in known]
    answer = await process.ask(load.made, [Transfer(**{**_fields(t), "linked": False}) for t in again])
    hold_true(answer is not None, "a retry was not answered by a ledger that runs")
    for name, told in zip(known, answer or [], strict=True):
        hold_true(
            told == ("exists", *load.told[name][1][1:]), f"{name} was told {load.told[name][1]}, and again {told}"
        )


def _fields(transfer: Transfer) -> dict:
    return {name: getattr(transfer, name) for name in Transfer.__dataclass_fields__}


async def check(target: Target, load: Load) -> int:
    """Hold the books to what was told; the length of the journal."""
    rows = await target.book.journal()
    journal: dict[str, PostedTransfer] = {row.id: row for row in rows}
    hold_true(len(journal) == len(rows), "a transfer stands twice in the journal")
    hold_true([row.seq for row in rows] == list(range(1, len(rows) + 1)), "the sequence has a gap")
    for name, (asked, told) in load.told.items():
        row = journal.get(name)
        hold_true(row is not None, f"{name} was acknowledged with {told} and is lost")
        if row is not None:
            stands = ("created", row.debit_after, row.credit_after, row.seq)
            hold_true(stands == told, f"{name} was told {told} and stands as {stands}")
            hold_true((row.debit, row.credit) == (asked.debit, asked.credit), f"{name} stands between other accounts")
    for batch in load.unknown:
        for chain in chains(batch):
            there = [transfer.id in journal for transfer in chain]
            hold_true(len(set(there)) == 1, f"of a chain that was not answered a part stands: {there}")
    found = await target.book.audit()
    hold_true(found.problems == () and found.trial_balance == 0, f"the replay differs: {found.problems[:3]}")
    return len(rows)


@asynccontextmanager
async def targets(kind: str, number: int, server: PostgresServer | None, folder: Path) -> AsyncGenerator[Target]:
    if server is None:
        url = f"sqlite:///{folder / f'ledger{number}.db'}"
    else:
        url = server.create_database(f"ledger_{kind}_{number}")
    database = open_database(url, system_clock, random_ids(), pool_size=2)
    try:
        await migrate(database)
        async with DatabaseBook(database).opened() as book:
            yield Target(url, book, server)
    finally:
        await database.engine.dispose()


async def series(kind: str, kills: int, seed: str, server: PostgresServer | None, folder: Path) -> list[int]:
    """Kill so often, on a new database now and then; the transfers acknowledged on each."""
    acknowledged: list[int] = []
    for number in range(-(-kills // KILLS_A_DATABASE)):
        load = Load(random.Random(f"{seed}-{kind}-{number}"), f"{kind}{number}")
        async with targets(kind, number, server, folder) as target:
            await target.book.open(load.accounts())
            opening = load.opening()
            load.hear(opening, [(r.outcome.value, r.debit_after, r.credit_after, r.seq)
                                for r in await target.book.submit(opening)])  # fmt: skip
            for kill in range(min(KILLS_A_DATABASE, kills - number * KILLS_A_DATABASE)):
                begun = time.monotonic()
                answered, unknown = await load_until_killed(target, load, kind)
                await check(target, load)
                process = await LedgerProcess(target.url).start()
                await retry(process, load)
                await process.close()
                length = await check(target, load)
                print(
                    f"{kind} {number * KILLS_A_DATABASE + kill + 1:3}/{kills}: killed after {answered:3} answers, "
                    f"{unknown:2} batches unanswered; {len(load.told)} acknowledged, all of them among "
                    f"{length} in sequence ({time.monotonic() - begun:.1f} s)",
                    flush=True,
                )
        acknowledged.append(len(load.told))
    return acknowledged


def campaign(kind: str, kills: int, seed: str) -> int:
    """The number of transfers that were acknowledged and held; raises `Violation`."""
    with tempfile.TemporaryDirectory(prefix="aia-ledger-kill-") as folder, contextlib.ExitStack() as stack:
        server = None if kind == "sqlite" else stack.enter_context(PostgresServer())
        return sum(asyncio.run(series(kind, kills, seed, server, Path(folder))))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200, help="over all that is killed")
    parser.add_argument("--seed", default=None, help="any text; a new one each time when left out")
    parser.add_argument("--kind", choices=(*KINDS, "all"), default="all", help="what is killed")
    options = parser.parse_args()
    seed = options.seed or secrets.token_hex(4)
    kinds = KINDS if options.kind == "all" else (options.kind,)
    print(f"seed {seed}", flush=True)
    begun, acknowledged = time.monotonic(), 0
    for number, kind in enumerate(kinds):
        kills = options.kills // len(kinds) + (number < options.kills % len(kinds))
        acknowledged += campaign(kind, kills, seed) if kills else 0
    print(
        f"{options.kills} kills of {', '.join(kinds)}, seed {seed}, {time.monotonic() - begun:.0f} s: "
        f"of {acknowledged} acknowledged transfers 0 lost, 0 duplicated, 0 out of sequence"
    )


if __name__ == "__main__":
    main()
