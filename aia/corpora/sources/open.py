"""From a path to streams of bytes: files, folders and archives, each opened once and unpacked within bounds."""

import bz2
import gzip
import io
import itertools
import lzma
import stat
import tempfile
import zipfile
import zlib
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TypeAlias, cast

from aia.corpora.sources.errors import SourceError
from aia.corpora.sources.model import Limits, Piece, Unreadable
from aia.corpora.sources.zstd import ZstdError, open_zstd

BLOCK_BYTES = 1 << 16
RATIO_MAX = 200  # text packs 3 to 10 times; a bomb thousands of times
RATIO_FREE_BYTES = 64 * BLOCK_BYTES
SPOOL_BYTES = 16 * 1024 * 1024
XZ_MEMORY_MAX = 256 * 1024 * 1024

_ZIP = b"PK\x03\x04"
_PACKED = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd", b"BZh": "bzip2", b"\xfd7zXZ\x00": "xz"}
_OFFICE = (
    ("xl/", "an Excel workbook", "CSV UTF-8"),
    ("word/", "a Word document", "plain text"),
    ("ppt/", "a PowerPoint presentation", "plain text"),
    ("content.xml", "an OpenDocument file", "CSV or plain text"),
    ("", "an office file or book", "CSV or plain text"),
)
_BROKEN = (EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, ZstdError, gzip.BadGzipFile)

Found: TypeAlias = Piece | Unreadable


@dataclass(slots=True)
class Allowance:
    """What one reading may still unpack; all its pieces draw on it."""

    bytes_left: int
    files_left: int

    @classmethod
    def of(cls, limits: Limits) -> "Allowance":
        return cls(limits.input_bytes_max, limits.files_max)

    def take_file(self, name: Path, limits: Limits) -> None:
        self.files_left -= 1
        if self.files_left < 0:
            raise SourceError.at(name, f"more than {limits.files_max} files: split it or raise AIA_INPUT_FILES_MAX")

    def take_bytes(self, name: Path, count: int, limits: Limits) -> None:
        self.bytes_left -= count
        if self.bytes_left < 0:
            what = f"more than {limits.input_bytes_max} bytes of text: split it or raise AIA_INPUT_BYTES_MAX"
            raise SourceError.at(name, what)


def pieces(path: Path, limits: Limits, allowance: Allowance) -> Iterator[Found]:
    """Every stream under a path, folders in order of name; a piece must be read before the next is asked for.

    Raises `SourceError` when the path itself cannot be opened or holds more files than its bounds.
    """
    if path.is_dir():
        yield from _folder(path, limits, allowance)
    else:
        allowance.take_file(path, limits)
        yield from _file(path, limits, allowance)


def _folder(folder: Path, limits: Limits, allowance: Allowance) -> Iterator[Found]:
    """Files below a folder; hidden ones and links are passed over, so that no loop or secret is read."""
    waiting = [(folder, 0)]
    while waiting:
        here, depth = waiting.pop()
        try:
            names = sorted(here.iterdir(), reverse=True)
        except OSError as error:
            yield Unreadable(here, SourceError.at(here, f"cannot be listed: {error.strerror or error}"))
            continue
        files = [path for path in reversed(names) if not path.name.startswith(".") and not path.is_symlink()]
        for path in files:
            if path.is_file():
                allowance.take_file(path, limits)
                yield from _safely(path, _file(path, limits, allowance))
        folders = [path for path in reversed(files) if path.is_dir()]
        if folders and depth >= limits.folder_depth_max:
            what = f"folders deeper than {limits.folder_depth_max} are not read: give {folders[-1].name} by itself"
            yield Unreadable(here, SourceError.at(here, what))
            continue
        waiting.extend((path, depth + 1) for path in folders)


def is_archive(path: Path) -> bool:
    """Whether a path is a folder or ZIP file, of which one bad file must not stop the others."""
    if path.is_dir():
        return True
    try:
        with path.open("rb") as file:
            return file.read(len(_ZIP)) == _ZIP
    except OSError:
        return False


