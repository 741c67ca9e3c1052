"""Accounts of the organisation and what moved through them."""

from typing import Annotated

from fastapi import APIRouter, Path

from aia.api.deps import AppDep, PageDep, ReadDep
from aia.api.schemas import AccountOut, EntryOut, Listed
from aia.core.money import format_units
from aia.ledger import Account, PostedTransfer

router = APIRouter(prefix="/v1", tags=["tokens"])
AccountId = Annotated[str, Path(max_length=120)]


@router.get("/accounts")
async def list_accounts(app: AppDep, read: ReadDep, page: PageDep) -> Listed[AccountOut]:
    """The organisation's accounts, by id."""
    found = await app.ledger.accounts(read, page)
    return Listed(data=[_shown(account) for account in found.items], next_cursor=found.next_cursor)


@router.get("/accounts/{account_id}")
async def get_account(account_id: AccountId, app: AppDep, read: ReadDep) -> AccountOut:
    """One account and its balance."""
    return _shown(await app.ledger.account(read, account_id))


@router.get("/accounts/{account_id}/entries")
async def list_entries(account_id: AccountId, app: AppDep, read: ReadDep, page: PageDep) -> Listed[EntryOut]:
    """Transfers in and out of an account, newest first, with the balance after each."""
    found = await app.ledger.entries(read, account_id, page)
    return Listed(data=[_entry(t, account_id) for t in found.items], next_cursor=found.next_cursor)


def _shown(account: Account) -> AccountOut:
    return AccountOut(
        id=account.id,
        token=account.token.value,
        owner=account.owner,
        purpose=account.purpose,
        balance=format_units(account.posted),
        held=format_units(account.held),
        available=None if account.available is None else format_units(account.available),
        closed=account.closed,
    )


def _entry(transfer: PostedTransfer, account: str) -> EntryOut:
    after = transfer.debit_after if transfer.debit == account else transfer.credit_after
    return EntryOut(
        seq=transfer.seq,
        id=transfer.id,
        kind=transfer.kind.value,
        debit=transfer.debit,
        credit=transfer.credit,
        amount=format_units(transfer.amount),
        balance_after=format_units(after),
        memo=transfer.memo,
        at=transfer.at,
    )
