"""Reading a file whole and leaving a mark, and reading what was added behind a mark.

Only plain JSON Lines in UTF-8 are read on: a line is a record there, and nothing before it changes what it says. All
that a mark cannot answer for (a file that changed before its end, dates that turn out to be in another order) is read
whole. What comes out is the same; a test compares them.
"""

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from hashlib import sha256 as hasher
from pathlib import Path
from typing import Any

from aia import __version__
from aia.core.canonical import canonical, sha256
from aia.corpora.cleaning import CleanOptions
from aia.corpora.cleaning.cleaner import clean_added
from aia.corpora.formats.rows import JSON_LINES, json_lines
from aia.corpora.model import Corpus
from aia.corpora.resume.checkpoint import Checkpoint
from aia.corpora.sources import Batch, Reader, ReadOptions, SourceError
from aia.corpora.sources.dates import one_of
from aia.corpora.sources.lines import codec_of
from aia.corpora.sources.model import Context, NumberedRow, Piece
from aia.corpora.sources.open import BLOCK_BYTES, is_packed
from aia.corpora.sources.read import FUTURE_DATE, SAMPLE_ROWS
from aia.corpora.sources.registry import Registry
from aia.text.near_duplicates.repeats import Compared

PLAIN = ("utf-8", 0)
HASHED_BYTES = 1 << 20
Kept = Callable[[Sequence[int]], Sequence[tuple[str, str]]]
"""(id, text) of documents at positions of the corpus that grew."""


@dataclass(frozen=True, slots=True)
class Resumed:
    """The documents that were added, with the reading of all, and the mark behind them."""

    corpus: Corpus
    mark: Checkpoint


def options_key(options: ReadOptions, cleaning: CleanOptions) -> str:
    """What must be the same for a reading to go on; the day it is read on is not part of it."""
    told = {"read": asdict(replace(options, today=None)), "clean": asdict(cleaning), "version": __version__}
    return sha256(canonical(_plain(told)))


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    return value if isinstance(value, str | bool | None) else str(value)


def may_resume(path: Path, options: ReadOptions) -> bool:
    """Whether a mark can be left of this file: plain JSON Lines, all of it read."""
    if options.sampled or options.encoding is not None or not path.is_file():
        return False
    with path.open("rb") as file:
        head = file.read(BLOCK_BYTES)
    if len(head) < BLOCK_BYTES or is_packed(head) or codec_of(path, head, None) != PLAIN:
        return False
    try:
        return Registry(options.source).source_of(Piece(path, head, iter(())), None) is JSON_LINES
    except SourceError:
        return False


class _Passed:
    """Blocks of a file, from where it stands to its end: hashed and counted as they pass."""

    def __init__(self, path: Path, start: int, digest: Any, lines: int) -> None:
        self._path = path
        self._digest = digest
        self.length, self.lines, self.last = start, lines, b"\n"

    def __iter__(self) -> Iterator[bytes]:
        with self._path.open("rb") as file:
            file.seek(self.length)
            while block := file.read(BLOCK_BYTES):
                self._digest.update(block)
                self.length += len(block)
                self.lines += block.count(b"\n")
                self.last = block[-1:]
                yield block

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()


def read_marked(path: Path, options: ReadOptions, cleaning: CleanOptions) -> tuple[Corpus, Checkpoint | None]:
    """The corpus of a file that `may_grow`, cleaned, and a mark where one can be left. Raises `SourceError`."""
    passed = _Passed(path, 0, hasher(), 0)
    reader = Reader(options, single=True)
    reader.take(Batch(path, JSON_LINES.name, lambda context: _rows(path, passed, options, context)))
    added = clean_added(reader.corpus(path.name), cleaning)
    met = reader.met()
    mark = Checkpoint(passed.length, passed.sha256, passed.lines, met, added.cleaned, added.keys, added.stands_for)
    follows = passed.last == b"\n" and met.documents >= SAMPLE_ROWS and FUTURE_DATE not in met.changed
    return added.corpus, mark if follows else None


def begins_with(path: Path, length: int, sha256: str) -> bool:
    """Whether the first `length` bytes of a file hash so."""
    return _hashed(path, length).hexdigest() == sha256


def _hashed(path: Path, length: int) -> Any:
    digest = hasher()
    with path.open("rb") as file:
        while length and (block := file.read(min(length, HASHED_BYTES))):
            digest.update(block)
            length -= len(block)
    return digest


def read_on(path: Path, options: ReadOptions, cleaning: CleanOptions, mark: Checkpoint, kept: Kept) -> Resumed | None:
    """What was added to the file behind the mark; None where the file must be read whole."""
    digest = _hashed(path, mark.length)
    if digest.hexdigest() != mark.sha256:
        return None
    passed = _Passed(path, mark.length, digest, mark.lines)
    reader = Reader(options, single=True, met=mark.met)
    try:
        reader.take(Batch(path, JSON_LINES.name, lambda context: _rows(path, passed, options, context)))
    except SourceError:
        return None
    met = reader.met()
    if one_of(met.orders) != one_of(mark.met.orders) or FUTURE_DATE in met.changed or passed.last != b"\n":
        return None
    places = mark.places
    before = Compared(mark.keys, mark.stands_for, lambda raw: kept([int(places[place]) for place in raw]))
    added = clean_added(reader.corpus(path.name), cleaning, before, mark.cleaned)
    return Resumed(added.corpus, mark.behind(passed.length, passed.sha256, passed.lines, met, added))


def _rows(path: Path, passed: _Passed, options: ReadOptions, context: Context) -> Iterator[NumberedRow]:
    """The rows from where it stands to the end of the file, numbered from the file's beginning."""
    lines, behind = passed.lines, passed.length > 0
    blocks = _bounded(path, iter(passed), passed.length, options.input_bytes_max)
    head = next(blocks, b"")
    if behind and (not head or codec_of(path, head, None) != PLAIN):
        if head:
            raise SourceError.at(path, "goes on in another encoding")
        return
    for number, row in json_lines(Piece(path, head, itertools.chain([head], blocks), path), context):
        yield lines + number, row


def _bounded(path: Path, blocks: Iterator[bytes], total: int, bytes_max: int) -> Iterator[bytes]:
    for block in blocks:
        total += len(block)
        if total > bytes_max:
            what = f"more than {bytes_max} bytes of text: split it or raise AIA_INPUT_BYTES_MAX"
            raise SourceError.at(path, what)
        yield block
