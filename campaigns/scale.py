"""`aia discover` on many documents, from JSON Lines to a signed report: wall, CPU, peak memory and phases.

    python -m campaigns.scale [--documents 1000000] [--grown] [--parts N] [--home DIR] [--json]

The text is synthetic: the phrases of the sample, each document with words and numbers of its own, so that neither
exact nor near repeats are many. The program runs in a process of its own and is measured from outside; phases are
told by the times its waves ended at, which the database keeps.

With --grown one hundredth is added to the corpus, and two more discoveries are made of it: one that goes on from the
first, and one that groups everything anew. Printed are the CPU of the first of them as a share of the full run's, the
share of needs that kept their id, and how well the two groupings agree (mutual information adjusted for chance).

With --parts the same corpus is discovered twice more: in so many parts by one process, and in so many parts with a
second process, `aia serve --role worker`, beside it. Their reports must be the same as the first one.
"""

import argparse
import json
import os
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from aia.corpora.sample import generate
from aia.ventures.needs.communities import agreement

GROUPING = ("sift", "embed", "compare", "group")
START_S = 8.0
"""A worker is up by then, so that its start is not in the wall time."""
EXTRAS = (
    "It happens on {a} since {b}, and {c} people in our office in {d} see it too.",
    "We use {a} with {b} and noticed it after the change of {c} in {d}.",
    "My colleague from {d} tried {a} and {b} without luck, ticket {c}.",
    "{a} worked before; now {b} is what we see, case {c} in {d}.",
)


def write_corpus(path: Path, documents: int, first_seed: int = 0) -> None:
    """Documents of the sample, made different by a sentence of drawn words."""
    rng = np.random.default_rng(7 + first_seed)
    syllables = "ba ce di fo gu ha ji ko lu me na po qui ra so tu va we xi yo zen mar tel ron".split()
    words = ["".join(rng.choice(syllables, 3)) for _ in range(20_000)]
    with path.open("w", encoding="utf-8") as file:
        written, seed = 0, first_seed
        while written < documents:
            rows, _ = generate(seed, min(50_000, documents - written))
            picks = rng.integers(0, len(words), (len(rows), 4))
            forms = rng.integers(0, len(EXTRAS), len(rows))
            for row, pick, form in zip(rows, picks, forms, strict=True):
                a, b, c, d = (words[i] for i in pick)
                row["id"] = f"doc-{written:07d}"
                row["text"] = f"{row['text']} {EXTRAS[form].format(a=a, b=b, c=c, d=d)}"
                row["author"] = f"author-{rng.integers(0, documents // 3 + 1)}"
                file.write(json.dumps(row) + "\n")
                written += 1
            seed += 1


