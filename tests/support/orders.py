"""Orders of the treasury as tests give them: payments out of `sale:AIA`, signed by this key or that."""

from dataclasses import replace

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from aia.app import App
from aia.core.money import UNITS_PER_TOKEN
from aia.ledger import wallet
from aia.tokens.treasury import (
    Action,
    Order,
    OrderRecord,
    Signature,
    sign_order,
)
from tests.support.economy import SYSTEM, balances, give

SECOND = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
STRANGER = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
TOKEN = UNITS_PER_TOKEN


async def pay(app: App, name: str, tokens: int, *, debit: str = "sale:AIA") -> OrderRecord:
    fields = {"token": "AIA", "debit": debit, "credit": wallet("default"), "amount_units": tokens * TOKEN}
    return await give(app, name, Action.PAY, **fields)


async def draft(app: App, name: str, tokens: int = 1, **change) -> Order:
    fields = {"token": "AIA", "debit": "sale:AIA", "credit": wallet("default"), "amount_units": tokens * TOKEN}
    async with app.database.read(SYSTEM) as read:
        order = await app.tokens.treasury.draft(read, name, Action.PAY, "test", fields)
    return replace(order, **change)


async def submit(app: App, order: Order, *signatures: Signature) -> OrderRecord:
    async with app.database.begin(SYSTEM) as tx:
        return await app.tokens.treasury.submit(tx, order, signatures)


async def approve(app: App, name: str, key: Ed25519PrivateKey) -> OrderRecord:
    async with app.database.begin(SYSTEM) as tx:
        order = (await app.tokens.treasury.get(tx, name)).order
        return await app.tokens.treasury.approve(tx, name, sign_order(order, key))


async def balance(app: App, account: str) -> int:
    return (await balances(app, account))[0]
