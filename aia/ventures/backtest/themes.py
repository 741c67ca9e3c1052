"""Themes of the documents before a day: coarser than needs, since a share must be counted before and after.

The realised share of a theme of n documents is known to about 1/sqrt(n) of itself. So the resolution is
the finest whose themes have `THEME_DOCUMENTS` on average; no outcome is looked at.
"""

from bisect import bisect_left
from functools import cache
from typing import Any

import numpy as np

from aia.text.vectors import Vectors
from aia.ventures.needs.communities import communities, neighbour_graph
from aia.ventures.needs.neighbours import nearest
from aia.ventures.needs.quantized import rows_of

RESOLUTIONS = (0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0)
NEIGHBOURS = 10
THEME_DOCUMENTS = 80
THEME_DOCUMENTS_MIN = 10
THEMES_MIN = 5


def theme_graph(vectors: Vectors) -> Any:
    """(n, n) sparse: which documents are neighbours, whatever themes are drawn of them."""
    return neighbour_graph(*nearest(rows_of(vectors), NEIGHBOURS))


def theme_centres(graph: Any, vectors: Vectors, seed: int) -> Vectors | None:
    """(themes, d) unit centres of at least five themes of ten documents; None where there are none."""

    @cache
    def themes_at(place: int) -> tuple[np.ndarray, np.ndarray]:
        """(label of each document, labels of the themes that are large enough)."""
        labels = communities(graph, RESOLUTIONS[place], seed)
        themes, counts = np.unique(labels, return_counts=True)
        return labels, themes[counts >= THEME_DOCUMENTS_MIN]

    def too_fine(place: int) -> bool:
        return len(themes_at(place)[1]) * THEME_DOCUMENTS > len(vectors)

    # Themes get more as the resolution grows, so the last that is coarse enough is found by halving.
    places = range(len(RESOLUTIONS))
    coarse_enough = max(bisect_left(places, True, key=too_fine) - 1, 0)
    for place in places[coarse_enough:]:
        labels, kept = themes_at(place)
        if len(kept) >= THEMES_MIN:
            centres = np.stack([vectors[labels == theme].mean(axis=0) for theme in kept])
            return (centres / np.maximum(np.linalg.norm(centres, axis=1, keepdims=True), 1e-12)).astype(np.float32)
    return None
