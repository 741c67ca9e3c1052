"""Tables of the treasury: orders and their signatures, keys that may sign, what each epoch paid out."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from aia.core.money import Units
from aia.core.pages import Page, PageRequest
from aia.infra.sql import Instants, Json, Read, Tx, metadata
from aia.tokens.genesis import treasury_accounts
from aia.tokens.queries import page_rows
from aia.tokens.treasury.model import (
    KeyRole,
    KeyTerm,
    Order,
    OrderRecord,
    OrderState,
    Refusal,
    RegisteredKey,
    Signature,
    parse_order,
)

orders = sa.Table(
    "treasury_order",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("action", sa.String(20), nullable=False),
    sa.Column("document", Json, nullable=False),
    sa.Column("state", sa.String(10), nullable=False),
    sa.Column("transfer", sa.String(40), unique=True),
    sa.Column("given_at", Instants, nullable=False),
    sa.Column("executed_at", Instants),
)

signatures = sa.Table(
    "treasury_signature",
    metadata,
    sa.Column("treasury_order", sa.String(40), sa.ForeignKey("treasury_order.id"), primary_key=True),
    sa.Column("key", sa.String(64), primary_key=True),
    sa.Column("signature", sa.String(128), nullable=False),
    sa.Column("at", Instants, nullable=False),
)

keys = sa.Table(
    "treasury_key",
    metadata,
    sa.Column("key", sa.String(64), primary_key=True),
    sa.Column("role", sa.String(10), nullable=False),
    sa.Column("name", sa.String(120), nullable=False),
    sa.Column("added_at", Instants, nullable=False),
    sa.Column("removed_at", Instants),
)

# Rows are only added: triggers of the migration hold it.
refusals = sa.Table(
    "treasury_refusal",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("treasury_order", sa.String(40), nullable=False, index=True),
    sa.Column("document", Json, nullable=False),
    sa.Column("signatures", Json, nullable=False),
    sa.Column("code", sa.String(60), nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("subject", sa.String(120), nullable=False),
    sa.Column("at", Instants, nullable=False),
)

spending = sa.Table(
    "treasury_spending",
    metadata,
    sa.Column("account", sa.String(120), primary_key=True),
    sa.Column("epoch", sa.BigInteger, primary_key=True),
    sa.Column("spent_units", sa.BigInteger, nullable=False),
)


async def add_key(tx: Tx, key: RegisteredKey) -> bool:
    """False when the key was registered before, be it removed since."""
    known = await tx.row(sa.select(keys.c.key).where(keys.c.key == key.key))
    if known is None:
        row = {"key": key.key, "role": key.role.value, "name": key.name, "added_at": tx.now}
        await tx.insert(keys, [row])
    return known is None


async def remove_approver(tx: Tx, key: str) -> bool:
    mine = sa.and_(keys.c.key == key, keys.c.role == KeyRole.APPROVER.value, keys.c.removed_at.is_(None))
    return await tx.run(sa.update(keys).where(mine).values(removed_at=tx.now)) == 1


async def retire_treasury_keys(tx: Tx, *, but: str) -> None:
    others = sa.and_(keys.c.role == KeyRole.TREASURY.value, keys.c.key != but, keys.c.removed_at.is_(None))
    await tx.run(sa.update(keys).where(others).values(removed_at=tx.now))


async def active_keys(read: Read) -> dict[str, RegisteredKey]:
    rows = await read.rows(sa.select(keys).where(keys.c.removed_at.is_(None)).order_by(keys.c.added_at, keys.c.key))
    return {row.key: RegisteredKey(row.key, KeyRole(row.role), row.name) for row in rows}


async def key_terms(read: Read) -> dict[str, KeyTerm]:
    """Those removed too: what they signed while they stood stays signed."""
    rows = await read.rows(sa.select(keys))
    return {
        row.key: KeyTerm(RegisteredKey(row.key, KeyRole(row.role), row.name), row.added_at, row.removed_at)
        for row in rows
    }


async def add_order(tx: Tx, order: Order) -> None:
    row = {"id": order.id, "action": order.action.value, "document": order.document()}
    await tx.insert(orders, [row | {"state": OrderState.WAITING.value, "given_at": tx.now}])


async def add_signatures(tx: Tx, order_id: str, new: Sequence[Signature]) -> None:
    rows = [{"treasury_order": order_id, "key": s.key, "signature": s.signature, "at": tx.now} for s in new]
    await tx.insert(signatures, rows)


async def take_in_hand(tx: Tx, order_id: str, transfer: str | None) -> None:
    """Name the transfer that a waiting order is about to make, for the ledger to find it by."""
    await tx.run(sa.update(orders).where(_waiting(order_id)).values(transfer=transfer))


async def in_hand(read: Read, transfers: Sequence[str]) -> list[OrderRecord]:
    """The orders that are about to make these transfers."""
    mine = sa.and_(orders.c.transfer.in_(transfers), orders.c.state == OrderState.WAITING.value)
    rows = await read.rows(sa.select(orders).where(mine))
    signed = await _signatures(read, [row.id for row in rows])
    return [_record(row, signed[row.id]) for row in rows]


async def close(tx: Tx, order_id: str) -> bool:
    """Mark a waiting order as executed; the statement decides who does."""
    values = {"state": OrderState.EXECUTED.value, "executed_at": tx.now}
    return await tx.run(sa.update(orders).where(_waiting(order_id)).values(**values)) == 1


def _waiting(order_id: str) -> sa.ColumnElement[bool]:
    return sa.and_(orders.c.id == order_id, orders.c.state == OrderState.WAITING.value)


def _record(row: sa.Row[Any], signed: Sequence[Signature]) -> OrderRecord:
    return OrderRecord(
        order=parse_order(row.document),
        state=OrderState(row.state),
        signatures=tuple(signed),
        transfer=row.transfer,
        given_at=row.given_at,
        executed_at=row.executed_at,
    )


async def _signatures(read: Read, order_ids: Sequence[str]) -> dict[str, list[Signature]]:
    query = sa.select(signatures).where(signatures.c.treasury_order.in_(order_ids))
    found: dict[str, list[Signature]] = {order_id: [] for order_id in order_ids}
    for row in await read.rows(query.order_by(signatures.c.at, signatures.c.key)):
        found[row.treasury_order].append(Signature(row.key, row.signature))
    return found


async def find(read: Read, order_id: str) -> OrderRecord | None:
    row = await read.row(sa.select(orders).where(orders.c.id == order_id))
    return None if row is None else _record(row, (await _signatures(read, [order_id]))[order_id])


async def page(read: Read, request: PageRequest) -> Page[OrderRecord]:
    found = await page_rows(read, orders.c.id, request)
    signed = await _signatures(read, [row.id for row in found.items])
    return found.map(lambda row: _record(row, signed[row.id]))


async def transfers_of_orders(read: Read, ids: Sequence[str]) -> set[str]:
    """Those of the transfers that an executed order made."""
    query = sa.select(orders.c.transfer).where(
        orders.c.transfer.in_(ids), orders.c.state == OrderState.EXECUTED.value
    )
    return {row.transfer for row in await read.rows(query)}


async def spend(tx: Tx, account: str, epoch: int, units: Units) -> bool:
    """Count what an order pays out; False when it would pass the account's limit: the statement decides."""
    await tx.insert_new(spending, [{"account": account, "epoch": epoch, "spent_units": 0}])
    limit = (
        sa.select(treasury_accounts.c.epoch_limit_units)
        .where(treasury_accounts.c.account == account)
        .scalar_subquery()
    )
    moved = await tx.run(
        sa.update(spending)
        .where(
            spending.c.account == account,
            spending.c.epoch == epoch,
            spending.c.spent_units + int(units) <= limit,
        )
        .values(spent_units=spending.c.spent_units + int(units))
    )
    return moved == 1


