"""The poster: what queued while the last batch was committed is the next batch.

No timer and no delay: a lone transfer is committed at once, and under load one commit carries all that came
meanwhile. A submission is always whole in one batch, so its chains are too. Several posters, in one process
or in many, stay correct: each batch locks the ledger's head. See docs/decisions/0014-poster.md.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import structlog
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from aia.core.errors import AIAError, TooLarge, Unavailable
from aia.core.ids import content_id
from aia.core.money import Units
from aia.core.principal import Principal
from aia.infra.sql import Database
from aia.ledger import store
from aia.ledger.direct import DirectPosting
from aia.ledger.model import BATCH_MAX, Hold, Result, Transfer, TransferKind
from aia.ledger.posting import too_large
from aia.ledger.service import Ledger

SWEEP_MAX = 1_000


class PostingUnknown(Unavailable):
    """The database failed while it posted: it may have kept the transfers or not. Asking again is safe."""

    code = "posting-unknown"
    title = "The ledger did not answer"


class PosterFull(TooLarge):
    """More transfers wait to be posted than the poster will keep."""

    status = 503
    code = "poster-full"
    title = "The ledger has too much to do"


class _Submission(NamedTuple):
    batch: Sequence[Transfer]
    done: "asyncio.Future[tuple[Result, ...]]"


class Poster:
    """Posts what callers submit, in transactions of its own; made and closed within a running event loop.

    `queue_max`: transfers that may wait. `sweep_s`: how often overdue holds are looked for; None: never.
    """

    def __init__(self, database: Database, ledger: Ledger, *, queue_max: int, sweep_s: float | None) -> None:
        self._database = database
        self._ledger = ledger
        self._direct = DirectPosting(database)
        self._queue_max = queue_max
        self._queue: deque[_Submission] = deque()
        self._waiting = 0
        self._closing = self._ending = False
        self._stop = asyncio.Event()
        self._wake = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._log = structlog.get_logger("aia.poster")
        self._task = asyncio.create_task(self._run(), name="aia.poster")
        sweeping = None if sweep_s is None else self._sweep_for_ever(sweep_s)
        self._sweeper = None if sweeping is None else asyncio.create_task(sweeping, name="aia.poster.sweep")

    async def submit(self, batch: Sequence[Transfer]) -> tuple[Result, ...]:
        """Post a batch; returns when it is durable, with a result for each transfer in order.

        Raises `PostingUnknown` when the database failed (ask again, with the same ids), `PosterFull` when
        too much waits, `Unavailable` when the poster is closed.
        """
        refused = too_large(batch)
        if refused is not None or not batch:
            return refused or ()
        if self._closing:
            raise Unavailable("the ledger is shutting down: ask again, with the same ids")
        if self._waiting + len(batch) > self._queue_max:
            raise PosterFull(
                f"{self._waiting} transfers wait, of at most {self._queue_max}: ask again later, with the same ids"
            )
        return await self._enqueue(batch)

    def _enqueue(self, batch: Sequence[Transfer]) -> "asyncio.Future[tuple[Result, ...]]":
        done: asyncio.Future[tuple[Result, ...]] = self._loop.create_future()
        self._queue.append(_Submission(batch, done))
        self._waiting += len(batch)
        self._wake.set()
        return done

    async def close(self) -> None:
        """Take nothing more, post what waits, and end."""
        self._closing = True
        self._stop.set()
        if self._sweeper is not None:
            await self._sweeper
        self._ending = True
        self._wake.set()
        await self._task
        await self._direct.close()

    async def _run(self) -> None:
        while self._queue or not self._ending:
            if self._queue:
                await self._post(self._take())
            else:
                self._wake.clear()
                await self._wake.wait()

    def _take(self) -> list[_Submission]:
        """What waits, up to the bound of a batch; who gave up waiting is left out."""
        taken: list[_Submission] = []
        room = BATCH_MAX
        while self._queue and len(self._queue[0].batch) <= room:
            submission = self._queue.popleft()
            self._waiting -= len(submission.batch)
            if not submission.done.cancelled():
                room -= len(submission.batch)
                taken.append(submission)
        return taken

    async def _post(self, taken: Sequence[_Submission]) -> None:
        """Post submissions as one batch. If it fails though the database answers, one of them is the cause:
        then each is posted alone, so that it fails nobody else."""
        try:
            results = await self._commit(_joined(taken))
        except Exception as error:  # noqa: BLE001 - whatever it is, every caller must hear of it
            if len(taken) > 1 and not _is_outage(error):
                for one in taken:
                    await self._post([one])
                return
            self._log.warning("poster.batch-failed", transfers=sum(len(one.batch) for one in taken), error=str(error))
            for one in taken:
                _fail(one, error)
            return
        start = 0
        for one in taken:
            end = start + len(one.batch)
            if not one.done.done():  # a caller may have given up meanwhile
                one.done.set_result(results[start:end])
            start = end

    async def _commit(self, batch: Sequence[Transfer]) -> tuple[Result, ...]:
        if self._direct.takes(batch):
            results = await self._direct.post(batch)
            if results is not None:
                self._ledger.count(results)
                return results
        self._direct.forget()  # the head is about to move
        async with self._database.begin(Principal.system()) as tx:
            return await self._ledger.post(tx, batch)

    async def sweep(self) -> int:
        """Expire holds whose time is over, at most `SWEEP_MAX` of them; how many there were."""
        async with self._database.read(Principal.system()) as read:
            overdue = await store.expired_holds(read, read.now, SWEEP_MAX)
        if overdue:
            await self._enqueue([_expiry(hold) for hold in overdue])
        return len(overdue)

    async def _sweep_for_ever(self, every_s: float) -> None:
        while not self._closing:
            if not await self._sweep_and_log():
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(every_s):
                        await self._stop.wait()

    async def _sweep_and_log(self) -> bool:
        """Sweep; whether there may be more. What fails is tried again at the next look."""
        try:
            return await self.sweep() == SWEEP_MAX
        except (SQLAlchemyError, OSError, AIAError) as error:
            self._log.warning("poster.sweep-failed", error=str(error))
            return False


def _joined(taken: Sequence[_Submission]) -> Sequence[Transfer]:
    if len(taken) == 1:
        return _closed_chain(taken[0].batch)
    return [transfer for one in taken for transfer in _closed_chain(one.batch)]


def _closed_chain(batch: Sequence[Transfer]) -> Sequence[Transfer]:
    """A chain that a submission leaves open ends with it, and does not reach into the next one."""
    return [*batch[:-1], replace(batch[-1], linked=False)] if batch[-1].linked else batch


def _expiry(hold: Hold) -> Transfer:
    """Its id comes from the hold, so posters that sweep at once expire it once."""
    return Transfer(
        id=content_id("tfr", "expire", hold.id),
        kind=TransferKind.EXPIRE,
        debit=hold.debit,
        credit=hold.credit,
        amount=Units(0),
        token=hold.token,
        hold_id=hold.id,
    )


def _is_outage(error: Exception) -> bool:
    """Whether the database did not answer, so that trying each submission alone is of no use."""
    return isinstance(error, OSError | TimeoutError) or (
        isinstance(error, DBAPIError) and error.connection_invalidated
    )


def _fail(one: _Submission, error: Exception) -> None:
    if one.done.done():
        return
    failure = PostingUnknown(
        f"the database failed while it posted {len(one.batch)} transfers ({type(error).__name__}): "
        "they may be posted or not; ask again, with the same ids"
    )
    failure.__cause__ = error
    one.done.set_exception(failure)
