"""Four accounts and short words for the tests that tell a story."""

from collections.abc import Sequence

from aia.core.ids import content_id
from aia.core.money import Units
from aia.ledger import Token, Transfer, TransferKind
from tests.ledger.books import DatabaseBook
from tests.ledger.steered import START

K = TransferKind
ACCOUNTS: dict[str, tuple[str, int | None]] = {
    **{f"test:{name}": ("AIA", 0) for name in ("a", "b", "c", "gone", "vault")},
    **{"test:mint": ("AIA", None), "test:gov": ("AIA_GOV", 0), "test:govmint": ("AIA_GOV", None)},
}
FUNDS = 100


def tfr(name: object) -> str:
    return content_id("tfr", "bank", str(name))


def hld(name: object) -> str:
    return content_id("hld", "bank", str(name))


def ask(name: object, kind: K, debit: str, credit: str, amount: int, **more) -> Transfer:
    """A transfer between accounts of the bank; `hold` and `reverses` are names as `name` is."""
    hold, reverses = more.pop("hold", None), more.pop("reverses", None)
    return Transfer(
        id=tfr(name),
        kind=kind,
        debit=f"test:{debit}",
        credit=f"test:{credit}",
        amount=Units(amount),
        token=more.pop("token", Token.AIA),
        hold_id=None if hold is None else hld(hold),
        reverses=None if reverses is None else tfr(reverses),
        **more,
    )


OPENING = [
    *(ask("fund-a", K.MINT, "mint", "a", FUNDS), ask("fund-c", K.MINT, "mint", "c", 7)),
    ask("fund-vault", K.MINT, "mint", "vault", FUNDS),
]


class Bank:
    """A book in which account a and the treasury's vault have 100 units, c has 7, and `gone` is closed."""

    def __init__(self, book: DatabaseBook) -> None:
        self.book = book

    async def open(self) -> "Bank":
        await self.book.open(ACCOUNTS)
        assert set(await self.post(*OPENING)) == {"created"}
        await self.book.close("test:gone")
        return self

    async def post(self, *batch: Transfer) -> list[str]:
        return [result.outcome.value for result in await self.book.post(batch, START)]

    async def balances(self, *names: str) -> list[tuple[int, int]]:
        """(posted, held) of each."""
        accounts, _ = await self.book.snapshot("test:")
        return [accounts[f"test:{name}"] for name in names]

    async def rows(self) -> tuple:
        """All there is: accounts, holds and the journal."""
        return (*await self.book.snapshot("test:"), await self.book.journal())

    async def holds_up(self) -> bool:
        found = await self.book.audit()
        return found.problems == () and found.trial_balance == 0


def counted(answers: Sequence[Sequence[str]]) -> dict[str, int]:
    told = [outcome for answer in answers for outcome in answer]
    return {outcome: told.count(outcome) for outcome in sorted(set(told))}
