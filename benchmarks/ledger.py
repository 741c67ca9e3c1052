"""The ledger beside PostgreSQL's own benchmark and a ledger of SQL functions, on one server with fsync on.

    make bench-ledger                    three rounds
    make bench-ledger ARGS="--quick"     one short round, to see that it runs

The event loop and the garbage collector are set as `aia serve` sets them. Everything is asked by closed-loop
clients, in turn within each round; figures are medians over the rounds and ratios between them. AIA runs with holds,
Merkle log and outbox on; of what it is asked, 1 % is a duplicate, 1 % cannot be paid, and a tenth reserves and
captures. "Hot": every transfer touches one account, the treasury. Only transfers that were made count. After each run
the books are checked: sums, floors, and the replay of the journal.
"""

import argparse
import asyncio
import json
import random
import re
import statistics
import tempfile
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from aia.core.clock import system_clock
from aia.core.ids import random_ids
from aia.core.money import Units
from aia.core.principal import Principal
from aia.infra.sql import Database, migrate, open_database
from aia.infra.telemetry import open_telemetry
from aia.ledger import Account, Ledger, Outcome, Poster, Result, Token, Transfer, TransferKind, transfer
from aia.ledger.audit.verify import audit
from benchmarks.served import run_as_served
from benchmarks.usage import Cpu, cpu_now
from tests.support.postgres import PostgresServer

ACCOUNTS = 10_000
OPENING = Units(1_000_000_000)
SYSTEM = Principal("system", "benchmark")
TREASURY = "bench:treasury"
MINT = "bench:mint"
SERVER = {"shared_buffers": "512MB", "max_connections": 200, "max_wal_size": "4GB", "checkpoint_timeout": "30min"}
Submit = Callable[[Sequence[Transfer]], Awaitable[Sequence[Result]]]


@dataclass
class Run:
    """What one run did: transfers (or transactions) a second, latencies in milliseconds, CPU microseconds each."""

    rate: float
    cpu_us: float
    latencies_ms: list[float] = field(default_factory=list)
    average_ms: float = 0.0

    def quantile(self, q: float) -> float:
        ordered = sorted(self.latencies_ms)
        return ordered[min(len(ordered) - 1, int(q * len(ordered)))] if ordered else 0.0


# AIA


class Client:
    """Asks for one transfer after another, each when the last is answered."""

    def __init__(self, number: int, seed: int, *, hot: bool) -> None:
        self._rng = random.Random(f"{seed}-{number}")
        self._new_id = random_ids()
        self._hot = hot
        self._made: list[Transfer] = []
        self._hold: Transfer | None = None
        self.created = 0
        self.latencies_s: list[float] = []

    def next(self) -> Transfer:
        if self._hold is not None:  # capture less than was held, so that the rest is freed
            held, self._hold = self._hold, None
            return self._transfer(held.debit, held.credit, held.amount - 1, TransferKind.POST, held.hold_id)
        chance = self._rng.random()
        if chance < 0.01 and self._made:
            return self._rng.choice(self._made)
        debit, credit = self._pair()
        if chance < 0.02:
            return self._transfer(debit, credit, 2**52)
        if chance < 0.07:
            self._hold = self._transfer(debit, credit, 10, TransferKind.HOLD, self._new_id("hld"))
            return self._hold
        return self._transfer(debit, credit, 1 + int(self._rng.random() * 99))

    def _pair(self) -> tuple[str, str]:
        one = int(self._rng.random() * ACCOUNTS)
        two = (one + 1 + int(self._rng.random() * (ACCOUNTS - 1))) % ACCOUNTS
        if not self._hot:
            return f"bench:{one}", f"bench:{two}"
        return (TREASURY, f"bench:{one}") if self._rng.random() < 0.5 else (f"bench:{one}", TREASURY)

    def _transfer(
        self, debit: str, credit: str, amount: int, kind: TransferKind = TransferKind.PLAIN, hold: str | None = None
    ) -> Transfer:
        return transfer(self._new_id("tfr"), debit, credit, Units(amount), kind=kind, hold_id=hold)

    async def run(self, submit: Submit, until: float) -> None:
        while (begun := time.monotonic()) < until:
            asked = self.next()
            (result,) = await submit([asked])
            self.latencies_s.append(time.monotonic() - begun)
            if result.outcome is Outcome.CREATED:
                self.created += 1
                if len(self._made) < 1_000:
                    self._made.append(asked)
            else:
                assert result.outcome in {Outcome.EXISTS, Outcome.INSUFFICIENT_FUNDS}, result


