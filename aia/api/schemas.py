"""The bodies of requests and answers. Money is a decimal string in AIA, times are RFC 3339 UTC."""

from datetime import date, datetime
from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, model_validator

T = TypeVar("T")


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Listed(BaseModel, Generic[T]):
    """A page; pass `next_cursor` as `cursor` to go on."""

    data: list[T]
    next_cursor: str | None = None


class DocumentIn(Body):
    text: Annotated[str, Field(max_length=1_000_000)]
    id: Annotated[str | None, Field(max_length=200)] = None
    date: Annotated[str | None, Field(max_length=60, description="Any common form; ISO 8601 is safest.")] = None
    author: Annotated[str | None, Field(max_length=200)] = None
    source: Annotated[str | None, Field(max_length=200, description="Where it was said.")] = None


class DiscoveryIn(Body):
    """Of `documents`, or of the `corpus` that was kept last under a name (PUT /v1/corpora/NAME)."""

    documents: Annotated[list[DocumentIn] | None, Field(min_length=1, max_length=200_000)] = None
    corpus: Annotated[str | None, Field(min_length=1, max_length=400)] = None
    keep_pii: Annotated[bool, Field(description="Keep mail addresses, numbers and keys as they are.")] = False
    name: Annotated[str, Field(min_length=1, max_length=200, description="Of the documents.")] = "request"
    title: Annotated[str | None, Field(min_length=1, max_length=200)] = None
    question: Annotated[str | None, Field(min_length=1, max_length=1_000)] = None
    top: Annotated[int, Field(ge=1, le=50)] = 20
    seed: Annotated[int, Field(ge=0, le=2**53 - 1)] = 0
    budget: Annotated[str | None, Field(description="AIA as a decimal, e.g. 12.5", max_length=20)] = None
    statements: Literal["rules", "model"] = "rules"
    assumptions: Annotated[dict[str, Any] | None, Field(description="Market sizes, as in docs/sizes.md.")] = None

    @model_validator(mode="after")
    def _one_input(self) -> "DiscoveryIn":
        if (self.documents is None) is (self.corpus is None):
            raise ValueError("give documents or the name of a corpus, one of them")
        return self


class MissionOut(BaseModel):
    id: str
    kind: str
    state: str
    reason: str | None
    title: str
    budget: str
    spent: str
    seed: int
    tasks: dict[str, int] = {}
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    report: str | None = None


class TaskOut(BaseModel):
    key: str
    parent: str | None
    wave: int
    agent: str
    skill: str
    title: str
    state: str
    attempts: int
    share: str
    paid: str
    earned: str
    stake: str
    forfeited: str
    judged: bool


class AgentOut(BaseModel):
    id: str
    role: str
    title: str
    level: int
    manager: str | None
    skills: list[str]
    wallet: str
    price: str
    price_per_unit: str
    price_per_outcome: str


class AccountOut(BaseModel):
    id: str
    token: str
    owner: str
    purpose: str
    balance: str
    held: str
    available: str | None
    closed: bool


class EntryOut(BaseModel):
    seq: int
    id: str
    kind: str
    debit: str
    credit: str
    amount: str
    balance_after: str
    memo: str
    at: datetime


class RatingOut(BaseModel):
    agent: str
    skill: str
    mean: float
    standard_deviation: float
    scores: int
    updated_at: datetime


class ReportOut(BaseModel):
    mission: str
    title: str
    content_digest: str


class FactOut(BaseModel):
    id: str
    subject: str
    predicate: str
    object: Any
    agent: str
    mission: str
    recorded_at: datetime
    evidence: list[str]


class VentureOut(BaseModel):
    id: str
    mission: str
    need: str
    title: str
    score: str
    interval: tuple[str, str]
    documents: int
    flags: list[str]


class HealthOut(BaseModel):
    status: str
    version: str
    checks: dict[str, str] = {}
    today: date | None = None
