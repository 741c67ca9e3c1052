"""The audit of a long ledger, beside a plain replay of the same journal; proofs, and what a transfer takes to keep.

    python -m benchmarks.audit [--transfers 1000000] [--quick] [--json] [--database postgres]

Writes the transfers through the ledger (accounts at random, one in five a hold and its post), then takes in turn:
`aia ledger verify`'s audit, which replays everything and hashes everything; the naive replay, which reads
every row as a value of the domain and adds up balances and no more; and inclusion proofs of random transfers.
"""

import argparse
import json
import random
import resource
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from aia.core.clock import system_clock
from aia.core.ids import content_id, random_ids
from aia.core.money import Units
from aia.core.principal import Principal
from aia.infra.sql import Database, migrate, open_database
from aia.infra.telemetry import open_telemetry
from aia.ledger import Account, Ledger, Token, Transfer, TransferKind, store
from aia.ledger.audit.service import TransferLog
from aia.ledger.audit.verify import Audit, audit
from aia.ledger.log import SigningKey, VerifierKey
from benchmarks.served import run_as_served
from tests.support.postgres import PostgresServer

SYSTEM = Principal.system()
ACCOUNTS = 1_000
BATCH = 5_000
PROOFS = 300


def transfers(count: int, seed: int) -> Iterator[list[Transfer]]:
    """Batches of `count` transfers in all, of which none fails."""
    rng = random.Random(seed)
    made = 0
    while made < count:
        batch: list[Transfer] = []
        while len(batch) < BATCH and made + len(batch) < count:
            number = made + len(batch)
            debit, credit = (f"bench:{n}" for n in rng.sample(range(ACCOUNTS), 2))
            ids = content_id("tfr", "bench", str(number)), content_id("hld", "bench", str(number))
            if number % 10 == 0 and number + 1 < count and len(batch) + 1 < BATCH:
                amount = rng.randint(2, 1_000)
                batch.append(_ask(ids[0], TransferKind.HOLD, debit, credit, amount, ids[1]))
                post = content_id("tfr", "bench post", str(number))
                batch.append(_ask(post, TransferKind.POST, debit, credit, rng.randint(1, amount), ids[1]))
            else:
                batch.append(_ask(ids[0], TransferKind.PLAIN, debit, credit, rng.randint(1, 1_000), None))
        made += len(batch)
        yield batch


def _ask(name: str, kind: TransferKind, debit: str, credit: str, amount: int, hold: str | None) -> Transfer:
    return Transfer(name, kind, debit, credit, Units(amount), Token.AIA, hold_id=hold, memo="work of an agent")


async def fill(database: Database, log: TransferLog, count: int) -> float:
    """Write the ledger; the seconds it took. A checkpoint after every batch."""
    ledger = Ledger(open_telemetry())
    new = [Account(f"bench:{n}", Token.AIA, "bench", "bench", -(2**50), 0, 0, closed=False) for n in range(ACCOUNTS)]
    async with database.begin(SYSTEM) as tx:
        await store.open_accounts(tx, tx.organisation, new)
    begun = time.perf_counter()
    for batch in transfers(count, seed=1):
        async with database.begin(SYSTEM) as tx:
            await ledger.require(tx, batch)
            await log.checkpoint(tx)
    return time.perf_counter() - begun


def cpu_s() -> float:
    """Seconds of processor time of this process and of those it has waited for."""
    return sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


async def whole(database: Database, key: VerifierKey) -> tuple[float, float, Audit]:
    begun, cpu = time.perf_counter(), cpu_s()
    async with database.read(SYSTEM) as read:
        found = await audit(read, key=key, beside=True)
    return time.perf_counter() - begun, cpu_s() - cpu, found


async def naive(database: Database) -> tuple[float, float]:
    """Rows as values, balances in a dictionary: what one writes first."""
    begun, cpu = time.perf_counter(), cpu_s()
    balances: dict[str, int] = defaultdict(int)
    async with database.read(SYSTEM) as read:
        seq = 0
        while batch := await store.transfers_after(read, seq, 5_000):
            for row in batch:
                assert row.seq == seq + 1
                seq = row.seq
                balances[row.debit] -= row.amount
                balances[row.credit] += row.amount
                assert (balances[row.debit], balances[row.credit]) == (row.debit_after, row.credit_after)
        for account in await store.all_accounts(read):
            assert balances[account.id] == account.posted
    return time.perf_counter() - begun, cpu_s() - cpu


