"""`audit`: everything the ledger keeps, derived again from its journal and compared.

Two passes over the journal: the rules applied again (`replay`) and the Merkle tree made again (`scan`), the
second in a process beside the first when the journal is long.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from aia.infra.sql import Read
from aia.ledger.audit.replay import Problems, Replay
from aia.ledger.audit.scan import BATCH, LogFound, scan, scan_beside
from aia.ledger.audit.store import Source, Standing
from aia.ledger.log.checkpoint import Checkpoint, open_checkpoint, read_checkpoint
from aia.ledger.log.note import BadNote, VerifierKey, parse_note
from aia.ledger.model import Token

BESIDE_MIN = 50_000


@dataclass(frozen=True, slots=True)
class Audit:
    """What an audit found; `problems` empty means the books hold (at most the first hundred of
    `problem_count`). `root` is the log's, over `transfers` leaves of `leaf_bytes` bytes."""

    transfers: int
    accounts: int
    holds: int
    checkpoints: int
    trial_balance: int
    supply: dict[Token, int]
    root: bytes
    leaf_bytes: int
    problems: tuple[str, ...]
    problem_count: int


async def audit(
    read: Read,
    *,
    caps: Mapping[Token, int] | None = None,
    key: VerifierKey | None = None,
    beside: bool = False,
    progress: Callable[[int, int], None] = lambda _done, _all: None,
) -> Audit:
    """Replay every transfer of the deployment; reads only, in bounded batches.

    `caps`: the most units there may be of a token. `key`: the log's, to check signatures of checkpoints (roots
    are checked without). `beside`: a second process may hash, which sees what is committed only. `progress` is
    told how many transfers of all are replayed.
    """
    source = await Source.of(read)
    notes, newest = await source.checkpoints(), await source.newest()  # before the head, which only grows
    standing = await source.standing()
    size = max(0, min(standing.next_seq - 1, await source.newest()))
    sizes = [row[0] for row in notes]
    url = read.conn.engine.url.render_as_string(hide_password=False)
    hashing = asyncio.ensure_future(scan_beside(url, size, sizes)) if beside and size >= BESIDE_MIN else None
    try:
        replay = await _replay(source, standing, size, caps or {}, progress)
        found = await (hashing or scan(source, size, sizes))
    finally:
        if hashing is not None:
            hashing.cancel()
    problems = replay.problems
    _take(problems, found)
    _check_head(problems, standing, newest, found)
    _check_checkpoints(problems, notes, found, key)
    sums = replay.sums()
    for token, total in sums.items():
        if total:
            problems.add(f"the balances of {token} sum to {total}, not to 0")
    supply = replay.supply()
    return Audit(
        transfers=size,
        accounts=len(standing.accounts),
        holds=len(standing.holds),
        checkpoints=len(notes),
        trial_balance=sum(map(abs, sums.values())),
        supply={token: supply[token.value] for token in Token if token.value in supply},
        root=found.frontier.root(),
        leaf_bytes=found.leaf_bytes,
        problems=tuple(problems.texts),
        problem_count=problems.count,
    )


async def _replay(
    source: Source, standing: Standing, size: int, caps: Mapping[Token, int], report: Callable[[int, int], None]
) -> Replay:
    limits = {token.value: units for token, units in caps.items()}
    replay = Replay(standing.accounts, limits, source.microseconds)
    for first in range(1, size + 1, BATCH):
        until = min(first + BATCH - 1, size)
        replay.feed(await source.entries(first, until))
        report(until, size)
    replay.check_reversals(await source.entries_of(replay.reversed_numbers))
    replay.compare(standing.accounts, standing.holds)
    return replay


def _take(problems: Problems, found: LogFound) -> None:
    for text in found.problems:
        problems.add(text)
    problems.count += found.problem_count - len(found.problems)


def _check_head(problems: Problems, standing: Standing, newest: int, found: LogFound) -> None:
    size = standing.next_seq - 1
    if newest > size or found.frontier.size != size:
        ends = max(newest, found.frontier.size)
        problems.add(f"the journal ends at {ends} with {found.frontier.size} rows in order, its head says {size}")
    if standing.next_seq == 1 and not standing.frontier:
        return
    if standing.root != found.frontier.root():
        problems.add("the root in the head of the ledger is not that of its transfers")
    if standing.frontier != found.frontier.to_bytes():
        problems.add("the frontier in the head of the ledger is not that of its transfers")


def _check_checkpoints(
    problems: Problems, notes: Sequence[Sequence[object]], found: LogFound, key: VerifierKey | None
) -> None:
    """Each root is derived from the one sequence of transfers, so checkpoints that hold are consistent."""
    for size, raw in notes:
        assert isinstance(raw, bytes)
        try:
            text = raw.decode()
            note = parse_note(text)
            checkpoint = read_checkpoint(note) if key is None else open_checkpoint(note, key)
        except (BadNote, UnicodeDecodeError) as error:
            problems.add(f"checkpoint {size}: {error}")
            continue
        expected = Checkpoint(checkpoint.origin, checkpoint.tree_size, found.roots.get(checkpoint.tree_size, b""))
        if checkpoint.tree_size != size or note.text != expected.text() or text != str(note):
            problems.add(f"checkpoint {size} does not tell the root of its transfers")
