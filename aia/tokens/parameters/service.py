"""Use-cases of parameters: read those in force, now or at a place in the journal; change one by an order."""

from collections.abc import Sequence
from dataclasses import dataclass

from aia.infra.sql import Event, Read, Tx
from aia.ledger.service import Ledger
from aia.tokens.parameters import store
from aia.tokens.parameters.model import DEFINITIONS, Change, Parameter, check_value


async def values_in_force(read: Read, names: Sequence[Parameter], seq: int | None = None) -> dict[Parameter, int]:
    """Values for the next transfer, or those that were for the transfer `seq`."""
    changed = await store.latest(read, names, seq)
    return {name: changed[name].value if name in changed else DEFINITIONS[name].default for name in names}


@dataclass(frozen=True, slots=True)
class Parameters:
    """The governed numbers of the economy."""

    ledger: Ledger

    async def values(
        self, read: Read, names: Sequence[Parameter] = tuple(Parameter), *, seq: int | None = None
    ) -> dict[Parameter, int]:
        """Values in force for the next transfer, or those that were for the transfer `seq`."""
        return await values_in_force(read, names, seq)

    async def value(self, read: Read, name: Parameter, *, seq: int | None = None) -> int:
        return (await self.values(read, [name], seq=seq))[name]

    async def history(self, read: Read) -> list[Change]:
        """Every change that was made, by name and version."""
        return await store.history(read)

    async def change(self, tx: Tx, name: Parameter, value: int, order: str) -> Change:
        """Set a value from the next transfer on; only an executed order of the treasury calls this.

        Raises `BadParameter` outside the bounds.
        """
        check_value(name, value)
        from_seq = await self.ledger.lock(tx)  # one change at a time, and none beside a posting
        before = (await store.latest(tx, [name], None)).get(name)
        version = 1 if before is None else before.version + 1
        change = Change(name, version, from_seq, value, order, tx.now)
        await store.add(tx, change)
        tx.emit(Event("tokens.parameter-changed", {"name": name.value, "value": value, "from_seq": from_seq}))
        return change
