"""Genesis and its allocations, governed parameters, vesting, orders of the treasury."""

import sqlalchemy as sa
from alembic import op

from aia.infra.sql.schema import Instants, Json

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables; the rows of a database that stands are made when AIA starts."""
    op.create_table(
        "genesis",
        sa.Column("token", sa.String(length=8), nullable=False),
        sa.Column("supply_units", sa.BigInteger(), nullable=False),
        sa.Column("cap_units", sa.BigInteger(), nullable=False),
        sa.Column("grants", sa.String(length=120), nullable=False),
        sa.Column("next_seq", sa.BigInteger(), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("at", Instants, nullable=False),
        sa.CheckConstraint("supply_units > 0 and supply_units <= cap_units", name=op.f("ck_genesis_cap")),
        sa.PrimaryKeyConstraint("token", name=op.f("pk_genesis")),
    )
    op.create_table(
        "treasury_account",
        sa.Column("account", sa.String(length=120), nullable=False),
        sa.Column("token", sa.String(length=8), nullable=False),
        sa.Column("purpose", sa.String(length=40), nullable=False),
        sa.Column("allocated_units", sa.BigInteger(), nullable=False),
        sa.Column("epoch_limit_units", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("epoch_limit_units >= 0", name=op.f("ck_treasury_account_limit")),
        sa.PrimaryKeyConstraint("account", name=op.f("pk_treasury_account")),
    )
    op.create_table(
        "parameter",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("from_seq", sa.BigInteger(), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.Column("treasury_order", sa.String(length=40), nullable=False),
        sa.Column("at", Instants, nullable=False),
        sa.PrimaryKeyConstraint("name", "version", name=op.f("pk_parameter")),
    )
    _vesting()
    _treasury()


def _vesting() -> None:
    op.create_table(
        "vesting",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("organisation", sa.String(length=64), nullable=False),
        sa.Column("token", sa.String(length=8), nullable=False),
        sa.Column("account", sa.String(length=120), nullable=False),
        sa.Column("beneficiary", sa.String(length=120), nullable=False),
        sa.Column("origin", sa.String(length=120), nullable=False),
        sa.Column("total_units", sa.BigInteger(), nullable=False),
        sa.Column("released_units", sa.BigInteger(), nullable=False),
        sa.Column("start", Instants, nullable=False),
        sa.Column("cliff_us", sa.BigInteger(), nullable=False),
        sa.Column("duration_us", sa.BigInteger(), nullable=False),
        sa.Column("revocable", sa.Boolean(), nullable=False),
        sa.Column("revoked_at", Instants, nullable=True),
        sa.CheckConstraint("released_units >= 0 and released_units <= total_units", name=op.f("ck_vesting_released")),
        sa.CheckConstraint(
            "cliff_us >= 0 and cliff_us <= duration_us and duration_us > 0", name=op.f("ck_vesting_terms")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vesting")),
    )
    op.create_index(op.f("ix_vesting_organisation"), "vesting", ["organisation"], unique=False)


def _treasury() -> None:
    op.create_table(
        "treasury_order",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("action", sa.String(length=20), nullable=False),
        sa.Column("document", Json, nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("transfer", sa.String(length=40), nullable=True),
        sa.Column("given_at", Instants, nullable=False),
        sa.Column("executed_at", Instants, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_treasury_order")),
        sa.UniqueConstraint("transfer", name=op.f("uq_treasury_order_transfer")),
    )
    op.create_table(
        "treasury_signature",
        sa.Column("treasury_order", sa.String(length=40), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("signature", sa.String(length=128), nullable=False),
        sa.Column("at", Instants, nullable=False),
        sa.ForeignKeyConstraint(
            ["treasury_order"], ["treasury_order.id"], name=op.f("fk_treasury_signature_treasury_order")
        ),
        sa.PrimaryKeyConstraint("treasury_order", "key", name=op.f("pk_treasury_signature")),
    )
    op.create_table(
        "treasury_key",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("role", sa.String(length=10), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("added_at", Instants, nullable=False),
        sa.Column("removed_at", Instants, nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_treasury_key")),
    )
    op.create_table(
        "treasury_spending",
        sa.Column("account", sa.String(length=120), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("spent_units", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account", "epoch", name=op.f("pk_treasury_spending")),
    )
