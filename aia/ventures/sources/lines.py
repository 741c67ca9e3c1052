"""From a path to lines of text: opened once, unpacked within bounds, decoded strictly."""

import codecs
import gzip
import stat
import zlib
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from aia.ventures.sources.errors import SourceError

BLOCK_BYTES = 1 << 16
RATIO_MAX = 200  # text packs 3 to 10 times; a bomb thousands of times
_GZIP = b"\x1f\x8b"
_PACKED = {
    b"PK\x03\x04": "zip",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"BZh": "bzip2",
    b"\xfd7zXZ": "xz",
    b"PAR1": "Parquet",
}
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


@dataclass(frozen=True, slots=True)
class LineLimits:
    """Bounds of reading: bytes of the unpacked input, and of one line."""

    input_bytes_max: int
    record_bytes_max: int


def read_lines(path: Path, limits: LineLimits, encoding: str | None) -> Iterator[tuple[int, str]]:
    """(line number, text without its line end), each line within bounds, never the whole file at once.

    Raises `SourceError` for what is not a readable text file.
    """
    with _opened(path) as file:
        blocks = _bounded(path, file, limits)
        head = next(blocks, b"")
        if not head:
            raise SourceError.at(path, "the file is empty: give a file with at least one document")
        _refuse_binary(path, head, encoding)
        codec, skip = _codec(path, head, encoding)
        yield from _lines(path, _decoded(path, _chain(head[skip:], blocks), codec, skip), limits)


@contextmanager
def _opened(path: Path) -> Generator[IO[bytes]]:
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise SourceError.at(path, "this is a directory: name a file in it")
        if not stat.S_ISREG(status.st_mode):
            raise SourceError.at(path, "this is not a regular file (a pipe or device): copy it to a file first")
        file = path.open("rb")
    except FileNotFoundError:
        raise SourceError.at(path, "no such file: check the path") from None
    except PermissionError:
        raise SourceError.at(path, "permission denied: make it readable (chmod u+r) or copy it") from None
    except OSError as error:
        raise SourceError.at(path, f"cannot be opened: {error.strerror or error}") from None
    with file:
        yield file


def _bounded(path: Path, file: IO[bytes], limits: LineLimits) -> Iterator[bytes]:
    """Unpacked blocks; refuses an input that unpacks to more than its bounds."""
    packed = file.read(2) == _GZIP
    file.seek(0)
    source: IO[bytes] = gzip.GzipFile(fileobj=file) if packed else file  # type: ignore[assignment] # a binary reader
    total = 0
    try:
        while block := source.read(BLOCK_BYTES):
            total += len(block)
            if total > limits.input_bytes_max:
                what = f"more than {limits.input_bytes_max} bytes of text: split it or raise AIA_INPUT_BYTES_MAX"
                raise SourceError.at(path, what)
            if packed and total > 64 * BLOCK_BYTES and total > RATIO_MAX * max(file.tell(), 1):
                raise SourceError.at(
                    path, f"unpacks to more than {RATIO_MAX} times its size: unpack and check it by hand"
                )
            yield block
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise SourceError.at(path, f"broken or cut-off gzip ({error}): fetch the file again") from None
    except OSError as error:
        raise SourceError.at(path, f"reading failed: {error.strerror or error}") from None


def _refuse_binary(path: Path, head: bytes, encoding: str | None) -> None:
    for magic, name in _PACKED.items():
        if head.startswith(magic):
            raise SourceError.at(path, f"this is a {name} file: unpack it to JSONL, CSV or text first")
    has_bom = any(head.startswith(bom) for bom, _ in _BOMS)
    if b"\x00" in head and not has_bom and encoding is None:
        at = head.index(b"\x00")
        raise SourceError.at(path, f"binary data (a zero byte at offset {at}): give JSONL, CSV or plain text")


def _codec(path: Path, head: bytes, encoding: str | None) -> tuple[str, int]:
    """(codec, bytes of the byte-order mark to skip)."""
    if encoding is not None:
        try:
            codecs.lookup(encoding)
        except LookupError:
            raise SourceError.at(path, f"--encoding {encoding!r} is not known: try utf-8 or latin-1") from None
        return encoding, 0
    for bom, codec in _BOMS:
        if head.startswith(bom):
            return codec, len(bom)
    return "utf-8", 0


def _chain(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest


def _decoded(path: Path, blocks: Iterator[bytes], codec: str, offset: int) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder(codec)("strict")
    line = 1
    for block in blocks:
        try:
            text = decoder.decode(block)
        except UnicodeDecodeError as error:
            raise _wrong_encoding(path, codec, offset, line, block, error) from None
        offset += len(block)
        line += text.count("\n")
        yield text
    try:
        yield decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        raise SourceError.at(path, f"ends in the middle of a {codec} character: fetch the file again") from None


def _wrong_encoding(
    path: Path, codec: str, offset: int, line: int, block: bytes, error: UnicodeDecodeError
) -> SourceError:
    line += block[: error.start].count(b"\n")
    bad = error.object[error.start : error.start + 1].hex()
    at = offset + error.start
    what = f"byte 0x{bad} near offset {at} is not {codec}: name the encoding, e.g. --encoding latin-1"
    return SourceError.at(path, what, line=line)


def _lines(path: Path, texts: Iterator[str], limits: LineLimits) -> Iterator[tuple[int, str]]:
    number, rest = 1, ""
    for text in texts:
        *whole, rest = (rest + text).split("\n")
        for line in whole:
            yield number, _checked(path, line.removesuffix("\r"), number, limits)
            number += 1
        _checked(path, rest, number, limits)
    if rest:
        yield number, _checked(path, rest, number, limits)


def _checked(path: Path, line: str, number: int, limits: LineLimits) -> str:
    if len(line) > limits.record_bytes_max:
        what = f"longer than {limits.record_bytes_max} characters: cut the record or raise AIA_RECORD_BYTES_MAX"
        raise SourceError.at(path, what, line=number)
    if "\x00" in line:
        raise SourceError.at(path, "holds a zero character: remove it (tr -d '\\000')", line=number)
    return line
