"""What a connector is: a plugin (`aia.connectors`) that asks a service page by page."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

from aia.core.errors import Invalid
from aia.corpora.sources.model import Layout, Row

Cursor: TypeAlias = dict[str, Any]


class Got(Protocol):
    """What a connector needs of an answer."""

    @property
    def status(self) -> int: ...
    @property
    def headers(self) -> Mapping[str, str]: ...
    @property
    def body(self) -> bytes: ...


Get: TypeAlias = Callable[[str, Mapping[str, str]], Awaitable[Got]]


class ConnectorError(Invalid):
    """A service's answer cannot be used, or the query cannot be asked."""

    code = "connector-failed"
    title = "The service cannot be read"


@dataclass(frozen=True, slots=True)
class PageOf:
    """Rows of one page, and the cursor of the next; None when this was the last for now."""

    rows: Sequence[Row]
    cursor: Cursor | None
    done: bool


@dataclass(frozen=True, slots=True)
class Service:
    """Where a connector asks, and with what key; tests point it to a stub."""

    base: str
    token: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class Connector:
    """`page` asks for the page at a cursor ({} is the first); a kept cursor goes on where a run ended."""

    name: str
    reads: str
    base: str
    page: Callable[[str, Cursor, Service, Get], Awaitable[PageOf]]
    layout: Layout
    again: Callable[[Cursor], Cursor]
    """Where the next run begins, from the cursor that this one ended with."""