def run(
    home: Path, corpus: Path, *options: str, part_documents: int | None = None, workers: int = 0
) -> dict[str, Any]:
    """The discovery in a process of its own, with so many workers beside it; raises when it fails.

    The CPU of workers counts, their start-up too.
    """
    environment = os.environ | {"AIA_HOME": str(home), "OPENBLAS_NUM_THREADS": "1", "AIA_TASK_TIMEOUT_S": "3600"}
    environment.pop("DATABASE_URL", None)
    if part_documents is not None:
        environment["AIA_PART_DOCUMENTS"] = str(part_documents)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with working(environment, workers):
        began, at = time.monotonic(), time.time()
        done = subprocess.run(
            [sys.executable, "-m", "aia.cli", "discover", str(corpus), "--json", *options],
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        wall = time.monotonic() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    answer = json.loads(done.stdout.splitlines()[-1])
    return {
        "wall_s": round(wall, 1),
        "cpu_s": round(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, 1),
        "peak_mb": after.ru_maxrss // 1024,
        "phases_s": phases(home / "aia.db", answer["mission"], at),
        "opportunities": len(answer["opportunities"]),
        "trial_balance": answer["trial_balance"],
        "report": answer["report"]["jsonld"],
        "report_mb": round(Path(answer["report"]["jsonld"]).stat().st_size / 1e6, 2),
        "state_mb": round(sum(f.stat().st_size for f in home.rglob("*") if f.is_file()) / 1e6),
    }


@contextmanager
def working(environment: dict[str, str], workers: int) -> Iterator[None]:
    """So many processes that do what they find to do on the same state."""
    command = [sys.executable, "-m", "aia.cli", "serve", "--role", "worker"]
    started: list[subprocess.Popen[bytes]] = []
    try:
        for _ in range(workers):
            started.append(subprocess.Popen(command, env=environment))
            time.sleep(START_S)
        yield
    finally:
        for process in started:
            process.terminate()
        for process in started:
            process.wait()


def phases(database: Path, mission: str, began: float) -> dict[str, float]:
    """Seconds until the mission stood (reading, cleaning, keeping), then of each wave, then of the report."""
    with closing(sqlite3.connect(database)) as connection:
        created, ended = connection.execute(
            "select created_at, ended_at from mission where id = ?", (mission,)
        ).fetchone()
        query = (
            "select min(task.skill), max(attempt.ended_at) from attempt join task on task.mission = attempt.mission "
            "and task.key = attempt.task where task.mission = ? group by task.wave order by task.wave"
        )
        waves = connection.execute(query, (mission,)).fetchall()
    told = {"read, clean, keep": _time(created) - began}
    last = _time(created)
    for skill, done in waves:
        told[skill] = _time(done) - last
        last = _time(done)
    told["report"] = _time(ended) - last
    return {name: round(seconds, 1) for name, seconds in told.items()}


def grow(path: Path, documents: int) -> None:
    """Add so many documents that were not there."""
    more = path.with_name("more.jsonl")
    write_corpus(more, documents, first_seed=1_000_000)
    with path.open("a", encoding="utf-8") as file:
        for line in more.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            row["id"] = f"new-{row['id']}"
            file.write(json.dumps(row) + "\n")


def grown(home: Path, corpus: Path, full: dict[str, Any], documents: int) -> dict[str, Any]:
    """What a run on a hundredth more costs and keeps, beside the full run and one that groups anew."""
    grow(corpus, documents // 100)
    again, anew = run(home, corpus), run(home, corpus, "--regroup")
    before, now, other = (needs_of(Path(r["report"])) for r in (full, again, anew))
    labels = {place: need for need, places in now.items() for place in places}
    others = {place: need for need, places in other.items() for place in places}
    every = sorted({*labels, *others})
    ours, theirs = (
        np.unique([known.get(place, "") for place in every], return_inverse=True)[1] for known in (labels, others)
    )
    return {
        "grown_cpu_s": again["cpu_s"],
        "grown_wall_s": again["wall_s"],
        "grown_cpu_share": round(again["cpu_s"] / full["cpu_s"], 3),
        "grown_share_of_regrouping": round(again["cpu_s"] / anew["cpu_s"], 3),
        "grown_phases_s": again["phases_s"],
        "ids_kept": round(len(set(before) & set(now)) / max(len(before), 1), 3),
        "agreement_with_regrouping": round(agreement(ours, theirs, np.random.default_rng(0)), 3),
    }


def parted(folder: Path, corpus: Path, whole: dict[str, Any], documents: int, parts: int) -> dict[str, Any]:
    """The same in parts, by one process and by two; raises when a report differs."""
    told: dict[str, Any] = {"grouping_s": _grouping(whole)}
    for name, workers in (("alone", 0), ("with_worker", 1)):
        found = run(folder / name, corpus, part_documents=-(-documents // parts), workers=workers)
        if _digest(found["report"]) != _digest(whole["report"]):
            raise AssertionError(f"the report in parts, {name}, differs from the one in one piece")
        kept = {key: found[key] for key in ("wall_s", "cpu_s", "peak_mb", "phases_s")}
        told |= {f"parts_{name}_{key}": value for key, value in kept.items()}
        told[f"parts_{name}_grouping_s"] = _grouping(found)
    return told


def _grouping(found: dict[str, Any]) -> float:
    return round(sum(found["phases_s"].get(skill, 0.0) for skill in GROUPING), 1)


def _digest(report: str) -> str:
    return json.loads(Path(report).read_text(encoding="utf-8"))["contentDigest"]


def needs_of(report: Path) -> dict[str, list[str]]:
    return {n["need"]: n["members"].split() for n in json.loads(report.read_text(encoding="utf-8"))["grouped"]}


def _time(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--documents", type=int, default=1_000_000)
    parser.add_argument("--grown", action="store_true", help="add a hundredth, and compare")
    parser.add_argument("--parts", type=int, help="do the same in so many parts, with and without a worker")
    parser.add_argument("--home", type=Path, help="keep the state here; default: a temporary folder")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = options.home or Path(folder) / "home"
        corpus = Path(folder) / "corpus.jsonl"
        write_corpus(corpus, options.documents)
        result: dict[str, Any] = {"documents": options.documents, "input_mb": corpus.stat().st_size // 10**6} | run(
            home, corpus
        )
        if options.grown:
            result |= grown(home, corpus, result, options.documents)
        if options.parts:
            result |= parted(Path(folder), corpus, result, options.documents, options.parts)
    for name, value in result.items():
        if not isinstance(value, dict):
            print(f"{name:>20}  {value}")
    for name, seconds in result["phases_s"].items():
        print(f"{name:>20}  {seconds:8.1f} s")
    if options.json:
        print(json.dumps({"campaign": "scale"} | result))


if __name__ == "__main__":
    main()
