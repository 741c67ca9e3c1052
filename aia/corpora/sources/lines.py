"""From blocks of bytes to lines of text: decoded strictly, or line by line where that was asked for."""

import codecs
import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

from aia.corpora.sources.errors import SourceError
from aia.corpora.sources.model import Context, Piece

Line: TypeAlias = tuple[int, str]

WRONG_ENCODING = "not UTF-8, read as Windows-1252"
_NAMED = {
    b"PAR1": "Parquet",
    b"%PDF": "PDF",
    b"\x89PNG": "picture",
    b"SQLite format 3": "SQLite",
    b"7z\xbc\xaf\x27\x1c": "7-Zip",
    b"Rar!": "RAR",
}
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def read_lines(piece: Piece, context: Context) -> Iterator[Line]:
    """(line number, text without its line end), each line within bounds, never the whole piece at once.

    Where `context.repaired` is given, a line that is not UTF-8 is read as Windows-1252 and told to it.
    Raises `SourceError` for what is not readable text.
    """
    head = piece.head
    if not head:
        raise SourceError.at(piece.name, "the file is empty: give a file with at least one document")
    _refuse_binary(piece.name, head, context.encoding)
    codec, skip = codec_of(piece.name, head, context.encoding)
    blocks = _skipping(piece.blocks, skip)
    if context.repaired is not None and codec == "utf-8":
        texts = _repaired(blocks, context.limits.record_bytes_max, context.repaired)
    else:
        texts = _decoded(piece.name, blocks, codec, skip)
    yield from _lines(piece.name, texts, context.limits.record_bytes_max)


def head_lines(data: bytes, encoding: str | None, count: int) -> tuple[str, ...]:
    """The first lines as far as they are text, for telling what a piece is."""
    codec = next((codec for bom, codec in _BOMS if data.startswith(bom)), encoding or "utf-8")
    try:
        text = data.decode(codec, "replace")
    except LookupError:
        text = data.decode("utf-8", "replace")
    return tuple(text.removeprefix("\ufeff").splitlines()[:count])


def _refuse_binary(name: Path, head: bytes, encoding: str | None) -> None:
    for magic, kind in _NAMED.items():
        if head.startswith(magic):
            raise SourceError.at(name, f"this is a {kind} file, not text: convert it to JSONL, CSV or text first")
    has_bom = any(head.startswith(bom) for bom, _ in _BOMS)
    if b"\x00" in head and not has_bom and encoding is None:
        at = head.index(b"\x00")
        raise SourceError.at(name, f"binary data (a zero byte at offset {at}): give JSONL, CSV or plain text")


def codec_of(name: Path, head: bytes, encoding: str | None) -> tuple[str, int]:
    """(codec, bytes of the byte-order mark to skip)."""
    if encoding is not None:
        try:
            text_codec = codecs.lookup(encoding)
            b"".decode(encoding)
        except LookupError:
            raise SourceError.at(name, f"--encoding {encoding!r} is not known: try utf-8 or latin-1") from None
        return text_codec.name, 0
    for bom, codec in _BOMS:
        if head.startswith(bom):
            return codec, len(bom)
    return "utf-8", 0


def _skipping(blocks: Iterator[bytes], skip: int) -> Iterator[bytes]:
    first = next(blocks, b"")
    yield first[skip:]
    yield from blocks


def _decoded(name: Path, blocks: Iterator[bytes], codec: str, offset: int) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder(codec)("strict")
    line = 1
    for block in blocks:
        try:
            text = decoder.decode(block)
        except UnicodeDecodeError as error:
            raise _wrong_encoding(name, codec, offset, line, block, error) from None
        offset += len(block)
        line += text.count("\n")
        yield text
    try:
        yield decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        raise SourceError.at(name, f"ends in the middle of a {codec} character: fetch the file again") from None


def _wrong_encoding(
    name: Path, codec: str, offset: int, line: int, block: bytes, error: UnicodeDecodeError
) -> SourceError:
    line += block[: error.start].count(b"\n")
    bad = error.object[error.start : error.start + 1].hex()
    at = offset + error.start
    likely = "cp1252" if 0x80 <= int(bad, 16) < 0xA0 else "latin-1"  # which has no signs there
    what = f"byte 0x{bad} near offset {at} is not {codec}: name the encoding, e.g. --encoding {likely}"
    if codec == "utf-8":
        what += ", or read lines like it as Windows-1252 with --skip-malformed"
    return SourceError.at(name, what, line=line)


def _repaired(blocks: Iterator[bytes], record_max: int, repaired: Callable[[int], None]) -> Iterator[str]:
    """Blocks cut at line ends, each line decoded by itself: one bad line does not spoil its neighbours."""
    number, rest = 1, b""
    for block in blocks:
        *whole, rest = (rest + block).split(b"\n")
        if len(rest) > 4 * record_max:
            yield rest.decode("utf-8", "replace")  # above its bound, which the next step refuses
            return
        for line in whole:
            yield _forgiving(line, number, repaired) + "\n"
            number += 1
    if rest:
        yield _forgiving(rest, number, repaired)


def _forgiving(line: bytes, number: int, repaired: Callable[[int], None]) -> str:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        repaired(number)
        return line.decode("cp1252", "replace")


def _lines(name: Path, texts: Iterator[str], record_max: int) -> Iterator[Line]:
    number, parts, size = 1, io.StringIO(), 0
    for text in texts:
        *whole, rest = text.split("\n")
        for line in whole:
            if size:
                line = parts.getvalue() + line  # noqa: PLW2901 # the line began in an earlier block
                parts, size = io.StringIO(), 0
            yield number, _checked(name, line.removesuffix("\r"), number, record_max)
            number += 1
        parts.write(rest)
        size += len(rest)
        if size > record_max:
            _checked(name, parts.getvalue(), number, record_max)
    if size:
        yield number, _checked(name, parts.getvalue(), number, record_max)


def _checked(name: Path, line: str, number: int, record_max: int) -> str:
    if len(line) > record_max:
        what = f"longer than {record_max} characters: cut the record or raise AIA_RECORD_BYTES_MAX"
        raise SourceError.at(name, what, line=number)
    if "\x00" in line:
        raise SourceError.at(name, "holds a zero character: remove it (tr -d '\\000')", line=number)
    return line
