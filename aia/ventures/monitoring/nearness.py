"""How near needs of two runs are in meaning; a plugin of `aia.tools`, since vectors load when they are used."""

from collections.abc import Sequence

import numpy as np

from aia.text.vectors import Embedding, open_embedder
from aia.ventures.monitoring.model import SeenNeed


def nearness(now: Sequence[SeenNeed], before: Sequence[SeenNeed]) -> list[list[float]]:
    """(needs of now, needs of before): the cosine of the means of their passages."""
    if not now or not before:
        return [[] for _ in now]
    texts = [text for need in (*now, *before) for text in need.passages]
    vectors = open_embedder(Embedding.TABLE).encode(texts)
    means: list[np.ndarray] = []
    start = 0
    for need in (*now, *before):
        mean = vectors[start : start + len(need.passages)].mean(axis=0)
        means.append(mean / max(float(np.linalg.norm(mean)), 1e-12))
        start += len(need.passages)
    stacked = np.stack(means)
    return (stacked[: len(now)] @ stacked[len(now) :].T).tolist()
