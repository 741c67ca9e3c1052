"""The durable engine: DBOS (https://docs.dbos.dev) on SQLite or PostgreSQL, by its public interface.

Two things are ours: SQLite runs in WAL (DBOS leaves the default journal, 4 to 6 times slower), and
every process is an executor of its own that beats in the database, so that work of a dead one is found
and resumed, at once on the same machine and after `TAKEOVER_S` elsewhere.

Errands are workflows on a queue of DBOS that every process listens to, one at a time.
"""

import asyncio
import contextlib
import os
import socket
import sqlite3
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextvars import Context
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import structlog
from dbos import DBOS, DBOSConfig, SetWorkflowID, StepOptions
from dbos import error as dbos_error
from sqlalchemy import event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from aia.core.principal import Principal
from aia.infra.engine import EngineContext
from aia.infra.sql import Instants, metadata

HEARTBEAT_S = 2.0
TAKEOVER_S = 10.0
RECOVERIES_MAX = 1_000
STEP_ATTEMPTS_MAX = 10
"""With a first pause of 0.25 s, doubled each time: a database may be away for two minutes."""
SUBTASKS = "errands"
ERRANDS_POLL_S = 0.5
SUBSECONDS_SINCE = (3, 42, 0)
"""DBOS takes it that Python 3.12 brings an SQLite whose `unixepoch` knows 'subsec'; with the SQLite of Debian 12 or
Ubuntu 22.04 it is NULL or unknown, and nothing starts."""
PROTOCOL_VERSION = "1"
"""Raised when a running mission of an older version could not be continued by this code."""

executors = sa.Table(
    "executor",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("host", sa.String(255), nullable=False),
    sa.Column("pid", sa.Integer, nullable=False),
    sa.Column("started_ticks", sa.BigInteger, nullable=False),
    sa.Column("beat_at", Instants, nullable=False),
)


