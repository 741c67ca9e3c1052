"""The needs of a published discovery, as its report carries them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aia.reports import themes_of


@dataclass(frozen=True, slots=True)
class NeedView:
    """A need with how much was said of it; `position` is its place among the opportunities, if it has one."""

    need: str
    title: str
    words: tuple[str, ...]
    statements: int
    documents: int
    position: int | None
    theme: str | None
    theme_words: tuple[str, ...]


def needs_of(document: Mapping[str, Any]) -> list[NeedView]:
    """Every need that was grouped, most documents first; ties by id."""
    themes = themes_of(document)
    listed = {node["need"]: node for node in document["opportunities"]}
    found: list[NeedView] = []
    for row in document["grouped"]:
        places = row["members"].split()
        node = listed.get(row["need"])
        theme = themes.get(row["need"])
        found.append(
            NeedView(
                need=row["need"],
                title=row["extractedName"] if node is None else node["name"],
                words=tuple(row["words"]),
                statements=len(places),
                documents=len({place.partition(":")[0] for place in places}),
                position=None if node is None else node["position"],
                theme=None if theme is None else theme["theme"],
                theme_words=() if theme is None else tuple(theme["words"]),
            )
        )
    return sorted(found, key=lambda need: (-need.documents, need.need))
