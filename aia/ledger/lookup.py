"""Accounts of any organisation by id: for the rules of the token economy, never for a face."""

from collections.abc import Sequence

import sqlalchemy as sa

from aia.infra.sql import Read
from aia.ledger import store
from aia.ledger.model import Account


async def accounts_by_id(read: Read, ids: Sequence[str]) -> dict[str, Account]:
    """What stands of these accounts, whoever owns them; an id that does not stand is absent."""
    columns = store.accounts.c
    rows = await read.rows(sa.select(*columns).where(columns.id.in_(ids)))
    return {row.id: store.account_of(row) for row in rows}


async def organisations_of(read: Read, ids: Sequence[str]) -> dict[str, str]:
    """Whose accounts these are."""
    columns = store.accounts.c
    rows = await read.rows(sa.select(columns.id, columns.organisation).where(columns.id.in_(ids)))
    return {row.id: row.organisation for row in rows}
