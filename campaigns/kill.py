"""Kill -9 a discovery at random points, restart it, and compare with one that was left alone.

    make campaign-kill                  25 rounds on SQLite and 25 on PostgreSQL
    make campaign-kill ARGS="--rounds 5 --seed 7 --database sqlite"
    make campaign-kill ARGS=--grown     of a file that was discovered before and grew by a twentieth since

Each round prints where it was killed. What must hold: the restarted mission ends with the same report
content and the same balances; every task is settled and paid once; no settled task is begun again. A
discovery goes before, undisturbed, so that critics have something to stake.
"""

import argparse
import asyncio
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine

from aia.corpora.sample import write_sample
from tests.support.postgres import PostgresServer

DOCUMENTS = 600
DOCUMENTS_BEFORE = 60
GROWN_PER = 20
NEWEST = "select max(id) from mission having count(*) > 1"
ROUND_S = 120.0


@dataclass(frozen=True)
class Kill:
    """When to kill: so many seconds after the `task`-th task began (0: after the start of the process)."""

    task: int
    seconds: float

    @classmethod
    def random(cls, rng: random.Random, tasks: int, seconds: float) -> "Kill":
        """Every third anywhere in the run, the others just after a task began: start-up is long, work is short."""
        if rng.random() < 1 / 3:
            return cls(0, rng.uniform(0.3, seconds))
        return cls(rng.randint(1, tasks), rng.uniform(0.0, 0.3))


@dataclass(frozen=True)
class Outcome:
    """What a finished home holds, free of run ids and times."""

    content_digest: str
    balances: tuple[tuple[str, int, int], ...]
    transfers: int
    settled: tuple[str, ...]


@dataclass(frozen=True)
class Home:
    """A state directory and its database."""

    folder: Path
    url: str | None

    def environment(self) -> dict[str, str]:
        kept = {key: value for key, value in os.environ.items() if not key.endswith("_API_KEY")}
        fixed = {"AIA_HOME": str(self.folder), "LOG_LEVEL": "debug", "OPENBLAS_NUM_THREADS": "1"}
        fixed["AIA_SIGNING_KEY"] = "11" * 31 + "22"
        return kept | fixed | ({} if self.url is None else {"DATABASE_URL": self.url})

    @property
    def database(self) -> str:
        if self.url is None:
            return f"sqlite+aiosqlite:///{self.folder / 'aia.db'}"
        return self.url.replace("postgresql://", "postgresql+asyncpg://")


def start(home: Home, sample: Path) -> subprocess.Popen[bytes]:
    with (home.folder / "stderr.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "aia.cli", "discover", str(sample), "--json"],
            env=home.environment(),
            stdout=subprocess.PIPE,
            stderr=log,
        )


def began(home: Home) -> list[str]:
    """Keys of tasks that agents began to think about, from the log, in order."""
    return began_in(home.folder / "stderr.log")


def began_in(log: Path) -> list[str]:
    """The same, of a log."""
    lines = log.read_text(errors="replace").splitlines() if log.exists() else []
    return [json.loads(line)["task"] for line in lines if line.startswith("{") and '"task.began"' in line]


async def _query(home: Home, statement: str) -> list[Any]:
    engine = create_async_engine(home.database)
    try:
        async with engine.connect() as conn:
            return list((await conn.execute(sa.text(statement))).all())
    except sa.exc.DBAPIError:
        return []  # killed before the first migration
    finally:
        await engine.dispose()


def query(home: Home, statement: str) -> list[Any]:
    return asyncio.run(_query(home, statement))


def settled(home: Home) -> set[str]:
    rows = query(home, f"select key from task where state = 'done' and mission in ({NEWEST})")
    return {row.key for row in rows}


def outcome(home: Home) -> Outcome:
    report, earlier = query(home, "select content_digest, mission from report order by mission desc")
    accounts = query(home, "select id, posted, held from account order by id")
    names = {report.mission: "MISSION", earlier.mission: "EARLIER"}
    balances = tuple(sorted((_named(r.id, names), r.posted, r.held) for r in accounts))
    attempts = query(home, f"select task from attempt where outcome = 'done' and mission in ({NEWEST}) order by task")
    unjudged = query(home, "select key from task where not judged")
    assert not unjudged, f"outcomes were never settled: {unjudged}"
    (count,) = query(home, "select count(*) as n from transfer")
    return Outcome(report.content_digest, balances, count.n, tuple(row.task for row in attempts))


def _named(account: str, names: dict[str, str]) -> str:
    for mission, name in names.items():
        account = account.replace(mission, name)
    return account


def finish(home: Home, sample: Path) -> tuple[dict[str, Any], float]:
    """Run to the end; the answer and the seconds it took."""
    begun = time.monotonic()
    process = start(home, sample)
    out, _ = process.communicate(timeout=ROUND_S)
    if process.returncode != 0:
        log = (home.folder / "stderr.log").read_text(errors="replace")
        raise AssertionError(f"the restarted discovery ended with {process.returncode}:\n{log[-3000:]}")
    return json.loads(out), time.monotonic() - begun


