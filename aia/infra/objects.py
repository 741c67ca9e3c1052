"""Objects: bytes under a name in a folder. Copies only; the SQL database stays the truth."""

import asyncio
import os
import re
import tempfile
from pathlib import Path
from typing import Protocol

_NAME = re.compile(r"[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*")


class Objects(Protocol):
    """Where copies of reports go: a folder here, a bucket elsewhere."""

    async def put(self, name: str, data: bytes) -> str:
        """Store the whole object or nothing; returns where a person finds it."""
        ...

    async def get(self, name: str) -> bytes | None: ...


class FolderObjects:
    """Objects as files below one folder; a reader never sees half a file."""

    def __init__(self, root: Path) -> None:
        self._root = root

    async def put(self, name: str, data: bytes) -> str:
        path = self._path(name)
        await asyncio.to_thread(_write_whole, path, data)
        return str(path)

    async def get(self, name: str) -> bytes | None:
        path = self._path(name)
        return await asyncio.to_thread(path.read_bytes) if path.is_file() else None

    def _path(self, name: str) -> Path:
        if not _NAME.fullmatch(name) or ".." in name.split("/"):
            raise ValueError(f"{name!r} is not an object name")
        return self._root / name


def _write_whole(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
