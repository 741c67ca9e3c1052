"""Use-cases of staking. Each takes the ledger's head first, so stakes, pool and balances move together."""

from dataclasses import dataclass, replace
from datetime import timedelta

from aia.core.clock import rfc3339
from aia.core.errors import Invalid
from aia.core.ids import content_id
from aia.core.money import UNITS_MAX, Units
from aia.core.pages import Page, PageRequest
from aia.infra.sql import Event, Read, Tx
from aia.ledger.model import Account, Outcome, Token, Transfer
from aia.ledger.service import SYSTEM, Ledger, transfer
from aia.tokens.parameters import Parameter, Parameters
from aia.tokens.staking import store
from aia.tokens.staking.model import (
    UNSTAKINGS_MAX,
    NothingToClaim,
    NotStakeable,
    Pool,
    Stake,
    StakeNotFound,
    TooManyUnstakings,
    Unstaking,
    UnstakingClosed,
    UnstakingNotReady,
    accrue,
    claim,
    fund,
    lower_stake,
    raise_stake,
    slash,
)

_WALLETS = ("organisation:", "agent:", "gov:")


def stake_account(wallet: str) -> str:
    """Where what a wallet has staked stands; it counts for the wallet's votes."""
    return f"stake:{wallet}"


def rewards_account(token: Token) -> str:
    """What stakers are paid from."""
    return f"staking-rewards:{token.value}"


def slashed_account(token: Token) -> str:
    """Where slashed tokens go; only an order of the treasury takes them out."""
    return f"slashed:{token.value}"


