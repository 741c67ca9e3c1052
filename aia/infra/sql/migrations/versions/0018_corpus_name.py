"""Names of corpora: the one that was kept last under each."""

import sqlalchemy as sa
from alembic import op

from aia.infra.sql.schema import Instants

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    names = op.create_table(
        "corpus_name",
        sa.Column("organisation", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=400), nullable=False),
        sa.Column("corpus", sa.String(length=40), nullable=False),
        sa.Column("kept_at", Instants(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation", "corpus"],
            ["corpus.organisation", "corpus.id"],
            name=op.f("fk_corpus_name_organisation_corpus"),
        ),
        sa.PrimaryKeyConstraint("organisation", "name", name=op.f("pk_corpus_name")),
    )
    assert names is not None
    corpora = sa.table("corpus", *(sa.column(name) for name in ("organisation", "name", "id", "created_at")))
    place = sa.func.row_number().over(
        partition_by=(corpora.c.organisation, corpora.c.name), order_by=(corpora.c.created_at.desc(), corpora.c.id)
    )
    ranked = sa.select(corpora, place.label("place")).subquery()
    newest = sa.select(ranked.c.organisation, ranked.c.name, ranked.c.id, ranked.c.created_at)
    op.execute(
        names.insert().from_select(["organisation", "name", "corpus", "kept_at"], newest.where(ranked.c.place == 1))
    )
