"""Orders of the treasury that were refused, with the reason: rows that are only added."""

import sqlalchemy as sa
from alembic import op

from aia.infra.sql.schema import Instants, Json

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "treasury_refusal",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("treasury_order", sa.String(length=40), nullable=False),
        sa.Column("document", Json, nullable=False),
        sa.Column("signatures", Json, nullable=False),
        sa.Column("code", sa.String(length=60), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("subject", sa.String(length=120), nullable=False),
        sa.Column("at", Instants, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_treasury_refusal")),
    )
    op.create_index(op.f("ix_treasury_refusal_treasury_order"), "treasury_refusal", ["treasury_order"], unique=False)
    if op.get_bind().dialect.name == "sqlite":
        for act in ("update", "delete"):
            op.execute(
                f"create trigger treasury_refusal_no_{act} before {act} on treasury_refusal "
                f"begin select raise(abort, 'the table treasury_refusal takes no {act}'); end"
            )
        return
    op.execute(
        "create trigger treasury_refusal_keeps before update or delete or truncate on treasury_refusal "
        "for each statement execute function ledger_keeps()"
    )
