"""Checking a report against the stored documents: every quotation, number, sum and the signature."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aia.core.canonical import sha256
from aia.core.errors import Invalid
from aia.core.money import parse_units
from aia.reports.jsonld import content_digest, corpus_digest
from aia.reports.model import BadProof, unbacked
from aia.reports.signing import verify_proof


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that does not hold: `where` is an id or member of the report."""

    where: str
    what: str


@dataclass(frozen=True, slots=True)
class Verification:
    """What was checked and what was found; `ok` when nothing was."""

    signed_by: str | None
    quotations: int
    claims: int
    documents: int
    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        return not self.findings


def verify(document: Mapping[str, Any], texts: Mapping[str, str] | None) -> Verification:
    """Hold a parsed report against the documents (id to text) it was made from.

    `texts` None means that the corpus is not at hand, which is itself a finding: what cannot be
    checked is not passed. A malformed report gives findings, never an exception.
    """
    findings: list[Finding] = []
    signer = None
    try:
        signer = verify_proof(document)
    except BadProof as error:
        findings.append(Finding("proof", error.detail))
    try:
        findings.extend(_check(document, texts))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        findings.append(Finding("report", f"a member is missing or of another kind: {error!r}"))
    quotations = _length(document.get("quotations"))
    claims = sum(_length(o.get("claims")) for o in document.get("opportunities", []) if isinstance(o, dict))
    return Verification(signer, quotations, claims, len(texts or {}), tuple(findings))


def _length(value: object) -> int:
    return len(value) if isinstance(value, list) else 0


def _check(document: Mapping[str, Any], texts: Mapping[str, str] | None) -> Iterator[Finding]:
    if content_digest(document) != document["contentDigest"]:
        yield Finding("contentDigest", "differs from the digest of the content")
    if document["id"] != f"urn:aia:report:{document['contentDigest'][:40]}":
        yield Finding("id", "does not follow from the content")
    if texts is None:
        yield Finding("corpus", "the documents of this report are not stored here")
    else:
        yield from _check_corpus(document["corpus"], texts)
        for quotation in document["quotations"]:
            yield from _check_quotation(quotation, texts)
    yield from _check_claims(document)
    yield from _check_spend(document)


def _check_corpus(corpus: Mapping[str, Any], texts: Mapping[str, str]) -> Iterator[Finding]:
    if corpus["documents"] != len(texts):
        yield Finding("corpus", f"states {corpus['documents']} documents, {len(texts)} are stored")
    if corpus["digest"] != corpus_digest((key, sha256(text)) for key, text in texts.items()):
        yield Finding("corpus", "a document was changed, added or removed since the report was made")


def _check_quotation(quotation: Mapping[str, Any], texts: Mapping[str, str]) -> Iterator[Finding]:
    text = texts.get(quotation["document"])
    if text is None:
        yield Finding(quotation["id"], f"document {quotation['document']!r} is not in the corpus")
        return
    if sha256(text) != quotation["documentSha256"]:
        yield Finding(quotation["id"], f"document {quotation['document']!r} was changed")
    start, end = quotation["start"], quotation["end"]
    if not 0 <= start < end <= len(text) or text[start:end] != quotation["quotation"]:
        yield Finding(quotation["id"], f"the quotation does not stand at {start}-{end} of {quotation['document']!r}")


def _check_claims(document: Mapping[str, Any]) -> Iterator[Finding]:
    quotations = {quotation["id"]: quotation["quotation"] for quotation in document["quotations"]}
    rows = {opportunity["table"]["id"]: opportunity["table"] for opportunity in document["opportunities"]}
    for opportunity in document["opportunities"]:
        for claim in opportunity["claims"]:
            if not claim["evidence"] and not claim["cells"]:
                yield Finding(claim["id"], "cites nothing")
            for missing in sorted(set(claim["evidence"]) - set(quotations)):
                yield Finding(claim["id"], f"cites {missing}, which is not in the report")
            for cell in claim["cells"]:
                row, _, column = cell.rpartition(".")
                value = rows.get(row, {}).get(column)
                if value is None or str(value) not in claim["text"]:
                    yield Finding(claim["id"], f"does not state the value of {cell}")
            cells = [
                str(rows.get(row, {}).get(column)) for row, _, column in (c.rpartition(".") for c in claim["cells"])
            ]
            backing = " ".join([*cells, *(quotations.get(e, "") for e in claim["evidence"])])
            speaker = claim.get("speaker", "")
            if speaker not in document["method"]:
                yield Finding(claim["id"], f"is in the words of {speaker!r}, whom the method does not name")
            for number in unbacked(claim["text"], f"{backing} {speaker}"):
                yield Finding(claim["id"], f"states {number}, which nothing it cites says")


def _check_spend(document: Mapping[str, Any]) -> Iterator[Finding]:
    try:
        lines: Sequence[int] = [parse_units(line["aia_paid"]) for line in document["spend"]]
        earned: Sequence[int] = [parse_units(line.get("aia_earned", "0")) for line in document["spend"]]
        spent, budget = parse_units(document["spent"]), parse_units(document["budget"])
    except Invalid as error:
        yield Finding("spend", error.detail)
        return
    if sum(lines) != spent:
        yield Finding("spend", "what the work cost does not sum to what was spent")
    if any(own > paid for own, paid in zip(earned, lines, strict=True)):
        yield Finding("spend", "an agent earned more than its work cost")
    if spent > budget:
        yield Finding("spend", "more was spent than the budget")