async def spent(read: Read, epoch: int) -> dict[str, Units]:
    """What each account paid out in an epoch."""
    rows = await read.rows(sa.select(spending.c.account, spending.c.spent_units).where(spending.c.epoch == epoch))
    return {row.account: Units(row.spent_units) for row in rows}


async def set_limit(tx: Tx, account: str, units: Units) -> bool:
    mine = treasury_accounts.c.account == account
    return await tx.run(sa.update(treasury_accounts).where(mine).values(epoch_limit_units=units)) == 1


async def add_refusal(tx: Tx, refusal: Refusal, most: int) -> bool:
    """Keep a refusal; False when `most` of that order are kept already. The caller has locked the head."""
    kept = sa.select(sa.func.count().label("kept")).where(refusals.c.treasury_order == refusal.order.id)
    row = await tx.row(kept)
    if row is not None and row.kept >= most:
        return False
    await tx.insert(
        refusals,
        [
            {
                "id": refusal.id,
                "treasury_order": refusal.order.id,
                "document": refusal.order.document(),
                "signatures": [{"key": s.key, "signature": s.signature} for s in refusal.signatures],
                "code": refusal.code,
                "reason": refusal.reason,
                "subject": refusal.subject,
                "at": refusal.at,
            }
        ],
    )
    return True


async def refusals_page(read: Read, request: PageRequest) -> Page[Refusal]:
    """The newest first: their ids begin with the time."""
    return (await page_rows(read, refusals.c.id, request, newest_first=True)).map(_refusal)


def _refusal(row: sa.Row[Any]) -> Refusal:
    return Refusal(
        id=row.id,
        order=parse_order(row.document),
        signatures=tuple(Signature(s["key"], s["signature"]) for s in row.signatures),
        code=row.code,
        reason=row.reason,
        subject=row.subject,
        at=row.at,
    )
