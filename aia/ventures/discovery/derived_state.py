"""What a discovery leaves to one that goes on from it: what it counted, so that only what is new is counted.

All of it is worked out from results and documents that are kept themselves: without it the same comes out, later.
It is bounded, and goes when a discovery that went on from it is done.
"""

from dataclasses import dataclass

from aia.core.principal import Principal
from aia.infra.sql import Database, Tx
from aia.ventures.discovery import store


@dataclass(frozen=True, slots=True)
class DerivedState:
    """Of at most `missions_max` discoveries of an organisation, and `bytes_max` for each thing they leave."""

    database: Database
    bytes_max: int
    missions_max: int

    async def put(self, principal: Principal, mission: str, name: str, data: bytes) -> None:
        """Leave it under a name, once more if need be; what is too large is not kept."""
        if len(data) <= self.bytes_max:
            async with self.database.begin(principal) as tx:
                await store.put(tx, mission, name, data)

    async def left_by(self, principal: Principal, mission: str, prefix: str) -> dict[str, bytes]:
        """What a mission left under names that begin so."""
        async with self.database.read(principal) as read:
            return await store.data_of(read, mission, prefix)

    async def settle(self, tx: Tx, before: str | None) -> None:
        """A discovery is done: forget what the one before it left, and all but the newest."""
        kept = await store.missions_with_states(tx)
        old = {*kept[self.missions_max :], *([] if before is None else [before])}
        if old:
            await store.forget(tx, sorted(old))