def is_packed(head: bytes) -> bool:
    """Whether a stream that begins so is packed or an archive."""
    return head.startswith((_ZIP, *_PACKED))


def _safely(name: Path, found: Iterator[Found]) -> Iterator[Found]:
    """The same, with an error of opening told instead of raised."""
    try:
        yield from found
    except SourceError as error:
        yield Unreadable(name, error)


def _file(path: Path, limits: Limits, allowance: Allowance) -> Iterator[Found]:
    with _opened(path) as file:
        unpack = _Unpack(limits, allowance, file)
        yield from unpack.stream(path, file, 0, path)


@contextmanager
def _opened(path: Path) -> Generator[IO[bytes]]:
    try:
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode):
            raise SourceError.at(path, "this is not a regular file (a pipe or device): copy it to a file first")
        file = path.open("rb")
    except FileNotFoundError:
        raise SourceError.at(path, "no such file: check the path") from None
    except PermissionError:
        raise SourceError.at(path, "permission denied: make it readable (chmod u+r) or copy it") from None
    except (OSError, ValueError) as error:
        raise SourceError.at(path, f"cannot be opened: {getattr(error, 'strerror', None) or error}") from None
    with file:
        yield file


@dataclass(frozen=True, slots=True)
class _Unpack:
    """Unpacks one file; `outer` is the file itself, whose position tells how much was read of it."""

    limits: Limits
    allowance: Allowance
    outer: IO[bytes]

    def stream(self, name: Path, file: IO[bytes], depth: int, path: Path | None) -> Iterator[Found]:
        """What a stream holds: itself, what is packed in it, or the members of an archive."""
        try:
            buffered = file if isinstance(file, io.BufferedReader) else io.BufferedReader(cast("io.RawIOBase", file))
            head = buffered.peek(BLOCK_BYTES)[:BLOCK_BYTES]
        except _BROKEN as error:
            raise SourceError.at(name, f"broken or cut-off archive ({error}): fetch the file again") from None
        except OSError as error:
            raise SourceError.at(name, f"reading failed: {error.strerror or error}") from None
        packing = next((kind for magic, kind in _PACKED.items() if head.startswith(magic)), None)
        if packing is None and not head.startswith(_ZIP):
            yield self._piece(name, buffered, path if depth == 0 else None)
        elif depth >= self.limits.nesting_max:
            what = f"packed more than {self.limits.nesting_max} times: unpack it by hand"
            raise SourceError.at(name, what)
        elif packing is None:
            yield from self._members(name, buffered, depth)
        else:
            window = self.limits.window_bytes_max
            yield from self.stream(name, _unpacked(packing, name, buffered, head, window), depth + 1, None)

    def _piece(self, name: Path, file: IO[bytes], path: Path | None) -> Piece:
        blocks = self.blocks(name, file, packed=path is None)
        first = next(blocks, b"")
        return Piece(name, first, itertools.chain([first] if first else [], blocks), path)

    def blocks(self, name: Path, file: IO[bytes], *, packed: bool) -> Iterator[bytes]:
        """Blocks of the stream; refuses one that unpacks to more than its bounds, or is broken."""
        total = 0
        try:
            while block := file.read(BLOCK_BYTES):
                total += len(block)
                self.allowance.take_bytes(name, len(block), self.limits)
                if packed and total > RATIO_FREE_BYTES and total > RATIO_MAX * max(self.outer.tell(), 1):
                    raise _bomb(name)
                yield block
        except _BROKEN as error:
            raise SourceError.at(name, f"broken or cut-off archive ({error}): fetch the file again") from None
        except OSError as error:
            raise SourceError.at(name, f"reading failed: {error.strerror or error}") from None

    def _members(self, name: Path, file: IO[bytes], depth: int) -> Iterator[Found]:
        """Members of a ZIP file in its own order; one inside a stream is copied first, as it is read by seeking."""
        with tempfile.SpooledTemporaryFile(SPOOL_BYTES) as spool:
            seekable: IO[bytes] = file
            if depth:
                for block in self.blocks(name, file, packed=True):
                    spool.write(block)
                spool.seek(0)
                seekable = cast("IO[bytes]", spool)
            try:
                archive = zipfile.ZipFile(seekable)
            except (*_BROKEN, OSError, ValueError, NotImplementedError) as error:
                raise SourceError.at(name, f"broken ZIP file ({error}): fetch the file again") from None
            with archive:
                yield from self._of_archive(name, archive, depth)

    def _of_archive(self, name: Path, archive: zipfile.ZipFile, depth: int) -> Iterator[Found]:
        members = [member for member in archive.infolist() if not member.is_dir()]
        _refuse_office(name, [member.filename for member in members])
        size = sum(member.file_size for member in members)
        packed = max(sum(member.compress_size for member in members), 1)
        if len(members) > self.limits.files_max:
            raise SourceError.at(name, f"more than {self.limits.files_max} files: split it")
        if size > RATIO_FREE_BYTES and size > RATIO_MAX * packed:
            raise _bomb(name)
        for member in members:
            inner = name / member.filename.replace("\x00", "")
            if Path(member.filename).name.startswith(".") or "__MACOSX" in member.filename:
                continue
            self.allowance.take_file(inner, self.limits)
            yield from _safely(inner, self._member(inner, archive, member, depth))

    def _member(self, name: Path, archive: zipfile.ZipFile, member: zipfile.ZipInfo, depth: int) -> Iterator[Found]:
        if member.flag_bits & 1:
            raise SourceError.at(name, "encrypted: unpack it with its password first")
        try:
            file = archive.open(member)
        except (*_BROKEN, OSError, ValueError, NotImplementedError, RuntimeError) as error:
            raise SourceError.at(name, f"broken member of a ZIP file ({error}): fetch the file again") from None
        with file:
            yield from self.stream(name, file, depth + 1, None)


