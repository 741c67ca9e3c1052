"""Stakes, vesting schedules and votes of the organisation's wallets."""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from aia.api.deps import AppDep, Key, PageDep, ReadDep, TxDep
from aia.api.schemas import Listed
from aia.api.token_schemas import (
    DelegationIn,
    DelegationOut,
    PoolListOut,
    PoolOut,
    StakeIn,
    StakeOut,
    UnstakeIn,
    UnstakingOut,
    VestingOut,
    VotesOut,
    units_of,
)
from aia.core.clock import Instant
from aia.core.money import UNITS_MAX, format_units
from aia.tokens.staking import Stake, Unstaking
from aia.tokens.staking.model import SCALE
from aia.tokens.vesting import Schedule

router = APIRouter(prefix="/v1", tags=["stakes, vesting and votes"])
Wallet = Annotated[str, Path(max_length=120, pattern=r"^[!-~]+$")]
Id = Annotated[str, Path(max_length=40, pattern=r"^[!-~]+$")]


@router.get("/staking")
async def get_pools(app: AppDep, read: ReadDep) -> PoolListOut:
    """All that is staked of each token, and the rewards funded and paid."""
    return PoolListOut(
        data=[
            PoolOut(
                token=pool.token.value,
                staked=format_units(pool.staked),
                rewards_funded=format_units(pool.funded),
                rewards_paid=format_units(pool.paid),
            )
            for pool in await app.tokens.staking.pools(read)
        ]
    )


@router.get("/stakes")
async def list_stakes(app: AppDep, read: ReadDep, page: PageDep) -> Listed[StakeOut]:
    """The organisation's stakes, by wallet."""
    found = await app.tokens.staking.page(read, page)
    return Listed(data=[_stake(stake) for stake in found.items], next_cursor=found.next_cursor)


@router.post("/stakes", status_code=201)
async def make_stake(body: StakeIn, key: Key, app: AppDep, tx: TxDep) -> StakeOut:
    """Stake tokens of a wallet; they are locked for the parameter stake_lock_s."""
    return _stake(await app.tokens.staking.stake(tx, body.wallet, units_of(body.amount), key))


@router.get("/stakes/{wallet}")
async def get_stake(wallet: Wallet, app: AppDep, read: ReadDep) -> StakeOut:
    """A wallet's stake, with the rewards that are due."""
    return _stake(await app.tokens.staking.get(read, wallet))


@router.get("/stakes/{wallet}/unstakings")
async def list_unstakings(wallet: Wallet, app: AppDep, read: ReadDep) -> Listed[UnstakingOut]:
    """What of a stake cools down, soonest ready first."""
    return Listed(data=[_unstaking(u) for u in await app.tokens.staking.unstakings(read, wallet)])


@router.post("/stakes/{wallet}/unstakings", status_code=201)
async def make_unstaking(wallet: Wallet, body: UnstakeIn, key: Key, app: AppDep, tx: TxDep) -> UnstakingOut:
    """Let a part of a stake cool down for the parameter unstake_cooldown_s; it earns no more."""
    return _unstaking(await app.tokens.staking.unstake(tx, wallet, units_of(body.amount), key))


@router.post("/unstakings/{unstaking_id}/withdraw")
async def withdraw_unstaking(unstaking_id: Id, app: AppDep, tx: TxDep) -> UnstakingOut:
    """Bring back what has cooled down."""
    return _unstaking(await app.tokens.staking.withdraw(tx, unstaking_id))


@router.post("/stakes/{wallet}/claim")
async def claim_rewards(wallet: Wallet, app: AppDep, tx: TxDep) -> StakeOut:
    """Pay the rewards that are due into the wallet."""
    stake, _ = await app.tokens.staking.claim(tx, wallet)
    return _stake(stake)


@router.get("/vesting")
async def list_vesting(app: AppDep, read: ReadDep, page: PageDep) -> Listed[VestingOut]:
    """Schedules whose beneficiary is the organisation's."""
    found = await app.tokens.vesting.page(read, page)
    return Listed(data=[_vesting(s, read.now) for s in found.items], next_cursor=found.next_cursor)


@router.get("/vesting/{schedule_id}")
async def get_vesting(schedule_id: Id, app: AppDep, read: ReadDep) -> VestingOut:
    """A schedule, and what could be released now."""
    return _vesting(await app.tokens.vesting.get(read, schedule_id), read.now)


@router.post("/vesting/{schedule_id}/release")
async def release_vesting(schedule_id: Id, app: AppDep, tx: TxDep) -> VestingOut:
    """Pay what has vested to the beneficiary."""
    await app.tokens.vesting.release(tx, schedule_id)
    return _vesting(await app.tokens.vesting.get(tx, schedule_id), tx.now)


@router.get("/votes/{wallet}")
async def get_votes(
    wallet: Wallet,
    app: AppDep,
    read: ReadDep,
    seq: Annotated[
        int | None, Query(ge=0, le=UNITS_MAX, description="A passed sequence number; default: now")
    ] = None,
) -> VotesOut:
    """What a delegate can vote with, now or after the transfer `seq`, and the supply then."""
    votes, supply = app.tokens.votes, None
    if seq is None:
        units = await votes.votes(read, wallet)
    else:
        units, supply = await votes.past_votes(read, wallet, seq), await votes.past_supply(read, seq)
    return VotesOut(delegate=wallet, seq=seq, votes=format_units(units), votes_units=units, total_supply_units=supply)


@router.get("/delegations/{wallet}")
async def get_delegation(wallet: Wallet, app: AppDep, read: ReadDep) -> DelegationOut:
    """Whom a wallet of AIA_GOV votes through; nobody until it delegated, to itself or another."""
    await app.ledger.account(read, wallet)
    found = await app.tokens.votes.delegation(read, wallet)
    if found is None:
        return DelegationOut(wallet=wallet, delegate=None, from_seq=None)
    return DelegationOut(wallet=wallet, delegate=found.delegate, from_seq=found.from_seq)


@router.put("/delegations/{wallet}")
async def set_delegation(wallet: Wallet, body: DelegationIn, app: AppDep, tx: TxDep) -> DelegationOut:
    """Delegate the votes of a wallet of AIA_GOV, from the next transfer on."""
    made = await app.tokens.votes.delegate(tx, wallet, body.delegate)
    return DelegationOut(wallet=wallet, delegate=made.delegate, from_seq=made.from_seq)


def _stake(stake: Stake) -> StakeOut:
    return StakeOut(
        wallet=stake.wallet,
        token=stake.token.value,
        amount=format_units(stake.amount),
        cooling=format_units(stake.cooling),
        locked_until=stake.locked_until,
        rewards_due=format_units(stake.owed // SCALE),
        rewards_claimed=format_units(stake.claimed),
    )


def _unstaking(unstaking: Unstaking) -> UnstakingOut:
    return UnstakingOut(
        id=unstaking.id,
        wallet=unstaking.wallet,
        amount=format_units(unstaking.units),
        ready_at=unstaking.ready_at,
        open=unstaking.open,
    )


def _vesting(schedule: Schedule, now: Instant) -> VestingOut:
    return VestingOut(
        id=schedule.id,
        token=schedule.token.value,
        beneficiary=schedule.beneficiary,
        total=format_units(schedule.total),
        vested=format_units(schedule.vested(now)),
        released=format_units(schedule.released),
        releasable=format_units(schedule.releasable(now)),
        start=schedule.start,
        cliff_at=schedule.start + schedule.cliff,
        end_at=schedule.start + schedule.duration,
        revocable=schedule.revocable,
        revoked_at=schedule.revoked_at,
    )
