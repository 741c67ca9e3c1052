"""From lines to rows: JSON Lines, a JSON array, CSV and plain text, told apart by what they hold."""

import csv
import itertools
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias, cast

from aia.ventures.sources.errors import SourceError

Line: TypeAlias = tuple[int, str]
Row: TypeAlias = dict[str, Any]
Malformed: TypeAlias = Callable[[int, str], None]
"""Called with line and reason for a row that cannot be parsed; raises, or counts it."""

JSON_ARRAY_CHARACTERS_MAX = 256 * 1024 * 1024
DEPTH_MAX = 64
PARAGRAPH_BLANK_SHARE = 0.2
SNIFF_LINES = 200


def format_of(path: Path, head: list[Line]) -> str:
    """`jsonl`, `json`, `csv` or `txt`: by the first character, then the suffix, then the commas."""
    first = next((text.lstrip() for _, text in head if text.strip()), "")
    if first.startswith("{"):
        return "jsonl"
    suffixes = {suffix.lower() for suffix in path.suffixes}
    if first.startswith("[") and not suffixes & {".csv", ".tsv", ".txt"}:
        return "json"
    if suffixes & {".jsonl", ".ndjson"}:
        return "jsonl"
    if suffixes & {".csv", ".tsv"}:
        return "csv"
    return "txt"


def json_lines(path: Path, lines: Iterator[Line], malformed: Malformed) -> Iterator[tuple[int, Row]]:
    del path
    for number, text in lines:
        if not text.strip():
            continue
        try:
            value = _parse(text)
        except (ValueError, RecursionError) as error:
            malformed(number, f"not JSON ({_reason(error)})")
            continue
        if isinstance(value, dict):
            yield number, cast("Row", value)
        else:
            malformed(number, f"a JSON {type(value).__name__} where an object is needed")


def json_array(path: Path, lines: Iterator[Line], malformed: Malformed) -> Iterator[tuple[int, Row]]:
    """The rows of one JSON array; `line` is then the number of the element."""
    parts: list[str] = []
    size = 0
    for _, text in lines:
        size += len(text)
        if size > JSON_ARRAY_CHARACTERS_MAX:
            raise SourceError.at(path, "a JSON array this large must be read at once: convert it to JSON Lines")
        parts.append(text)
    try:
        value = _parse("\n".join(parts))
    except (ValueError, RecursionError) as error:
        raise SourceError.at(path, f"not a JSON array ({_reason(error)})") from None
    for number, row in enumerate(cast("list[Any]", value), 1):
        if isinstance(row, dict):
            yield number, cast("Row", row)
        else:
            malformed(number, f"a JSON {type(row).__name__} where an object is needed")


def _parse(text: str) -> object:
    value: object = json.loads(text, parse_constant=_refuse_constant)
    return value


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _reason(error: BaseException) -> str:
    return "nested too deeply" if isinstance(error, RecursionError) else str(error)


def csv_rows(path: Path, lines: Iterator[Line], malformed: Malformed) -> Iterator[tuple[int, Row]]:
    """Rows of a CSV with a header line; the delimiter is told from the first lines."""
    head = list(itertools.islice(lines, SNIFF_LINES))
    delimiter = _delimiter(head)
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
        if header is None:
            header = _header(path, fields, start)
        elif len(fields) != len(header):
            malformed(start, f"{len(fields)} fields where the header has {len(header)}")
        else:
            yield start, dict(zip(header, fields, strict=True))


def _header(path: Path, fields: list[str], line: int) -> list[str]:
    names = [name.strip() for name in fields]
    repeated = next((name for name in names if names.count(name) > 1), None)
    if repeated is not None:
        raise SourceError.at(path, f"the header names {repeated!r} twice: rename one column", line=line)
    return names


def _delimiter(head: list[Line]) -> str:
    first = head[0][1] if head else ""
    return max(",;\t|", key=lambda mark: (first.count(mark), mark == ","))


def text_rows(path: Path, lines: Iterator[Line], malformed: Malformed) -> Iterator[tuple[int, Row]]:
    """A line is a document; where a fifth of the lines is blank, a paragraph is."""
    del path, malformed
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


READERS: dict[str, Callable[[Path, Iterator[Line], Malformed], Iterator[tuple[int, Row]]]] = {
    "jsonl": json_lines,
    "json": json_array,
    "csv": csv_rows,
    "txt": text_rows,
}
