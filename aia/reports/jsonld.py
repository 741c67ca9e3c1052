"""A report as a JSON-LD document: one dictionary that the page, the verifier and other programs read.

The context is carried inside the document, so nothing is fetched to read it. There is no JSON float:
decimals are strings typed xsd:decimal. Everything but `run` (and `proof`, which signs it) is the same
for the same input, seed and version; `contentDigest` is the SHA-256 of exactly that part.
"""

import json
from collections.abc import Iterable, Mapping
from datetime import date
from importlib.resources import files
from typing import Any

from aia.core.canonical import canonical, sha256
from aia.core.clock import rfc3339
from aia.core.money import format_units
from aia.reports.model import BadReport, Claim, Evidence, Grouped, Opportunity, RankBasis, Report, TermLine, Theme
from aia.reports.sizes import sizing_nodes

CONTEXT_FILE = "contexts/report-v1.jsonld"
OF_THE_RUN = ("run", "proof")
"""The members that differ between two runs of the same brief; listed here and in docs/report.md."""

NEED_ID = "urn:aia:need:"
REPORT_BYTES_MAX = 64 * 1024 * 1024
DEPTH_MAX = 32


def context() -> dict[str, Any]:
    """The AIA report context, version 1, as shipped."""
    text = files("aia.reports").joinpath(CONTEXT_FILE).read_text(encoding="utf-8")
    return json.loads(text)["@context"]


def corpus_digest(documents: Iterable[tuple[str, str]]) -> str:
    """SHA-256 over (id, SHA-256 of the text) of every document, in order of id."""
    lines = sorted(f"{digest} {document}" for document, digest in documents)
    return sha256("\n".join(lines))


def records_digest(records: Iterable[tuple[str, str, date | None, str | None, str | None, Mapping[str, str]]]) -> str:
    """SHA-256 over all that is counted of every document, in order of id.

    A record is (id, SHA-256 of the text, day, author, source, fields).
    """
    encode = json.JSONEncoder(sort_keys=True).encode
    lines = [
        encode([i, text, None if day is None else day.isoformat(), author, source, dict(fields)])
        for i, text, day, author, source, fields in records
    ]
    return sha256("\n".join(sorted(lines)))


def to_jsonld(report: Report) -> dict[str, Any]:
    """The unsigned document of a report."""
    quotations = {e.id: e for o in report.opportunities for e in o.cited}
    content: dict[str, Any] = {
        "@context": context(),
        "type": "Report",
        "name": report.title,
        "question": report.question,
        "method": report.method,
        "seed": report.seed,
        "version": report.version,
        "corpus": _corpus(report),
        "opportunities": [opportunity_node(o, i) for i, o in enumerate(report.opportunities, 1)],
        "grouped": [_grouped(need) for need in report.grouped],
        "themes": [_theme(theme) for theme in report.themes],
        "quotations": [quotation_node(quotations[key]) for key in sorted(quotations)],
        "spend": [
            {
                "id": f"urn:aia:spend:{line.agent}:{line.skill}",
                "type": "SpendLine",
                "agent": line.agent,
                "skill": line.skill,
                "tasks": line.tasks,
                "aia_paid": format_units(line.units),
                "aia_earned": format_units(line.earned),
            }
            for line in report.spend
        ],
        "budget": format_units(report.budget),
        "spent": format_units(report.spent),
        "notes": list(report.notes),
    }
    if report.basis is not None:
        content["basis"] = _basis(report.basis)
    digest = sha256(canonical(content))
    run = {
        "id": f"urn:aia:mission:{report.run.mission}",
        "type": "Run",
        "mission": report.run.mission,
        "startedAt": rfc3339(report.run.started_at),
        "endedAt": rfc3339(report.run.ended_at),
    }
    return content | {"id": f"urn:aia:report:{digest[:40]}", "contentDigest": digest, "run": run}


def content_digest(document: Mapping[str, Any]) -> str:
    """What `contentDigest` must be."""
    left_out = {*OF_THE_RUN, "contentDigest", "id"}
    return sha256(canonical({key: value for key, value in document.items() if key not in left_out}))


def _corpus(report: Report) -> dict[str, Any]:
    corpus = report.corpus
    node: dict[str, Any] = {
        "id": f"urn:aia:corpus:{corpus.digest[:40]}",
        "type": "Dataset",
        "name": corpus.name,
        "digest": corpus.digest,
        "recordsDigest": corpus.records_digest,
        "documents": corpus.documents,
        "undated": corpus.undated,
        "rejected": [
            {"id": f"urn:aia:rejected:{i}", "type": "RejectedRows", "reason": reason, "count": count}
            for i, (reason, count) in enumerate(corpus.rejected, 1)
        ],
    }
    if corpus.first_day is not None and corpus.last_day is not None:
        node |= {"firstDay": corpus.first_day, "lastDay": corpus.last_day}
    return node


def _grouped(need: Grouped) -> dict[str, Any]:
    return {
        "id": NEED_ID + need.need,
        "type": "Need",
        "need": need.need,
        "extractedName": need.name,
        "words": list(need.words),
        "members": need.members,
        "medoids": need.medoids,
    }


