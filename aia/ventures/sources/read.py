"""Read a corpus: rows to documents, each row kept or counted with a reason."""

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aia.core.canonical import sha256
from aia.ventures.model import Corpus, Document, Reading, RejectedRow
from aia.ventures.sources import columns
from aia.ventures.sources.dates import DateOrder, DateReader, order_of
from aia.ventures.sources.errors import SourceError
from aia.ventures.sources.lines import LineLimits, read_lines
from aia.ventures.sources.rows import READERS, Row, format_of

SAMPLE_ROWS = 1_000
REJECTED_LISTED = 20
ID_LENGTH_MAX = 200
AUTHOR_LENGTH_MAX = 200
SOURCE_LENGTH_MAX = 200


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """What the caller knows better than detection, and the bounds."""

    text_field: str | None = None
    date_field: str | None = None
    id_field: str | None = None
    author_field: str | None = None
    date_order: DateOrder | None = None
    encoding: str | None = None
    skip_malformed: bool = False
    input_bytes_max: int = 4 * 1024**3
    record_bytes_max: int = 1024 * 1024
    documents_max: int = 1_000_000


@dataclass(slots=True)
class _Rejects:
    """Counts what is left out, lists the first of each reason."""

    path: Path
    skip_malformed: bool
    counts: Counter[str] = field(default_factory=Counter[str])
    rows: list[RejectedRow] = field(default_factory=list[RejectedRow])

    def add(self, line: int, reason: str) -> None:
        self.counts[reason] += 1
        if self.counts[reason] <= REJECTED_LISTED:
            self.rows.append(RejectedRow(line, reason))

    def malformed(self, line: int, what: str) -> None:
        if not self.skip_malformed:
            raise SourceError.at(
                self.path, f"{what}: mend it, or count and skip such rows with --skip-malformed", line=line
            )
        self.add(line, "malformed")


@dataclass(frozen=True, slots=True)
class _Fields:
    text: str
    date: str | None
    id: str | None
    author: str | None
    source: str | None
    extra: Mapping[str, str]


def read_corpus(path: Path, options: ReadOptions) -> Corpus:
    """The documents of a JSONL, JSON, CSV or text file, packed with gzip or not.

    Exact repeats of a text, empty rows and (if asked) malformed rows are left out, counted and listed.
    Raises `SourceError` naming file, line and remedy.
    """
    rejects = _Rejects(path, options.skip_malformed)
    limits = LineLimits(options.input_bytes_max, options.record_bytes_max)
    lines = read_lines(path, limits, options.encoding)
    head = list(itertools.islice(lines, 50))
    kind = format_of(path, head)
    rows = READERS[kind](path, itertools.chain(head, lines), rejects.malformed)
    return _read(path, kind, rows, options, rejects)


def read_rows(name: str, rows: Iterable[Mapping[str, Any]], options: ReadOptions) -> Corpus:
    """The same for rows that are at hand, such as those of a request; `name` stands for the file."""
    path = Path(name)
    numbered = ((number, dict(row)) for number, row in enumerate(rows, 1))
    return _read(path, "rows", numbered, options, _Rejects(path, options.skip_malformed))


def _read(path: Path, kind: str, rows: Iterator[tuple[int, Row]], options: ReadOptions, rejects: _Rejects) -> Corpus:
    sample = list(itertools.islice(rows, SAMPLE_ROWS))
    if not sample:
        raise SourceError.at(path, "no rows: give at least one document")
    fields = _fields(path, kind, [row for _, row in sample], options)
    kept = list(_kept(path, itertools.chain(sample, rows), fields, options, rejects))
    if not kept:
        told = ", ".join(f"{count} {reason}" for reason, count in sorted(rejects.counts.items()))
        raise SourceError.at(path, f"no document is left ({told}): check --text-field {fields.text!r}")
    return _corpus(path, kind, kept, fields, options, rejects)


