"""Accounts of the treasury and the mints belong to the treasury: the ledger debits them under a signed order only."""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Books without a genesis yet get the same when it is made."""
    op.execute(
        "update account set owner = 'treasury' where id in (select account from treasury_account) "
        "or id in (select 'mint:' || token from genesis)"
    )
    op.execute("update ledger_head set epoch = epoch + 1")
