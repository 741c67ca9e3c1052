"""Needs, what is assessed of them, and opportunities: the values discovery works on."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

TOP_DEFAULT = 20
"""Opportunities a report lists unless asked otherwise."""
RANK_QUANTILE = 0.2
"""Needs rank by this quantile of their score unless asked otherwise: a cautious end."""


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
class Counts:
    """What is counted in the documents of a need; its terms rest on these numbers and on nothing else.

    A voice is one who speaks: an author, or a document without one; `assessment.voices` says who counts.
    `severity[k]` are the voices that tell k kinds of harm, one more where
    what became of the complaint concedes it: of `answered` voices `conceded` got relief or a late or disputed answer.
    `unheard` are documents that advertise or repeat others, `largest_*` the documents of the largest voice, source
    and company.
    """

    voices: int
    exposure: int
    largest_voice: int
    unheard: int
    sources: int
    largest_source: int
    companies: int
    largest_company: int
    undated: int
    foreign: int
    regulated: int
    severity: tuple[int, ...]
    paying: int
    solved: int
    answered: int = 0
    conceded: int = 0

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> "Counts":
        fields: dict[str, Any] = dict(row)
        fields["severity"] = tuple(row["severity"])
        return cls(**fields)


@dataclass(frozen=True, slots=True)
class Market:
    """Who serves a need already: companies read, how many are near, and their number weighted by nearness."""

    companies: int
    near: int
    rivals: float
    nearest: tuple[tuple[str, float], ...]

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> "Market":
        return cls(row["companies"], row["near"], row["rivals"], tuple((c, cosine) for c, cosine in row["nearest"]))


UNDATED, NO_MOMENTUM = "many without a date", "no momentum: too few dates"
"""Flags that all needs of a corpus without dates have."""


@dataclass(frozen=True, slots=True)
class Assessment:
    """What the text says about a need, in counts; rates and intervals follow from them.

    `market` is None when no company corpus was given; `skills` are (skill, cosine), nearest first. `says_little` is
    of the name in the text's own words, whatever title a model gives it.
    """

    need: str
    title: str
    terms: tuple[str, ...]
    documents: int
    authors: int
    statements: int
    requests: int
    counts: Counts
    momentum: Momentum | None
    months: tuple[tuple[str, int, int], ...]
    evidence: tuple[tuple[int, int, int], ...]
    market: Market | None = None
    skills: tuple[tuple[str, float], ...] = ()
    phrased_by: str | None = None
    summary: str | None = None
    says_little: bool = False

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> "Assessment":
        momentum, market = row["momentum"], row["market"]
        fields: dict[str, Any] = dict(row)
        fields["terms"] = tuple(row["terms"])
        fields["counts"] = Counts.from_json(row["counts"])
        fields["momentum"] = None if momentum is None else Momentum(**momentum)
        fields["market"] = None if market is None else Market.from_json(market)
        fields["skills"] = tuple((name, near) for name, near in row["skills"])
        fields["months"] = tuple(tuple(month) for month in row["months"])
        fields["evidence"] = tuple(tuple(span) for span in row["evidence"])
        return cls(**fields)


@dataclass(frozen=True, slots=True)
class Term:
    """One term of a need as a posterior: median and 80 % interval in `unit`, and the counts it rests on.

    `known` False: nothing was counted, and the interval is that of the prior. `value_per_aia` is the
    expected value of learning it, in points of the score, for one AIA; None where that is not worked out.
    """

    name: str
    unit: str
    median: float
    low: float
    high: float
    known: bool
    counted: int
    of: int
    value_per_aia: float | None = None

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Rice:
    """The decision view: reach x impact x confidence / effort (McBride, 2018, RICE, Intercom)."""

    reach: float
    impact: float
    confidence: float
    effort: float
    score: float

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Ranked:
    """A need's score (0 to 100): median, 80 % interval, and the probability to be among the best ten.

    `experiment` names the term whose resolution is worth most for its price; None when no answer would
    move the need into or out of the best ten.
    """

    need: str
    score: float
    low: float
    high: float
    rank_quantile: float
    probability_top_10: float
    terms: tuple[Term, ...]
    rice: Rice
    flags: tuple[str, ...]
    experiment: str | None

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> "Ranked":
        fields: dict[str, Any] = dict(row)
        fields["terms"] = tuple(Term(**term) for term in row["terms"])
        fields["rice"] = Rice(**row["rice"])
        fields["flags"] = tuple(row["flags"])
        return cls(**fields)
