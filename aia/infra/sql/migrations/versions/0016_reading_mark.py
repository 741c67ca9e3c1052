"""Where the reading of a file ended, so that one that grew is read from there."""

import sqlalchemy as sa
from alembic import op

from aia.infra.sql.schema import Instants

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "reading_mark",
        sa.Column("organisation", sa.String(length=64), nullable=False),
        sa.Column("corpus", sa.String(length=40), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("length", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", Instants(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation", "corpus"],
            ["corpus.organisation", "corpus.id"],
            name=op.f("fk_reading_mark_organisation_corpus"),
        ),
        sa.PrimaryKeyConstraint("organisation", "corpus", name=op.f("pk_reading_mark")),
    )
    op.create_index(op.f("ix_reading_mark_organisation_key"), "reading_mark", ["organisation", "key"], unique=False)
