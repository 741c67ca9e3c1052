"""Transfers and holds between accounts; the header `Idempotency-Key` makes asking twice the same as once."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from aia.api.deps import AppDep, Key, PrincipalDep, ReadDep
from aia.api.token_schemas import (
    AccountName,
    Amount,
    BatchIn,
    BatchOut,
    HoldIn,
    HoldOut,
    PostHoldIn,
    QuoteOut,
    TransferIn,
    TransferOut,
    result_out,
    shown_or_none,
    units_of,
)
from aia.core.errors import AIAError
from aia.core.money import Units, format_units
from aia.ledger import Hold, Outcome
from aia.tokens.payments import Payment

router = APIRouter(prefix="/v1", tags=["transfers"])
HoldId = Annotated[str, Path(max_length=40, pattern=r"^[!-~]+$")]


def _payment(body: TransferIn, key: str) -> Payment:
    return Payment(key, body.debit, body.credit, units_of(body.amount), body.memo)


@router.get("/transfers/quote")
async def quote_transfer(
    app: AppDep,
    read: ReadDep,
    debit: Annotated[AccountName, Query()],
    credit: Annotated[AccountName, Query()],
    amount: Annotated[Amount, Query()],
) -> QuoteOut:
    """What a transfer would cost, fee and burnt part included, before it is made."""
    quoted = await app.tokens.desk.quote(read, debit, credit, units_of(amount))
    return QuoteOut(
        amount=format_units(quoted.amount),
        fee=format_units(quoted.fee),
        fee_treasury=format_units(quoted.treasury),
        fee_burnt=format_units(quoted.burnt),
        total=format_units(quoted.total),
    )


@router.post("/transfers", status_code=201)
async def make_transfer(
    body: TransferIn, key: Key, app: AppDep, principal: PrincipalDep, response: Response
) -> TransferOut:
    """Pay from an account of the organisation; 200 instead of 201 when this key paid already."""
    receipt = await app.tokens.desk.pay(principal, _payment(body, key))
    if receipt.result.outcome is Outcome.EXISTS:
        response.status_code = 200
    return TransferOut(
        id=receipt.result.transfer_id,
        outcome=receipt.result.outcome.value,
        seq=receipt.result.seq,
        amount=format_units(receipt.quote.amount),
        amount_units=receipt.quote.amount,
        fee=format_units(receipt.quote.fee),
        total=format_units(receipt.quote.total),
        debit_balance=shown_or_none(receipt.result.debit_after),
        debit_balance_units=receipt.result.debit_after,
    )


@router.post("/transfers/batch")
async def make_transfers(body: BatchIn, app: AppDep, principal: PrincipalDep) -> BatchOut:
    """Up to 10,000 transfers between own accounts; each has its outcome, and `linked` chains are all or nothing."""
    payments = [
        Payment(item.key, item.debit, item.credit, _batch_units(item.amount), item.memo, item.linked)
        for item in body.transfers
    ]
    return BatchOut(results=[result_out(result) for result in await app.tokens.desk.batch(principal, payments)])


def _batch_units(amount: str) -> Units:
    """Units, or 0 for what is no amount: the ledger's result for it is `invalid-amount`."""
    try:
        return units_of(amount)
    except AIAError:
        return Units(0)


@router.post("/holds", status_code=201)
async def make_hold(body: HoldIn, key: Key, app: AppDep, principal: PrincipalDep) -> HoldOut:
    """Reserve tokens of an account for another; they are paid, in full or in part, by posting the hold."""
    return _hold(await app.tokens.desk.hold(principal, _payment(body, key), body.lasts_s))


@router.get("/holds/{hold_id}")
async def get_hold(hold_id: HoldId, app: AppDep, read: ReadDep) -> HoldOut:
    """A hold on an account of the organisation."""
    return _hold(await app.tokens.desk.find_hold(read, hold_id))


@router.post("/holds/{hold_id}/post")
async def post_hold(hold_id: HoldId, body: PostHoldIn, app: AppDep, principal: PrincipalDep) -> HoldOut:
    """Pay out of a hold: all of it, or `amount`; what is not paid is free again."""
    amount = None if body.amount is None else units_of(body.amount)
    return _hold(await app.tokens.desk.post_hold(principal, hold_id, amount))


@router.post("/holds/{hold_id}/void")
async def void_hold(hold_id: HoldId, app: AppDep, principal: PrincipalDep) -> HoldOut:
    """Give a hold up."""
    return _hold(await app.tokens.desk.void_hold(principal, hold_id))


def _hold(hold: Hold) -> HoldOut:
    return HoldOut(
        id=hold.id,
        debit=hold.debit,
        credit=hold.credit,
        token=hold.token.value,
        amount=format_units(hold.amount),
        remaining=format_units(hold.remaining),
        state=hold.state.value,
        expires_at=hold.expires_at,
    )
