"""Watches by cron, and which runs' forecasts are scored: those that a later run was compared with."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("watch", sa.Column("cron", sa.String(length=100)))
    op.add_column("comparison", sa.Column("scored", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.execute(
        "update comparison set scored = true where exists (select 1 from comparison later "
        "where later.organisation = comparison.organisation and later.previous = comparison.mission)"
    )
