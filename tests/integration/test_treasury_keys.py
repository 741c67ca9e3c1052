"""Keys of the treasury that change, orders that are refused, and the checks that nothing of it was forged."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import SecretStr
from sqlalchemy.exc import DBAPIError

from aia.app import App, open_app, treasury_key
from aia.config import Settings
from aia.core.clock import rfc3339
from aia.core.errors import AIAError
from aia.core.pages import PageRequest
from aia.ledger import InsufficientFunds, wallet
from aia.tokens.treasury import (
    Action,
    BadOrder,
    KeyRole,
    NotSignedByTreasury,
    OrderKeyUnknown,
    OrderNotFound,
    OrderRecord,
    OrderState,
    OrderSubmission,
    RegisteredKey,
    public_hex,
    rotation_proof,
    sign_order,
    store,
    verify_treasury,
)
from aia.tokens.treasury.service import REFUSALS_MAX
from tests.support.economy import START, SYSTEM, OrderExecutor, assert_books_hold, give
from tests.support.orders import SECOND, STRANGER, approve, draft, pay

pytestmark = pytest.mark.anyio


@pytest.fixture
def app(app_by_clock: App) -> App:
    return app_by_clock


async def refusals(app: App) -> list[tuple[str, str]]:
    """Which order was refused and by what name, the newest first."""
    async with app.database.read(SYSTEM) as read:
        found = await app.tokens.treasury.refusals(read, PageRequest())
    assert all(refusal.reason and refusal.subject == "system" for refusal in found.items)
    return [(refusal.order.id, refusal.code) for refusal in found.items]


async def test_an_order_that_is_refused_is_kept_with_its_reason_and_nothing_else_of_it(
    app: App, settings: Settings, clock: OrderExecutor
):
    desk, key = OrderSubmission(app.database, app.tokens.treasury), treasury_key(settings)
    order, other = await draft(app, "ord_1"), await draft(app, "ord_2", tokens=2_000_000)
    for signature, refusal in ((sign_order(order, STRANGER), OrderKeyUnknown), (sign_order(other, key), AIAError)):
        with pytest.raises(refusal):
            await desk.submit(SYSTEM, order, [signature])
    poor = {"token": "AIA", "debit": "team:AIA", "credit": wallet("default"), "amount_units": 5}
    clock.now += timedelta(seconds=1)
    with pytest.raises(InsufficientFunds):
        await desk.sign(SYSTEM, "ord_3", Action.PAY, "test", poor)
    assert (await desk.submit(SYSTEM, order, [sign_order(order, key)])).state is OrderState.EXECUTED
    assert (await desk.submit(SYSTEM, other, [sign_order(other, key)])).state is OrderState.WAITING
    clock.now += timedelta(seconds=1)
    with pytest.raises(OrderKeyUnknown):
        await desk.approve(SYSTEM, "ord_2", sign_order(other, STRANGER))
    kept = await refusals(app)
    assert kept[:2] == [("ord_2", "order-key-unknown"), ("ord_3", "insufficient-funds")]
    assert sorted(kept[2:]) == [("ord_1", "order-key-unknown"), ("ord_1", "order-signature-invalid")]
    with pytest.raises(OrderNotFound):
        async with app.database.read(SYSTEM) as read:
            await app.tokens.treasury.get(read, "ord_3")
    await assert_books_hold(app)


async def test_refusals_are_only_ever_added_and_bounded_for_each_order(app: App):
    desk, order = OrderSubmission(app.database, app.tokens.treasury), await draft(app, "ord_1")
    for _ in range(REFUSALS_MAX + 2):
        with pytest.raises(NotSignedByTreasury):
            await desk.submit(SYSTEM, order, [])
    async with app.database.read(SYSTEM) as read:
        assert len(await read.rows(sa.text("select id from treasury_refusal"))) == REFUSALS_MAX
    for change in ("delete from treasury_refusal", "update treasury_refusal set code = 'none'"):
        with pytest.raises(DBAPIError, match="takes no"):
            async with app.database.begin(SYSTEM) as tx:
                await tx.conn.execute(sa.text(change))


async def rotate(app: App, name: str, new: Ed25519PrivateKey, **change) -> OrderRecord:
    async with app.database.read(SYSTEM) as read:
        books = await app.tokens.genesis.books(read)
    fields = {"key": public_hex(new), "proof": rotation_proof(books, name, new)}
    return await give(app, name, Action.ROTATE_KEY, **fields | change)


@asynccontextmanager
async def opened_with(settings: Settings, key: Ed25519PrivateKey, clock: OrderExecutor) -> AsyncGenerator[App]:
    """Another process on the same books, whose treasury key is this one."""
    seed = SecretStr(key.private_bytes_raw().hex())
    with_key = settings.model_copy(update={"treasury_private_key": seed})
    async with open_app(with_key, clock=clock, durable=False, background=False) as opened:
        yield opened


async def test_after_a_rotation_the_new_key_orders_and_the_old_no_more(
    app: App, settings: Settings, clock: OrderExecutor
):
    await pay(app, "ord_1", 5)
    waiting = await pay(app, "ord_big", 2_000_000)
    clock.now += timedelta(seconds=1)
    assert (await rotate(app, "ord_turn", SECOND)).state is OrderState.EXECUTED
    clock.now += timedelta(seconds=1)
    with pytest.raises(OrderKeyUnknown, match="not registered"):
        await pay(app, "ord_2", 5)
    async with opened_with(settings, SECOND, clock) as second:
        assert (await pay(second, "ord_2", 5)).state is OrderState.EXECUTED
        await give(second, "ord_key", Action.ADD_APPROVER, key=public_hex(STRANGER), name="board")
        with pytest.raises(OrderKeyUnknown):  # what the old key ordered and nobody approved is to be signed anew
            await approve(second, waiting.order.id, STRANGER)
        async with second.database.read(SYSTEM) as read:
            roles = {key.key: key.role for key in await second.tokens.treasury.keys(read)}
        assert roles == {public_hex(SECOND): KeyRole.TREASURY, public_hex(STRANGER): KeyRole.APPROVER}
        assert (await rotate(second, "ord_back", treasury_key(settings))).state is OrderState.WAITING
        with pytest.raises(BadOrder, match="registered before"):
            await approve(second, "ord_back", STRANGER)
    await assert_books_hold(app)


async def test_with_an_approver_a_rotation_needs_two_keys(app: App, settings: Settings, clock: OrderExecutor):
    await give(app, "ord_key", Action.ADD_APPROVER, key=public_hex(SECOND), name="second")
    clock.now += timedelta(seconds=1)
    assert (await rotate(app, "ord_turn", STRANGER)).state is OrderState.WAITING
    assert (await pay(app, "ord_1", 1)).state is OrderState.EXECUTED
    assert (await approve(app, "ord_turn", SECOND)).state is OrderState.EXECUTED
    async with opened_with(settings, STRANGER, clock) as second:
        assert (await pay(second, "ord_2", 1)).state is OrderState.EXECUTED
    await assert_books_hold(app)


async def test_a_rotation_to_a_key_that_nobody_has_is_refused(app: App):
    for change in ({"key": public_hex(STRANGER)}, {"proof": "00" * 64}, {"proof": "x"}):
        with pytest.raises(BadOrder, match="proof is not the signature"):
            await rotate(app, "ord_turn", SECOND, **change)
    assert (await pay(app, "ord_1", 1)).state is OrderState.EXECUTED


async def test_keys_and_orders_that_no_signature_accounts_for_are_found(
    app: App, settings: Settings, clock: OrderExecutor
):
    await give(app, "ord_key", Action.ADD_APPROVER, key=public_hex(SECOND), name="second")
    clock.now += timedelta(seconds=1)
    await pay(app, "ord_big", 2_000_000)
    await approve(app, "ord_big", SECOND)
    clock.now += timedelta(seconds=1)
    async with app.database.begin(SYSTEM) as tx:
        await store.add_key(tx, RegisteredKey(public_hex(STRANGER), KeyRole.TREASURY, "treasury"))
        await tx.conn.execute(
            sa.text("delete from treasury_signature where treasury_order = 'ord_big' and key = :key"),
            {"key": public_hex(SECOND)},
        )
    async with opened_with(settings, STRANGER, clock) as thief:
        await pay(thief, "ord_theft", 1)
    past = START + timedelta(milliseconds=1)
    async with app.database.begin(SYSTEM) as tx:
        await tx.conn.execute(
            sa.text("update treasury_key set added_at = :at, removed_at = :at where key = :key"),
            {"at": rfc3339(past) if tx.dialect == "sqlite" else past, "key": public_hex(STRANGER)},
        )
    async with app.database.read(SYSTEM) as read:
        problems = (await verify_treasury(read, app.tokens.treasury))[1]
    stranger = public_hex(STRANGER)[:16]
    assert sorted(problems) == sorted(
        [
            "order ord_big was executed without the second signature it needed",
            f"order ord_theft was executed when the key {stranger}... was not registered",
            f"the key {stranger}... (treasury) was removed without an order",
            f"the key {stranger}... (treasury) was registered without an order",
        ]
    )
