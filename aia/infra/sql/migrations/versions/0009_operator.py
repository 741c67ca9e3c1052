"""Keys of operators."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Keys that stand are no operator's."""
    op.add_column("api_key", sa.Column("operator", sa.Boolean(), nullable=False, server_default=sa.false()))
