"""Killed processes, dead executors, a server stopped at work: nothing is lost and nothing paid twice."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path

import pytest
import sqlalchemy as sa

from aia.app import open_app
from aia.core.clock import system_clock
from aia.core.ids import random_ids
from aia.core.principal import Principal
from aia.corpora.sample import generate
from aia.infra.dbos_engine import open_engine
from aia.infra.engine import Dispatch, EngineContext, Step
from aia.infra.sql import migrate, open_database
from aia.infra.sql.schema import outbox
from aia.ledger.audit.verify import audit
from aia.missions import MissionState, TaskFailed
from campaigns import kill
from tests.conftest import make_settings
from tests.support.playbooks import TrialPlaybook
from tests.support.postgres import PostgresServer

ROOT = Path(__file__).parent.parent.parent
OWNER = Principal("default", "test")


@pytest.mark.timeout(300)
@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_a_discovery_killed_at_random_points_ends_as_if_it_had_not_been(kind, request):
    """A slice of `make campaign-kill`."""
    if kind == "postgres" and request.config.getoption("--sqlite-only"):
        pytest.skip("--sqlite-only was asked for")
    assert kill.campaign(kind, rounds=4, seed=11, documents=300) == 4


@pytest.mark.timeout(300)
def test_a_discovery_that_goes_on_from_an_earlier_one_is_killed_and_ends_as_if_it_had_not_been():
    """A slice of `make campaign-kill ARGS=--grown`."""
    assert kill.campaign("sqlite", rounds=2, seed=12, documents=400, grown=True) == 2


@pytest.mark.anyio
async def test_the_durable_engine_runs_a_mission_once_and_survives_reopening(settings):
    playbook = TrialPlaybook()
    async with open_app(settings, playbooks=[playbook]) as app:
        async with app.database.begin(OWNER) as tx:
            mission = await app.missions.create(tx, "trial", {}, seed=0, budget=None)
        await asyncio.gather(app.engine.start(mission.id), app.engine.start(mission.id))
        await app.engine.wait(mission.id)
        async with app.database.read(OWNER) as read:
            assert (await app.missions.get(read, mission.id)).state is MissionState.COMPLETED
    async with open_app(settings, playbooks=[playbook]) as app:
        await app.engine.start(mission.id)
        await app.engine.wait(mission.id)
        async with app.database.read(Principal.system()) as read:
            assert (await audit(read)).problems == ()
    assert len(playbook.worked) == 8


def open_below(folder):
    targets = [link.resolve() for link in Path("/proc/self/fd").iterdir() if link.is_symlink()]
    return [target for target in targets if target.is_relative_to(folder)]


@pytest.mark.anyio
@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="open files are listed by Linux only")
async def test_a_closed_application_holds_no_file_of_its_database_open(settings, tmp_path):
    playbook = TrialPlaybook()
    async with open_app(settings, playbooks=[playbook]) as app:
        async with app.database.begin(OWNER) as tx:
            mission = await app.missions.create(tx, "trial", {}, seed=0, budget=None)
        await app.engine.start(mission.id)
        await app.engine.wait(mission.id)
    assert open_below(tmp_path) == []


@pytest.mark.anyio
async def test_tasks_that_spread_run_as_errands_once_each_and_one_that_fails_is_tried_again(settings):
    failed: list[str] = []

    def fail_once(task):
        if task.key == "leaf/003" and not failed:
            failed.append(task.key)
            raise TaskFailed("not yet")

    playbook = TrialPlaybook(spread=True, behave=fail_once, artefact=b"rows")
    async with open_app(settings, playbooks=[playbook]) as app:
        async with app.database.begin(OWNER) as tx:
            mission = await app.missions.create(tx, "trial", {}, seed=0, budget=None)
        await app.engine.start(mission.id)
        await app.engine.wait(mission.id)
        async with app.database.read(OWNER) as read:
            assert (await app.missions.get(read, mission.id)).state is MissionState.COMPLETED
            tasks = {task.key: task for task in await app.missions.results(read, mission.id)}
        async with app.database.read(Principal.system()) as read:
            assert (await audit(read)).problems == ()
    assert sorted(playbook.worked) == sorted([*tasks, "leaf/003"])
    assert {key: task.attempts for key, task in tasks.items() if task.attempts != 1} == {"leaf/003": 2}


@pytest.mark.anyio
async def test_a_mission_cancelled_while_its_errands_run_ends_and_gives_back(settings):
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def wait(task) -> None:
        begun.set()
        await go_on.wait()

    playbook = TrialPlaybook(spread=True, behave=wait, artefact=b"rows")
    async with open_app(settings, playbooks=[playbook]) as app:
        async with app.database.begin(OWNER) as tx:
            mission = await app.missions.create(tx, "trial", {}, seed=0, budget=None)
        await app.engine.start(mission.id)
        await begun.wait()
        async with app.database.begin(OWNER) as tx:
            await app.missions.cancel(tx, mission.id)
        go_on.set()
        await app.engine.wait(mission.id)
        async with app.database.read(OWNER) as read:
            found = await app.missions.get(read, mission.id)
            left = await read.row(sa.text("select count(*) as number from artefact"))
        async with app.database.read(Principal.system()) as read:
            assert (await audit(read)).problems == ()
    assert (found.state, found.spent, left.number) == (MissionState.CANCELLED, 0, 0)
    assert len(playbook.worked) == 1


@pytest.mark.anyio
async def test_the_engine_starts_while_a_transaction_is_open(settings):
    """Its first start builds indexes that wait for open transactions, and keeps the loop from ending ours."""
    database = open_database(settings.database, system_clock, random_ids(system_clock))
    await migrate(database)
    reading = asyncio.Event()

    async def read() -> None:
        async with database.read(OWNER) as tx:
            await tx.rows(sa.select(sa.func.count()).select_from(outbox))
            reading.set()
            await asyncio.sleep(0.2)

    async def workflow(workflow_id: str, step: Step, dispatch: Dispatch) -> str:
        return workflow_id

    async def subtask(workflow_id: str, name: str) -> None: ...

    task = asyncio.create_task(read())
    await reading.wait()
    engine = await open_engine(
        EngineContext(settings.engine_database, "exe_1", workflow, subtask, database, system_clock)
    )
    await engine.close()
    await task
    await database.engine.dispose()


@pytest.mark.anyio
async def test_a_mission_left_behind_by_a_closed_process_is_resumed_without_repeating_what_was_settled(settings):
    hang, settled_first = asyncio.Event(), TrialPlaybook()
    settled_first.behave = lambda task: hang.wait() if task.key in {"leaf/004", "leaf/005"} else None
    async with open_app(settings, playbooks=[settled_first]) as app:
        async with app.database.begin(OWNER) as tx:
            mission = await app.missions.create(tx, "trial", {}, seed=0, budget=None)
        await app.engine.start(mission.id)
        while True:
            async with app.database.read(OWNER) as read:
                tasks = await app.missions.tree(read, mission.id)
            if sum(task.state == "done" for task in tasks) == 4:
                break
            await asyncio.sleep(0.02)
    second = TrialPlaybook()
    async with open_app(settings, playbooks=[second]) as app:
        await app.engine.wait(mission.id)
        async with app.database.read(OWNER) as read:
            assert (await app.missions.get(read, mission.id)).state is MissionState.COMPLETED
        async with app.database.read(Principal.system()) as read:
            assert (await audit(read)).problems == ()
    assert sorted(second.worked) == ["leaf/004", "leaf/005", "lead", "root"] or set(second.worked) == {
        *("leaf/004", "leaf/005", "lead", "root"),
    }


@pytest.mark.anyio
async def test_a_mission_written_but_never_started_is_started_by_the_next_process(settings):
    async with (
        open_app(settings, durable=False, background=False, playbooks=[TrialPlaybook()]) as app,
        app.database.begin(OWNER) as tx,
    ):
        mission = await app.missions.create(tx, "trial", {}, seed=0, budget=None)
    async with open_app(settings, playbooks=[TrialPlaybook()]) as app:
        await app.engine.wait(mission.id)
        async with app.database.read(OWNER) as read:
            assert (await app.missions.get(read, mission.id)).state is MissionState.COMPLETED


@pytest.mark.timeout(240)
@pytest.mark.postgres
@pytest.mark.anyio
async def test_a_mission_waits_out_a_crash_of_its_database(tmp_path):
    with PostgresServer() as server:
        settings = make_settings(database_url=server.create_database("crash"), aia_home=tmp_path / "home")
        # A thread of its own: a sibling's failure cancels this task, and what it awaits may never begin.
        restart = threading.Thread(target=server.start)
        crashed = False

        async def crash(task) -> None:
            nonlocal crashed
            if task.key == "leaf/003" and not crashed:
                crashed = True
                server.kill()
                restart.start()

        playbook = TrialPlaybook(behave=crash)
        async with open_app(settings, playbooks=[playbook], background=False) as app:
            async with app.database.begin(OWNER) as tx:
                mission = await app.missions.create(tx, "trial", {}, seed=0, budget=None)
            await app.engine.start(mission.id)
            async with asyncio.timeout(180):
                await app.engine.wait(mission.id)
            async with app.database.read(OWNER) as read:
                found = await app.missions.get(read, mission.id)
            async with app.database.read(Principal.system()) as read:
                assert (await audit(read)).problems == ()
        restart.join()
    assert crashed
    assert found.state is MissionState.COMPLETED


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def ask(port: int, path: str, body: dict | None = None) -> dict:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}{path}", data=data, headers={"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=20) as answer:
        return json.load(answer)


def serve(home: Path, port: int) -> subprocess.Popen:
    environment = {k: v for k, v in os.environ.items() if not k.endswith("_API_KEY")} | {"AIA_HOME": str(home)}
    command = [sys.executable, "-m", "aia.cli", "serve", "--port", str(port)]
    process = subprocess.Popen(command, env=environment, cwd=ROOT, stderr=subprocess.PIPE, text=True)
    until = time.monotonic() + 30
    while time.monotonic() < until:
        try:
            ask(port, "/readyz")
        except OSError:
            assert process.poll() is None, process.communicate()[1]
            time.sleep(0.1)
        else:
            return process
    raise AssertionError("the server did not become ready")


def finished(port: int, mission: str) -> dict:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        found = ask(port, f"/v1/missions/{mission}")
        if found["state"] not in {"queued", "running"}:
            return found
        time.sleep(0.1)
    raise AssertionError(f"mission {mission} did not end")


@pytest.mark.timeout(180)
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_a_server_stopped_at_work_finishes_the_mission_after_it_starts_again(tmp_path, how):
    port = free_port()
    documents = [{"id": r["id"], "text": r["text"], "date": r["date"]} for r in generate(0, 2_000)[0]]
    first = serve(tmp_path / "home", port)
    mission = ask(port, "/v1/discoveries", {"documents": documents, "name": "s"})["id"]
    time.sleep(0.4)
    first.send_signal(how)
    _, errors = first.communicate(timeout=40)
    assert "Traceback" not in errors, errors
    second = serve(tmp_path / "home", port)
    try:
        assert finished(port, mission)["state"] == "completed"
        assert len(ask(port, "/v1/ventures")["data"]) == 20
    finally:
        second.terminate()
        _, errors = second.communicate(timeout=40)
    assert "Traceback" not in errors
