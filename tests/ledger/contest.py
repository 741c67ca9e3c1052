"""One world played on the oracle, on the pure rules, and on a database if there is one: no word may differ."""

from collections import Counter

from aia.ledger import Outcome, Transfer, TransferKind, posting
from tests.ledger.books import DatabaseBook, PureBook, compare, differences, expected
from tests.ledger.oracle import Answer
from tests.ledger.steered import World

SHOWN = 8


class Differs(AssertionError):
    """The ledger and the oracle disagree; the text says where, and the seed that shows it again."""


class Contest:
    """Plays worlds of `operations` transfers each. `told` counts what came of them, by kind and outcome."""

    def __init__(self, book: DatabaseBook | None = None, rules=posting) -> None:
        self.book = book
        self.rules = rules
        self.told: Counter[str] = Counter()

    @property
    def operations(self) -> int:
        return self.told.total()

    async def play(self, seed: str, operations: int) -> None:
        """Raises `Differs`; in the end the whole journal is replayed."""
        world, pure = World(seed, seed), PureBook(self.rules)
        await self._open(world, pure)
        opening = world.opening()
        await self._post(world, pure, opening, world.play(opening))
        until = self.operations + operations
        while self.operations < until:
            if (spare := world.close()) is not None:
                pure.close(spare)
                if self.book is not None:
                    await self.book.close(spare)
            await self._post(world, pure, *world.next_batch())
        await self._replay(world)

    async def _open(self, world: World, pure: PureBook) -> None:
        pure.open(world.oracle.accounts)
        if self.book is not None:
            await self.book.open(world.oracle.accounts)
            world.oracle.head["seq"] = await self.book.last_seq()
            pure.seq = world.oracle.head["seq"]

    async def _post(self, world: World, pure: PureBook, batch, answers) -> None:
        results = pure.post(batch, world.now)
        found = [f"rules, {line}" for line in differences(batch, answers, results)]
        found += compare("rules", pure.snapshot(), expected(world.oracle))
        if self.book is not None:
            stored = await self.book.post(batch, world.now)
            found += [f"database, {line}" for line in differences(batch, answers, stored)]
            found += compare("database", await self.book.snapshot(world.at("")), expected(world.oracle))
        if found:
            more = [f"... and {len(found) - SHOWN} more"] if len(found) > SHOWN else []
            raise Differs("\n".join([f"seed {world.name}, batch of {len(batch)}", *found[:SHOWN], *more]))
        for asked, answer in zip(batch, answers, strict=True):
            self.told[_told(asked, answer)] += 1

    async def _replay(self, world: World) -> None:
        if self.book is None:
            return
        found = await self.book.audit()
        assert found.problems == (), found.problems
        assert found.trial_balance == 0
        assert found.transfers == world.oracle.head["seq"], "the journal holds what was created, and nothing else"


def _told(asked: Transfer, answer: Answer) -> str:
    return f"{asked.kind} created" if answer.outcome == "created" else answer.outcome


EVERY_OUTCOME = frozenset(
    {f"{kind} created" for kind in TransferKind} | set(Outcome) - {"created", "batch-too-large", "invalid-id"}
)
"""What a long run must have come across to have tested anything; the two left out have their own tests."""
