"""A report as plain values; its constructors refuse what must not be published."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from aia.core.canonical import sha256
from aia.core.clock import Instant
from aia.core.errors import AIAError, Invalid, NotFound
from aia.core.ids import content_id
from aia.core.money import Units
from aia.reports.sizes import MarketSize


class UncitedClaim(AIAError):
    """A claim without evidence and without a table cell: a fault of the author, never published."""

    code = "uncited-claim"
    title = "A claim cites nothing"


class UnbackedNumber(AIAError):
    """A claim states a number that is neither a cell it names nor in a passage it quotes: never published."""

    code = "unbacked-number"
    title = "A claim states a number that nothing backs"


class FabricatedCitation(AIAError):
    """A quotation that does not stand in the document it names: never published."""

    code = "fabricated-citation"
    title = "A quotation does not stand where it is said to"


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
    """A sentence that rests on quotations, on cells, or on both; `speaker` is the model whose words it is in."""

    text: str
    evidence: tuple[Evidence, ...] = ()
    cells: tuple[Cell, ...] = ()
    speaker: str = ""

    def __post_init__(self) -> None:
        if not self.evidence and not self.cells:
            raise UncitedClaim(f"the claim {self.text!r} cites neither a quotation nor a number of the table")


NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


def unbacked(text: str, backing: str) -> list[str]:
    """The numbers of a text that do not stand among the numbers of what backs it."""
    backed = set(NUMBER.findall(backing))
    return [number for number in NUMBER.findall(text) if number not in backed]


@dataclass(frozen=True, slots=True)
class TermLine:
    """A term as a posterior: median and 80 % interval as decimals, and `counted` of `of` it rests on."""

    name: str
    unit: str
    median: str
    low: str
    high: str
    known: bool
    counted: int
    of: int
    value_per_aia: str


@dataclass(frozen=True, slots=True)
class Opportunity:
    """One ranked opportunity; `values` are its cells of the table, as decimal strings or integers.

    `sizes` are market sizes where assumptions were given, `sizes_cite` the passages their inputs quote.

    Raises `UnbackedNumber` for a claim with a number that is neither in its cells nor in its quotations,
    and `UncitedClaim` for a cell that is not in the table.
    """

    id: str
    need: str
    name: str
    phrased_by: str
    claims: tuple[Claim, ...]
    values: Mapping[str, str | int]
    months: tuple[tuple[str, int, int], ...]
    flags: tuple[str, ...]
    terms: tuple[TermLine, ...] = ()
    experiment: str | None = None
    sizes: tuple[MarketSize, ...] = ()
    sizes_cite: tuple[Evidence, ...] = ()

    def __post_init__(self) -> None:
        for claim in self.claims:
            missing = [c.column for c in claim.cells if c.row != self.id or c.column not in self.values]
            if missing:
                raise UncitedClaim(f"the claim {claim.text!r} cites {missing[0]}, which is not in its table")
            cells = [str(self.values[cell.column]) for cell in claim.cells]
            if found := unbacked(
                claim.text, " ".join([claim.speaker, *cells, *(e.quotation for e in claim.evidence)])
            ):
                raise UnbackedNumber(f"the claim {claim.text!r} states {found[0]}, which nothing it cites says")

    @property
    def cited(self) -> tuple[Evidence, ...]:
        """Every passage it rests on."""
        return (*(e for claim in self.claims for e in claim.evidence), *self.sizes_cite)


@dataclass(frozen=True, slots=True)
class Grouped:
    """The statements that were put together as a need, so that every count can be counted again.

    `members` and `medoids` are places as `document:start-endk`, apart by spaces: the document's place in
    order of id, the characters, and p for a problem or r for a request.
    """

    need: str
    name: str
    words: tuple[str, ...]
    members: str
    medoids: str


@dataclass(frozen=True, slots=True)
class Theme:
    """Needs that lie near each other, those of most documents first, and the words that set them apart."""

    theme: str
    words: tuple[str, ...]
    needs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Companies:
    """The company corpus that competition was told from."""

    id: str
    name: str
    documents: int
    digest: str


@dataclass(frozen=True, slots=True)
class RankBasis:
    """What the ranking took besides the documents: skills held, prices of terms in AIA, and its caution.

    `read` are the documents that were read, as `first-end` in the order of the input; nothing means all.
    """

    quantile: str
    held: tuple[str, ...]
    term_prices: tuple[tuple[str, str], ...]
    companies: Companies | None = None
    read: str = ""


@dataclass(frozen=True, slots=True)
class CorpusSummary:
    """What was read; `digest` covers every id and text, `records_digest` days, authors and fields too."""

    name: str
    digest: str
    records_digest: str
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
    grouped: tuple[Grouped, ...] = ()
    themes: tuple[Theme, ...] = ()
    basis: RankBasis | None = None

    @property
    def spent(self) -> Units:
        return Units(sum(line.units for line in self.spend))

    def refuse_fabrications(self, texts: Mapping[str, str]) -> None:
        """Raises `FabricatedCitation` unless every quotation stands in `texts` (document id to text)."""
        for evidence in (e for o in self.opportunities for e in o.cited):
            text = texts.get(evidence.document)
            if text is None:
                raise FabricatedCitation(f"{evidence.document!r} is quoted and is no document of the corpus")
            if text[evidence.start : evidence.end] != evidence.quotation or sha256(text) != evidence.document_sha256:
                raise FabricatedCitation(
                    f"{evidence.quotation[:60]!r} does not stand at {evidence.start} of {evidence.document!r}"
                )
