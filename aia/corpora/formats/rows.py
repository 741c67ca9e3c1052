"""Rows of the general formats: JSON Lines, a JSON array, CSV and plain text, told apart by what they hold."""

import csv
import itertools
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

from aia.corpora.sources.dates import looks_written
from aia.corpora.sources.errors import SourceError
from aia.corpora.sources.lines import Line, read_lines
from aia.corpora.sources.model import Context, Head, Malformed, NumberedRow, Piece, Row, Source

JSON_ARRAY_CHARACTERS_MAX = 256 * 1024 * 1024
WRAPPED_MAX = 3
INNER_MAX = 2
"""Objects within the object of a row that are looked into, one in the other."""
SENTENCE_WORDS_MIN = 5
PARAGRAPH_BLANK_SHARE = 0.2
SNIFF_LINES = 200
_SEPARATOR = re.compile(r"sep=([,;\t|])\s*", re.IGNORECASE)
"""What Excel writes above a header to name the delimiter."""
SURE, LIKELY, LAST = 60, 50, 10


def json_lines(piece: Piece, context: Context) -> Iterator[NumberedRow]:
    """A JSON object a line."""
    malformed = context.malformed
    for number, text in read_lines(piece, context):
        if not text.strip():
            continue
        try:
            value = parse_json(text)
        except (ValueError, RecursionError) as error:
            malformed(number, f"not JSON ({_reason(error)})")
            continue
        if isinstance(value, dict):
            yield number, with_inner(cast("Row", value))
        else:
            malformed(number, f"a JSON {type(value).__name__} where an object is needed")


def json_array(piece: Piece, context: Context) -> Iterator[NumberedRow]:
    """The rows of one JSON array, alone or within an object; `line` is then the number of the element."""
    value = whole_json(piece, context)
    found = value if isinstance(value, list) else _longest_list(value)
    if found is None:
        told = (
            f"an object of {', '.join(map(repr, list(value)[:10]))}" if isinstance(value, dict) else "a single value"
        )
        raise SourceError.at(piece.name, f"{told} where a list of objects is needed: give that list, or JSON Lines")
    for number, row in enumerate(cast("list[Any]", found), 1):
        if isinstance(row, dict):
            yield number, with_inner(cast("Row", row))
        else:
            context.malformed(number, f"a JSON {type(row).__name__} where an object is needed")


def _longest_list(value: object) -> list[Any] | None:
    """The longest list of objects within an object, at most `WRAPPED_MAX` objects deep, as services answer."""
    level, lists = [value], list[list[Any]]()
    for _ in range(WRAPPED_MAX):
        inner = [v for one in level if isinstance(one, dict) for v in cast("Row", one).values()]
        lists += [v for v in inner if isinstance(v, list) and v and isinstance(v[0], dict)]
        level = inner
    return max(lists, key=len, default=None)


def with_inner(row: Row, depth: int = INNER_MAX) -> Row:
    """A row and the fields of objects in it, named `outer.inner`, so that a column may be any of them."""
    inner = [(name, value) for name, value in row.items() if isinstance(value, dict)]
    if not inner or not depth:
        return row
    found = dict(row)
    for name, value in inner:
        for key, one in with_inner(cast("Row", value), depth - 1).items():
            found.setdefault(f"{name}.{key}", one)
    return found


def whole_json(piece: Piece, context: Context) -> object:
    """The one JSON value of a piece; raises `SourceError` above 256 million characters."""
    parts: list[str] = []
    size = 0
    for _, text in read_lines(piece, context):
        size += len(text)
        if size > JSON_ARRAY_CHARACTERS_MAX:
            raise SourceError.at(piece.name, "JSON this large must be read at once: convert it to JSON Lines")
        parts.append(text)
    try:
        return parse_json("\n".join(parts))
    except (ValueError, RecursionError) as error:
        raise SourceError.at(piece.name, f"not JSON ({_reason(error)})") from None


def parse_json(text: str) -> object:
    """Raises `ValueError` or `RecursionError`; NaN and Infinity are not JSON."""
    value: object = json.loads(text, parse_constant=_refuse_constant)
    return value


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _reason(error: BaseException) -> str:
    return "nested too deeply" if isinstance(error, RecursionError) else str(error)


def csv_rows(piece: Piece, context: Context) -> Iterator[NumberedRow]:
    """Rows of a CSV with a header line; the delimiter is told from it."""
    yield from csv_of(piece.name, read_lines(piece, context), context.malformed)


