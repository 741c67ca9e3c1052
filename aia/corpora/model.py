"""Documents and corpora, and how an input was read."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

NOT_SAMPLED = "not in the sample"
"""Why a text is left out of an input that is sampled."""


@dataclass(frozen=True, slots=True)
class Document:
    """One piece of real text; `id` is the input's own where it has one.

    `source` is where it was said (a subreddit, a store, a file), `fields` what else the input tells
    about it in the words of `sources.columns.EXTRA` (company, product, rating, ...).
    """

    id: str
    text: str
    day: date | None = None
    author: str | None = None
    source: str | None = None
    fields: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """A row that did not become a document; `line` counts from 1."""

    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class SourceReport:
    """What one file or connector of several gave; `error` is why its reading ended early, or did not begin."""

    name: str
    format: str
    documents: int
    rejected: Mapping[str, int]
    error: str | None


@dataclass(frozen=True, slots=True)
class Reading:
    """How an input was read: which fields, what was left out and why. Nothing is dropped silently.

    `changed` counts what was kept but not as it came (masked, flagged, re-read); `sources` reports on each
    input where there are several.
    """

    format: str
    text_field: str | None
    date_field: str | None
    id_field: str | None
    author_field: str | None
    rejected: Mapping[str, int]
    rejected_rows: tuple[RejectedRow, ...]
    undated: int
    source_field: str | None = None
    extra_fields: Mapping[str, str] = field(default_factory=dict[str, str])
    changed: Mapping[str, int] = field(default_factory=dict[str, int])
    sources: tuple[SourceReport, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """What the input did not have is left out, so that the id of a corpus does not hang on it."""
        told = asdict(self) | {"rejected_rows": [[row.line, row.reason] for row in self.rejected_rows]}
        return {name: value for name, value in told.items() if value or name not in _LATER}


_LATER = frozenset({"source_field", "extra_fields", "changed", "sources"})


@dataclass(frozen=True, slots=True)
class Corpus:
    """The documents of one input, and how it was read."""

    name: str
    documents: tuple[Document, ...]
    reading: Reading
