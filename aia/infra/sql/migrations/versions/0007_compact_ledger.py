"""The ledger made small: accounts are numbers, ids 16 bytes, an account's entries a chain; rows are carried over.

See docs/decisions/0010-ledger-storage.md. Old rows are read and written in batches within this transaction.
"""

import uuid
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

from aia.infra.sql.schema import Instants

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

BATCH = 2_000
KIND_NO = {
    **{"plain": 1, "hold": 2, "post": 3, "void": 4, "expire": 5},
    **{"mint": 6, "burn": 7, "reversal": 8},
}
STATE_NO = {"open": 0, "posted": 1, "voided": 2, "expired": 3}
DIGITS = "0123456789abcdefghjkmnpqrstvwxyz"
Id = sa.Uuid().with_variant(sa.LargeBinary(16), "sqlite")


def upgrade() -> None:
    for table in ("account", "hold", "transfer"):
        op.execute(f"create table {table}_old as select * from {table}")  # noqa: S608 - constants
    for table in ("transfer", "hold", "account"):
        op.drop_table(table)
    _account()
    _transfer()
    _hold()
    op.create_table(
        "transfer_memo",
        sa.Column("no", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("memo", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("no", name=op.f("pk_transfer_memo")),
        sa.UniqueConstraint("memo", name=op.f("uq_transfer_memo_memo")),
    )
    op.add_column("ledger_head", sa.Column("epoch", sa.BigInteger(), server_default="0", nullable=False))
    for column in ("frontier", "root"):
        op.add_column("ledger_head", sa.Column(column, sa.LargeBinary(), nullable=True))
    _carry_over(op.get_bind())
    for table in ("account", "hold", "transfer"):
        op.drop_table(f"{table}_old")
    _append_only(op.get_bind().dialect.name)


def _account() -> None:
    op.create_table(
        "account",
        sa.Column("no", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("id", sa.String(length=120), nullable=False),
        sa.Column("organisation", sa.String(length=64), nullable=False),
        sa.Column("token", sa.String(length=8), nullable=False),
        sa.Column("owner", sa.String(length=64), nullable=False),
        sa.Column("purpose", sa.String(length=40), nullable=False),
        sa.Column("floor", sa.BigInteger(), nullable=True),
        sa.Column("posted", sa.BigInteger(), nullable=False),
        sa.Column("held", sa.BigInteger(), nullable=False),
        sa.Column("last_seq", sa.BigInteger(), nullable=False),
        sa.Column("closed", sa.Boolean(), nullable=False),
        sa.CheckConstraint("floor is null or posted - held >= floor", name=op.f("ck_account_floor")),
        sa.CheckConstraint("held >= 0", name=op.f("ck_account_held")),
        sa.PrimaryKeyConstraint("no", name=op.f("pk_account")),
        sa.UniqueConstraint("id", name=op.f("uq_account_id")),
        postgresql_with={"fillfactor": "60"},
    )
    op.create_index(op.f("ix_account_organisation"), "account", ["organisation"], unique=False)


def _transfer() -> None:
    op.create_table(
        "transfer",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("debit_after", sa.BigInteger(), nullable=False),
        sa.Column("credit_after", sa.BigInteger(), nullable=False),
        sa.Column("debit_prev", sa.BigInteger(), nullable=False),
        sa.Column("credit_prev", sa.BigInteger(), nullable=False),
        sa.Column("at", Instants, nullable=False),
        sa.Column("debit", sa.Integer(), nullable=False),
        sa.Column("credit", sa.Integer(), nullable=False),
        sa.Column("id", Id, nullable=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("memo", sa.Integer(), nullable=True),
        sa.Column("hold", Id, nullable=True),
        sa.Column("reverses", Id, nullable=True),
        sa.Column("expires_at", Instants, nullable=True),
        sa.CheckConstraint("amount >= 0 and amount <= 9007199254740991", name=op.f("ck_transfer_amount")),
        sa.CheckConstraint("debit <> credit", name=op.f("ck_transfer_legs")),
        sa.CheckConstraint("debit_prev < seq and credit_prev < seq", name=op.f("ck_transfer_chain")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_transfer")),
        sa.UniqueConstraint("id", name=op.f("uq_transfer_id")),
    )
    where = sa.text("reverses is not null")
    op.create_index("ix_transfer_reverses", "transfer", ["reverses"], postgresql_where=where, sqlite_where=where)


def _hold() -> None:
    op.create_table(
        "hold",
        sa.Column("id", Id, nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("debit", sa.Integer(), nullable=False),
        sa.Column("credit", sa.Integer(), nullable=False),
        sa.Column("state", sa.SmallInteger(), nullable=False),
        sa.Column("expires_at", Instants, nullable=True),
        sa.CheckConstraint("amount >= 1", name=op.f("ck_hold_amount")),
        sa.CheckConstraint("state between 0 and 3", name=op.f("ck_hold_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hold")),
        postgresql_with={"fillfactor": "80"},
    )
    where = sa.text("expires_at is not null")
    op.create_index("ix_hold_expires_at", "hold", ["expires_at"], postgresql_where=where, sqlite_where=where)


# Carrying rows over


def _carry_over(conn: sa.Connection) -> None:
    conn.execute(
        sa.text("""insert into account
            (id, organisation, token, owner, purpose, floor, posted, held, last_seq, closed)
            select id, organisation, token, owner, purpose, floor, posted, held, 0, closed
            from account_old order by id""")
    )
    conn.execute(
        sa.text("""insert into transfer_memo (memo)
            select memo from transfer_old where memo <> '' group by memo order by min(seq)""")
    )
    numbers = {row.id: row.no for row in conn.execute(sa.text("select id, no from account"))}
    notes = {row.memo: row.no for row in conn.execute(sa.text("select memo, no from transfer_memo"))}
    reserved: dict[str, tuple[int, datetime | None]] = {}
    for rows in _batches(conn, "hold", "id"):
        reserved |= {row.id: (row.amount, row.expires_at) for row in rows}
        conn.execute(sa.insert(_table("hold")), [_new_hold(conn, row, numbers) for row in rows])
    last: dict[str, int] = defaultdict(int)
    for rows in _batches(conn, "transfer", "seq"):
        new = [_new_transfer(conn, row, numbers, notes, reserved, last) for row in rows]
        conn.execute(sa.insert(_table("transfer")), new)
    if last:
        newest = [{"last": seq, "of": numbers[account]} for account, seq in last.items()]
        conn.execute(sa.text("update account set last_seq = :last where no = :of"), newest)


def _table(name: str) -> sa.TableClause:
    """The new table, with the types that need a dialect's hand."""
    plain = {
        "hold": ("amount", "debit", "credit", "state"),
        "transfer": (
            *("seq", "amount", "debit_after", "credit_after", "debit_prev", "credit_prev"),
            *("debit", "credit", "kind", "memo"),
        ),
    }[name]
    times = ("at", "expires_at") if name == "transfer" else ("expires_at",)
    ids = ("id", "hold", "reverses") if name == "transfer" else ("id",)
    return sa.table(
        name,
        *(sa.column(c) for c in plain),
        *(sa.column(c, Instants()) for c in times),
        *(sa.column(c, Id) for c in ids),
    )


def _batches(conn: sa.Connection, table: str, key: str) -> Iterator[Any]:
    times = {"expires_at": Instants()} if table == "hold" else {"at": Instants()}
    names = {
        "hold": ("id", "debit", "credit", "amount", "state", "expires_at"),
        "transfer": (
            *("seq", "id", "debit", "credit", "amount", "kind", "hold_id", "reverses"),
            *("debit_after", "credit_after", "memo", "at"),
        ),
    }[table]
    old = sa.table(f"{table}_old", *(sa.column(c, times.get(c)) for c in names))
    after: Any = None
    while True:
        query = sa.select(old).order_by(old.c[key]).limit(BATCH)
        rows = conn.execute(query if after is None else query.where(old.c[key] > after)).all()
        if not rows:
            return
        yield rows
        after = getattr(rows[-1], key)


def _new_hold(conn: sa.Connection, row: Any, numbers: dict[str, int]) -> dict[str, Any]:
    return {
        "id": _id(conn, row.id),
        "amount": row.amount,
        "debit": numbers[row.debit],
        "credit": numbers[row.credit],
        "state": STATE_NO[row.state],
        "expires_at": row.expires_at if row.state == "open" else None,
    }


def _new_transfer(
    conn: sa.Connection,
    row: Any,
    numbers: dict[str, int],
    notes: dict[str, int],
    reserved: dict[str, tuple[int, datetime | None]],
    last: dict[str, int],
) -> dict[str, Any]:
    """A row of before; a hold's row says from now on what it reserved and until when."""
    amount, expires_at = reserved[row.hold_id] if row.kind == "hold" else (row.amount, None)
    new = {
        "seq": row.seq,
        "amount": amount,
        "debit_after": row.debit_after,
        "credit_after": row.credit_after,
        "debit_prev": last[row.debit],
        "credit_prev": last[row.credit],
        "at": row.at,
        "debit": numbers[row.debit],
        "credit": numbers[row.credit],
        "id": _id(conn, row.id),
        "kind": KIND_NO[row.kind],
        "memo": notes[row.memo] if row.memo else None,
        "hold": None if row.hold_id is None else _id(conn, row.hold_id),
        "reverses": None if row.reverses is None else _id(conn, row.reverses),
        "expires_at": expires_at,
    }
    last[row.debit] = last[row.credit] = row.seq
    return new


def _id(conn: sa.Connection, text: str) -> Any:
    """The 128 bits of `prefix_` and 20 or 26 digits of Crockford's base 32."""
    number = 0
    for digit in text.partition("_")[2]:
        number = number * 32 + DIGITS.index(digit)
    raw = number.to_bytes(16, "big")
    return raw if conn.dialect.name == "sqlite" else uuid.UUID(bytes=raw)


def _append_only(dialect: str) -> None:
    """The journal only grows, and an account that its rows name never goes."""
    if dialect == "sqlite":
        for table, act in (("transfer", "update"), ("transfer", "delete"), ("account", "delete")):
            op.execute(
                f"create trigger {table}_no_{act} before {act} on {table} "
                f"begin select raise(abort, 'the table {table} takes no {act}'); end"
            )
        return
    op.execute(
        "create function ledger_keeps() returns trigger language plpgsql as $$ begin "
        "raise exception 'the table % takes no %', tg_table_name, lower(tg_op) using errcode = '23001'; end $$"
    )
    for table, acts in (("transfer", "update or delete or truncate"), ("account", "delete or truncate")):
        op.execute(
            f"create trigger {table}_keeps before {acts} on {table} "
            "for each statement execute function ledger_keeps()"
        )