async def proofs(database: Database, log: TransferLog, count: int) -> dict[str, float]:
    """Milliseconds of inclusion proofs of random transfers, reading included, verified apart."""
    rng, made, checked = random.Random(2), list[float](), list[float]()
    cpu = cpu_s()
    async with database.read(SYSTEM) as read:
        for _ in range(PROOFS):
            begun = time.perf_counter()
            proof = await log.prove_inclusion(read, seq=rng.randint(1, count))
            made.append((time.perf_counter() - begun) * 1000)
            begun = time.perf_counter()
            proof.verify(log.key.verifier)
            checked.append((time.perf_counter() - begun) * 1000)
    cpu = (cpu_s() - cpu) * 1000 / PROOFS - statistics.mean(checked)
    made.sort()
    return {
        "proof_ms_median": statistics.median(made),
        "proof_cpu_ms_mean": cpu,
        "proof_ms_p99": made[int(len(made) * 0.99)],
        "verify_proof_ms_median": statistics.median(checked),
    }


async def bytes_of(database: Database, file: Path | None) -> int:
    """What the tables of the ledger take on the disk, with their indexes."""
    if file is not None:
        async with database.read(SYSTEM) as read:
            rows = await read.rows(sa.text("pragma page_count")), await read.rows(sa.text("pragma page_size"))
        return rows[0][0][0] * rows[1][0][0]
    tables = "array['transfer', 'transfer_memo', 'hold', 'account', 'log_node', 'log_checkpoint']"
    query = f"select sum(pg_total_relation_size(t::regclass)) from unnest({tables}) t"
    async with database.read(SYSTEM) as read:
        return int((await read.rows(sa.text(query)))[0][0])


async def run(url: str, file: Path | None, count: int, rounds: int) -> dict[str, Any]:
    database = open_database(url, system_clock, random_ids())
    log = TransferLog(SigningKey("bench.example/ledger", Ed25519PrivateKey.generate()))
    try:
        await migrate(database)
        written = await fill(database, log, count)
        audits, naives = list[tuple[float, float]](), list[tuple[float, float]]()
        for _ in range(rounds):
            *seconds, found = await whole(database, log.key.verifier)
            assert found.problems == (), found.problems
            assert found.transfers == count
            audits.append((seconds[0], seconds[1]))
            naives.append(await naive(database))
        return {
            "transfers": count,
            "checkpoints": found.checkpoints,
            "write_s": round(written, 2),
            "audit_s": round(statistics.median(s for s, _ in audits), 2),
            "audit_cpu_s": round(statistics.median(s for _, s in audits), 2),
            "naive_s": round(statistics.median(s for s, _ in naives), 2),
            "naive_cpu_s": round(statistics.median(s for _, s in naives), 2),
            "bytes_per_transfer": round(await bytes_of(database, file) / count, 1),
            "leaf_bytes_per_transfer": round(found.leaf_bytes / count, 1),
            **{name: round(value, 3) for name, value in (await proofs(database, log, count)).items()},
        }
    finally:
        await database.engine.dispose()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--transfers", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--database", choices=["sqlite", "postgres"], default="sqlite")
    parser.add_argument("--quick", action="store_true", help="60,000 transfers, one round")
    parser.add_argument("--json", action="store_true", help="end with one line of JSON")
    asked = parser.parse_args()
    count, rounds = (60_000, 1) if asked.quick else (asked.transfers, asked.rounds)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        file = folder / "ledger.db" if asked.database == "sqlite" else None
        url = f"sqlite:///{file}"
        if file is None:
            url = stack.enter_context(PostgresServer()).create_database("audit")
        detail = run_as_served(run(url, file, count, rounds))
    for name, value in detail.items():
        print(f"{name:26}{value:>14,}")
    ratios = {
        "naive_vs_audit": round(detail["naive_s"] / detail["audit_s"], 2),
        "naive_vs_audit_cpu": round(detail["naive_cpu_s"] / detail["audit_cpu_s"], 2),
    }
    for name, value in ratios.items():
        print(f"{name:26}{value:>14}")
    if asked.json:
        print(json.dumps({"bench": "audit", "ratios": ratios, "detail": {"database": asked.database, **detail}}))


if __name__ == "__main__":
    main()
