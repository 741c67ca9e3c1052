"""Tables of tokens, and what is read from them; `store_posting` writes a batch.

Made small, as they grow for ever: an account is a number, an id is 16 bytes, and a transfer names the
transfer before it of either account, so that an account's entries are a chain and need no index. Every
change of an account, a hold or the journal happens under the lock of the row `ledger_head`.
See docs/decisions/0010-ledger-storage.md.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.types import TypeDecorator

from aia.core.clock import Instant
from aia.core.errors import Invalid
from aia.core.money import UNITS_MAX, Units
from aia.core.pages import Page, PageRequest, page_of
from aia.infra.sql import Instants, Read, Tx, metadata
from aia.ledger.model import TREASURY_OWNER, Account, Hold, HoldState, PostedTransfer, Token, TransferKind
from aia.ledger.store_ids import HOLD, TRANSFER, number_of, text_of

KIND_NO = {
    TransferKind.PLAIN: 1,
    TransferKind.HOLD: 2,
    TransferKind.POST: 3,
    TransferKind.VOID: 4,
    TransferKind.EXPIRE: 5,
    TransferKind.MINT: 6,
    TransferKind.BURN: 7,
    TransferKind.REVERSAL: 8,
}
KINDS = {no: kind for kind, no in KIND_NO.items()}
STATE_NO = {HoldState.OPEN: 0, HoldState.POSTED: 1, HoldState.VOIDED: 2, HoldState.EXPIRED: 3}
STATES = {no: state for state, no in STATE_NO.items()}
MOVES_NOTHING = frozenset({TransferKind.HOLD, TransferKind.VOID, TransferKind.EXPIRE})


class IdNumber(TypeDecorator[int]):
    """The number of an id: uuid on PostgreSQL, 16 bytes on SQLite."""

    impl = sa.Uuid
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        if dialect.name == "sqlite":
            return dialect.type_descriptor(sa.LargeBinary(16))
        return dialect.type_descriptor(sa.Uuid())

    def process_bind_param(self, value: int | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        return value.to_bytes(16, "big") if dialect.name == "sqlite" else uuid.UUID(int=value)

    def process_result_value(self, value: Any, dialect: Dialect) -> int | None:
        if value is None:
            return None
        return int.from_bytes(value, "big") if dialect.name == "sqlite" else value.int


accounts = sa.Table(
    "account",
    metadata,
    sa.Column("no", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("id", sa.String(120), nullable=False, unique=True),
    sa.Column("organisation", sa.String(64), nullable=False, index=True),
    sa.Column("token", sa.String(8), nullable=False),
    sa.Column("owner", sa.String(64), nullable=False),
    sa.Column("purpose", sa.String(40), nullable=False),
    sa.Column("floor", sa.BigInteger),
    sa.Column("posted", sa.BigInteger, nullable=False),
    sa.Column("held", sa.BigInteger, nullable=False),
    sa.Column("last_seq", sa.BigInteger, nullable=False),
    sa.Column("closed", sa.Boolean, nullable=False),
    sa.CheckConstraint("held >= 0", name="held"),
    sa.CheckConstraint("floor is null or posted - held >= floor", name="floor"),
    postgresql_with={"fillfactor": "60"},
)

# No foreign keys: a batch has read its accounts under the head's lock, and a trigger keeps accounts from
# being deleted. The checks of a foreign key would cost more than the insert.
transfers = sa.Table(
    "transfer",
    metadata,
    sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("amount", sa.BigInteger, nullable=False),
    sa.Column("debit_after", sa.BigInteger, nullable=False),
    sa.Column("credit_after", sa.BigInteger, nullable=False),
    sa.Column("debit_prev", sa.BigInteger, nullable=False),
    sa.Column("credit_prev", sa.BigInteger, nullable=False),
    sa.Column("at", Instants, nullable=False),
    sa.Column("debit", sa.Integer, nullable=False),
    sa.Column("credit", sa.Integer, nullable=False),
    sa.Column("id", IdNumber, nullable=False, unique=True),
    sa.Column("kind", sa.SmallInteger, nullable=False),
    sa.Column("memo", sa.Integer),
    sa.Column("hold", IdNumber),
    sa.Column("reverses", IdNumber),
    sa.Column("expires_at", Instants),
    sa.CheckConstraint(f"amount >= 0 and amount <= {UNITS_MAX}", name="amount"),
    sa.CheckConstraint("debit <> credit", name="legs"),
    sa.CheckConstraint("debit_prev < seq and credit_prev < seq", name="chain"),
    sa.Index(
        "ix_transfer_reverses",
        "reverses",
        postgresql_where=sa.text("reverses is not null"),
        sqlite_where=sa.text("reverses is not null"),
    ),
)

# A memo stands once, however many transfers bear it.
memos = sa.Table(
    "transfer_memo",
    metadata,
    sa.Column("no", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("memo", sa.Text, nullable=False, unique=True),
)

# `expires_at` is cleared when a hold is closed, so that its index has what is left to expire, and nothing else.
holds = sa.Table(
    "hold",
    metadata,
    sa.Column("id", IdNumber, primary_key=True, autoincrement=False),
    sa.Column("amount", sa.BigInteger, nullable=False),
    sa.Column("debit", sa.Integer, nullable=False),
    sa.Column("credit", sa.Integer, nullable=False),
    sa.Column("state", sa.SmallInteger, nullable=False),
    sa.Column("expires_at", Instants),
    sa.CheckConstraint("amount >= 1", name="amount"),
    sa.CheckConstraint("state between 0 and 3", name="state"),
    sa.Index(
        "ix_hold_expires_at",
        "expires_at",
        postgresql_where=sa.text("expires_at is not null"),
        sqlite_where=sa.text("expires_at is not null"),
    ),
    postgresql_with={"fillfactor": "80"},
)

ledger_head = sa.Table(
    "ledger_head",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("next_seq", sa.BigInteger, nullable=False),
    sa.Column("epoch", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("frontier", sa.LargeBinary),
    sa.Column("root", sa.LargeBinary),
)
HEAD = 1
IDS_AT_A_TIME = 10_000
"""A statement of PostgreSQL takes 32,767 parameters."""


@dataclass(frozen=True, slots=True)
class Head:
    """Where the journal ends; `frontier` and `root` are the Merkle log's."""

    next_seq: int
    frontier: bytes
    root: bytes
    epoch: int = 0

    def is_at(self, other: "Head") -> bool:
        """Whether both stand at the same place of the same journal, which the frontier tells."""
        here, there = (self.next_seq, self.epoch, self.frontier), (other.next_seq, other.epoch, other.frontier)
        return here == there


