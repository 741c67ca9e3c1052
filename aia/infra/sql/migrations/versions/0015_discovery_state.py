"""What a discovery leaves to one that goes on from it."""

import sqlalchemy as sa
from alembic import op

from aia.infra.sql.schema import Instants

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "discovery_state",
        sa.Column("organisation", sa.String(length=64), nullable=False),
        sa.Column("mission", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", Instants(), nullable=False),
        sa.ForeignKeyConstraint(["mission"], ["mission.id"], name=op.f("fk_discovery_state_mission_mission")),
        sa.PrimaryKeyConstraint("organisation", "mission", "name", name=op.f("pk_discovery_state")),
    )
