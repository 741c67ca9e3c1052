"""Tables of tokens. Accounts and holds are locked in order of id, so writers never deadlock."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from aia.core.money import UNITS_MAX, Units
from aia.core.pages import Page, PageRequest, page_of
from aia.infra.sql import Instants, Read, Tx, metadata
from aia.tokens.model import Account, Hold, HoldState, PostedTransfer, Token, TransferKind

accounts = sa.Table(
    "account",
    metadata,
    sa.Column("id", sa.String(120), primary_key=True),
    sa.Column("organisation", sa.String(64), nullable=False, index=True),
    sa.Column("token", sa.String(8), nullable=False),
    sa.Column("owner", sa.String(64), nullable=False),
    sa.Column("purpose", sa.String(40), nullable=False),
    sa.Column("floor", sa.BigInteger),
    sa.Column("posted", sa.BigInteger, nullable=False),
    sa.Column("held", sa.BigInteger, nullable=False),
    sa.Column("closed", sa.Boolean, nullable=False),
    sa.CheckConstraint("held >= 0", name="held"),
    sa.CheckConstraint("floor is null or posted - held >= floor", name="floor"),
    postgresql_with={"fillfactor": "60"},
)

transfers = sa.Table(
    "transfer",
    metadata,
    sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("id", sa.String(40), nullable=False, unique=True),
    sa.Column("debit", sa.String(120), sa.ForeignKey("account.id"), nullable=False),
    sa.Column("credit", sa.String(120), sa.ForeignKey("account.id"), nullable=False),
    sa.Column("token", sa.String(8), nullable=False),
    sa.Column("amount", sa.BigInteger, nullable=False),
    sa.Column("kind", sa.String(10), nullable=False),
    sa.Column("hold_id", sa.String(40)),
    sa.Column("reverses", sa.String(40)),
    sa.Column("request_hash", sa.String(64), nullable=False),
    sa.Column("debit_after", sa.BigInteger, nullable=False),
    sa.Column("credit_after", sa.BigInteger, nullable=False),
    sa.Column("memo", sa.String(200), nullable=False),
    sa.Column("at", Instants, nullable=False),
    sa.CheckConstraint(f"amount >= 0 and amount <= {UNITS_MAX}", name="amount"),
    sa.CheckConstraint("debit <> credit", name="legs"),
    sa.Index(None, "debit", "seq"),
    sa.Index(None, "credit", "seq"),
    sa.Index(None, "reverses"),
)

holds = sa.Table(
    "hold",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("debit", sa.String(120), sa.ForeignKey("account.id"), nullable=False),
    sa.Column("credit", sa.String(120), sa.ForeignKey("account.id"), nullable=False),
    sa.Column("token", sa.String(8), nullable=False),
    sa.Column("amount", sa.BigInteger, nullable=False),
    sa.Column("remaining", sa.BigInteger, nullable=False),
    sa.Column("state", sa.String(8), nullable=False),
    sa.Column("expires_at", Instants),
    sa.CheckConstraint("remaining >= 0 and remaining <= amount", name="remaining"),
    sa.Index(None, "debit", "state"),
)

ledger_head = sa.Table(
    "ledger_head",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("next_seq", sa.BigInteger, nullable=False),
)
HEAD = 1


async def lock_head(tx: Tx) -> int:
    """Lock the ledger's head row and return the next sequence number: one poster at a time."""
    query = sa.select(ledger_head.c.next_seq).where(ledger_head.c.id == HEAD).with_for_update()
    row = await tx.row(query)
    if row is None:
        await tx.insert_new(ledger_head, [{"id": HEAD, "next_seq": 1}])
        row = await tx.row(query)
    assert row is not None
    return row.next_seq


async def next_seq(read: Read) -> int:
    """The number the next transfer gets, as committed; 1 before the first."""
    row = await read.row(sa.select(ledger_head.c.next_seq).where(ledger_head.c.id == HEAD))
    return 1 if row is None else row.next_seq


async def advance_head(tx: Tx, next_seq: int) -> None:
    await tx.run(sa.update(ledger_head).where(ledger_head.c.id == HEAD).values(next_seq=next_seq))


def _account(row: sa.Row[Any]) -> Account:
    return Account(
        id=row.id,
        token=Token(row.token),
        owner=row.owner,
        purpose=row.purpose,
        floor=row.floor,
        posted=row.posted,
        held=row.held,
        closed=row.closed,
    )


async def open_accounts(tx: Tx, organisation: str, new: Sequence[Account]) -> None:
    """Open accounts that do not stand yet; the others are left as they are."""
    await tx.insert_new(
        accounts,
        [
            {
                "id": account.id,
                "organisation": organisation,
                "token": account.token.value,
                "owner": account.owner,
                "purpose": account.purpose,
                "floor": account.floor,
                "posted": 0,
                "held": 0,
                "closed": False,
            }
            for account in new
        ],
    )


async def lock_accounts(tx: Tx, ids: Sequence[str]) -> dict[str, Account]:
    query = sa.select(accounts).where(accounts.c.id.in_(ids)).order_by(accounts.c.id).with_for_update()
    return {row.id: _account(row) for row in await tx.rows(query)}


async def lock_holds(tx: Tx, ids: Sequence[str]) -> dict[str, Hold]:
    query = sa.select(holds).where(holds.c.id.in_(ids)).order_by(holds.c.id).with_for_update()
    return {row.id: _hold(row) for row in await tx.rows(query)}


async def find_hold(read: Read, hold_id: str) -> Hold | None:
    row = await read.row(sa.select(holds).where(holds.c.id == hold_id))
    return None if row is None else _hold(row)


