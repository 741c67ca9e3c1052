"""The genesis plan: which account holds which part of the supply on the first day. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from aia.core.errors import AIAError, Conflict, Invalid
from aia.core.money import Units, apportion
from aia.ledger.model import Token

TREASURY = "treasury"
WHOLE_BPS = 10_000


class BadGenesis(Invalid):
    """The genesis file cannot be used; the message names the file and what is wrong in it."""

    code = "bad-genesis"
    title = "The genesis file cannot be used"


class SupplyCapExceeded(Conflict):
    """A mint would bring the supply above the cap fixed at genesis; nothing was minted."""

    code = "supply-cap-exceeded"
    title = "The supply is at its cap"


class GenesisMissing(AIAError):
    code = "genesis-missing"
    title = "The books have no genesis yet"


@dataclass(frozen=True, slots=True)
class Terms:
    """How an allocation vests: nothing before the cliff, all after the duration, linear between."""

    cliff_days: int
    duration_days: int


@dataclass(frozen=True, slots=True)
class Allocation:
    """A part of a token's supply, in basis points, and what orders may pay out of it in an epoch."""

    token: Token
    purpose: str
    share_bps: int
    epoch_limit_bps: int
    terms: Terms | None

    @property
    def account(self) -> str:
        return allocation_account(self.purpose, self.token)


@dataclass(frozen=True, slots=True)
class GenesisPlan:
    """A checked genesis file; `text` is what was read, kept in the books."""

    allocations: tuple[Allocation, ...]
    grants: str
    text: str

    def of(self, token: Token) -> tuple[Allocation, ...]:
        return tuple(a for a in self.allocations if a.token is token)

    def split(self, token: Token, supply: Units) -> list[tuple[Allocation, Units]]:
        """The supply over the allocations by largest remainder: no unit is lost or made."""
        mine = self.of(token)
        parts = apportion(supply, [a.share_bps for a in mine])
        assert sum(parts) == supply, "allocations sum to the supply"
        return list(zip(mine, parts, strict=True))


def allocation_account(purpose: str, token: Token) -> str:
    """The account of the treasury that holds a purpose's tokens."""
    return f"{purpose}:{token.value}"


def vesting_account(purpose: str, token: Token) -> str:
    """Where an allocation waits that is released over time."""
    return f"vesting:{purpose}:{token.value}"


def limit_units(allocation: Allocation, allocated: Units) -> Units:
    """What orders may pay out of an allocation in one epoch; rounded down."""
    return Units(allocated * allocation.epoch_limit_bps // WHOLE_BPS)


def check_allocations(token: Token, allocations: Sequence[Allocation]) -> None:
    """Raises `BadGenesis` unless purposes differ, a treasury is among them and the shares sum to 100 %."""
    purposes = [a.purpose for a in allocations]
    for purpose in purposes:
        if purposes.count(purpose) > 1:
            raise BadGenesis(f"{token.value} names the purpose {purpose!r} twice")
    if TREASURY not in purposes:
        raise BadGenesis(f"{token.value} has no allocation of the purpose {TREASURY!r}")
    total = sum(a.share_bps for a in allocations)
    if total != WHOLE_BPS:
        raise BadGenesis(
            f"the percentages of {token.value} sum to {_percent(total)}, they must sum to exactly 100",
            sum=_percent(total),
        )


def _percent(bps: int) -> str:
    whole, fraction = divmod(bps, 100)
    return f"{whole}.{fraction:02d}".rstrip("0").rstrip(".") if fraction else str(whole)
