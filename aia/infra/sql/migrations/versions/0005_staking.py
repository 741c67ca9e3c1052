"""Staking and voting weight; what of a task's price its agent got."""

import sqlalchemy as sa
from alembic import op

from aia.infra.sql.schema import Instants

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Agents got the whole price of the tasks that stand: what was paid them is filled in so."""
    _staking()
    _votes()
    op.add_column("task", sa.Column("agent_units", sa.BigInteger(), nullable=False, server_default="0"))
    op.execute("update task set agent_units = paid_units")


def _staking() -> None:
    op.create_table(
        "staking_pool",
        sa.Column("token", sa.String(length=8), nullable=False),
        sa.Column("reward_index", sa.String(length=80), nullable=False),
        sa.Column("staked_units", sa.BigInteger(), nullable=False),
        sa.Column("remainder", sa.String(length=80), nullable=False),
        sa.Column("funded_units", sa.BigInteger(), nullable=False),
        sa.Column("paid_units", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("staked_units >= 0", name=op.f("ck_staking_pool_staked")),
        sa.CheckConstraint("paid_units <= funded_units", name=op.f("ck_staking_pool_paid")),
        sa.PrimaryKeyConstraint("token", name=op.f("pk_staking_pool")),
    )
    op.create_table(
        "stake",
        sa.Column("wallet", sa.String(length=120), nullable=False),
        sa.Column("organisation", sa.String(length=64), nullable=False),
        sa.Column("token", sa.String(length=8), nullable=False),
        sa.Column("account", sa.String(length=120), nullable=False),
        sa.Column("amount_units", sa.BigInteger(), nullable=False),
        sa.Column("cooling_units", sa.BigInteger(), nullable=False),
        sa.Column("locked_until", Instants, nullable=False),
        sa.Column("reward_index", sa.String(length=80), nullable=False),
        sa.Column("owed", sa.String(length=80), nullable=False),
        sa.Column("claimed_units", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount_units >= 0 and cooling_units >= 0", name=op.f("ck_stake_amounts")),
        sa.PrimaryKeyConstraint("wallet", name=op.f("pk_stake")),
    )
    op.create_index(op.f("ix_stake_organisation"), "stake", ["organisation"], unique=False)
    op.create_table(
        "unstaking",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("organisation", sa.String(length=64), nullable=False),
        sa.Column("wallet", sa.String(length=120), nullable=False),
        sa.Column("units", sa.BigInteger(), nullable=False),
        sa.Column("ready_at", Instants, nullable=False),
        sa.Column("open", sa.Boolean(), nullable=False),
        sa.CheckConstraint("units >= 0", name=op.f("ck_unstaking_units")),
        sa.ForeignKeyConstraint(["wallet"], ["stake.wallet"], name=op.f("fk_unstaking_wallet")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unstaking")),
    )
    op.create_index(op.f("ix_unstaking_wallet_ready_at"), "unstaking", ["wallet", "ready_at"], unique=False)


def _votes() -> None:
    op.create_table(
        "vote_delegation",
        sa.Column("wallet", sa.String(length=120), nullable=False),
        sa.Column("organisation", sa.String(length=64), nullable=False),
        sa.Column("delegate", sa.String(length=120), nullable=True),
        sa.Column("from_seq", sa.BigInteger(), nullable=False),
        sa.Column("at", Instants, nullable=False),
        sa.PrimaryKeyConstraint("wallet", name=op.f("pk_vote_delegation")),
    )
    op.create_index(op.f("ix_vote_delegation_organisation"), "vote_delegation", ["organisation"], unique=False)
    op.create_table(
        "vote_checkpoint",
        sa.Column("delegate", sa.String(length=120), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("votes", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("votes >= 0", name=op.f("ck_vote_checkpoint_votes")),
        sa.PrimaryKeyConstraint("delegate", "seq", name=op.f("pk_vote_checkpoint")),
    )