async def lock_head(tx: Tx) -> Head:
    """Lock the ledger's head row and return it: one poster at a time."""
    query = sa.select(ledger_head).where(ledger_head.c.id == HEAD).with_for_update()
    row = await tx.row(query)
    if row is None:
        await tx.insert_new(ledger_head, [{"id": HEAD, "next_seq": 1}])
        row = await tx.row(query)
    assert row is not None, "the head was just made"
    return Head(row.next_seq, row.frontier or b"", row.root or b"", row.epoch)


async def next_seq(read: Read) -> int:
    """The number the next transfer gets, as committed; 1 before the first."""
    row = await read.row(sa.select(ledger_head.c.next_seq).where(ledger_head.c.id == HEAD))
    return 1 if row is None else row.next_seq


async def head(read: Read) -> Head:
    row = await read.row(sa.select(ledger_head).where(ledger_head.c.id == HEAD))
    return Head(1, b"", b"") if row is None else Head(row.next_seq, row.frontier or b"", row.root or b"")


# Accounts


def account_of(row: Any) -> Account:
    return Account(
        id=row.id,
        token=Token(row.token),
        owner=row.owner,
        purpose=row.purpose,
        floor=row.floor,
        posted=row.posted,
        held=row.held,
        closed=row.closed,
        no=row.no,
        last_seq=row.last_seq,
    )


