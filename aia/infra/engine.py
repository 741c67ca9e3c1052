"""The port to the durable engine, and the one without durability.

A workflow survives the process; a step that finished is not run again. `dbos_engine` is the real one,
a plugin of the group `aia.engines`, so that a process that runs no mission does not load it.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

from aia.core.clock import Clock
from aia.infra.sql import Database

ENGINES = "aia.engines"

Step: TypeAlias = Callable[[str, Callable[[], Awaitable[Any]]], Awaitable[Any]]
"""Inside a workflow: run the named work once; on replay return what it returned."""

Dispatch: TypeAlias = Callable[[Sequence[str]], Awaitable[None]]
"""Inside a workflow, in a step too: have errands of these names run, each once, by whichever process is free.

Returns when none of them runs any more. An errand leaves its result itself; the caller sees what was not done.
"""

Workflow: TypeAlias = Callable[[str, Step, Dispatch], Coroutine[Any, Any, str]]
"""A workflow takes its own id (the mission's), `step` and `hand_out`; it returns its final state."""

Subtask: TypeAlias = Callable[[str, str], Coroutine[Any, Any, None]]
"""A part of a workflow by its id and a name, which any process may run, and run again after a crash."""


@dataclass(frozen=True, slots=True)
class EngineContext:
    """What an engine is opened with; `url` is where it keeps its own state."""

    url: str
    executor: str
    workflow: Workflow
    subtask: Subtask
    database: Database
    clock: Clock


class Engine(Protocol):
    """Runs workflows by id, once each, and finishes what a killed process began."""

    async def start(self, workflow_id: str) -> None:
        """Begin the workflow, or do nothing when one of that id exists."""
        ...

    async def wait(self, workflow_id: str) -> None: ...

    async def cancel(self, workflow_id: str) -> None: ...

    async def close(self) -> None: ...


class InlineEngine:
    """Runs a workflow as a plain task, without durability: for tests and for programs that embed us.

    There is no other process to hand anything out to: the workflow finds all of it still to do.
    """

    def __init__(self, workflow: Workflow) -> None:
        self._workflow = workflow
        self._tasks: dict[str, asyncio.Task[str]] = {}

    async def start(self, workflow_id: str) -> None:
        if workflow_id not in self._tasks:
            self._tasks[workflow_id] = asyncio.create_task(self._workflow(workflow_id, _run_now, dispatch_nothing))

    async def wait(self, workflow_id: str) -> None:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.shield(self._tasks[workflow_id])

    async def cancel(self, workflow_id: str) -> None:
        task = self._tasks.get(workflow_id)
        if task is not None and task is not asyncio.current_task():
            task.cancel()

    async def close(self) -> None:
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)


async def _run_now(_: str, work: Callable[[], Awaitable[Any]]) -> Any:
    return await work()


async def dispatch_nothing(_: Sequence[str]) -> None:
    return None
