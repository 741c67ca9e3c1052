"""Several processes on one database: parts of a mission go to whichever is free, and survive a kill."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from aia.corpora.sample import write_sample
from campaigns import kill
from campaigns.kill import Home, finish, query
from tests.support.postgres import PostgresServer

DOCUMENTS = 600
PART_DOCUMENTS = "40"
PARTS = 15


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def home(request, tmp_path: Path) -> Iterator[Home]:
    folder = tmp_path / "home"
    folder.mkdir()
    if request.param == "sqlite":
        yield Home(folder, None)
    else:
        server: PostgresServer = request.getfixturevalue("postgres")
        yield Home(folder, server.create_database(f"workers{time.monotonic_ns()}"))


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    return write_sample(tmp_path / "sample", seed=1, documents=DOCUMENTS)


@contextmanager
def worker(home: Home) -> Iterator[subprocess.Popen]:
    """A process that does what it finds to do, on the database of a home but with a log of its own."""
    log = home.folder / "worker.log"
    with log.open("ab") as file:
        command = [sys.executable, "-m", "aia.cli", "serve", "--role", "worker"]
        process = subprocess.Popen(command, env=home.environment(), stdout=subprocess.DEVNULL, stderr=file)
    try:
        until = time.monotonic() + 60
        while not query(home, "select id from executor"):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < until, log.read_text()
            time.sleep(0.1)
        yield process
    finally:
        process.kill()
        process.wait()


def parts_begun(log: Path) -> list[str]:
    return [key for key in kill.began_in(log) if key.startswith(("group/rows", "group/lists"))]


def report_digest(home: Home) -> str:
    (row,) = query(home, "select content_digest from report")
    return row.content_digest


def alone(tmp_path: Path, sample: Path) -> str:
    """The digest of the report that one process comes to in one piece."""
    folder = tmp_path / "alone"
    folder.mkdir()
    finish(Home(folder, None), sample)
    return report_digest(Home(folder, None))


@pytest.mark.timeout(240)
def test_two_processes_share_the_parts_of_a_mission_and_report_what_one_does(home, sample, tmp_path, monkeypatch):
    expected = alone(tmp_path, sample)
    monkeypatch.setenv("AIA_PART_DOCUMENTS", PART_DOCUMENTS)
    with worker(home):
        answer, _ = finish(home, sample)
    mine, others = parts_begun(home.folder / "stderr.log"), parts_begun(home.folder / "worker.log")
    assert min(len(mine), len(others)) > 2
    assert len({*mine, *others}) == len(mine) + len(others) == 2 * PARTS
    assert answer["trial_balance"] == 0
    assert report_digest(home) == expected
    assert query(home, "select count(*) as n from artefact")[0].n == 0


@pytest.mark.timeout(240)
def test_a_part_whose_process_is_killed_is_done_by_another_and_paid_once(home, sample, tmp_path, monkeypatch):
    expected = alone(tmp_path, sample)
    monkeypatch.setenv("AIA_PART_DOCUMENTS", PART_DOCUMENTS)
    with worker(home) as process:
        discovery = kill.start(home, sample)
        lost = killed_at_work(home, process, discovery)
        out, _ = discovery.communicate(timeout=120)
        assert discovery.returncode == 0, (home.folder / "stderr.log").read_text()[-3000:]
    assert json.loads(out)["trial_balance"] == 0
    assert lost in parts_begun(home.folder / "stderr.log")
    done = [row.task for row in query(home, "select task from attempt where outcome = 'done'")]
    assert len(done) == len(set(done))
    assert report_digest(home) == expected


def killed_at_work(home: Home, process: subprocess.Popen, discovery: subprocess.Popen) -> str:
    """Kill the process in the middle of a part; the part's key."""
    tried = 0
    while discovery.poll() is None:
        for key in parts_begun(home.folder / "worker.log")[tried:]:
            tried += 1
            os.kill(process.pid, signal.SIGSTOP)
            (task,) = query(home, f"select state from task where key = '{key}'")
            if task.state == "reserved":
                process.kill()
                return key
            os.kill(process.pid, signal.SIGCONT)
        time.sleep(0.005)
    raise AssertionError("the discovery ended before the other process was at work")