def kill_once(home: Home, sample: Path, kill: Kill) -> tuple[float, bool]:
    """Start, kill -9 at the point; the seconds it lived, and False when it had ended before."""
    seen, begun = len(began(home)), time.monotonic()
    process = start(home, sample)
    while process.poll() is None and len(began(home)) - seen < kill.task:
        time.sleep(0.01)
    try:
        process.communicate(timeout=kill.seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        return time.monotonic() - begun, True
    return time.monotonic() - begun, False


def one_round(home: Home, sample: Path, kills: list[Kill], expected: Outcome) -> str:
    """Kill at each of the points, then finish and compare; raises AssertionError when something differs."""
    reached: list[str] = []
    for kill in kills:
        before, seen = settled(home), len(began(home))
        seconds, killed = kill_once(home, sample, kill)
        again = before & set(began(home)[seen:])
        assert not again, f"settled tasks were begun again: {sorted(again)}"
        reached.append(f"{seconds:.2f} s ({len(settled(home))} tasks settled{'' if killed else ', ended'})")
    before, seen = settled(home), len(began(home))
    answer, _ = finish(home, sample)
    again = before & set(began(home)[seen:])
    assert not again, f"settled tasks were begun again: {sorted(again)}"
    assert answer["trial_balance"] == 0
    found = outcome(home)
    assert found.settled == expected.settled, "a task was settled twice or not at all"
    assert found.transfers == expected.transfers, f"{found.transfers} transfers instead of {expected.transfers}"
    differing = sorted(set(found.balances) ^ set(expected.balances))
    assert not differing, f"balances differ from the undisturbed run: {differing}"
    assert found.content_digest == expected.content_digest, "the report differs from the undisturbed run"
    return " then ".join(reached)


@contextmanager
def homes(kind: str) -> Iterator[Any]:
    """A maker of fresh homes on one kind of database."""
    folder = Path(tempfile.mkdtemp(prefix="aia-kill-"))
    made = 0

    def make(server: PostgresServer | None) -> Home:
        nonlocal made
        made += 1
        home = folder / f"home-{made}"
        home.mkdir()
        return Home(home, None if server is None else server.create_database(f"kill{made}"))

    try:
        if kind == "sqlite":
            yield lambda: make(None)
        else:
            with PostgresServer() as server:
                yield lambda: make(server)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def discover_before(home: Home, sample: Path, *, grown: bool) -> None:
    """The discovery that goes before: of a small corpus, or of the file as it was before it grew."""
    if not grown:
        finish(home, write_sample(sample.parent.parent / "before", seed=2, documents=DOCUMENTS_BEFORE))
        return
    lines = sample.read_text().splitlines(keepends=True)
    sample.write_text("".join(lines[: len(lines) - len(lines) // GROWN_PER]))
    finish(home, sample)
    sample.write_text("".join(lines))


def goes_on(home: Home) -> bool:
    """Whether the newest discovery goes on from the one before it."""
    (newest,) = query(home, f"select brief from mission where id in ({NEWEST})")
    brief = json.loads(newest.brief) if isinstance(newest.brief, str) else newest.brief
    return "continues" in brief


def campaign(kind: str, rounds: int, seed: int, documents: int = DOCUMENTS, *, grown: bool = False) -> int:
    """Run rounds on one kind of database; the number of rounds, each of which held."""
    rng = random.Random(seed)
    with homes(kind) as make:
        reference = make()
        sample = write_sample(reference.folder.parent / "sample", seed=1, documents=documents)
        discover_before(reference, sample, grown=grown)
        _, seconds = finish(reference, sample)
        assert goes_on(reference) is grown, "a discovery goes on where its corpus grew, and nowhere else"
        expected = outcome(reference)
        print(f"{kind}: an undisturbed run takes {seconds:.1f} s, {len(expected.settled)} tasks", flush=True)
        for number in range(1, rounds + 1):
            tasks = len(expected.settled)
            kills = [Kill.random(rng, tasks, seconds) for _ in range(1 + (rng.random() < 0.3))]
            home = make()
            discover_before(home, sample, grown=grown)
            reached = one_round(home, sample, kills, expected)
            print(f"{kind} {number:3}/{rounds}: killed at {reached}; same report, same balances", flush=True)
    return rounds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=25)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--database", choices=("sqlite", "postgres", "both"), default="both")
    parser.add_argument("--grown", action="store_true", help="kill the discovery of a corpus that grew")
    options = parser.parse_args()
    kinds = ("sqlite", "postgres") if options.database == "both" else (options.database,)
    total = sum(campaign(kind, options.rounds, options.seed, grown=options.grown) for kind in kinds)
    print(f"{total} rounds, 0 violations")


if __name__ == "__main__":
    main()
