"""Statements: passages of text that state a problem or a request."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class StatementKind(StrEnum):
    PROBLEM = "problem"
    REQUEST = "request"


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