def _hold(row: sa.Row[Any]) -> Hold:
    return Hold(
        id=row.id,
        debit=row.debit,
        credit=row.credit,
        token=Token(row.token),
        amount=Units(row.amount),
        remaining=Units(row.remaining),
        state=HoldState(row.state),
        expires_at=row.expires_at,
    )


def _posted(row: sa.Row[Any]) -> PostedTransfer:
    return PostedTransfer(
        seq=row.seq,
        id=row.id,
        debit=row.debit,
        credit=row.credit,
        token=Token(row.token),
        amount=Units(row.amount),
        kind=TransferKind(row.kind),
        hold_id=row.hold_id,
        reverses=row.reverses,
        request_hash=row.request_hash,
        debit_after=row.debit_after,
        credit_after=row.credit_after,
        memo=row.memo,
        at=row.at,
    )


async def transfers_by_id(read: Read, ids: Sequence[str]) -> dict[str, PostedTransfer]:
    query = sa.select(transfers).where(transfers.c.id.in_(ids))
    return {row.id: _posted(row) for row in await read.rows(query)}


async def reversed_sums(read: Read, ids: Sequence[str]) -> dict[str, int]:
    total = sa.func.sum(transfers.c.amount).label("total")
    query = sa.select(transfers.c.reverses, total).where(transfers.c.reverses.in_(ids))
    query = query.where(transfers.c.kind == TransferKind.REVERSAL.value)
    rows = await read.rows(query.group_by(transfers.c.reverses))
    return {row.reverses: int(row.total) for row in rows}


async def append_transfers(tx: Tx, new: Sequence[PostedTransfer]) -> None:
    await tx.insert(
        transfers,
        [
            {
                "seq": t.seq,
                "id": t.id,
                "debit": t.debit,
                "credit": t.credit,
                "token": t.token.value,
                "amount": t.amount,
                "kind": t.kind.value,
                "hold_id": t.hold_id,
                "reverses": t.reverses,
                "request_hash": t.request_hash,
                "debit_after": t.debit_after,
                "credit_after": t.credit_after,
                "memo": t.memo,
                "at": t.at,
            }
            for t in new
        ],
    )


async def save_accounts(tx: Tx, changed: Sequence[Account]) -> None:
    if changed:
        statement = (
            sa.update(accounts)
            .where(accounts.c.id == sa.bindparam("b_id"))
            .values(posted=sa.bindparam("b_posted"), held=sa.bindparam("b_held"))
        )
        rows = [{"b_id": a.id, "b_posted": a.posted, "b_held": a.held} for a in changed]
        await tx.conn.execute(statement, rows)


async def add_holds(tx: Tx, created: Sequence[Hold]) -> None:
    await tx.insert(
        holds,
        [
            {
                "id": h.id,
                "debit": h.debit,
                "credit": h.credit,
                "token": h.token.value,
                "amount": h.amount,
                "remaining": h.remaining,
                "state": h.state.value,
                "expires_at": h.expires_at,
            }
            for h in created
        ],
    )


async def save_holds(tx: Tx, changed: Sequence[Hold]) -> None:
    if changed:
        statement = (
            sa.update(holds)
            .where(holds.c.id == sa.bindparam("b_id"))
            .values(remaining=sa.bindparam("b_remaining"), state=sa.bindparam("b_state"))
        )
        rows = [{"b_id": h.id, "b_remaining": h.remaining, "b_state": h.state.value} for h in changed]
        await tx.conn.execute(statement, rows)


async def find_account(read: Read, account_id: str) -> Account | None:
    query = sa.select(accounts).where(accounts.c.id == account_id, accounts.c.organisation == read.organisation)
    row = await read.row(query)
    return None if row is None else _account(row)


async def accounts_page(read: Read, request: PageRequest) -> Page[Account]:
    query = sa.select(accounts).where(accounts.c.organisation == read.organisation)
    if request.after is not None:
        query = query.where(accounts.c.id > request.after)
    rows = await read.rows(query.order_by(accounts.c.id).limit(request.limit + 1))
    return page_of([_account(row) for row in rows], request, lambda account: account.id)


async def entries_page(read: Read, account_id: str, request: PageRequest) -> Page[PostedTransfer]:
    """Transfers that touch an account, oldest first; the caller has checked whose account it is."""
    query = sa.select(transfers).where(sa.or_(transfers.c.debit == account_id, transfers.c.credit == account_id))
    if request.after is not None:
        query = query.where(transfers.c.seq > int(request.after))
    rows = await read.rows(query.order_by(transfers.c.seq).limit(request.limit + 1))
    return page_of([_posted(row) for row in rows], request, lambda transfer: str(transfer.seq))


async def balance_sums(read: Read) -> Mapping[Token, int]:
    """The sum of all balances by token, over the whole deployment: 0 or the books are wrong."""
    total = sa.func.sum(accounts.c.posted).label("total")
    rows = await read.rows(sa.select(accounts.c.token, total).group_by(accounts.c.token))
    return {Token(row.token): int(row.total) for row in rows}


async def all_accounts(read: Read) -> list[Account]:
    return [_account(row) for row in await read.rows(sa.select(accounts).order_by(accounts.c.id))]


async def open_held(read: Read) -> dict[str, int]:
    """What open holds hold, by debited account."""
    total = sa.func.sum(holds.c.remaining).label("total")
    query = sa.select(holds.c.debit, total).where(holds.c.state == HoldState.OPEN).group_by(holds.c.debit)
    return {row.debit: int(row.total) for row in await read.rows(query)}


async def transfers_after(read: Read, seq: int, limit: int) -> list[PostedTransfer]:
    query = sa.select(transfers).where(transfers.c.seq > seq).order_by(transfers.c.seq).limit(limit)
    return [_posted(row) for row in await read.rows(query)]