def _fields(path: Path, kind: str, sample: list[Row], options: ReadOptions) -> _Fields:
    names = columns.names_in(sample)
    for option, name in (
        ("--text-field", options.text_field),
        ("--date-field", options.date_field),
        ("--id-field", options.id_field),
        ("--author-field", options.author_field),
    ):
        if name is not None and name not in names:
            raise SourceError.at(path, f"{option} {name!r} is not a field; there are: {_listed(names)}")
    text = options.text_field or ("text" if kind == "txt" else columns.find_text(sample))
    if text is None:
        raise SourceError.at(
            path, f"no field looks like text; there are: {_listed(names)}. Name one with --text-field"
        )
    date = options.date_field or columns.find_date(sample)
    named = (
        options.id_field or columns.find_id(sample),
        options.author_field or columns.find_author(sample),
        columns.find_source(sample),
    )
    return _Fields(text, date, *named, columns.find_extra(sample, (text, date, *named)))


def _listed(names: list[str]) -> str:
    return ", ".join(repr(name[:40]) for name in names[:20]) + (" and more" if len(names) > 20 else "")


@dataclass(frozen=True, slots=True)
class _Kept:
    id: str
    text: str
    raw_date: Any
    author: str | None
    source: str | None
    extra: Mapping[str, str]


def _kept(
    path: Path, rows: Iterator[tuple[int, Row]], fields: _Fields, options: ReadOptions, rejects: _Rejects
) -> Iterator[_Kept]:
    seen: set[str] = set()
    ids: Counter[str] = Counter()
    for line, row in rows:
        text = row.get(fields.text)
        if text is None or (isinstance(text, str) and not text.strip()):
            rejects.add(line, "no text")
            continue
        if not isinstance(text, str):
            rejects.add(line, "text is not a string")
            continue
        if not _storable(text):
            rejects.add(line, "text holds a lone surrogate or zero character")
            continue
        fingerprint = sha256(" ".join(text.lower().split()))
        if fingerprint in seen:
            rejects.add(line, "duplicate")
            continue
        seen.add(fingerprint)
        if len(seen) > options.documents_max:
            raise SourceError.at(
                path,
                f"more than {options.documents_max} documents: split it or raise AIA_DOCUMENTS_MAX",
                line=line,
            )
        yield _Kept(
            id=_unique(_id(row, fields, line), ids),
            text=text,
            raw_date=row.get(fields.date or ""),
            author=_short(row, fields.author, AUTHOR_LENGTH_MAX),
            source=_short(row, fields.source, SOURCE_LENGTH_MAX),
            extra=_extra(row, fields.extra),
        )


def _storable(text: str) -> bool:
    """What neither database nor UTF-8 can keep is refused, as a quotation of it could not be checked."""
    return "\x00" not in text and not any("\ud800" <= character <= "\udfff" for character in text)


def _id(row: Row, fields: _Fields, line: int) -> str:
    value = row.get(fields.id) if fields.id is not None else None
    text = "" if value is None or isinstance(value, dict | list) else str(value).strip()[:ID_LENGTH_MAX]
    return text if text and _storable(text) else f"row-{line}"


def _unique(wanted: str, ids: Counter[str]) -> str:
    """An id used before gets the number of its repeat, so that a citation names one document."""
    ids[wanted] += 1
    if ids[wanted] == 1:
        return wanted
    return _unique(f"{wanted}#{ids[wanted]}", ids)


def _short(row: Row, name: str | None, length_max: int) -> str | None:
    value = row.get(name) if name is not None else None
    text = "" if value is None or isinstance(value, dict | list) else str(value).strip()[:length_max]
    return text if text and _storable(text) else None


def _extra(row: Row, extra: Mapping[str, str]) -> dict[str, str]:
    values = ((word, _short(row, name, columns.EXTRA_LENGTH_MAX)) for word, name in extra.items())
    return {word: value for word, value in values if value is not None}


def _corpus(
    path: Path, kind: str, kept: list[_Kept], fields: _Fields, options: ReadOptions, rejects: _Rejects
) -> Corpus:
    order = options.date_order or order_of(row.raw_date for row in kept)
    reader = DateReader(order)
    documents = tuple(_document(row, reader) for row in kept)
    reading = Reading(
        format=kind,
        text_field=fields.text,
        date_field=fields.date,
        id_field=fields.id,
        author_field=fields.author,
        rejected=dict(sorted(rejects.counts.items())),
        rejected_rows=tuple(rejects.rows),
        undated=sum(document.day is None for document in documents),
        source_field=fields.source,
        extra_fields=fields.extra,
    )
    return Corpus(path.name, documents, reading)


def _document(row: _Kept, reader: DateReader) -> Document:
    return Document(row.id, row.text, reader.read(row.raw_date), row.author, row.source, row.extra)
