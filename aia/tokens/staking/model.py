"""Staking: rewards by a global index, locks, cooling down, slashing. Pure, in exact integers.

A pool keeps what one staked unit has earned since the beginning, times `SCALE`: the reward index. Funding
raises it by `units x SCALE / staked`; a stake earned `amount x (index now - index then)`. So funding costs
the same for one staker and for a million. (The scheme is that of Batog, Boca, Johnson: "Scalable Reward
Distribution on the Ethereum Blockchain", 2018.)

Nothing is rounded away. The rest of the division of a funding stays in the pool and is part of the next
one; the fraction of a unit that a claim cannot pay stays with the stake, and goes back to the pool when the
stake is empty. At every moment, in units of 1/SCALE:

    earned and not claimed, over all stakes + remainder + paid x SCALE == funded x SCALE

so what is paid never passes what was funded. See docs/decisions/ on the reward index.
"""

from dataclasses import dataclass, replace

from aia.core.clock import Instant, rfc3339
from aia.core.errors import Conflict, Invalid, NotFound
from aia.core.money import Units, format_units
from aia.ledger.model import Token

SCALE = 10**18
WHOLE_BPS = 10_000
UNSTAKINGS_MAX = 32


class StakeNotFound(NotFound):
    code = "stake-not-found"
    title = "No such stake"


class StakeLocked(Conflict):
    """The stake cannot be lowered yet."""

    code = "stake-locked"
    title = "The stake is locked"


class StakeTooSmall(Conflict):
    """More was asked for than is staked; nothing changed."""

    code = "stake-too-small"
    title = "The stake is smaller than that"


class UnstakingNotReady(Conflict):
    code = "unstaking-not-ready"
    title = "The cooldown is not over"


class UnstakingClosed(Conflict):
    code = "unstaking-closed"
    title = "Withdrawn already"


class TooManyUnstakings(Conflict):
    code = "too-many-unstakings"
    title = "Withdraw what is ready first"


class NothingStaked(Conflict):
    """Rewards for nobody: nothing is staked, so nothing was funded."""

    code = "nothing-staked"
    title = "Nobody has staked"


class NothingToClaim(Conflict):
    code = "nothing-to-claim"
    title = "No whole unit of rewards is due"


class SlashTooLarge(Conflict):
    """A slashing takes at most a governed part of a stake."""

    code = "slash-too-large"
    title = "More than one slashing may take"


class NotStakeable(Invalid):
    code = "not-stakeable"
    title = "Only wallets stake"


@dataclass(frozen=True, slots=True)
class Pool:
    """All stakes of a token. `index` and `remainder` are in 1/SCALE of a unit."""

    token: Token
    index: int
    staked: int
    remainder: int
    funded: int
    paid: int


@dataclass(frozen=True, slots=True)
class Stake:
    """What a wallet has staked. `amount` earns, `cooling` does not; both can be slashed.

    `owed` is what was earned up to `index`, in 1/SCALE of a unit; `claimed` what was paid in all.
    """

    wallet: str
    token: Token
    account: str
    amount: int
    cooling: int
    locked_until: Instant
    index: int
    owed: int
    claimed: int


@dataclass(frozen=True, slots=True)
class Unstaking:
    """A part of a stake that cools down until it can be withdrawn."""

    id: str
    wallet: str
    units: Units
    ready_at: Instant
    open: bool


def empty_pool(token: Token) -> Pool:
    return Pool(token, 0, 0, 0, 0, 0)


def fund(pool: Pool, units: Units) -> Pool:
    """Spread rewards over all that is staked; raises `NothingStaked`."""
    if not pool.staked:
        raise NothingStaked(f"no {pool.token} is staked: fund rewards when some is")
    step, remainder = divmod(units * SCALE + pool.remainder, pool.staked)
    return replace(pool, index=pool.index + step, remainder=remainder, funded=pool.funded + units)


def accrue(pool: Pool, stake: Stake) -> Stake:
    """The stake with what it has earned until now."""
    earned = stake.amount * (pool.index - stake.index)
    return replace(stake, owed=stake.owed + earned, index=pool.index)


def raise_stake(pool: Pool, stake: Stake, units: Units, locked_until: Instant) -> tuple[Pool, Stake]:
    """Stake more; the lock begins anew for all of it, and is never shortened."""
    grown = accrue(pool, stake)
    locked = max(grown.locked_until, locked_until)
    grown = replace(grown, amount=grown.amount + units, locked_until=locked)
    return replace(pool, staked=pool.staked + units), grown


def lower_stake(pool: Pool, stake: Stake, units: Units, now: Instant) -> tuple[Pool, Stake]:
    """Let a part cool down: it earns no more. Raises `StakeLocked` or `StakeTooSmall`."""
    if now < stake.locked_until:
        raise StakeLocked(f"the stake of {stake.wallet} is locked until {rfc3339(stake.locked_until)}: wait")
    if units > stake.amount:
        raise StakeTooSmall(
            f"{format_units(units)} {stake.token} asked, {format_units(stake.amount)} are staked by {stake.wallet}",
            staked=format_units(stake.amount),
        )
    less = accrue(pool, stake)
    less = replace(less, amount=less.amount - units, cooling=less.cooling + units)
    return replace(pool, staked=pool.staked - units), less


def claim(pool: Pool, stake: Stake) -> tuple[Pool, Stake, Units]:
    """Pay the whole units that are due; an empty stake gives its fraction back to the pool."""
    due = accrue(pool, stake)
    units, fraction = divmod(due.owed, SCALE)
    pool = replace(pool, paid=pool.paid + units)
    if not due.amount:
        pool, fraction = replace(pool, remainder=pool.remainder + fraction), 0
    return pool, replace(due, owed=fraction, claimed=due.claimed + units), Units(units)


def slash(pool: Pool, stake: Stake, units: Units, max_bps: int) -> tuple[Pool, Stake, Units]:
    """Take a part of a stake: first of what earns, then of what cools down; the units taken of the latter.

    What was earned before stays owed. Raises `SlashTooLarge`.
    """
    whole = stake.amount + stake.cooling
    most = whole * max_bps // WHOLE_BPS
    if units > most:
        raise SlashTooLarge(
            f"{stake.wallet} has {format_units(whole)} {stake.token} at stake: one slashing takes at most "
            f"{format_units(most)}, {max_bps} bps of it",
            most=format_units(most),
        )
    due = accrue(pool, stake)
    active = min(units, due.amount)
    cooling = units - active
    due = replace(due, amount=due.amount - active, cooling=due.cooling - cooling)
    return replace(pool, staked=pool.staked - active), due, Units(cooling)