def csv_of(path: Path, lines: Iterator[Line], malformed: Malformed) -> Iterator[NumberedRow]:
    """The same of lines at hand."""
    head = list(itertools.islice(lines, SNIFF_LINES))
    told = _SEPARATOR.fullmatch(head[0][1]) if head else None
    if told:
        del head[0]
    delimiter = told[1] if told else delimiter_of(head[0][1] if head else "")
    current = [0]

    def texts() -> Iterator[str]:
        for number, text in itertools.chain(head, lines):
            current[0] = number
            yield text + "\n"

    reader = csv.reader(texts(), delimiter=delimiter, strict=True)
    header: list[str] | None = None
    while True:
        start = current[0] + 1
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            malformed(start, f"not CSV ({error})")
            continue
        if not any(field.strip() for field in fields):
            continue
        if header is None and not _is_data(fields):
            header = _header(path, fields, start)
            continue
        header = header or [f"column {number}" for number in range(1, len(fields) + 1)]
        if len(fields) != len(header):
            malformed(start, f"{len(fields)} fields where the header has {len(header)}")
        else:
            yield start, dict(zip(header, fields, strict=True))


def _is_data(fields: list[str]) -> bool:
    """Whether a first line is no header: it holds a date, or a sentence beside a number."""
    if any(map(looks_written, fields)):
        return True
    sentence = any(len(field.split()) >= SENTENCE_WORDS_MIN for field in fields)
    return sentence and any(field.strip().isdecimal() for field in fields)


def _header(path: Path, fields: list[str], line: int) -> list[str]:
    names = [name.strip() for name in fields]
    repeated = next((name for name in names if names.count(name) > 1), None)
    if repeated is not None:
        raise SourceError.at(path, f"the header names {repeated!r} twice: rename one column", line=line)
    return names


def delimiter_of(header: str) -> str:
    """Which of , ; tab | separates a header line."""
    return max(",;\t|", key=lambda mark: (header.count(mark), mark == ","))


def header_of(head: Head) -> frozenset[str]:
    """The column names of the first line, in lower case; empty where it is no header."""
    try:
        fields = next(csv.reader([head.first], delimiter=delimiter_of(head.first)), [])
    except csv.Error:
        return frozenset()
    return frozenset(field.strip().lower() for field in fields)


def text_rows(piece: Piece, context: Context) -> Iterator[NumberedRow]:
    """A line is a document; where a fifth of the lines is blank, a paragraph is."""
    lines = read_lines(piece, context)
    head = list(itertools.islice(lines, 2_000))
    blank = sum(not text.strip() for _, text in head)
    by_paragraph = blank >= PARAGRAPH_BLANK_SHARE * len(head)
    start, parts = 1, list[str]()
    for number, text in itertools.chain(head, lines):
        if text.strip() and not parts:
            start = number
        if text.strip():
            parts.append(text)
        if parts and (not by_paragraph or not text.strip()):
            yield start, {"text": "\n".join(parts)}
            parts = []
    if parts:
        yield start, {"text": "\n".join(parts)}


def _like_json_lines(head: Head) -> int:
    if head.first.startswith("{"):
        return SURE
    return LIKELY if head.suffixes & {".jsonl", ".ndjson"} else 0


def _like_json_array(head: Head) -> int:
    if ".json" in head.suffixes and head.first.startswith("{") and _is_one_object(head):
        return SURE + 1
    return SURE if head.first.startswith("[") and not head.suffixes & {".csv", ".tsv", ".txt"} else 0


def _is_one_object(head: Head) -> bool:
    """Whether the lines are one object that holds a list of objects, not an object each."""
    lines = [line for line in head.lines if line.strip()]
    if len(lines) > 1:
        return not lines[1].startswith("{") and not _parses(head.first)
    return not _parses(head.first) or _longest_list(parse_json(head.first)) is not None


def _parses(line: str) -> bool:
    try:
        parse_json(line)
    except (ValueError, RecursionError):
        return False
    return True


def _like_csv(head: Head) -> int:
    return LIKELY if head.suffixes & {".csv", ".tsv"} else 0


def _like_text(_: Head) -> int:
    return LAST


JSON_LINES = Source("jsonl", "JSON Lines: an object a line", _like_json_lines, json_lines)
JSON_ARRAY = Source("json", "a JSON array of objects", _like_json_array, json_array)
CSV = Source("csv", "CSV and TSV with a header line", _like_csv, csv_rows)
TEXT = Source("txt", "plain text: a line, or where lines are blank a paragraph, is a document", _like_text, text_rows)
