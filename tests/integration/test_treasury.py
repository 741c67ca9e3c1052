"""Orders of the treasury on real databases: who signed, how much in an epoch, and each carried out once."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from aia.app import App, open_app, treasury_key
from aia.config import Settings
from aia.core.errors import AIAError
from aia.core.ids import content_id
from aia.core.money import UNITS_PER_TOKEN, Units
from aia.core.principal import Principal
from aia.infra.sql import Tx
from aia.ledger import (
    InsufficientFunds,
    Ledger,
    Outcome,
    Token,
    Transfer,
    TransferKind,
    TransferRefused,
    mint_account,
    transfer,
    wallet,
)
from aia.tokens.genesis import SupplyCapExceeded
from aia.tokens.parameters import BadParameter, Parameter
from aia.tokens.treasury import (
    Action,
    BadOrder,
    GrantTooLarge,
    NotATreasuryAccount,
    NotSignedByTreasury,
    OrderClosed,
    OrderExpired,
    OrderIdReused,
    OrderKeyUnknown,
    OrderRecord,
    OrderSignatureInvalid,
    OrderState,
    SameApproverTwice,
    Signature,
    SpendingLimitExceeded,
    parse_order,
    public_hex,
    sign_order,
    store,
    verify_treasury,
)
from aia.tokens.treasury.execution import transfer_of
from tests.support.economy import START, SYSTEM, OrderExecutor, assert_books_hold, give
from tests.support.orders import SECOND, STRANGER, approve, balance, draft, pay, submit

pytestmark = pytest.mark.anyio
TOKEN = UNITS_PER_TOKEN


@pytest.fixture
def app(app_by_clock: App) -> App:
    return app_by_clock


async def test_an_order_pays_once_however_often_it_is_given(app: App):
    before = await balance(app, "sale:AIA")
    for _ in range(3):
        assert (await pay(app, "ord_1", 5)).state is OrderState.EXECUTED
    assert await balance(app, "sale:AIA") == before - 5 * TOKEN
    await assert_books_hold(app)


async def test_the_same_order_given_at_the_same_time_pays_once(app: App, settings: Settings):
    before = await balance(app, "sale:AIA")
    order = await draft(app, "ord_1", 5)
    signature = sign_order(order, treasury_key(settings))
    records = await asyncio.gather(*(submit(app, order, signature) for _ in range(4)))
    assert {record.state for record in records} == {OrderState.EXECUTED}
    assert await balance(app, "sale:AIA") == before - 5 * TOKEN
    await assert_books_hold(app)


async def test_the_opening_grant_is_an_order_with_its_signature(app: App, settings: Settings):
    async with app.database.read(SYSTEM) as read:
        record = await app.tokens.treasury.get(read, content_id("ord", "grant", "default"))
    assert record.order.text("debit") == "ecosystem:AIA"
    assert record.signatures[0].key == public_hex(treasury_key(settings))
    assert (settings.aia_home / "keys" / "treasury.key").stat().st_mode & 0o777 == 0o600
    await assert_books_hold(app)


async def test_an_id_used_with_other_content_is_refused(app: App):
    await pay(app, "ord_1", 5)
    with pytest.raises(OrderIdReused):
        await pay(app, "ord_1", 6)


async def test_wrong_keys_and_signatures_are_refused_by_name(app: App, settings: Settings):
    key = treasury_key(settings)
    order = await draft(app, "ord_1")
    other = await draft(app, "ord_2")
    for signatures, refusal in (
        ((), NotSignedByTreasury),
        ((sign_order(order, STRANGER),), OrderKeyUnknown),
        ((sign_order(other, key),), OrderSignatureInvalid),
        ((Signature(public_hex(key), "zz"),), OrderSignatureInvalid),
        ((Signature(public_hex(key), ""),), OrderSignatureInvalid),
        ((sign_order(order, key), sign_order(order, key)), SameApproverTwice),
    ):
        with pytest.raises(refusal):
            await submit(app, order, *signatures)
    await give(app, "ord_key", Action.ADD_APPROVER, key=public_hex(SECOND), name="second")
    with pytest.raises(NotSignedByTreasury):
        await submit(app, order, sign_order(order, SECOND))
    assert await balance(app, "sale:AIA") == 10**14


async def test_an_order_for_other_books_is_refused(app: App, settings: Settings):
    order = await draft(app, "ord_1", books="bks_other")
    with pytest.raises(BadOrder, match="for the books bks_other"):
        await submit(app, order, sign_order(order, treasury_key(settings)))


async def test_an_expired_order_is_refused_and_so_is_one_that_never_expires(
    app: App, settings: Settings, clock: OrderExecutor
):
    key = treasury_key(settings)
    order = await draft(app, "ord_1")
    for_ever = replace(order, expires_at=START + timedelta(days=400))
    with pytest.raises(BadOrder, match="30 days"):
        await submit(app, for_ever, sign_order(for_ever, key))
    clock.now = order.expires_at
    with pytest.raises(OrderExpired):
        await submit(app, order, sign_order(order, key))


async def test_above_the_threshold_a_second_key_is_needed_and_only_another_one_counts(app: App, clock: OrderExecutor):
    before = await balance(app, "sale:AIA")
    assert (await pay(app, "ord_big", 2_000_000)).state is OrderState.WAITING
    assert await balance(app, "sale:AIA") == before
    with pytest.raises(OrderKeyUnknown):
        await approve(app, "ord_big", SECOND)
    await give(app, "ord_key", Action.ADD_APPROVER, key=public_hex(SECOND), name="second")
    with pytest.raises(SameApproverTwice):
        await approve(app, "ord_big", app.tokens.treasury.key)
    assert (await approve(app, "ord_big", SECOND)).state is OrderState.EXECUTED
    assert await balance(app, "sale:AIA") == before - 2_000_000 * TOKEN
    with pytest.raises(OrderClosed):
        await approve(app, "ord_big", SECOND)
    assert (await pay(app, "ord_late", 2_000_000)).state is OrderState.WAITING
    clock.now += timedelta(days=31)
    with pytest.raises(OrderExpired):
        await approve(app, "ord_late", SECOND)
    await assert_books_hold(app)


async def test_exactly_the_threshold_needs_one_key(app: App):
    assert (await pay(app, "ord_1", 1_000_000)).state is OrderState.EXECUTED


async def test_once_there_is_an_approver_rules_change_with_two_keys_only(app: App):
    await give(app, "ord_key", Action.ADD_APPROVER, key=public_hex(SECOND), name="second")
    change = {"parameter": "transfer_fee_bps", "value": 25}
    assert (await give(app, "ord_fee", Action.SET_PARAMETER, **change)).state is OrderState.WAITING
    assert (await approve(app, "ord_fee", SECOND)).state is OrderState.EXECUTED
    assert (await give(app, "ord_out", Action.REMOVE_APPROVER, key=public_hex(SECOND))).state is OrderState.WAITING
    assert (await approve(app, "ord_out", SECOND)).state is OrderState.EXECUTED
    async with app.database.read(SYSTEM) as read:
        (changed,) = await app.tokens.parameters.history(read)
        assert (changed.name, changed.value, changed.order) == (Parameter.TRANSFER_FEE_BPS, 25, "ord_fee")
        assert [key.name for key in await app.tokens.treasury.keys(read)] == ["treasury"]
    with pytest.raises(BadOrder, match="registered before"):
        await give(app, "ord_back", Action.ADD_APPROVER, key=public_hex(SECOND), name="second")
    await assert_books_hold(app)


async def test_an_account_pays_no_more_than_its_limit_in_an_epoch_and_again_in_the_next(
    app: App, clock: OrderExecutor
):
    await give(app, "ord_limit", Action.SET_LIMIT, account="sale:AIA", amount_units=100 * TOKEN)
    await pay(app, "ord_1", 60)
    with pytest.raises(SpendingLimitExceeded, match="paid 60; 41 more pass the limit by 1") as refused:
        await pay(app, "ord_2", 41)
    assert refused.value.facts["left"] == "40"
    await pay(app, "ord_3", 40)
    clock.now += timedelta(days=7)
    await pay(app, "ord_2", 41)
    await assert_books_hold(app)


async def test_orders_at_the_same_time_do_not_pass_the_limit_together(app: App):
    await give(app, "ord_limit", Action.SET_LIMIT, account="sale:AIA", amount_units=100 * TOKEN)
    before = await balance(app, "sale:AIA")
    paid = await asyncio.gather(*(pay(app, f"ord_{n}", 30) for n in range(6)), return_exceptions=True)
    assert sum(isinstance(record, OrderRecord) for record in paid) == 3
    assert await balance(app, "sale:AIA") == before - 90 * TOKEN


async def test_only_accounts_of_the_treasury_are_ordered_from(app: App):
    with pytest.raises(NotATreasuryAccount):
        await pay(app, "ord_1", 1, debit=wallet("default"))
    with pytest.raises(NotATreasuryAccount):
        await give(app, "ord_2", Action.MINT, token="AIA", credit=wallet("default"), amount_units=1)
    with pytest.raises(BadOrder, match="sale:AIA holds AIA"):
        await give(
            app,
            "ord_3",
            Action.PAY,
            token="AIA_GOV",
            debit="sale:AIA",
            credit="treasury:AIA_GOV",
            amount_units=1,
        )


async def test_what_the_ledger_refuses_leaves_neither_order_nor_spending(app: App):
    with pytest.raises(InsufficientFunds):
        await pay(app, "ord_1", 1, debit="team:AIA")  # nothing has vested
    fields = {"token": "AIA", "debit": "sale:AIA", "credit": "nobody", "amount_units": 1}
    with pytest.raises(TransferRefused, match="account-not-found"):
        await give(app, "ord_2", Action.PAY, **fields)
    with pytest.raises(SupplyCapExceeded):
        await give(app, "ord_3", Action.MINT, token="AIA", credit="sale:AIA", amount_units=1)
    async with app.database.read(SYSTEM) as read:
        assert "sale:AIA" not in await app.tokens.treasury.spent(read)
    await assert_books_hold(app)


async def test_what_is_burnt_by_order_can_be_minted_by_order(app: App):
    await give(app, "ord_1", Action.BURN, token="AIA", debit="sale:AIA", amount_units=7)
    await give(app, "ord_2", Action.MINT, token="AIA", credit="agent-rewards:AIA", amount_units=7)
    assert await balance(app, "agent-rewards:AIA") == 300 * 10**12 + 7
    await assert_books_hold(app)


async def test_an_order_vests_to_a_wallet_and_can_be_revoked_by_another(app: App, clock: OrderExecutor):
    terms = {"cliff_days": 1, "duration_days": 10, "revocable": True}
    await give(
        app,
        "ord_1",
        Action.VEST,
        token="AIA",
        debit="sale:AIA",
        credit=wallet("default"),
        amount_units=1_000,
        **terms,
    )
    schedule = content_id("vst", "order", "ord_1")
    clock.now += timedelta(days=5)
    await give(app, "ord_2", Action.REVOKE_VESTING, vesting=schedule)
    before = await balance(app, wallet("default"))
    async with app.database.begin(Principal("default", "test")) as tx:
        await app.tokens.vesting.release(tx, schedule)
    assert await balance(app, wallet("default")) == before + 500
    assert await balance(app, "sale:AIA") == 10**14 - 500
    await assert_books_hold(app)


async def test_a_parameter_out_of_bounds_or_unknown_is_refused(app: App):
    for change in ({"parameter": "transfer_fee_bps", "value": 501}, {"parameter": "tax", "value": 1}):
        with pytest.raises(BadParameter):
            await give(app, "ord_1", Action.SET_PARAMETER, **change)


async def test_a_limit_above_what_was_allocated_is_refused(app: App):
    with pytest.raises(BadOrder, match="at most what was allocated"):
        await give(app, "ord_1", Action.SET_LIMIT, account="sale:AIA", amount_units=10**14 + 1)


async def test_another_key_cannot_order_from_books_that_have_one(app: App, settings: Settings):
    other = settings.model_copy(update={"treasury_private_key": None, "aia_home": settings.aia_home / "other"})
    async with open_app(other, durable=False, background=False) as second:
        with pytest.raises(OrderKeyUnknown, match="TREASURY_PRIVATE_KEY"):
            await pay(second, "ord_1", 1)


async def test_a_grant_above_the_threshold_names_the_setting(app: App, settings: Settings):
    rich = settings.model_copy(update={"aia_organisation_grant": "1000001"})
    async with open_app(rich, durable=False, background=False) as second:
        with pytest.raises(GrantTooLarge, match="AIA_ORGANISATION_GRANT"):
            await second.create_organisation("north", "North")


async def test_aias_own_code_takes_nothing_from_the_treasury_without_an_order(app: App):
    before = await balance(app, "sale:AIA")
    theft = transfer(content_id("tfr", "theft"), "sale:AIA", wallet("default"), Units(9))
    mint = transfer(
        content_id("tfr", "m"), mint_account(Token.AIA), wallet("default"), Units(9), kind=TransferKind.MINT
    )
    hold = replace(theft, kind=TransferKind.HOLD, hold_id=content_id("hld", "theft"))
    for taking in (theft, mint, hold, replace(theft, memo="order of the treasury: pay")):
        async with app.database.begin(SYSTEM) as tx:
            (by_service,) = await app.ledger.post(tx, [taking])
        (by_poster,) = await app.poster.submit([taking])
        assert by_service.outcome is by_poster.outcome is Outcome.ORDER_REQUIRED
    chain = [
        replace(transfer(content_id("tfr", "fee"), wallet("default"), "sale:AIA", Units(1)), linked=True),
        theft,
    ]
    (paid, taken) = await app.poster.submit(chain)
    assert (paid.outcome, taken.outcome) == (Outcome.LINKED_FAILED, Outcome.ORDER_REQUIRED)
    assert await balance(app, "sale:AIA") == before
    await assert_books_hold(app)


async def test_an_order_lets_the_ledger_post_its_own_transfer_and_no_other(app: App):
    """The ledger reads the order from the books: whoever says that there is one is not believed."""
    await pay(app, "ord_0", 1)
    big = await pay(app, "ord_big", 2_000_000)  # waits for its second signature
    await give(app, "ord_key", Action.ADD_APPROVER, key=public_hex(SECOND), name="second")
    moving = transfer_of(big.order)
    assert moving is not None
    asked = transfer(moving, "sale:AIA", wallet("default"), big.order.amount)
    others = (
        replace(asked, amount=Units(1)),
        replace(asked, credit="treasury:AIA"),
        replace(asked, debit="team:AIA"),
    )
    async with app.database.begin(SYSTEM) as tx:
        (early,) = await app.ledger.post(tx, [asked])
        await store.take_in_hand(tx, "ord_big", moving)
        (half_signed,) = await app.ledger.post(tx, [asked])
        await store.add_signatures(tx, "ord_big", [sign_order(big.order, SECOND)])
        wrong = await app.ledger.post(tx, others)
        (right,) = await app.ledger.post(tx, [asked])
    assert {result.outcome for result in (early, half_signed, *wrong)} == {Outcome.ORDER_REQUIRED}
    assert right.outcome is Outcome.CREATED


class Anyone:
    """Lets everything leave: how the treasury was guarded before the ledger asked for orders."""

    async def covering(self, tx: Tx, transfers: Sequence[Transfer]) -> frozenset[Transfer]:
        return frozenset(transfers)


async def test_money_that_left_without_an_order_and_orders_that_were_changed_are_found(app: App):
    await pay(app, "ord_1", 5)
    careless = Ledger(app.telemetry, orders=Anyone())
    async with app.database.begin(SYSTEM) as tx:
        await careless.require(tx, [transfer(content_id("tfr", "theft"), "sale:AIA", wallet("default"), Units(9))])
        changed = (await app.tokens.treasury.get(tx, "ord_1")).order.document() | {"purpose": "other"}
        table = sa.table("treasury_order", sa.column("id"), sa.column("document", sa.JSON))
        await tx.run(sa.update(table).where(table.c.id == "ord_1").values(document=changed))
        await tx.conn.execute(sa.text("update account set owner = 'system' where id = 'mint:AIA_GOV'"))
    async with app.database.read(SYSTEM) as read:
        count, problems = await verify_treasury(read, app.tokens.treasury)
    assert count == 2
    assert len(problems) == 3
    assert "ord_1" in problems[0]
    assert "sale:AIA paid 0.000009" in problems[1]
    assert "mint:AIA_GOV is not marked" in problems[2]


def test_an_order_is_read_back_from_its_json_and_bad_fields_are_named():
    document = {
        "type": "aia-treasury-order/1",
        "id": "ord_1",
        "books": "bks_1",
        "action": "burn",
        "purpose": "less",
        "expires_at": "2026-03-05T00:00:00.000000Z",
        "token": "AIA",
        "debit": "sale:AIA",
        "amount_units": 5,
    }
    order = parse_order(document)
    assert (order.document(), order.amount, order.token) == (document, 5, Token.AIA)
    for change, message in (
        ({"type": "other"}, "type is"),
        ({"action": "steal"}, "choose pay, mint"),
        ({"amount_units": 0}, "amount_units is 0"),
        ({"amount_units": 2**53}, "amount_units is"),
        ({"amount_units": True}, "amount_units is 'True'"),
        ({"amount_units": "5"}, "whole number"),
        ({"token": "EUR"}, "choose AIA or AIA_GOV"),
        ({"expires_at": "tomorrow"}, "write UTC"),
        ({"expires_at": "2026-03-05T00:00:00Z"}, "write UTC"),
        ({"purpose": ""}, "purpose must be"),
        ({"purpose": "a\nb"}, "purpose must be"),
        ({"id": "x" * 41}, "id must be"),
        ({"extra": 1}, "does not know the field 'extra'"),
    ):
        with pytest.raises(AIAError, match=message):
            parse_order(document | change)
    del document["debit"]
    with pytest.raises(BadOrder, match="needs the field 'debit'"):
        parse_order(document)