async def open_accounts(tx: Tx, organisation: str, new: Sequence[Account]) -> None:
    """Open accounts that do not stand yet; the others are left as they are."""
    ids, known = [account.id for account in new], set[str]()
    for start in range(0, len(ids), IDS_AT_A_TIME):
        these = accounts.c.id.in_(ids[start : start + IDS_AT_A_TIME])
        known |= {row.id for row in await tx.rows(sa.select(accounts.c.id).where(these))}
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
                "last_seq": 0,
                "closed": False,
            }
            for account in new
            if account.id not in known  # an insert that conflicts would still use up a number
        ],
    )


async def guard_accounts(tx: Tx, ids: Sequence[str]) -> None:
    """Make accounts the treasury's: from now on a signed order alone debits them. The caller has locked the head."""
    await tx.run(sa.update(accounts).where(accounts.c.id.in_(ids)).values(owner=TREASURY_OWNER))
    await _accounts_changed(tx)


async def close_account(tx: Tx, account_id: str) -> bool:
    """Close an empty account; False if it is not empty. The caller has locked the head."""
    empty = sa.and_(accounts.c.posted == 0, accounts.c.held == 0)
    closing = sa.update(accounts).where(
        accounts.c.id == account_id, accounts.c.organisation == tx.organisation, empty
    )
    if await tx.run(closing.values(closed=True)) != 1:
        return False
    await _accounts_changed(tx)
    return True


async def _accounts_changed(tx: Tx) -> None:
    """The head's epoch goes up: who has read accounts without the lock sees that they changed."""
    await tx.run(sa.update(ledger_head).where(ledger_head.c.id == HEAD).values(epoch=ledger_head.c.epoch + 1))


async def find_account(read: Read, account_id: str) -> Account | None:
    query = sa.select(accounts).where(accounts.c.id == account_id, accounts.c.organisation == read.organisation)
    row = await read.row(query)
    return None if row is None else account_of(row)


async def accounts_page(read: Read, request: PageRequest) -> Page[Account]:
    query = sa.select(accounts).where(accounts.c.organisation == read.organisation)
    if request.after is not None:
        query = query.where(accounts.c.id > request.after)
    rows = await read.rows(query.order_by(accounts.c.id).limit(request.limit + 1))
    return page_of([account_of(row) for row in rows], request, lambda account: account.id)


async def all_accounts(read: Read) -> list[Account]:
    return [account_of(row) for row in await read.rows(sa.select(accounts).order_by(accounts.c.id))]


async def balance_sums(read: Read) -> Mapping[Token, int]:
    """The sum of all balances by token, over the whole deployment: 0 or the books are wrong."""
    total = sa.func.sum(accounts.c.posted).label("total")
    rows = await read.rows(sa.select(accounts.c.token, total).group_by(accounts.c.token))
    return {Token(row.token): int(row.total) for row in rows}


# The journal


def journal(source: Any) -> Any:
    """The journal's rows of a table or subquery of transfers, with names instead of numbers."""
    debit, credit = accounts.alias("debit_account"), accounts.alias("credit_account")
    columns = [c for c in source.c if c.name not in {"debit", "credit", "memo", "n"}]
    names = [debit.c.id.label("debit"), credit.c.id.label("credit"), debit.c.token, memos.c.memo]
    query = sa.select(*columns, *names).select_from(source).join(debit, debit.c.no == source.c.debit)
    return query.join(credit, credit.c.no == source.c.credit).outerjoin(memos, memos.c.no == source.c.memo)


def posted_of(row: Any) -> PostedTransfer:
    kind = KINDS[row.kind]
    return PostedTransfer(
        seq=row.seq,
        id=text_of(TRANSFER, row.id),
        debit=row.debit,
        credit=row.credit,
        token=Token(row.token),
        amount=Units(0 if kind in MOVES_NOTHING else row.amount),
        asked=Units(row.amount),
        kind=kind,
        hold_id=None if row.hold is None else text_of(HOLD, row.hold),
        reverses=None if row.reverses is None else text_of(TRANSFER, row.reverses),
        expires_at=row.expires_at,
        debit_after=row.debit_after,
        credit_after=row.credit_after,
        memo=row.memo or "",
        at=row.at,
        debit_prev=row.debit_prev,
        credit_prev=row.credit_prev,
    )


