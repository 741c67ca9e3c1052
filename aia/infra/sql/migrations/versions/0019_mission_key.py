"""Under which key of its caller a mission was asked for."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "mission_key",
        sa.Column("organisation", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("mission", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(["organisation"], ["organisation.id"], name=op.f("fk_mission_key_organisation")),
        sa.PrimaryKeyConstraint("organisation", "key", name=op.f("pk_mission_key")),
    )