@asynccontextmanager
async def opened(url: str) -> AsyncGenerator[tuple[Database, Ledger]]:
    """A migrated database with the accounts of the benchmark, funded."""
    database = open_database(url, system_clock, random_ids())
    ledger = Ledger(open_telemetry())
    try:
        await migrate(database)
        await _fund(database, ledger)
        yield database, ledger
    finally:
        await database.engine.dispose()


async def _fund(database: Database, ledger: Ledger) -> None:
    names = [TREASURY, *(f"bench:{n}" for n in range(ACCOUNTS))]
    new = [Account(name, Token.AIA, "bench", "bench", 0, 0, 0, closed=False) for name in names]
    mint = Account(MINT, Token.AIA, "bench", "mint", None, 0, 0, closed=False)
    async with database.begin(SYSTEM) as tx:
        await ledger.open_accounts(tx, [mint, *new])
    new_id = random_ids()
    mints = [transfer(new_id("tfr"), MINT, name, OPENING, kind=TransferKind.MINT) for name in names]
    for start in range(0, len(mints), 5_000):
        async with database.begin(SYSTEM) as tx:
            await ledger.require(tx, mints[start : start + 5_000])


async def run_clients(submit: Submit, clients: int, seconds: float, *, hot: bool, seed: int) -> list[Client]:
    crowd = [Client(number, seed, hot=hot) for number in range(clients)]
    until = time.monotonic() + seconds
    await asyncio.gather(*(client.run(submit, until) for client in crowd))
    return crowd


async def run_aia(
    database: Database, ledger: Ledger, cpu: Callable[[], Cpu], clients: int, seconds: float, *, hot: bool, seed: int
) -> Run:
    """AIA by its poster; the books are checked afterwards."""
    poster = Poster(database, ledger, queue_max=100_000, sweep_s=1.0)
    before, begun = cpu(), time.monotonic()
    crowd = await run_clients(poster.submit, clients, seconds, hot=hot, seed=seed)
    elapsed, used = time.monotonic() - begun, cpu() - before
    await poster.close()
    await check_books(database)
    created = sum(client.created for client in crowd)
    latencies = [1000 * s for client in crowd for s in client.latencies_s]
    return Run(created / elapsed, 1e6 * used.total_s / created, latencies, statistics.fmean(latencies))


async def check_books(database: Database) -> None:
    async with database.read(SYSTEM) as read:
        found = await audit(read)
    assert found.problems == (), found.problems
    assert found.trial_balance == 0, found.trial_balance


# The peers, driven by pgbench


def run_pgbench(server: PostgresServer, cpu: Callable[[], Cpu], database: str, clients: int, *more: str) -> Run:
    before = cpu()
    options = ("-n", "-M", "prepared", "-c", str(clients), "-j", "2", *more)
    said = server.run_client("pgbench", database, *options)
    used = cpu() - before
    rate = float(re.search(r"tps = ([\d.]+)", said)[1])
    done = int(re.search(r"actually processed: (\d+)", said)[1])
    average = float(re.search(r"latency average = ([\d.]+)", said)[1])
    return Run(rate, 1e6 * used.total_s / done, [], average)


SCRIPTS = {
    "uniform": "\\set one random(1, 10000)\nselect p_pay(:one, :one % 10000 + 1, 1);\n",
    "hot": "\\set one random(2, 10000)\nselect p_pay(:one, 1, 1);\n",
}


