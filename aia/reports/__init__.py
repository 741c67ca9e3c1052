"""Reports: signed JSON-LD whose every claim cites a passage or a number, and its page."""

from aia.reports.html import render_html
from aia.reports.jsonld import OF_THE_RUN, content_digest, corpus_digest, dumps, parse_report, to_jsonld
from aia.reports.model import (
    BadProof,
    BadReport,
    Cell,
    Claim,
    CorpusSummary,
    Evidence,
    Opportunity,
    Report,
    ReportNotFound,
    Run,
    SpendLine,
    UncitedClaim,
)
from aia.reports.service import Reports
from aia.reports.signing import did_key, sign, verify_proof
from aia.reports.verify import Finding, Verification, verify

__all__ = [
    "OF_THE_RUN",
    "BadProof",
    "BadReport",
    "Cell",
    "Claim",
    "CorpusSummary",
    "Evidence",
    "Finding",
    "Opportunity",
    "Report",
    "ReportNotFound",
    "Reports",
    "Run",
    "SpendLine",
    "UncitedClaim",
    "Verification",
    "content_digest",
    "corpus_digest",
    "did_key",
    "dumps",
    "parse_report",
    "render_html",
    "sign",
    "to_jsonld",
    "verify",
    "verify_proof",
]
