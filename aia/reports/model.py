"""A report as plain values; its constructors refuse what must not be published."""

from collections.abc import Mapping
from dataclasses import dataclass

from aia.core.clock import Instant
from aia.core.errors import AIAError, Invalid, NotFound
from aia.core.ids import content_id
from aia.core.money import Units


class UncitedClaim(AIAError):
    """A claim without evidence and without a table cell: a fault of the author, never published."""

    code = "uncited-claim"
    title = "A claim cites nothing"


class BadReport(Invalid):
    code = "bad-report"
    title = "The report cannot be read"


class BadProof(Invalid):
    code = "bad-proof"
    title = "The report's signature does not hold"


class ReportNotFound(NotFound):
    code = "report-not-found"
    title = "No such report"


@dataclass(frozen=True, slots=True)
class Evidence:
    """A quotation and where it stands: characters `start` to `end` of a document."""

    document: str
    start: int
    end: int
    quotation: str
    document_sha256: str

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.end or self.end - self.start != len(self.quotation):
            raise UncitedClaim(f"the quotation of {self.document} does not fit its span {self.start}-{self.end}")

    @property
    def id(self) -> str:
        return content_id("evd", self.document, str(self.start), str(self.end), self.document_sha256)


@dataclass(frozen=True, slots=True)
class Cell:
    """A number of the report's table: `row` is the opportunity's id, `column` its column's name."""

    row: str
    column: str


@dataclass(frozen=True, slots=True)
class Claim:
    """A sentence that rests on quotations, on cells, or on both."""

    text: str
    evidence: tuple[Evidence, ...] = ()
    cells: tuple[Cell, ...] = ()

    def __post_init__(self) -> None:
        if not self.evidence and not self.cells:
            raise UncitedClaim(f"the claim {self.text!r} cites neither a quotation nor a number of the table")


@dataclass(frozen=True, slots=True)
class Opportunity:
    """One ranked opportunity; `values` are its cells of the table, as decimal strings or integers."""

    id: str
    need: str
    name: str
    phrased_by: str
    claims: tuple[Claim, ...]
    values: Mapping[str, str | int]
    months: tuple[tuple[str, int, int], ...]
    flags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CorpusSummary:
    """What was read; `digest` covers every document's id and text."""

    name: str
    digest: str
    documents: int
    undated: int
    rejected: tuple[tuple[str, int], ...]
    first_day: str | None
    last_day: str | None


@dataclass(frozen=True, slots=True)
class SpendLine:
    """What one agent's tasks cost, in `units`; `earned` of it is the agent's, the rest the treasury's."""

    agent: str
    skill: str
    tasks: int
    units: Units
    earned: Units


@dataclass(frozen=True, slots=True)
class Run:
    """What differs between two runs of the same brief, and nothing else does."""

    mission: str
    started_at: Instant
    ended_at: Instant


@dataclass(frozen=True, slots=True)
class Report:
    """The deliverable of a discovery."""

    title: str
    question: str
    method: str
    seed: int
    version: str
    corpus: CorpusSummary
    opportunities: tuple[Opportunity, ...]
    spend: tuple[SpendLine, ...]
    budget: Units
    notes: tuple[str, ...]
    run: Run

    @property
    def spent(self) -> Units:
        return Units(sum(line.units for line in self.spend))
