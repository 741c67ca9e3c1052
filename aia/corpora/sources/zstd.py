"""Zstandard with a bound on its window: the text behind, which a decoder must hold in memory.

Dumps such as Pushshift's are packed with `--long=31`: a window of 2 GiB, sixteen times what decoders take unasked.
"""

import os
import sys
from pathlib import Path
from typing import IO, cast

from aia.corpora.sources.errors import SourceError

if sys.version_info >= (3, 14):
    from compression.zstd import (  # pyright: ignore[reportMissingImports]
        DecompressionParameter,
        ZstdError,
        ZstdFile,
    )
else:
    from backports.zstd import DecompressionParameter, ZstdError, ZstdFile

__all__ = ["WINDOW_BYTES_FREE", "ZstdError", "open_zstd", "window_bytes"]

WINDOW_BYTES_FREE = 128 * 1024 * 1024
"""Every decoder takes this much unasked."""
WINDOW_LOG_MAX = 31
SHARE_OF_MEMORY = 0.5
_SINGLE_SEGMENT = 0x20


def window_bytes(head: bytes) -> int | None:
    """The window a frame asks for; None where it is as large as its content, or not told by these bytes.

    RFC 8878, 3.1.1.1: the magic, a descriptor, and unless the frame is of a single segment its window.
    """
    if len(head) < 6 or head[4] & _SINGLE_SEGMENT:
        return None
    exponent, mantissa = head[5] >> 3, head[5] & 7
    base = 1 << (10 + exponent)
    return base + base // 8 * mantissa


def memory_bytes() -> int:
    """Memory of this machine, or what a control group leaves of it."""
    found = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    try:
        limit = Path("/sys/fs/cgroup/memory.max").read_text(encoding="ascii").strip()
    except OSError:
        return found
    return min(found, int(limit)) if limit.isdecimal() else found


def open_zstd(name: Path, file: IO[bytes], head: bytes, window_max: int) -> IO[bytes]:
    """The unpacked stream; `SourceError` names what to do where the window is above the bound or half the memory."""
    allowed = max(min(window_max, int(memory_bytes() * SHARE_OF_MEMORY)), WINDOW_BYTES_FREE)
    wanted = window_bytes(head) or 0
    if wanted > allowed:
        remedy = "raise AIA_INPUT_WINDOW_BYTES_MAX" if wanted > window_max else "use a machine with more memory"
        what = (
            f"its zstd window is {wanted >> 20} MiB (packed with --long) and {allowed >> 20} MiB are allowed here: "
            f"{remedy}, or unpack it first with zstd -d --long=31"
        )
        raise SourceError.at(name, what)
    log = min(allowed.bit_length() - 1, WINDOW_LOG_MAX)
    return cast("IO[bytes]", ZstdFile(file, options={DecompressionParameter.window_log_max: log}))
