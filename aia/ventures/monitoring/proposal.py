"""A pursued venture as a draft proposal for funding: typed, signed, made from the report and the verdicts.

The types are the schema: docs/schemas/funding-proposal-1.json is written from them. There is no float, so
that the canonical bytes are plain; amounts are decimals of AIA as text.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from aia.core.canonical import canonical, sha256
from aia.core.clock import Instant, rfc3339
from aia.core.money import UNITS_PER_TOKEN, Units, apportion, format_units
from aia.ventures.monitoring.model import NeedNotFound, Verdict

SCHEMA = "urn:aia:schema:funding-proposal:1"
ASK_FACTOR = 10
ASK_MIN = Units(100 * UNITS_PER_TOKEN)
SHARES = (20, 30, 50)
PEOPLE_MIN, PEOPLE_MAX = 5, 20

Amount = Field(pattern=r"^\d+(\.\d{1,6})?$")


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class ProposalNeed(Strict):
    id: str
    title: str
    flags: list[str]


class ProposalClaim(Strict):
    text: str
    evidence: list[str]


class ProposalQuotation(Strict):
    id: str
    document: str
    start: int
    end: int
    quotation: str
    document_sha256: str = Field(alias="documentSha256")


class ProposalVerdict(Strict):
    person: str
    decision: Literal["pursue", "park", "reject"]
    reason: str
    at: str


class Milestone(Strict):
    position: int
    title: str
    criterion: str
    amount: str = Amount


class Asked(Strict):
    token: Literal["AIA"]
    amount: str = Amount


class Proposal(Strict):
    """The whole draft; `contentDigest` is the SHA-256 of its canonical bytes without itself and `proof`."""

    type: Literal["FundingProposal"]
    schema_: Literal["urn:aia:schema:funding-proposal:1"] = Field(alias="schema")
    state: Literal["draft"]
    organisation: str
    mission: str
    report: str
    question: str
    need: ProposalNeed
    terms: dict[str, str | int]
    claims: list[ProposalClaim] = Field(min_length=1)
    evidence: list[ProposalQuotation] = Field(min_length=1)
    verdicts: list[ProposalVerdict] = Field(min_length=1)
    asked: Asked
    milestones: list[Milestone] = Field(min_length=1)
    created_at: str = Field(alias="createdAt")
    content_digest: str = Field(alias="contentDigest")
    proof: dict[str, Any] | None = None


def default_ask(spent: Units) -> Units:
    """Ten times what finding it cost, and at least 100 AIA."""
    return Units(max(ASK_FACTOR * spent, ASK_MIN))


def opportunity_of(report: Mapping[str, Any], need: str) -> Mapping[str, Any]:
    """The report's node of a need; raises `NeedNotFound`."""
    for node in report["opportunities"]:
        if node["need"] == need:
            return node
    raise NeedNotFound(f"the report of {report['run']['mission']} lists no opportunity with the need {need!r}")


def draft(
    report: Mapping[str, Any],
    need: str,
    verdicts: Sequence[Verdict],
    *,
    organisation: str,
    asked: Units,
    now: Instant,
) -> dict[str, Any]:
    """The unsigned draft; `asked` is split over three milestones, which sum to it."""
    node = opportunity_of(report, need)
    cited = {link for claim in node["claims"] for link in claim["evidence"]}
    table = {key: value for key, value in node["table"].items() if key not in {"id", "type"}}
    content: dict[str, Any] = {
        "type": "FundingProposal",
        "schema": SCHEMA,
        "state": "draft",
        "organisation": organisation,
        "mission": report["run"]["mission"],
        "report": report["contentDigest"],
        "question": report["question"],
        "need": {"id": need, "title": node["name"], "flags": list(node["flags"])},
        "terms": {key: value for key, value in table.items() if isinstance(value, str | int)},
        "claims": [{"text": c["text"], "evidence": list(c["evidence"])} for c in node["claims"]],
        "evidence": [_quotation(q) for q in report["quotations"] if q["id"] in cited],
        "verdicts": [
            {"person": v.person, "decision": v.decision.value, "reason": v.reason, "at": rfc3339(v.at)}
            for v in verdicts
        ],
        "asked": {"token": "AIA", "amount": format_units(asked)},
        "milestones": _milestones(int(table["documents"]), asked),
        "createdAt": rfc3339(now),
    }
    return content | {"contentDigest": sha256(canonical(content))}


def _quotation(node: Mapping[str, Any]) -> dict[str, Any]:
    return {key: node[key] for key in ("id", "document", "start", "end", "quotation", "documentSha256")}


def _milestones(documents: int, asked: Units) -> list[dict[str, Any]]:
    people = max(PEOPLE_MIN, min(PEOPLE_MAX, documents // 10))
    steps = (
        ("Hear it from people", f"{people} people outside the corpus state the need when asked without naming it"),
        ("Serve it by hand", f"{people} people had the need served once, and say what was missing"),
        ("Serve it again", f"half of those {people} come back within a month, or pay"),
    )
    parts = apportion(asked, SHARES)
    return [
        {"position": i, "title": title, "criterion": criterion, "amount": format_units(part)}
        for i, ((title, criterion), part) in enumerate(zip(steps, parts, strict=True), 1)
    ]
