"""Which sources are installed, and which of them a piece is for. Built-ins are plugins like any other."""

from pathlib import Path
from typing import cast

from aia.core.errors import Invalid
from aia.corpora.sources.errors import SourceError
from aia.corpora.sources.lines import head_lines
from aia.corpora.sources.model import Head, Piece, Source
from aia.infra.plugins import load_plugin, load_plugins, names

GROUP = "aia.sources"
HEAD_LINES = 50
BY_MAGIC = {b"PAR1": "parquet"}
"""Sources told by their first bytes alone: their libraries load for such a file only."""


def source_named(name: str) -> Source:
    """Raises `Invalid` naming the sources there are."""
    return cast("Source", load_plugin(GROUP, name))


def source_names() -> list[str]:
    return names(GROUP)


class Registry:
    """Loads each source once for a reading, and picks the one that a piece looks most like."""

    def __init__(self, wanted: str | None) -> None:
        self._wanted = None if wanted is None else source_named(wanted)
        self._loaded: list[Source] | None = None

    def source_of(self, piece: Piece, encoding: str | None) -> Source:
        """Raises `SourceError` for a piece that is nothing we read."""
        if self._wanted is not None:
            return self._wanted
        for magic, name in BY_MAGIC.items():
            if piece.head.startswith(magic):
                return self._named(piece.name, name)
        head = Head(piece.name, piece.head, head_lines(piece.head, encoding, HEAD_LINES))
        liked = [(source.likeness(head), source.name, source) for source in self._sources()]
        likeness, _, best = max(liked, key=lambda found: found[:2])
        if likeness <= 0:
            raise SourceError.at(piece.name, f"no source reads this; there are: {', '.join(source_names())}")
        return best

    def _named(self, path: Path, name: str) -> Source:
        try:
            return source_named(name)
        except Invalid as error:
            raise SourceError.at(path, error.detail) from None

    def _sources(self) -> list[Source]:
        if self._loaded is None:
            without = frozenset(BY_MAGIC.values())
            self._loaded = [cast("Source", plugin) for _, plugin in load_plugins(GROUP, without=without)]
        return self._loaded
