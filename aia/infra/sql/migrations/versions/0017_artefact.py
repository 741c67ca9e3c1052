"""Bytes that a task keeps for later tasks of its mission."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "artefact",
        sa.Column("mission", sa.String(length=40), nullable=False),
        sa.Column("task", sa.String(length=80), nullable=False),
        sa.Column("organisation", sa.String(length=64), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["mission", "task"], ["task.mission", "task.key"], name=op.f("fk_artefact_mission_task")
        ),
        sa.PrimaryKeyConstraint("mission", "task", name=op.f("pk_artefact")),
    )
