"""Use-cases of agents: hire a roster, read it."""

from dataclasses import dataclass

from aia.agents import store
from aia.agents.model import Roster
from aia.core.errors import Conflict, NotFound
from aia.infra.sql import Event, Read, Tx


class RosterExists(Conflict):
    code = "roster-exists"
    title = "The organisation has its agents already"


class NoRoster(NotFound):
    code = "no-roster"
    title = "The organisation has no agents"


@dataclass(frozen=True, slots=True)
class Agents:
    """The members of organisations."""

    async def hire(self, tx: Tx, roster: Roster) -> None:
        """Give the transaction's organisation its agents; raises `RosterExists` when it has some."""
        if await store.all_of(tx):
            raise RosterExists(f"organisation {tx.organisation} has its agents already")
        line = sorted(roster.agents, key=roster.level)
        await store.add(tx, tuple(line))
        tx.emit(Event("agents.hired", {"agents": [agent.id for agent in line]}))

    async def roster(self, read: Read) -> Roster:
        """Raises `NoRoster` when the organisation has no agents."""
        members = await store.all_of(read)
        if not members:
            raise NoRoster(f"organisation {read.organisation!r} has no agents: run aia init")
        return Roster(members)
