"""Themes of the documents before a day: coarser than needs, since a share must be counted before and after.

The realised share of a theme of n documents is known to about 1/sqrt(n) of itself. So the resolution is
the finest whose themes have `THEME_DOCUMENTS` on average; no outcome is looked at.
"""

import numpy as np

from aia.ventures.needs.communities import communities, neighbour_graph
from aia.ventures.needs.neighbours import nearest
from aia.ventures.needs.rows import rows_of
from aia.ventures.vectors import Vectors

RESOLUTIONS = (0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0)
NEIGHBOURS = 10
THEME_DOCUMENTS = 40
THEME_DOCUMENTS_MIN = 10
THEMES_MIN = 5


def theme_centres(vectors: Vectors, seed: int) -> Vectors | None:
    """(themes, d) unit centres of at least five themes of ten documents; None where there are none."""
    best: Vectors | None = None
    graph = neighbour_graph(*nearest(rows_of(vectors), NEIGHBOURS))
    for resolution in RESOLUTIONS:
        labels = communities(graph, resolution, seed)
        themes, counts = np.unique(labels, return_counts=True)
        kept = themes[counts >= THEME_DOCUMENTS_MIN]
        if len(kept) < THEMES_MIN:
            continue
        if best is not None and len(kept) * THEME_DOCUMENTS > len(vectors):
            break
        centres = np.stack([vectors[labels == theme].mean(axis=0) for theme in kept])
        best = centres / np.maximum(np.linalg.norm(centres, axis=1, keepdims=True), 1e-12)
    return best