@dataclass(frozen=True, slots=True)
class Staking:
    """Stakes of wallets. Every `key` is the caller's: the same request again changes nothing."""

    ledger: Ledger
    parameters: Parameters

    async def ensure(self, tx: Tx) -> None:
        """Open the accounts of rewards and slashed tokens, once; for the system's transaction."""
        await store.add_pools(tx)
        await self.ledger.open_accounts(
            tx,
            [
                Account(name(token), token, SYSTEM, purpose, 0, 0, 0, closed=False)
                for token in Token
                for name, purpose in ((rewards_account, "staking-rewards"), (slashed_account, "slashed"))
            ],
        )

    async def pools(self, read: Read) -> list[Pool]:
        return await store.all_pools(read)

    async def pool(self, read: Read, token: Token) -> Pool:
        return next(pool for pool in await store.all_pools(read) if pool.token is token)

    async def get(self, read: Read, wallet: str) -> Stake:
        """A stake with what it has earned until now; raises `StakeNotFound`."""
        stake = await store.find_stake(read, wallet)
        if stake is None:
            raise StakeNotFound(f"{wallet[:120]!r} has staked nothing in this organisation")
        return accrue(await self.pool(read, stake.token), stake)

    async def page(self, read: Read, request: PageRequest) -> Page[Stake]:
        """The organisation's stakes, each with what it has earned until now."""
        pools = {pool.token: pool for pool in await store.all_pools(read)}
        found = await store.page(read, request)
        return found.map(lambda stake: accrue(pools[stake.token], stake))

    async def unstakings(self, read: Read, wallet: str) -> list[Unstaking]:
        """What of a stake cools down; raises `StakeNotFound`."""
        return await store.open_unstakings(read, (await self.get(read, wallet)).wallet)

    async def stake(self, tx: Tx, wallet: str, units: Units, key: str) -> Stake:
        """Move tokens of a wallet into its stake. Raises `InsufficientFunds` and `NotStakeable`."""
        _check_units(units)
        await self.ledger.lock(tx)
        owner = await self.ledger.account(tx, wallet)
        if not wallet.startswith(_WALLETS):
            raise NotStakeable(f"{wallet} is no wallet of an organisation or agent", field="wallet")
        account = stake_account(wallet)
        opened = Account(account, owner.token, owner.owner, "stake", 0, 0, 0, closed=False)
        await self.ledger.open_accounts(tx, [opened])
        moving = transfer(
            content_id("tfr", "stake", wallet, key), wallet, account, units, token=owner.token, memo="stake"
        )
        if not await self._moved(tx, moving):
            return await self.get(tx, wallet)
        pool = await self.pool(tx, owner.token)
        lock_s = await self.parameters.value(tx, Parameter.STAKE_LOCK_S)
        stake = await store.find_stake(tx, wallet)
        if stake is None:
            stake = Stake(wallet, owner.token, account, 0, 0, tx.now, pool.index, 0, 0)
            await store.add_stake(tx, stake)
        pool, stake = raise_stake(pool, stake, units, tx.now + timedelta(seconds=lock_s))
        await self._save(tx, pool, stake)
        tx.emit(Event("tokens.staked", {"wallet": wallet, "units": units}))
        return stake

    async def unstake(self, tx: Tx, wallet: str, units: Units, key: str) -> Unstaking:
        """Let a part of a stake cool down. Raises `StakeLocked`, `StakeTooSmall`, `TooManyUnstakings`."""
        _check_units(units)
        await self.ledger.lock(tx)
        stake = await self.get(tx, wallet)
        unstaking_id = content_id("uns", wallet, key)
        known = await store.find_unstaking(tx, unstaking_id)
        if known is not None:
            return known
        waiting = await store.open_unstakings(tx, wallet)
        if len(waiting) >= UNSTAKINGS_MAX:
            raise TooManyUnstakings(f"{wallet} has {len(waiting)} parts cooling down: withdraw those that are ready")
        pool, stake = lower_stake(await self.pool(tx, stake.token), stake, units, tx.now)
        cooldown_s = await self.parameters.value(tx, Parameter.UNSTAKE_COOLDOWN_S)
        unstaking = Unstaking(unstaking_id, wallet, units, tx.now + timedelta(seconds=cooldown_s), open=True)
        await store.add_unstaking(tx, unstaking)
        await self._save(tx, pool, stake)
        tx.emit(Event("tokens.unstaked", {"wallet": wallet, "units": units, "unstaking": unstaking_id}))
        return unstaking

    async def withdraw(self, tx: Tx, unstaking_id: str) -> Unstaking:
        """Bring back what has cooled down. Raises `UnstakingNotReady`, `UnstakingClosed`, `StakeNotFound`."""
        await self.ledger.lock(tx)
        unstaking = await store.find_unstaking(tx, unstaking_id)
        if unstaking is None:
            raise StakeNotFound(f"unstaking {unstaking_id[:40]!r} does not exist in this organisation")
        if tx.now < unstaking.ready_at:
            raise UnstakingNotReady(f"unstaking {unstaking_id} is ready at {rfc3339(unstaking.ready_at)}: wait")
        if not await store.close_unstaking(tx, unstaking_id):
            raise UnstakingClosed(f"unstaking {unstaking_id} was withdrawn already")
        stake = await self.get(tx, unstaking.wallet)
        if unstaking.units:  # all of it may have been slashed
            back = transfer(
                content_id("tfr", "withdraw", unstaking_id),
                *(stake.account, stake.wallet, unstaking.units),
                token=stake.token,
                memo="unstake",
            )
            await self.ledger.require(tx, [back])
        await store.save_stake(tx, replace(stake, cooling=stake.cooling - unstaking.units))
        return replace(unstaking, open=False)

    async def claim(self, tx: Tx, wallet: str) -> tuple[Stake, Units]:
        """Pay the rewards that are due into the wallet; raises `NothingToClaim`."""
        await self.ledger.lock(tx)
        stake = await self.get(tx, wallet)
        pool, stake, units = claim(await self.pool(tx, stake.token), stake)
        if not units:
            raise NothingToClaim(f"no whole unit of rewards is due to {wallet}")
        paying = transfer(
            content_id("tfr", "claim", wallet, str(stake.claimed)),
            *(rewards_account(stake.token), wallet, units),
            token=stake.token,
            memo="staking reward",
        )
        await self.ledger.require(tx, [paying])
        await self._save(tx, pool, stake)
        tx.emit(Event("tokens.rewards-claimed", {"wallet": wallet, "units": units}))
        return stake, units

    async def fund(self, tx: Tx, moving: Transfer) -> None:
        """Post a transfer into a rewards account and spread it over all stakes; raises `NothingStaked`."""
        await self.ledger.lock(tx)
        if not await self._moved(tx, moving):
            return
        await store.save_pool(tx, fund(await self.pool(tx, moving.token), moving.amount))

    async def slash(self, tx: Tx, wallet: str, units: Units, transfer_id: str, cause: str) -> None:
        """Move a part of a stake to the slashed tokens, for an order of the treasury that names the cause.

        Raises `SlashTooLarge`, or `StakeNotFound`.
        """
        await self.ledger.lock(tx)
        stake = await store.find_any_stake(tx, wallet)
        if stake is None:
            raise StakeNotFound(f"{wallet[:120]!r} has staked nothing")
        most_bps = await self.parameters.value(tx, Parameter.SLASH_MAX_BPS)
        pool, stake, of_cooling = slash(await self.pool(tx, stake.token), stake, units, most_bps)
        await store.shrink_unstakings(tx, _shrunk(await store.open_unstakings(tx, wallet), of_cooling))
        taking = transfer(
            *(transfer_id, stake.account, slashed_account(stake.token), units), token=stake.token, memo="slash"
        )
        await self.ledger.require(tx, [taking])
        await self._save(tx, pool, stake)
        tx.emit(Event("tokens.slashed", {"wallet": wallet, "units": units, "cause": cause}))

    async def _moved(self, tx: Tx, moving: Transfer) -> bool:
        """True when the transfer was posted now, False when it was before."""
        (result,) = await self.ledger.require(tx, [moving])
        return result.outcome is Outcome.CREATED

    async def _save(self, tx: Tx, pool: Pool, stake: Stake) -> None:
        await store.save_pool(tx, pool)
        await store.save_stake(tx, stake)


def _check_units(units: Units) -> None:
    if not 1 <= units <= UNITS_MAX:
        raise Invalid(f"amount is {units} units: choose 1 to {UNITS_MAX}", field="amount")


def _shrunk(waiting: list[Unstaking], units: Units) -> list[Unstaking]:
    """The parts that lose to a slashing, those ready last first: who asked earlier keeps longer."""
    left = int(units)
    changed: list[Unstaking] = []
    for unstaking in reversed(waiting):
        taken = min(left, unstaking.units)
        if taken:
            changed.append(replace(unstaking, units=Units(unstaking.units - taken)))
            left -= taken
    assert left == 0, "what cools down is the sum of its parts"
    return changed