def prepare_peers(server: PostgresServer, size: "Size", folder: Path) -> dict[str, Path]:
    """The databases of the peers; the scripts of pgledger by name."""
    folder.chmod(0o755)  # the client program runs as the server's account
    scripts = {name: folder / name for name in SCRIPTS}
    for name, path in scripts.items():
        path.write_text(SCRIPTS[name])
    server.create_database("tpcb")
    server.run_client("pgbench", "tpcb", "-i", "-q", "-I", "dtGvp", "-s", str(size.scale))
    server.create_database("pgledger")
    server.sql(Path(__file__).with_name("pgledger.sql").read_text(), "pgledger")
    return scripts


# The comparison


@dataclass(frozen=True)
class Size:
    """How much is measured."""

    rounds: int
    seconds: float
    clients: int = 64
    scale: int = 64


async def compare_postgres(size: Size, say: Callable[[str], None]) -> tuple[dict[str, list[Run]], dict[str, float]]:
    """Runs of each contestant, one a round, and what a transfer takes of the disk."""
    runs: dict[str, list[Run]] = {}
    with PostgresServer(**SERVER) as server, tempfile.TemporaryDirectory() as folder:
        say(f"making the tables of pgbench, scale {size.scale}")
        scripts = prepare_peers(server, size, Path(folder))

        def cpu() -> Cpu:
            return cpu_now(server.pid)

        async with opened(server.create_database("aia")) as (database, ledger):
            for number in range(size.rounds):
                for name in ("tpcb", "aia_uniform", "aia_hot", "pgledger_uniform", "pgledger_hot"):
                    server.sql("checkpoint")
                    if name.startswith("aia"):
                        hot = name == "aia_hot"
                        run = await run_aia(
                            database, ledger, cpu, size.clients, size.seconds, hot=hot, seed=2 * number + hot
                        )
                    else:
                        kind = name.rpartition("_")[2]
                        script = () if name == "tpcb" else ("-f", str(scripts[kind]))
                        base = "tpcb" if name == "tpcb" else "pgledger"
                        options = ("-T", str(int(size.seconds)), *script)
                        run = await asyncio.to_thread(run_pgbench, server, cpu, base, size.clients, *options)
                    runs.setdefault(name, []).append(run)
                    say(f"round {number + 1}: {name} {run.rate:,.0f}/s, {run.average_ms:.1f} ms, {run.cpu_us:.0f} us")
        return runs, _bytes(server)


def _bytes(server: PostgresServer) -> dict[str, float]:
    """Bytes a row of the journal takes with indexes, and with holds, memos and log."""
    rows = int(server.sql("select count(*) from transfer", "aia"))
    sizes = {
        table: int(server.sql(f"select pg_total_relation_size('{table}')", "aia"))
        for table in ("transfer", "hold", "transfer_memo", "log_node")
    }
    return {
        "bytes_a_transfer": sizes["transfer"] / rows,
        "bytes_a_transfer_with_holds_and_log": sum(sizes.values()) / rows,
        "transfers": rows,
    }


async def compare_sqlite(size: Size, say: Callable[[str], None]) -> dict[str, list[Run]]:
    """The poster, and a commit for each transfer, on SQLite with synchronous=FULL."""
    runs: dict[str, list[Run]] = {"sqlite_single": [], "sqlite_batch": []}
    with tempfile.TemporaryDirectory() as folder:
        async with opened(f"sqlite:///{folder}/aia.db") as (database, ledger):

            async def alone(batch: Sequence[Transfer]) -> Sequence[Result]:
                async with database.begin(SYSTEM) as tx:
                    return await ledger.post(tx, batch)

            for number in range(size.rounds):
                for name, run_of in (("sqlite_single", alone), ("sqlite_batch", None)):
                    poster = Poster(database, ledger, queue_max=100_000, sweep_s=1.0)
                    submit = run_of or poster.submit
                    begun = time.monotonic()
                    crowd = await run_clients(submit, size.clients, size.seconds, hot=False, seed=100 + number)
                    elapsed = time.monotonic() - begun
                    await poster.close()
                    latencies = [1000 * s for client in crowd for s in client.latencies_s]
                    rate = sum(client.created for client in crowd) / elapsed
                    runs[name].append(Run(rate, 0.0, latencies, statistics.fmean(latencies)))
                    say(f"round {number + 1}: {name} {rate:,.0f}/s")
            await check_books(database)
    return runs


