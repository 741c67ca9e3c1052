"""The Merkle tree of the whole journal made again, and compared with what the log keeps of it."""

import asyncio
import multiprocessing
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

from aia.core.clock import system_clock
from aia.core.ids import random_ids
from aia.core.principal import Principal
from aia.infra.sql import open_database
from aia.ledger.audit.leaves import BadRow, leaves_of
from aia.ledger.audit.replay import Problems
from aia.ledger.audit.store import Source
from aia.ledger.log.merkle import STORED_LEVEL, Frontier, Node, leaf_hash

BATCH = 8_192


@dataclass(frozen=True, slots=True)
class LogFound:
    """The tree over the first transfers: its frontier, its root at each size that was asked for."""

    frontier: Frontier
    roots: dict[int, bytes]
    leaf_bytes: int
    problems: tuple[str, ...]
    problem_count: int


async def scan(
    source: Source, size: int, sizes: Sequence[int], report: Callable[[int], None] = lambda _: None
) -> LogFound:
    """Hash the first `size` transfers in order; `sizes` are those of checkpoints, whose roots are wanted.

    Compares every stored node, and sees that no id comes twice.
    """
    problems = Problems()
    names = await source.names()
    frontier, roots, leaf_bytes = Frontier(), dict[int, bytes](), 0
    nodes: list[Node] = []
    ids: list[bytes] = []
    stops = iter(sorted({stop for stop in sizes if 0 <= stop <= size} | {size}))
    stop = next(stops)
    for first in range(1, size + 1, BATCH):
        rows = await source.leaf_rows(first, min(first + BATCH - 1, size))
        try:
            leaves = leaves_of(rows, names, source.microseconds)
        except BadRow as error:
            problems.add(str(error))
            break
        ids.extend(row[1] for row in rows)
        leaf_bytes += sum(map(len, leaves))
        hashes = [leaf_hash(leaf) for leaf in leaves]
        while stop is not None and stop <= frontier.size + len(hashes):
            here = stop - frontier.size
            frontier, new = frontier.append(hashes[:here])
            hashes = hashes[here:]
            nodes.extend(new)
            roots[stop] = frontier.root()
            stop = next(stops, None)
        frontier, new = frontier.append(hashes)
        nodes.extend(new)
        report(len(rows))
    if not size:
        roots[0] = frontier.root()
    _compare_nodes(nodes, await source.nodes(size), problems)
    _look_for_twins(ids, problems)
    return LogFound(frontier, roots, leaf_bytes, tuple(problems.texts), problems.count)


def _compare_nodes(made: Sequence[Node], stored: Sequence[Sequence[object]], problems: Problems) -> None:
    left = {(level, position): value for level, position, value in made}
    for level, position, value in stored:
        if left.pop((level, position), None) != value:  # type: ignore[call-overload] # a foreign key finds nothing
            problems.add(f"node {position} of level {level} of the log is not the hash of its transfers")
    for level, position in left:
        problems.add(f"node {position} of level {level} of the log is missing (levels from {STORED_LEVEL} are kept)")


def _look_for_twins(ids: Sequence[bytes], problems: Problems) -> None:
    twins = len(ids) - len(set(ids))
    if twins:
        problems.add(f"{twins} transfers have the id of another")


async def scan_beside(url: str, size: int, sizes: Sequence[int]) -> LogFound:
    """The same in a process of its own, which reads from its own connection."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        return await asyncio.get_running_loop().run_in_executor(pool, _scan_alone, url, size, tuple(sizes))


def _scan_alone(url: str, size: int, sizes: Sequence[int]) -> LogFound:
    return asyncio.run(_scan_at(url, size, sizes))


async def _scan_at(url: str, size: int, sizes: Sequence[int]) -> LogFound:
    database = open_database(url, system_clock, random_ids(), pool_size=1)
    try:
        async with database.read(Principal.system()) as read:
            return await scan(await Source.of(read), size, sizes)
    finally:
        await database.engine.dispose()
