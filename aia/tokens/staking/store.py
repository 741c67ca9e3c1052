"""Tables of staking. Indexes and fractions pass 64 bits and are kept as decimal text."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from aia.core.money import Units
from aia.core.pages import Page, PageRequest
from aia.infra.sql import Instants, Read, Tx, metadata
from aia.ledger.model import Token
from aia.tokens.queries import find_any, find_own, page_own
from aia.tokens.staking.model import Pool, Stake, Unstaking, empty_pool

pools = sa.Table(
    "staking_pool",
    metadata,
    sa.Column("token", sa.String(8), primary_key=True),
    sa.Column("reward_index", sa.String(80), nullable=False),
    sa.Column("staked_units", sa.BigInteger, nullable=False),
    sa.Column("remainder", sa.String(80), nullable=False),
    sa.Column("funded_units", sa.BigInteger, nullable=False),
    sa.Column("paid_units", sa.BigInteger, nullable=False),
    sa.CheckConstraint("staked_units >= 0", name="staked"),
    sa.CheckConstraint("paid_units <= funded_units", name="paid"),
)

stakes = sa.Table(
    "stake",
    metadata,
    sa.Column("wallet", sa.String(120), primary_key=True),
    sa.Column("organisation", sa.String(64), nullable=False, index=True),
    sa.Column("token", sa.String(8), nullable=False),
    sa.Column("account", sa.String(120), nullable=False),
    sa.Column("amount_units", sa.BigInteger, nullable=False),
    sa.Column("cooling_units", sa.BigInteger, nullable=False),
    sa.Column("locked_until", Instants, nullable=False),
    sa.Column("reward_index", sa.String(80), nullable=False),
    sa.Column("owed", sa.String(80), nullable=False),
    sa.Column("claimed_units", sa.BigInteger, nullable=False),
    sa.CheckConstraint("amount_units >= 0 and cooling_units >= 0", name="amounts"),
)

unstakings = sa.Table(
    "unstaking",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("organisation", sa.String(64), nullable=False),
    sa.Column("wallet", sa.String(120), sa.ForeignKey("stake.wallet"), nullable=False),
    sa.Column("units", sa.BigInteger, nullable=False),
    sa.Column("ready_at", Instants, nullable=False),
    sa.Column("open", sa.Boolean, nullable=False),
    sa.CheckConstraint("units >= 0", name="units"),
    sa.Index(None, "wallet", "ready_at"),
)


async def add_pools(tx: Tx) -> None:
    rows = [_pool_row(empty_pool(token)) | {"token": token.value} for token in Token]
    await tx.insert_new(pools, rows)


def _pool_row(pool: Pool) -> dict[str, Any]:
    return {
        "reward_index": str(pool.index),
        "staked_units": pool.staked,
        "remainder": str(pool.remainder),
        "funded_units": pool.funded,
        "paid_units": pool.paid,
    }


async def all_pools(read: Read) -> list[Pool]:
    return [
        Pool(
            token=Token(row.token),
            index=int(row.reward_index),
            staked=row.staked_units,
            remainder=int(row.remainder),
            funded=row.funded_units,
            paid=row.paid_units,
        )
        for row in await read.rows(sa.select(pools).order_by(pools.c.token))
    ]


async def save_pool(tx: Tx, pool: Pool) -> None:
    await tx.run(sa.update(pools).where(pools.c.token == pool.token.value).values(**_pool_row(pool)))


def _stake(row: sa.Row[Any]) -> Stake:
    return Stake(
        wallet=row.wallet,
        token=Token(row.token),
        account=row.account,
        amount=row.amount_units,
        cooling=row.cooling_units,
        locked_until=row.locked_until,
        index=int(row.reward_index),
        owed=int(row.owed),
        claimed=row.claimed_units,
    )


def _stake_row(stake: Stake) -> dict[str, Any]:
    return {
        "amount_units": stake.amount,
        "cooling_units": stake.cooling,
        "locked_until": stake.locked_until,
        "reward_index": str(stake.index),
        "owed": str(stake.owed),
        "claimed_units": stake.claimed,
    }


async def add_stake(tx: Tx, stake: Stake) -> None:
    fixed = {"wallet": stake.wallet, "organisation": tx.organisation, "token": stake.token.value}
    await tx.insert(stakes, [fixed | {"account": stake.account} | _stake_row(stake)])


async def save_stake(tx: Tx, stake: Stake) -> None:
    await tx.run(sa.update(stakes).where(stakes.c.wallet == stake.wallet).values(**_stake_row(stake)))


async def find_stake(read: Read, wallet: str) -> Stake | None:
    return await find_own(read, stakes.c.wallet, wallet, _stake)


async def find_any_stake(read: Read, wallet: str) -> Stake | None:
    return await find_any(read, stakes.c.wallet, wallet, _stake)


async def page(read: Read, request: PageRequest) -> Page[Stake]:
    return await page_own(read, stakes.c.wallet, request, _stake)


def _unstaking(row: sa.Row[Any]) -> Unstaking:
    return Unstaking(row.id, row.wallet, Units(row.units), row.ready_at, row.open)


async def add_unstaking(tx: Tx, new: Unstaking) -> None:
    row = {"id": new.id, "organisation": tx.organisation, "wallet": new.wallet, "units": new.units}
    await tx.insert(unstakings, [row | {"ready_at": new.ready_at, "open": True}])


async def find_unstaking(read: Read, unstaking_id: str) -> Unstaking | None:
    return await find_own(read, unstakings.c.id, unstaking_id, _unstaking)


async def open_unstakings(read: Read, wallet: str) -> list[Unstaking]:
    """What of a wallet cools down, soonest ready first."""
    query = sa.select(unstakings).where(unstakings.c.wallet == wallet, unstakings.c.open.is_(True))
    return [_unstaking(row) for row in await read.rows(query.order_by(unstakings.c.ready_at, unstakings.c.id))]


async def close_unstaking(tx: Tx, unstaking_id: str) -> bool:
    waiting = sa.and_(unstakings.c.id == unstaking_id, unstakings.c.open.is_(True))
    return await tx.run(sa.update(unstakings).where(waiting).values(open=False)) == 1


async def shrink_unstakings(tx: Tx, changed: Sequence[Unstaking]) -> None:
    for unstaking in changed:  # at most UNSTAKINGS_MAX
        mine = unstakings.c.id == unstaking.id
        await tx.run(sa.update(unstakings).where(mine).values(units=unstaking.units))