def _theme(theme: Theme) -> dict[str, Any]:
    return {
        "id": f"urn:aia:theme:{theme.theme}",
        "type": "Theme",
        "theme": theme.theme,
        "words": list(theme.words),
        "holds": [NEED_ID + need for need in theme.needs],
    }


def themes_of(document: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Need (as `need` says it) to the node of its theme; empty for a report of before there were themes."""
    return {held.removeprefix(NEED_ID): theme for theme in document.get("themes", []) for held in theme["holds"]}


def _basis(basis: RankBasis) -> dict[str, Any]:
    node: dict[str, Any] = {
        "id": "urn:aia:basis",
        "type": "Basis",
        "rankQuantile": basis.quantile,
        "held": list(basis.held),
        "termPrices": [
            {"id": f"urn:aia:price:{term}", "type": "TermPrice", "term": term, "aia_price": aia}
            for term, aia in basis.term_prices
        ],
    }
    if basis.read:
        node["read"] = basis.read
    if basis.companies is not None:
        c = basis.companies
        node["companies"] = {
            "id": f"urn:aia:corpus:{c.id}",
            "type": "Dataset",
            "corpusId": c.id,
            "name": c.name,
            "documents": c.documents,
            "digest": c.digest,
        }
    return node


def opportunity_node(opportunity: Opportunity, position: int) -> dict[str, Any]:
    """An opportunity as it stands in the document."""
    here = f"urn:aia:opportunity:{opportunity.id}"
    node = {
        "id": here,
        "type": "Opportunity",
        "position": position,
        "name": opportunity.name,
        "need": opportunity.need,
        "phrasedBy": opportunity.phrased_by,
        "flags": list(opportunity.flags),
        "table": {"id": f"{here}#row", "type": "Row"} | dict(opportunity.values),
        "claims": [_claim(claim, here, i) for i, claim in enumerate(opportunity.claims, 1)],
        "months": [
            {"id": f"{here}#{month}", "type": "Month", "month": month, "count": count, "all": every}
            for month, count, every in opportunity.months
        ],
        "terms": [_term(line, here) for line in opportunity.terms],
    }
    if opportunity.experiment is not None:
        node["experiment"] = opportunity.experiment
    if opportunity.sizes:
        node["sizes"] = sizing_nodes(opportunity.sizes, here)
    return node


def _term(line: TermLine, opportunity: str) -> dict[str, Any]:
    return {
        "id": f"{opportunity}#term-{line.name}",
        "type": "Term",
        "name": line.name,
        "unit": line.unit,
        "median": line.median,
        "low10": line.low,
        "high90": line.high,
        "known": line.known,
        "counted": line.counted,
        "of": line.of,
        "valuePerAia": line.value_per_aia,
    }


def _claim(claim: Claim, opportunity: str, position: int) -> dict[str, Any]:
    node: dict[str, Any] = {
        "id": f"{opportunity}#claim-{position}",
        "type": "Claim",
        "position": position,
        "text": claim.text,
        "evidence": [f"urn:aia:evidence:{e.id}" for e in claim.evidence],
        "cells": [f"urn:aia:opportunity:{c.row}#row.{c.column}" for c in claim.cells],
    }
    return node | {"speaker": claim.speaker} if claim.speaker else node


def quotation_node(evidence: Evidence) -> dict[str, Any]:
    return {
        "id": f"urn:aia:evidence:{evidence.id}",
        "type": "Quotation",
        "document": evidence.document,
        "documentSha256": evidence.document_sha256,
        "start": evidence.start,
        "end": evidence.end,
        "quotation": evidence.quotation,
    }


def dumps(document: Mapping[str, Any]) -> bytes:
    """The file: UTF-8, indented for people, keys as they stand."""
    return json.dumps(document, ensure_ascii=False, indent=1).encode() + b"\n"


def parse_report(data: bytes) -> dict[str, Any]:
    """A document from a file's bytes; raises `BadReport` for what is not one, within bounds."""
    if len(data) > REPORT_BYTES_MAX:
        raise BadReport(f"the report has {len(data)} bytes; at most {REPORT_BYTES_MAX} are read")
    try:
        text = data.decode("utf-8")
        if _depth(text) > DEPTH_MAX:
            raise BadReport(f"the report is nested deeper than {DEPTH_MAX} levels")
        document = json.loads(text, object_pairs_hook=_no_repeats, parse_float=_no_float, parse_constant=_no_float)
    except (ValueError, RecursionError) as error:
        raise BadReport(f"the report is not JSON as AIA writes it: {error}") from None
    if not isinstance(document, dict) or document.get("type") != "Report":
        raise BadReport('the file is JSON, but not a report: "type" must be "Report"')
    return document


def _depth(text: str) -> int:
    """An upper bound of the nesting: brackets within strings count too, which reports have few of."""
    depth = most = 0
    for character in text:
        if character in "[{":
            depth += 1
            most = max(most, depth)
        elif character in "]}":
            depth = max(depth - 1, 0)
    return most


def _no_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("an object has the same key twice")
    return members


def _no_float(text: str) -> Any:
    raise ValueError(f"{text} is a JSON float or constant; reports hold decimals as strings")
