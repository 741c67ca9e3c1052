"""Grouping a large corpus in parts: three waves of tasks before the one that groups (`needs.parts`).

    group/layout       the head of scouting: what all parts share; where each statement stands
    group/rows/00000   any process: embeds a part of the statements
    group/lists/00000  any process: a part of the search for neighbours
    group              merges the lists, finds communities, names them

The price of grouping does not hang on the number of parts: theirs comes out of it, in whole hundredths of an AIA, so
that a split between agent and treasury leaves no remainder. So a report is the same however many there were.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from aia.agents import Agent
from aia.core.money import Units
from aia.core.principal import Principal
from aia.infra.sql import Database
from aia.knowledge import Knowledge
from aia.missions import Mission, PlannedTask, Task, Work, artefacts_of
from aia.ventures.discovery.continuation import CONTINUES

LAYOUT, ROWS, LISTS = "group/layout", "group/rows", "group/lists"
SIFT, EMBED, COMPARE = "sift", "embed", "compare"
OF_GROUPING = frozenset({SIFT, EMBED, COMPARE})
"""Skills of tasks that are a part of grouping; whoever groups answers for them."""
SPREAD = frozenset({EMBED, COMPARE})
WAVES = 3
TENTHS = {SIFT: 1, EMBED: 2, COMPARE: 3}
"""Of what grouping costs by the document, about as the work is."""
ROUND_UNITS = 10_000
PARTS_MAX = 1_000


def parts_in(brief: Mapping[str, Any], documents: int) -> int:
    """In how many parts so many documents are grouped; 0 where it is done in one piece.

    A discovery that goes on from another groups little, and a stop rule leaves open how much there will be.
    """
    size = int(brief.get("part_documents", 0))
    if not size or documents <= size or brief.get(CONTINUES) or brief["stop_new_per_aia"]:
        return 0
    return min(-(-documents // size), PARTS_MAX)


def part_tasks(wave: int, parts: int, grouper: Agent, documents: int) -> list[PlannedTask]:
    """The tasks of so many parts, in three waves from this one on; none of no parts."""
    if not parts:
        return []
    each = -(-documents // parts)
    shares = {k: _share(grouper, documents, t, 1 if k == SIFT else parts) for k, t in TENTHS.items()}

    def task(key: str, skill: str, turn: int, title: str, part: int) -> PlannedTask:
        work = {"part": part, "of": parts, "documents": documents if skill == SIFT else each}
        return PlannedTask(key, "direct", wave + turn, grouper.id, skill, title, work, shares[skill])

    return [
        task(LAYOUT, SIFT, 0, "Lay out the parts", 0),
        *(task(f"{ROWS}/{i:05d}", EMBED, 1, f"Embed part {i + 1} of {parts}", i) for i in range(parts)),
        *(task(f"{LISTS}/{i:05d}", COMPARE, 2, f"Find neighbours, part {i + 1} of {parts}", i) for i in range(parts)),
    ]


def _share(grouper: Agent, documents: int, tenths: int, tasks: int) -> Units:
    return Units(grouper.price_per_unit_units * documents * tenths // (10 * tasks) // ROUND_UNITS * ROUND_UNITS)


class PartWork:
    """Fetches what the tools of parts need, from what earlier tasks kept and from the corpus."""

    def __init__(self, database: Database, knowledge: Knowledge, principal: Principal, mission: Mission) -> None:
        self._database = database
        self._knowledge = knowledge
        self._principal = principal
        self._mission = mission

    async def kept(self, prefix: str) -> list[bytes]:
        async with self._database.read(self._principal) as read:
            return list((await artefacts_of(read, self._mission.id, prefix)).values())

    async def layout(self) -> bytes:
        (found,) = await self.kept(LAYOUT)
        return found

    async def texts(self, places: Sequence[tuple[int, int, int]]) -> list[str]:
        """The texts at (document, start, end), in order of document."""
        if not places:
            return []
        first, end = places[0][0], places[-1][0] + 1
        documents: dict[int, str] = {}
        wanted = {document for document, _, _ in places}
        async with self._database.read(self._principal) as read:
            async for part in self._knowledge.stream(read, self._mission.brief["corpus"], first, end):
                documents |= {d.position: d.text for d in part if d.position in wanted}
        return [documents[document][start:stop] for document, start, stop in places]


def work_of(task: Task, artefact: bytes) -> Work:
    """What a task of a part gives back; its price is what was held for it."""
    return Work({"bytes": len(artefact)}, units_of_work=int(task.input["documents"]), artefact=artefact)