def _refuse_office(name: Path, members: list[str]) -> None:
    """Office files are ZIP files of markup, of which nothing could be quoted as people wrote it."""
    if not {"[Content_Types].xml", "mimetype"}.isdisjoint(members):
        kind, form = next(
            ((kind, form) for part, kind, form in _OFFICE if any(part in m for m in members)), _OFFICE[-1][1:]
        )
        raise SourceError.at(name, f"this is {kind}, not text: save it as {form} first")


def _bomb(name: Path) -> SourceError:
    return SourceError.at(name, f"unpacks to more than {RATIO_MAX} times its size: unpack and check it by hand")


def _unpacked(packing: str, name: Path, file: IO[bytes], head: bytes, window_max: int) -> IO[bytes]:
    match packing:
        case "gzip":
            return cast("IO[bytes]", gzip.GzipFile(fileobj=file, mode="rb"))
        case "zstd":
            return open_zstd(name, file, head, window_max)
        case "bzip2":
            return cast("IO[bytes]", bz2.BZ2File(file))
        case _:
            return cast("IO[bytes]", _Xz(file))


class _Xz(io.RawIOBase):
    """LZMA with a bound on its memory, which `lzma.LZMAFile` cannot set."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._decompressor = lzma.LZMADecompressor(memlimit=XZ_MEMORY_MAX)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object, /) -> int:
        view = memoryview(cast("bytearray", buffer)).cast("B")
        while not self._decompressor.eof:
            fresh = self._file.read(BLOCK_BYTES) if self._decompressor.needs_input else b""
            if self._decompressor.needs_input and not fresh:
                raise EOFError("the stream ends before its end mark")
            data = self._decompressor.decompress(fresh, len(view))
            if data:
                view[: len(data)] = data
                return len(data)
        return 0
