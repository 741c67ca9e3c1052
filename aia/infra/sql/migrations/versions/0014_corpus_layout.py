"""A corpus that grew refers to the documents that stand already."""

import sqlalchemy as sa
from alembic import op

from aia.infra.sql.schema import Json

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("corpus", sa.Column("layout", Json, nullable=True))
    op.create_index(op.f("ix_document_organisation_sha256"), "document", ["organisation", "sha256"], unique=False)
