"""Abstracts and filings as files: arXiv metadata, patents of PatentsView and the USPTO, filings of the SEC."""

import itertools
import re
from collections.abc import Iterator, Mapping
from typing import Any, cast

from aia.corpora.formats.markup import plain
from aia.corpora.formats.rows import csv_rows, header_of, json_lines, whole_json
from aia.corpora.sources.errors import SourceError
from aia.corpora.sources.lines import read_lines
from aia.corpora.sources.model import Context, Head, Layout, NumberedRow, Piece, Row, Source

_TITLED = Layout(extra={"title": "title", "product": "product", "url": "url"})
_FILED = Layout(extra={"title": "title", "company": "company", "product": "product"})
SEC_HEADER_LINES = 200
PARAGRAPH_WORDS_MIN = 8
_DATE = re.compile(r"(\d{4})(\d\d)(\d\d)")


def arxiv_rows(piece: Piece, context: Context) -> Iterator[NumberedRow]:
    """The metadata snapshot: id, title, abstract, authors, categories, versions, update_date."""
    for number, row in json_lines(piece, context):
        title, abstract = _line(row.get("title")), _line(row.get("abstract"))
        yield (
            number,
            {
                "id": row.get("id"),
                "text": ". ".join(part.rstrip(". ") for part in (title, abstract) if part),
                "date": _first_version(row) or row.get("update_date"),
                "author": row.get("submitter") or row.get("authors"),
                "source": "arXiv",
                "title": title,
                "product": str(row.get("categories") or "").partition(" ")[0] or None,
                "url": row.get("doi"),
            },
        )


def _first_version(row: Mapping[str, Any]) -> object:
    versions = row.get("versions")
    first = versions[0] if isinstance(versions, list) and versions else None
    return cast("object", first.get("created")) if isinstance(first, dict) else None


def _line(value: object) -> str:
    return " ".join(value.split()) if isinstance(value, str) else ""


def _like_arxiv(head: Head) -> int:
    start = head.first[:20_000]
    return 90 if start.startswith("{") and all(f'"{n}"' in start for n in ("abstract", "categories", "title")) else 0


_PATENT_NAMES: Mapping[str, tuple[str, ...]] = {
    "id": ("patent_id", "patent_number", "publication_number", "id", "number"),
    "date": ("patent_date", "grant_date", "publication_date", "filing_date", "date"),
    "title": ("patent_title", "title", "invention_title"),
    "body": ("patent_abstract", "abstract", "text", "abstract_text"),
    "author": ("assignee", "assignee_organization", "disambig_assignee_organization", "inventor"),
    "product": ("cpc_section", "cpc_group", "patent_type", "type", "kind"),
}


def patent_rows(piece: Piece, context: Context) -> Iterator[NumberedRow]:
    """Tables of patents with an abstract, tab or comma separated."""
    for number, row in csv_rows(piece, context):
        by_name = {name.strip().lower(): value for name, value in row.items()}
        found: Row = {
            word: next((by_name[name] for name in names if by_name.get(name)), None)
            for word, names in _PATENT_NAMES.items()
        }
        title, body = _line(found["title"]), _line(found.pop("body"))
        text = ". ".join(part.rstrip(". ") for part in (title, body) if part) if body else ""
        yield number, found | {"text": text, "source": "patents"}


def _like_patents(head: Head) -> int:
    header = header_of(head)
    told = header & {"patent_abstract", "abstract", "abstract_text"} and header & {"patent_id", "patent_number"}
    return 90 if told else 0


def filing_rows(piece: Piece, context: Context) -> Iterator[NumberedRow]:
    """A filing's paragraphs: of a full submission text file, or of JSON with its items."""
    if piece.head.lstrip()[:1] in {b"{", b"["}:
        yield from _filings(piece, context)
        return
    lines = read_lines(piece, context)
    header = list(itertools.islice(lines, SEC_HEADER_LINES))
    about = _about("\n".join(text for _, text in header))
    number = 0
    for start, text in _paragraphs(itertools.chain(header, lines)):
        body = plain(text)
        if len(body.split()) >= PARAGRAPH_WORDS_MIN and not re.search(r"^\s*<(?:SEC-|TYPE|SEQUENCE)", text):
            number += 1
            yield start, about | {"id": f"{about['id'] or piece.name.stem}:{number}", "text": " ".join(body.split())}


def _about(header: str) -> Row:
    def told(name: str) -> str | None:
        found = re.search(rf"{name}:\s*(.+)", header)
        return found[1].strip() if found else None

    filed = _DATE.match(told("FILED AS OF DATE") or "")
    company = told("COMPANY CONFORMED NAME")
    return {
        "id": told("ACCESSION NUMBER"),
        "date": None if filed is None else "-".join(filed.groups()),
        "author": company,
        "company": company,
        "source": "SEC filings",
        "product": told("CONFORMED SUBMISSION TYPE"),
        "title": None,
    }


def _paragraphs(lines: Iterator[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    start, parts = 1, list[str]()
    for number, text in lines:
        if text.strip():
            start = start if parts else number
            parts.append(text)
        elif parts:
            yield start, "\n".join(parts)
            parts = []
    if parts:
        yield start, "\n".join(parts)


def _filings(piece: Piece, context: Context) -> Iterator[NumberedRow]:
    value = whole_json(piece, context) if len(piece.head.strip().splitlines()) != 1 else None
    if value is None:
        for number, row in json_lines(piece, context):
            yield from ((number, part) for part in _of_filing(row))
        return
    rows = value if isinstance(value, list) else [value]
    for number, row in enumerate(cast("list[Any]", rows), 1):
        if not isinstance(row, dict):
            raise SourceError.at(piece.name, f"element {number} is not a filing: an object with item_1, item_7, ...")
        yield from ((number, part) for part in _of_filing(cast("Row", row)))


def _of_filing(row: Mapping[str, Any]) -> Iterator[Row]:
    company = row.get("company") or row.get("company_name") or row.get("cik")
    filing = row.get("filename") or row.get("accession_number") or row.get("id") or company
    for name, text in row.items():
        if not re.fullmatch(r"item_\d+[a-z]?|section_\d+[a-z]?", name.lower()) or not isinstance(text, str):
            continue
        for number, paragraph in enumerate(re.split(r"\n\s*\n|\n(?=[A-Z])", text), 1):
            if len(paragraph.split()) >= PARAGRAPH_WORDS_MIN:
                yield {
                    "id": f"{filing}:{name}:{number}",
                    "text": " ".join(plain(paragraph).split()),
                    "date": row.get("filing_date") or row.get("filed") or row.get("date"),
                    "author": company,
                    "company": company,
                    "source": "SEC filings",
                    "product": row.get("filing_type") or row.get("form"),
                    "title": name,
                }


def _like_filing(head: Head) -> int:
    start = head.data[:65_536]
    if start.startswith((b"<SEC-DOCUMENT>", b"-----BEGIN PRIVACY-ENHANCED MESSAGE-----")):
        return 95
    return 90 if start.lstrip()[:1] in {b"{", b"["} and b'"cik"' in start and b'"item_1' in start else 0


ARXIV = Source("arxiv", "the metadata of arXiv: JSON Lines", _like_arxiv, arxiv_rows, _TITLED)
PATENTS = Source(
    "patents", "patents with abstracts (PatentsView, USPTO): TSV or CSV", _like_patents, patent_rows, _TITLED
)
FILINGS = Source("sec", "SEC filings: full submission text, or JSON with items", _like_filing, filing_rows, _FILED)
