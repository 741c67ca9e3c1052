"""Asking services page by page within bounds, going on where the last run ended.

Each query has one file of rows and one of its cursor in the folder of sources. Rows are written before the
cursor that lies behind them: a run that is killed asks the last page again, and a row seen before replaces itself.
Texts are masked before they are written, unless that was not wanted.
"""

import json
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, cast

from aia.core.errors import AIAError
from aia.corpora.connectors.model import Connector, Cursor, Service
from aia.corpora.sources.model import Row
from aia.infra.egress import Egress, EgressPolicy, system_resolve
from aia.infra.plugins import load_plugin
from aia.text.personal_data import masked

GROUP = "aia.connectors"


@dataclass(frozen=True, slots=True)
class FetchBounds:
    """Of one query in one run; what is beyond is asked in the next."""

    rows_max: int = 5_000
    pages_max: int = 200
    seconds_max: float = 300.0


@dataclass(frozen=True, slots=True)
class Fetched:
    """All rows of a query that are here, old and new; `note` is why asking ended early, if it did."""

    connector: Connector
    query: str
    rows: tuple[Row, ...]
    fresh: int
    note: str | None


@dataclass(frozen=True, slots=True)
class Fetching:
    """How queries are asked: through which policy, where rows are kept, with which keys."""

    folder: Path
    policy: EgressPolicy
    bounds: FetchBounds
    services: Mapping[str, Service]
    keep_private: bool = False


async def fetch_all(asked: Sequence[tuple[str, str]], how: Fetching) -> list[Fetched]:
    """Every (connector, query) in turn; a service that fails is noted and the next is asked."""
    egress = Egress(how.policy, system_resolve)
    try:
        return [await fetch(load_plugin(GROUP, name), query, how, egress) for name, query in asked]
    finally:
        _keep_audit(how.folder, egress)


async def fetch(connector: Connector, query: str, how: Fetching, egress: Egress) -> Fetched:
    """Ask until the query is done or a bound is met."""
    kept = _Kept.of(how, connector.name, query)
    service = how.services.get(connector.name) or Service(connector.base)
    rows, cursor = kept.rows(), kept.cursor()
    before, ends, note = len(rows), time.monotonic() + how.bounds.seconds_max, None
    for number in range(1, how.bounds.pages_max + 1):
        try:
            found = await connector.page(query, cursor, service, egress.get)
        except AIAError as error:
            note = error.detail
            break
        new = [row for row in (_private(row, how) for row in found.rows) if rows.get(_key(row)) != row]
        kept.add(new)
        rows |= {_key(row): row for row in new}
        cursor = connector.again(found.cursor or cursor) if found.done else found.cursor or cursor
        kept.move(cursor)
        if found.done:
            break
        fresh = len(rows) - before
        if fresh >= how.bounds.rows_max or number == how.bounds.pages_max or time.monotonic() > ends:
            note = f"stopped at its bound after {fresh} rows and {number} pages: run again to go on"
            break
    return Fetched(connector, query, tuple(rows.values()), len(rows) - before, note)


def _private(row: Row, how: Fetching) -> Row:
    if how.keep_private:
        return row
    return row | {name: masked(str(row[name]), Counter()) for name in ("text", "title") if row.get(name)}


def _key(row: Row) -> str:
    return str(row.get("id") or row.get("url") or row.get("text"))


@dataclass(frozen=True, slots=True)
class _Kept:
    """The two files of a query."""

    rows_file: Path
    cursor_file: Path

    @classmethod
    def of(cls, how: Fetching, name: str, query: str) -> "_Kept":
        digest = sha256(f"{name}\n{query}\n{how.keep_private}".encode()).hexdigest()[:24]
        how.folder.mkdir(parents=True, exist_ok=True)
        return cls(how.folder / f"{name}-{digest}.jsonl", how.folder / f"{name}-{digest}.cursor.json")

    def rows(self) -> dict[str, Row]:
        """Rows by key, the newest of each; a line that a killed run left half is passed over."""
        found: dict[str, Row] = {}
        if self.rows_file.exists():
            for line in self.rows_file.read_text(encoding="utf-8").splitlines():
                row = _object(line)
                if row:
                    found[_key(row)] = row
        return found

    def cursor(self) -> Cursor:
        return _object(self.cursor_file.read_text(encoding="utf-8")) if self.cursor_file.exists() else {}

    def add(self, rows: Sequence[Row]) -> None:
        with self.rows_file.open("a", encoding="utf-8") as file:
            file.writelines("\n" * (row is rows[0]) + json.dumps(row, ensure_ascii=True) + "\n" for row in rows)

    def move(self, cursor: Cursor) -> None:
        temporary = self.cursor_file.with_suffix(".new")
        temporary.write_text(json.dumps(cursor), encoding="utf-8")
        temporary.replace(self.cursor_file)


def _object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError:
        return {}
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def _keep_audit(folder: Path, egress: Egress) -> None:
    """Every request: when (seconds of the clock), host, bytes, outcome."""
    if egress.audit:
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / "egress.jsonl").open("a", encoding="utf-8") as file:
            for asked in egress.audit:
                line = {"host": asked.host, "bytes": asked.bytes, "outcome": asked.outcome, "seconds": asked.seconds}
                file.write(json.dumps({"at": int(time.time())} | line) + "\n")
