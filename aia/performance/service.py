"""Use-cases of performance: record scores where work is settled, keep ratings up to date after it."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

from aia.infra.sql import Event, Read, StoredEvent, Tx
from aia.performance import store
from aia.performance.model import Rating

SCORED = "performance.scored"


class Judged(Protocol):
    """A score as a settling room hands it over."""

    @property
    def agent(self) -> str: ...
    @property
    def skill(self) -> str: ...
    @property
    def value(self) -> float: ...


@dataclass(frozen=True, slots=True)
class Performance:
    """Scores of agents and what follows from them."""

    async def record(self, tx: Tx, mission: str, judged: Sequence[tuple[str, Judged]]) -> None:
        """Keep (judging task, score) pairs in the transaction that settles the judging task."""
        if not judged:
            return
        rows = [
            {"mission": mission, "judge": judge, "agent": s.agent, "skill": s.skill, "value": s.value}
            for judge, s in judged
        ]
        await store.add_scores(tx, rows)
        scores = [[row["agent"], row["skill"], row["value"]] for row in rows]
        tx.emit(Event(SCORED, {"mission": mission, "scores": scores}))

    async def ratings(self, read: Read) -> list[Rating]:
        """Best mean first; ties by agent."""
        found = await store.all_of(read)
        return sorted(found, key=lambda rating: (-rating.mean, rating.agent, rating.skill))

    async def rebuild(self, tx: Tx) -> None:
        """Make the organisation's ratings anew from its scores (they are a projection)."""
        await store.clear(tx)
        await store.fold(tx.conn, tx.organisation, tx.now, await store.sums_of_scores(tx))


@dataclass(frozen=True, slots=True)
class RatingConsumer:
    """Folds score events into ratings; exactly once, as it writes where its cursor moves."""

    name: str = "performance-ratings"

    async def handle(self, conn: AsyncConnection, events: Sequence[StoredEvent]) -> None:
        for event in events:
            if event.topic != SCORED:
                continue
            sums: dict[tuple[str, str], tuple[int, float]] = defaultdict(lambda: (0, 0.0))
            for agent, skill, value in event.body["scores"]:
                number, total = sums[agent, skill]
                sums[agent, skill] = (number + 1, total + value)
            await store.fold(conn, event.organisation, event.at, sums)
