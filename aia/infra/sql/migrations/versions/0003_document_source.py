"""Where a document was said, and what else its input tells about it."""

import sqlalchemy as sa
from alembic import op

from aia.infra.sql.schema import Json

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("document", sa.Column("source", sa.String(length=400), nullable=True))
    op.add_column("document", sa.Column("fields", Json, nullable=True))