class DurableEngine:
    """DBOS behind the `Engine` port; at most one in a process, as DBOS is one per process."""

    def __init__(self, context: EngineContext) -> None:
        self._context = context
        self._log = structlog.get_logger("aia.engine")
        self._heart: asyncio.Task[None] | None = None
        self._running: set[asyncio.Task[Any]] = set()
        self._sqlite = wal_engine(context.url) if make_url(context.url).get_backend_name() == "sqlite" else None

        async def run(workflow_id: str) -> str:
            dispatch = partial(self._dispatch, workflow_id)
            return await self._noted(context.workflow(workflow_id, _durable_step, dispatch))

        async def run_subtask(workflow_id: str, name: str) -> None:
            await self._noted(_durable_step("errand", partial(context.subtask, workflow_id, name)))

        self._run = DBOS.workflow(name="mission", max_recovery_attempts=RECOVERIES_MAX)(run)
        self._subtask = DBOS.workflow(name="errand", max_recovery_attempts=RECOVERIES_MAX)(run_subtask)

    async def open(self) -> None:
        """Launch on the running loop, resume what dead executors left, and begin to beat."""
        await self._beat()
        # A launch blocks the loop and, on PostgreSQL, may build indexes that wait for every open transaction:
        # one of ours, cut short in the middle, would never end.
        async with self._context.database.stilled():
            DBOS(config=_dbos_config(self._context, self._sqlite))
            DBOS.launch()
        await DBOS.register_queue_async(
            SUBTASKS, worker_concurrency=1, polling_interval_sec=ERRANDS_POLL_S, on_conflict="always_update"
        )
        await self._take_over()
        self._heart = asyncio.create_task(self._beat_for_ever())

    async def start(self, workflow_id: str) -> None:
        with SetWorkflowID(workflow_id):
            await DBOS.start_workflow_async(self._run, workflow_id)

    async def wait(self, workflow_id: str) -> None:
        with contextlib.suppress(dbos_error.DBOSException):
            await DBOS.get_result_async(workflow_id)

    async def cancel(self, workflow_id: str) -> None:
        await DBOS.cancel_workflow_async(workflow_id)

    async def close(self) -> None:
        # A cancelled workflow stays PENDING, so the next process resumes it; one that goes on while the
        # engine closes would fail on a closed database.
        async with self._context.database.stilled():
            tasks = [*self._running, *([] if self._heart is None else [self._heart])]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        # DBOS joins threads that may still need this loop to finish their last call.
        await asyncio.to_thread(DBOS.destroy, destroy_registry=True)
        if self._sqlite is not None:  # DBOS leaves open an engine that it was given
            self._sqlite.dispose()
        try:
            async with self._context.database.begin(Principal.system()) as tx:
                await tx.run(sa.delete(executors).where(executors.c.id == self._context.executor))
        except (OSError, SQLAlchemyError) as error:  # what closes the application may be this very failure
            self._log.warning("engine.not-signed-off", error=str(error))

    async def _noted(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Run it as a part of this process that `close` cuts off."""
        task = asyncio.current_task()
        assert task is not None
        self._running.add(task)
        try:
            return await work
        finally:
            self._running.discard(task)

    async def _dispatch(self, workflow_id: str, names: Sequence[str]) -> None:
        # In a context of its own: DBOS takes no new workflow from within a step, and these belong to no process.
        await asyncio.create_task(self._queued(workflow_id, names), context=Context())

    async def _queued(self, workflow_id: str, names: Sequence[str]) -> None:
        """Ids are derived, so that handing out again after a crash waits for the same errands."""
        handles: list[Any] = []
        for name in names:
            with SetWorkflowID(f"{workflow_id}/{name}"):
                handles.append(await DBOS.enqueue_workflow_async(SUBTASKS, self._subtask, workflow_id, name))
        for handle in handles:
            with contextlib.suppress(dbos_error.DBOSException):
                await handle.get_result(polling_interval_sec=ERRANDS_POLL_S)

    async def _beat_for_ever(self) -> None:
        while True:
            await asyncio.sleep(HEARTBEAT_S)
            try:
                await self._beat()
                await self._take_over()
            except (OSError, SQLAlchemyError, dbos_error.DBOSException) as error:
                self._log.warning("engine.heartbeat-missed", error=str(error))

    async def _beat(self) -> None:
        row = {
            "id": self._context.executor,
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "started_ticks": _started_ticks(os.getpid()) or 0,
            "beat_at": self._context.clock(),
        }
        async with self._context.database.begin(Principal.system()) as tx:
            beat = sa.update(executors).where(executors.c.id == self._context.executor)
            if not await tx.run(beat.values(beat_at=row["beat_at"])):
                await tx.insert(executors, [row])

    async def _take_over(self) -> None:
        """Resume workflows whose executor is dead; resuming twice is harmless, DBOS admits one runner."""
        pending = await DBOS.list_workflows_async(status=["PENDING"], load_input=False, load_output=False)
        owners = {status.executor_id for status in pending} - {self._context.executor}
        if not owners:
            return
        dead = owners - await self._alive()
        for status in pending:
            if status.executor_id in dead:
                self._log.info("engine.takeover", workflow=status.workflow_id, dead=status.executor_id)
                await DBOS.resume_workflow_async(status.workflow_id)

    async def _alive(self) -> set[str]:
        async with self._context.database.read(Principal.system()) as read:
            rows = await read.rows(sa.select(executors))
        stale_before = self._context.clock() - timedelta(seconds=TAKEOVER_S)
        return {row.id for row in rows if row.beat_at >= stale_before and not _died_here(row)}


async def _durable_step(name: str, work: Callable[[], Awaitable[Any]]) -> Any:
    options: StepOptions = {
        "name": name,
        "retries_allowed": True,
        "max_attempts": STEP_ATTEMPTS_MAX,
        "interval_seconds": 0.25,
        "backoff_rate": 2.0,
        "should_retry": _is_passing,
    }
    return await DBOS.run_step_async(options, work)


def _is_passing(error: BaseException) -> bool:
    """A database that restarts is waited for; a fault of ours or of the caller is not repeated."""
    return isinstance(error, DBAPIError | OSError)


def _died_here(row: sa.Row[Any]) -> bool:
    """True when the executor ran on this machine and its process is gone (or its pid was reused)."""
    if row.host != socket.gethostname():
        return False
    return _started_ticks(row.pid) != (row.started_ticks or None)


def _started_ticks(pid: int) -> int | None:
    """Start time of a process in clock ticks since boot, or None if it is gone (Linux: proc(5))."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return _exists(pid)
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] == "Z" else int(fields[19])


def _exists(pid: int) -> int | None:
    """Without /proc (macOS) only existence is known; 0 is what such a process recorded."""
    if Path("/proc/self/stat").exists():
        return None
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return None
    except PermissionError:
        return 0
    return 0


def _dbos_config(context: EngineContext, sqlite: sa.Engine | None) -> DBOSConfig:
    config: DBOSConfig = {
        "name": "aia-missions",
        "system_database_url": context.url,
        "executor_id": context.executor,
        "application_version": PROTOCOL_VERSION,
        "log_level": "ERROR",
        "console_log_level": "ERROR",
        "notification_listener_polling_interval_sec": 0.1,
        "run_migrations": True,
    }
    if sqlite is not None:
        config["system_database_engine"] = sqlite
    return config


def _unixepoch(modifier: str) -> float:
    if modifier != "subsec":
        raise ValueError(f"unixepoch({modifier!r}) is not what DBOS asks for")
    return time.time()


def wal_engine(url: str) -> sa.Engine:
    engine = sa.create_engine(url)

    @event.listens_for(engine, "connect")
    def on_connect(connection: Any, _: Any) -> None:  # pyright: ignore[reportUnusedFunction]
        connection.isolation_level = "IMMEDIATE"
        for pragma in ("busy_timeout=30000", "foreign_keys=ON", "journal_mode=WAL", "synchronous=NORMAL"):
            connection.execute(f"PRAGMA {pragma}")
        if sqlite3.sqlite_version_info < SUBSECONDS_SINCE:
            connection.create_function("unixepoch", 1, _unixepoch)

    return engine


async def open_engine(context: EngineContext) -> DurableEngine:
    """The entry of the plugin `durable` of the group `aia.engines`."""
    engine = DurableEngine(context)
    await engine.open()
    return engine
