"""Outcome parts, stakes and judgement of tasks; the price of an outcome."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("outcome_units", "stake_units", "forfeited_units"):
        op.add_column("task", sa.Column(name, sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("task", sa.Column("judge", sa.String(length=80), nullable=True))
    op.add_column("task", sa.Column("judged", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("agent", sa.Column("price_per_outcome_units", sa.BigInteger(), nullable=False, server_default="0"))
