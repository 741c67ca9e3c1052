"""Parquet by DuckDB, in batches: the one reader whose library is large, loaded only for such a file."""

import json
import tempfile
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb

from aia.corpora.sources.errors import SourceError
from aia.corpora.sources.model import Context, Head, NumberedRow, Piece, Source

BATCH_ROWS = 2_000
MEMORY_MAX = "512MB"
MAGIC = b"PAR1"


def parquet_rows(piece: Piece, context: Context) -> Iterator[NumberedRow]:
    """Rows of a Parquet file; times become ISO 8601, nested values JSON-like."""
    del context
    with _on_disk(piece) as path, duckdb.connect() as connection:
        connection.execute("set enable_progress_bar = false")
        connection.execute(f"set memory_limit = '{MEMORY_MAX}'")
        connection.execute("set threads = 2")
        connection.execute("set autoinstall_known_extensions = false")
        connection.execute("set autoload_known_extensions = false")
        number = 0
        try:
            found = connection.execute("select * from read_parquet(?)", [str(path)])
            names = [column[0] for column in found.description or ()]
            while rows := found.fetchmany(BATCH_ROWS):
                for row in rows:
                    number += 1
                    yield number, {name: _plain(value) for name, value in zip(names, row, strict=True)}
        except duckdb.Error as error:
            what = f"broken Parquet ({str(error).splitlines()[0][:200]}): fetch the file again"
            raise SourceError.at(piece.name, what, line=number or None) from None


def _plain(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, dict | list):
        return json.loads(json.dumps(value, default=str))
    return value


@contextmanager
def _on_disk(piece: Piece) -> Generator[Path]:
    """The file itself, or a copy of a packed one: Parquet is read from its end."""
    if piece.path is not None:
        yield piece.path
        return
    with tempfile.NamedTemporaryFile(suffix=".parquet") as copy:
        for block in piece.blocks:
            copy.write(block)
        copy.flush()
        yield Path(copy.name)


def _like_parquet(head: Head) -> int:
    return 100 if head.data.startswith(MAGIC) else 0


PARQUET = Source("parquet", "Parquet", _like_parquet, parquet_rows)