async def find_transfer(read: Read, transfer_id: str) -> PostedTransfer | None:
    """A transfer by its id, whoever's it is; None also for what is not an id of a transfer."""
    number = number_of(TRANSFER, transfer_id)
    row = None if number is None else await read.row(journal(transfers).where(transfers.c.id == number))
    return None if row is None else posted_of(row)


async def transfers_after(read: Read, seq: int, limit: int) -> list[PostedTransfer]:
    query = journal(transfers).where(transfers.c.seq > seq).order_by(transfers.c.seq).limit(limit)
    return [posted_of(row) for row in await read.rows(query)]


async def entries_page(read: Read, account: Account, request: PageRequest) -> Page[PostedTransfer]:
    """Transfers that touch an account, newest first; the caller has checked whose account it is.

    Walks the account's chain: a page costs a look-up by primary key for each of its rows.
    """

    def prev(row: Any) -> sa.Case[Any]:
        return sa.case((row.c.debit == account.no, row.c.debit_prev), else_=row.c.credit_prev)

    if request.after is None:
        start: Any = account.last_seq
    else:
        mine = sa.or_(transfers.c.debit == account.no, transfers.c.credit == account.no)
        start = sa.select(prev(transfers)).where(transfers.c.seq == _seq(request.after), mine).scalar_subquery()
    walk = (
        sa.select(*transfers.c, sa.literal(1).label("n")).where(transfers.c.seq == start).cte("walk", recursive=True)
    )
    follow = sa.select(*transfers.c, walk.c.n + 1).where(transfers.c.seq == prev(walk), walk.c.n <= request.limit)
    walk = walk.union_all(follow)
    rows = await read.rows(journal(walk).order_by(walk.c.seq.desc()))
    return page_of([posted_of(row) for row in rows], request, lambda transfer: str(transfer.seq))


def _seq(cursor: str) -> int:
    if not cursor.isascii() or not cursor.isdigit() or len(cursor) > 18:
        raise Invalid("cursor is not one of this list: pass its next_cursor unchanged", field="cursor")
    return int(cursor)


# Holds


def hold_rows() -> Any:
    debit, credit = accounts.alias("debit_account"), accounts.alias("credit_account")
    columns = (holds.c.id, holds.c.amount, holds.c.state, holds.c.expires_at, debit.c.token)
    query = sa.select(*columns, debit.c.id.label("debit"), credit.c.id.label("credit"))
    return query.join(debit, debit.c.no == holds.c.debit).join(credit, credit.c.no == holds.c.credit)


def hold_of(row: Any) -> Hold:
    state = STATES[row.state]
    return Hold(
        id=text_of(HOLD, row.id),
        debit=row.debit,
        credit=row.credit,
        token=Token(row.token),
        amount=Units(row.amount),
        remaining=Units(row.amount if state is HoldState.OPEN else 0),
        state=state,
        expires_at=row.expires_at,
    )


async def find_hold(read: Read, hold_id: str) -> Hold | None:
    """A hold by its id, whoever's it is; None also for what is not an id of a hold."""
    number = number_of(HOLD, hold_id)
    row = None if number is None else await read.row(hold_rows().where(holds.c.id == number))
    return None if row is None else hold_of(row)


async def all_holds(read: Read) -> list[Hold]:
    return [hold_of(row) for row in await read.rows(hold_rows().order_by(holds.c.id))]


async def expired_holds(read: Read, now: Instant, limit: int) -> list[Hold]:
    """Open holds whose time is over, the longest overdue first."""
    query = hold_rows().where(holds.c.expires_at <= now).order_by(holds.c.expires_at, holds.c.id).limit(limit)
    return [hold_of(row) for row in await read.rows(query)]


async def open_held(read: Read) -> dict[str, int]:
    """What open holds hold, by debited account."""
    total = sa.func.sum(holds.c.amount).label("total")
    query = sa.select(accounts.c.id, total).join(holds, holds.c.debit == accounts.c.no)
    query = query.where(holds.c.state == STATE_NO[HoldState.OPEN]).group_by(accounts.c.id)
    return {row.id: int(row.total) for row in await read.rows(query)}