def _median(runs: Sequence[Run], of: Callable[[Run], float]) -> float:
    return statistics.median(of(run) for run in runs)


def result_of(runs: dict[str, list[Run]], sizes: dict[str, float]) -> dict[str, object]:
    """Ratios of medians, and the figures behind them."""
    rate = {name: _median(found, lambda run: run.rate) for name, found in runs.items()}
    cpu = {name: _median(found, lambda run: run.cpu_us) for name, found in runs.items()}
    average = {name: _median(found, lambda run: run.average_ms) for name, found in runs.items()}
    ratios = {
        "pg_uniform_vs_tpcb": rate["aia_uniform"] / rate["tpcb"],
        "pg_hot_vs_tpcb": rate["aia_hot"] / rate["tpcb"],
        "pg_hot_vs_pgledger": rate["aia_hot"] / rate["pgledger_hot"],
        "cpu_vs_tpcb": cpu["aia_uniform"] / cpu["tpcb"],
        "sqlite_batch_vs_single": rate["sqlite_batch"] / rate["sqlite_single"],
    }
    p99 = _median(runs["aia_hot"], lambda run: run.quantile(0.99))
    detail: dict[str, object] = {
        "per_second": {name: round(value, 1) for name, value in rate.items()},
        "cpu_us": {name: round(value, 1) for name, value in cpu.items() if value},
        "average_ms": {name: round(value, 2) for name, value in average.items()},
        "p50_ms": {
            n: round(_median(f, lambda run: run.quantile(0.5)), 2) for n, f in runs.items() if f[0].latencies_ms
        },
        "p99_ms": {
            n: round(_median(f, lambda run: run.quantile(0.99)), 2) for n, f in runs.items() if f[0].latencies_ms
        },
        "hot_p99_vs_tpcb_average": round(p99 / average["tpcb"], 3),
        "cpu_hot_vs_tpcb": round(cpu["aia_hot"] / cpu["tpcb"], 4),
        **{name: round(value, 1) for name, value in sizes.items()},
    }
    return {"bench": "ledger", "ratios": {n: round(v, 4) for n, v in ratios.items()}, "detail": detail}


GOALS = {
    "pg_uniform_vs_tpcb": ">= 4",
    "pg_hot_vs_tpcb": ">= 8",
    "pg_hot_vs_pgledger": ">= 50",
    "cpu_vs_tpcb": "<= 0.1",
    "sqlite_batch_vs_single": ">= 20",
}


async def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="one round of 3 seconds: shows that it runs, no figure")
    parser.add_argument("--json", action="store_true", help="end with one line of JSON")
    asked = parser.parse_args()
    size = Size(rounds=1, seconds=3) if asked.quick else Size(rounds=3, seconds=10)

    def say(text: str) -> None:
        print(text, flush=True)

    runs, sizes = await compare_postgres(size, say)
    runs |= await compare_sqlite(size, say)
    result = result_of(runs, sizes)
    for name, value in result["ratios"].items():  # type: ignore[union-attr] # a dictionary, made just above
        say(f"{name:24} {value:9.3f}   goal {GOALS[name]}")
    for name, value in result["detail"].items():  # type: ignore[union-attr]
        say(f"{name:40} {value}")
    if asked.json:
        print(json.dumps(result))


if __name__ == "__main__":
    run_as_served(main())
