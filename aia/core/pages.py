"""Keyset pages: an opaque cursor instead of an offset, so a page costs the same at any depth."""

import base64
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar, cast

from aia.core.errors import Invalid

LIMIT_DEFAULT = 50
LIMIT_MAX = 200

T = TypeVar("T")
U = TypeVar("U")


@dataclass(frozen=True, slots=True)
class PageRequest:
    """How much to return, and after which key."""

    limit: int = LIMIT_DEFAULT
    after: str | None = None

    @classmethod
    def of(cls, limit: int, cursor: str | None) -> "PageRequest":
        """Raises `Invalid` for a limit out of 1..200 or a cursor that is not ours."""
        if not 1 <= limit <= LIMIT_MAX:
            raise Invalid(f"limit is {limit}: choose 1 to {LIMIT_MAX}", field="limit")
        return cls(limit, None if cursor is None else _decode(cursor))


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some items, and the cursor of the next page if there is one."""

    items: tuple[T, ...]
    next_cursor: str | None

    def map(self, change: Callable[[T], U]) -> "Page[U]":
        return Page(tuple(change(item) for item in self.items), self.next_cursor)


def page_of(rows: Sequence[T], request: PageRequest, key: Callable[[T], str]) -> Page[T]:
    """Build a page from up to `limit + 1` rows in key order; the extra row only proves there is more."""
    items = tuple(rows[: request.limit])
    more = len(rows) > request.limit
    return Page(items, _encode(key(items[-1])) if more and items else None)


def _encode(key: str) -> str:
    return base64.urlsafe_b64encode(json.dumps([key]).encode()).decode().rstrip("=")


def _decode(cursor: str) -> str:
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        value = cast("object", json.loads(raw))
    except ValueError:
        value = None
    match value:
        case [str(key)]:
            return key
        case _:
            raise Invalid("cursor is not one of ours: pass next_cursor unchanged", field="cursor")
