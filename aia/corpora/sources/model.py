"""What a source is: a plugin that turns bytes into rows, and says which field means what."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from aia.corpora.sources.dates import DateOrder
from aia.corpora.sources.errors import SourceError

Row: TypeAlias = dict[str, Any]
NumberedRow: TypeAlias = tuple[int, Row]
Malformed: TypeAlias = Callable[[int, str], None]
"""Called with line and reason for a row that cannot be parsed; raises, or counts it."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of reading one input, whatever it is packed in."""

    input_bytes_max: int = 4 * 1024**3
    record_bytes_max: int = 1024 * 1024
    files_max: int = 10_000
    window_bytes_max: int = 2 * 1024**3
    nesting_max: int = 3
    folder_depth_max: int = 16


@dataclass(frozen=True, slots=True)
class Piece:
    """One stream of an input, unpacked: a file, or a member of an archive. `name` tells both.

    `blocks` may be read once and raises `SourceError`; `head` is its beginning. `path` is the file itself
    where the stream is a plain file on disk.
    """

    name: Path
    head: bytes
    blocks: Iterator[bytes]
    path: Path | None = None


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A piece that could not be opened, and why; the reading goes on with the next."""

    name: Path
    error: SourceError


@dataclass(frozen=True, slots=True)
class Head:
    """What a source is told by: the name, the first bytes, and they as lines where they are text."""

    name: Path
    data: bytes
    lines: tuple[str, ...]

    @property
    def suffixes(self) -> frozenset[str]:
        return frozenset(suffix.lower() for suffix in self.name.suffixes)

    @property
    def first(self) -> str:
        """The first line that is not blank."""
        return next((line.lstrip() for line in self.lines if line.strip()), "")


@dataclass(frozen=True, slots=True)
class Layout:
    """Which field of a row holds what; a source that has none lets the data tell."""

    text: str = "text"
    date: str | None = "date"
    id: str | None = "id"
    author: str | None = "author"
    source: str | None = "source"
    extra: Mapping[str, str] = field(default_factory=dict[str, str])
    date_order: DateOrder | None = None
    fingerprint_of: str | None = None
    """Where all rows were said, when no field tells."""


@dataclass(frozen=True, slots=True)
class Context:
    """What a reader gets besides the piece."""

    limits: Limits
    malformed: Malformed
    encoding: str | None = None
    repaired: Callable[[int], None] | None = None
    """Called with the number of a line that is not UTF-8 and was read as Windows-1252; None refuses it."""


@dataclass(frozen=True, slots=True)
class Source:
    """A kind of input. `likeness` is 0 (not this) to 100 (surely this); the highest reads the piece."""

    name: str
    reads: str
    likeness: Callable[[Head], int]
    rows: Callable[[Piece, Context], Iterator[NumberedRow]]
    layout: Layout | None = None
