"""Rows by key, as the stores of the token economy read them: the reader's own, or anybody's."""

from collections.abc import Callable
from typing import Any, TypeVar

import sqlalchemy as sa

from aia.core.pages import Page, PageRequest, page_of
from aia.infra.sql import Read

V = TypeVar("V")
Row = sa.Row[Any]


async def find_own(read: Read, key: sa.Column[str], value: str, of: Callable[[Row], V]) -> V | None:
    """The row of a key that belongs to the reader's organisation."""
    row = await read.row(sa.select(key.table).where(key == value, _own(read, key)))
    return None if row is None else of(row)


async def find_any(read: Read, key: sa.Column[str], value: str, of: Callable[[Row], V]) -> V | None:
    """The row of a key of any organisation: for orders of the treasury, never for a face."""
    row = await read.row(sa.select(key.table).where(key == value))
    return None if row is None else of(row)


async def page_own(read: Read, key: sa.Column[str], request: PageRequest, of: Callable[[Row], V]) -> Page[V]:
    """Rows of the reader's organisation by key."""
    return (await page_rows(read, key, request, where=_own(read, key))).map(of)


async def page_rows(
    read: Read,
    key: sa.Column[str],
    request: PageRequest,
    *,
    where: sa.ColumnElement[bool] | None = None,
    newest_first: bool = False,
) -> Page[Row]:
    """Rows of a table by key, the largest first when it begins with the time and the newest are wanted."""
    query = sa.select(key.table)
    if where is not None:
        query = query.where(where)
    if request.after is not None:
        query = query.where(key < request.after if newest_first else key > request.after)
    rows = await read.rows(query.order_by(key.desc() if newest_first else key).limit(request.limit + 1))
    return page_of(rows, request, lambda row: getattr(row, key.name))


def _own(read: Read, key: sa.Column[str]) -> sa.ColumnElement[bool]:
    return key.table.c.organisation == read.organisation
