"""Documents, statements, needs and opportunities: the values discovery works on."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any


class StatementKind(StrEnum):
    PROBLEM = "problem"
    REQUEST = "request"


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
class Reading:
    """How an input was read: which fields, what was left out and why. Nothing is dropped silently."""

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

    def to_json(self) -> dict[str, Any]:
        """What the input did not have is left out, so that the id of a corpus does not hang on it."""
        told = asdict(self) | {"rejected_rows": [[row.line, row.reason] for row in self.rejected_rows]}
        return {name: value for name, value in told.items() if value or name not in _LATER}


_LATER = frozenset({"source_field", "extra_fields"})


@dataclass(frozen=True, slots=True)
class Corpus:
    """The documents of one input, and how it was read."""

    name: str
    documents: tuple[Document, ...]
    reading: Reading


@dataclass(frozen=True, slots=True)
class Statement:
    """A passage that states a problem or a request: `documents[document].text[start:end]`.

    `strength` (0 to 1) is how plainly it says so; `severity` (0 to 1) how much it hurts.
    """

    document: int
    start: int
    end: int
    kind: StatementKind
    strength: float
    severity: float

    def to_json(self) -> list[Any]:
        return [self.document, self.start, self.end, self.kind.value, self.strength, self.severity]

    @classmethod
    def from_json(cls, row: list[Any]) -> "Statement":
        document, start, end, kind, strength, severity = row
        return cls(document, start, end, StatementKind(kind), strength, severity)


@dataclass(frozen=True, slots=True)
class Need:
    """Statements of several documents that ask for the same thing.

    `members` and `medoids` are indices of statements; the medoids say it best, best first. Needs of one
    `theme` are near each other; `theme_title` says what they share.
    """

    id: str
    title: str
    terms: tuple[str, ...]
    members: tuple[int, ...]
    medoids: tuple[int, ...]
    theme: str = ""
    theme_title: str = ""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> "Need":
        return cls(
            row["id"],
            row["title"],
            tuple(row["terms"]),
            tuple(row["members"]),
            tuple(row["medoids"]),
            row.get("theme", ""),
            row.get("theme_title", ""),
        )


@dataclass(frozen=True, slots=True)
class Momentum:
    """Growth of a need's share of all documents, as log rate per month; `lower` = slope - 1.28 se."""

    slope: float
    standard_error: float
    lower: float
    periods: int

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Assessment:
    """What the text says about a need, in counts; rates and intervals follow from them."""

    need: str
    title: str
    terms: tuple[str, ...]
    documents: int
    authors: int
    statements: int
    requests: int
    severity_sum: float
    satisfied: int
    momentum: Momentum | None
    months: tuple[tuple[str, int, int], ...]
    evidence: tuple[tuple[int, int, int], ...]
    phrased_by: str | None = None
    summary: str | None = None

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> "Assessment":
        momentum = row["momentum"]
        fields: dict[str, Any] = dict(row)
        fields["terms"] = tuple(row["terms"])
        fields["momentum"] = None if momentum is None else Momentum(**momentum)
        fields["months"] = tuple(tuple(month) for month in row["months"])
        fields["evidence"] = tuple(tuple(span) for span in row["evidence"])
        return cls(**fields)


@dataclass(frozen=True, slots=True)
class Ranked:
    """A need's score (0 to 100): median, 80 % interval, and the probability to be among the best ten."""

    need: str
    score: float
    low: float
    high: float
    rank_quantile: float
    probability_top_10: float

    def to_json(self) -> dict[str, Any]:
        return asdict(self)
