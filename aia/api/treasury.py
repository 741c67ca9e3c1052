"""The supply and the rules for everybody; the treasury's accounts and orders for operators."""

from typing import Annotated, Any

from fastapi import APIRouter, Path

from aia.api.deps import AppDep, OperatorDep, PageDep, ReadDep
from aia.api.schemas import Listed
from aia.api.token_schemas import (
    OrderIn,
    OrderOut,
    ParameterListOut,
    ParameterOut,
    RefusalOut,
    SignatureIn,
    SupplyListOut,
    SupplyOut,
    TreasuryAccountOut,
    TreasuryOut,
)
from aia.core.money import Units, format_units
from aia.tokens.parameters import DEFINITIONS
from aia.tokens.treasury import OrderRecord, OrderSubmission, Signature, parse_order

router = APIRouter(prefix="/v1", tags=["treasury"])
OrderId = Annotated[str, Path(max_length=40, pattern=r"^[!-~]+$")]


@router.get("/supply")
async def get_supply(app: AppDep, read: ReadDep) -> SupplyListOut:
    """How much of each token stands, and the most that ever may."""
    return SupplyListOut(
        data=[
            SupplyOut(
                token=supply.token.value,
                supply=format_units(supply.units),
                supply_units=supply.units,
                cap=format_units(supply.cap),
            )
            for supply in await app.tokens.genesis.supply(read)
        ]
    )


@router.get("/parameters")
async def get_parameters(app: AppDep, read: ReadDep) -> ParameterListOut:
    """The governed numbers of the economy, with their bounds."""
    values = await app.tokens.parameters.values(read)
    return ParameterListOut(
        data=[
            ParameterOut(
                name=name.value, value=values[name], default=d.default, low=d.low, high=d.high, meaning=d.meaning
            )
            for name, d in DEFINITIONS.items()
        ]
    )


@router.get("/treasury")
async def get_treasury(app: AppDep, operator: OperatorDep) -> TreasuryOut:
    """The books' id, the keys that may sign, and each account with its limit of this epoch."""
    async with app.database.read(operator) as read:
        spent = await app.tokens.treasury.spent(read)
        return TreasuryOut(
            books=await app.tokens.genesis.books(read),
            keys=[{"key": k.key, "role": k.role.value, "name": k.name} for k in await app.tokens.treasury.keys(read)],
            accounts=[
                TreasuryAccountOut(
                    account=found.account,
                    token=found.token.value,
                    purpose=found.purpose,
                    balance=format_units((await app.ledger.account(read, found.account)).posted),
                    allocated=format_units(found.allocated),
                    epoch_limit=format_units(found.epoch_limit),
                    epoch_spent=format_units(spent.get(found.account, Units(0))),
                )
                for found in await app.tokens.genesis.treasury_accounts(read)
            ],
        )


@router.get("/treasury/orders")
async def list_orders(app: AppDep, operator: OperatorDep, page: PageDep) -> Listed[OrderOut]:
    """Every order that was given, by id."""
    async with app.database.read(operator) as read:
        found = await app.tokens.treasury.page(read, page)
    return Listed(data=[_shown(record) for record in found.items], next_cursor=found.next_cursor)


@router.get("/treasury/orders/{order_id}")
async def get_order(order_id: OrderId, app: AppDep, operator: OperatorDep) -> OrderOut:
    """One order, with its signatures and the transfer it made."""
    async with app.database.read(operator) as read:
        return _shown(await app.tokens.treasury.get(read, order_id))


@router.post("/treasury/orders", status_code=201)
async def give_order(body: OrderIn, app: AppDep, operator: OperatorDep) -> OrderOut:
    """Give an order that was signed elsewhere; it is carried out, or waits for a second approver."""
    order = parse_order(body.order)
    desk = OrderSubmission(app.database, app.tokens.treasury)
    return _shown(await desk.submit(operator, order, [_signature(s) for s in body.signatures]))


@router.post("/treasury/orders/{order_id}/approvals")
async def approve_order(order_id: OrderId, body: SignatureIn, app: AppDep, operator: OperatorDep) -> OrderOut:
    """Add the signature of a second approver."""
    desk = OrderSubmission(app.database, app.tokens.treasury)
    return _shown(await desk.approve(operator, order_id, _signature(body)))


@router.get("/treasury/refusals")
async def list_refusals(app: AppDep, operator: OperatorDep, page: PageDep) -> Listed[RefusalOut]:
    """Orders that were refused and why, the newest first."""
    async with app.database.read(operator) as read:
        found = await app.tokens.treasury.refusals(read, page)
    return Listed(
        data=[
            RefusalOut(
                order=dict(refusal.order.document()),
                signatures=[SignatureIn(key=s.key, signature=s.signature) for s in refusal.signatures],
                code=refusal.code,
                reason=refusal.reason,
                subject=refusal.subject,
                at=refusal.at,
            )
            for refusal in found.items
        ],
        next_cursor=found.next_cursor,
    )


def _signature(body: SignatureIn) -> Signature:
    return Signature(body.key, body.signature)


def _shown(record: OrderRecord) -> OrderOut:
    document: dict[str, Any] = dict(record.order.document())
    return OrderOut(
        order=document,
        state=record.state.value,
        signatures=[SignatureIn(key=s.key, signature=s.signature) for s in record.signatures],
        transfer=record.transfer,
        given_at=record.given_at,
        executed_at=record.executed_at,
    )
