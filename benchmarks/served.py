"""Running a benchmark as `aia serve` runs: on the loop that uvicorn takes, with the garbage collector settled."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from uvicorn.loops.auto import auto_loop_factory

from aia.infra.gc import settle

T = TypeVar("T")


def run_as_served(work: Coroutine[Any, Any, T]) -> T:
    settle()
    with asyncio.Runner(loop_factory=auto_loop_factory()) as runner:
        return runner.run(work)
