"""Communities of a neighbour graph, at the resolution that is most stable over subsamples; no label takes part.

Leiden: Traag, Waltman and van Eck, 2019, "From Louvain to Leiden" (graspologic-native, MIT). Stability: how well the
communities of seeded subsamples agree where they overlap (Lange, Roth, Braun and Buhmann, 2004, "Stability-based
validation of clustering solutions"), by mutual information adjusted for chance (Vinh, Epps and Bailey, 2010).
"""

from collections.abc import Sequence
from itertools import combinations
from typing import Any

import graspologic_native
import numpy as np
from scipy import sparse

NEIGHBOURS = 10
NEIGHBOURS_WIDE = 20
"""So many are looked up: communities are those of twenty, and a subsample of which still has its ten."""
RANK_LOSS = 0.05
"""How much less each next of a list counts, down to nothing."""
CROWDED = 0.5
"""How much of how near statements are to their own ten nearest is taken off: all are near those in a crowd."""
SIMILARITY_MIN = 0.05
RESOLUTIONS = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0)
SAMPLE_ROWS_MAX = 4_000
SUBSAMPLES = 4
SUBSAMPLE_SHARE = 0.75
SMOOTHING = (1.0, 2.0, 1.0)
SPREAD_MIN = 0.01
"""Four subsamples tell their spread poorly; on queries, complaints and company lines it is 0.01 where it is least."""
STEP = 0.25
"""Resolutions between those tried, in doublings."""
MEAN_SIZE_MIN = 8.0
"""Communities smaller than this on average are paraphrases of single statements, however stable."""

Edges = tuple[np.ndarray, np.ndarray, np.ndarray]


def neighbour_graph(neighbours: np.ndarray, similarities: np.ndarray) -> Any:
    """A symmetric sparse matrix of cosines; an edge that only one end has among its nearest counts half."""
    n, k = neighbours.shape
    rows = np.repeat(np.arange(n), k)
    return _symmetric(rows, neighbours.ravel(), similarities.ravel(), n)


def ranked_graph(neighbours: np.ndarray, similarities: np.ndarray) -> Any:
    """As `neighbour_graph`, where those first in a list count more.

    The order of a list is by the cosine less half of how near both ends are to their own ten nearest on average, so
    that those whom all are near to do not stand first everywhere (Conneau et al., 2018, "Word translation without
    parallel data", section 2.3). Sums of ten cosines of `rows` are exact in float64.
    """
    values = similarities.astype(np.float64)
    usual = values[:, :NEIGHBOURS].sum(axis=1) / max(1, min(NEIGHBOURS, values.shape[1]))
    order = np.argsort(CROWDED * (usual[:, None] + usual[neighbours]) / 2 - values, axis=1, kind="stable")
    counted = np.maximum(0.0, 1 - RANK_LOSS * np.arange(values.shape[1]))
    weights = np.empty_like(values)
    np.put_along_axis(weights, order, np.take_along_axis(values, order, axis=1) * counted, axis=1)
    weights[values <= SIMILARITY_MIN] = 0.0
    rows = np.repeat(np.arange(len(values)), values.shape[1])
    return _symmetric(rows, neighbours.ravel(), weights.ravel(), len(values), least=0.0)


def _symmetric(
    rows: np.ndarray, columns: np.ndarray, values: np.ndarray, n: int, *, least: float = SIMILARITY_MIN
) -> Any:
    kept = (values > least) & (rows != columns)
    half = sparse.csr_matrix((values[kept].astype(np.float64) / 2, (rows[kept], columns[kept])), shape=(n, n))
    both: Any = (half + half.T).tocsr()
    both.sort_indices()
    return both


def communities(graph: Any, resolution: float, seed: int, *, iterations: int = 2) -> np.ndarray:
    """(n,) labels from 0 without gaps; a node without edges is a community of its own."""
    n = graph.shape[0]
    labels = np.arange(n, 2 * n)
    if graph.nnz:
        leiden: Any = graspologic_native.leiden_csr  # pyright: ignore[reportAttributeAccessIssue] - a Rust module
        _, found = leiden(
            graph.indptr.astype(np.int64),
            graph.indices.astype(np.int32),
            graph.data.astype(np.float64),
            n,
            resolution=resolution,
            randomness=0.001,
            iterations=iterations,
            use_modularity=True,
            seed=seed,
            trials=1,
        )
        labels[np.fromiter(found.keys(), np.int64, len(found))] = np.fromiter(found.values(), np.int64, len(found))
    return np.unique(labels, return_inverse=True)[1]


def choose_resolution(neighbours: np.ndarray, similarities: np.ndarray, *, seed: int) -> float:
    """The finest resolution that is as stable as the most stable one, given each node's twenty nearest.

    As stable: its mean agreement is within one standard deviation of how the pairs of subsamples differ at the most
    stable one, as with the one-standard-error rule (Breiman, Friedman, Olshen and Stone, 1984, section 3.4.3).
    """
    scores, spreads = stability(neighbours, similarities, RESOLUTIONS, seed=seed)
    places = np.arange(0, len(scores) - 1 + STEP, STEP)
    smooth, spread = (np.interp(places, np.arange(len(x)), _smoothed(x)) for x in (scores, spreads))
    best = int(smooth.argmax())
    finest = float(places[smooth >= smooth[best] - max(SPREAD_MIN, spread[best])][-1])
    return round(RESOLUTIONS[0] * 2.0**finest, 3)


def _smoothed(values: np.ndarray) -> np.ndarray:
    weights, reach = np.array(SMOOTHING), len(SMOOTHING) // 2
    padded, counted = np.pad(values, reach), np.pad(np.ones(len(values)), reach)
    return np.convolve(padded, weights, "valid") / np.convolve(counted, weights, "valid")


def stability(
    neighbours: np.ndarray, similarities: np.ndarray, resolutions: Sequence[float], *, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """For each resolution mean and standard deviation of the agreement of all pairs of subsamples.

    The first resolution, and then as many as give communities of eight members or more on average.
    """
    n = len(neighbours)
    rng = np.random.default_rng(seed)
    size = max(2, int(SUBSAMPLE_SHARE * n))
    samples = [np.sort(rng.choice(n, size, replace=False)) for _ in range(SUBSAMPLES)]
    graphs = [_subgraph(neighbours, similarities, sample) for sample in samples]
    overlaps = {
        (i, j): np.intersect1d(samples[i], samples[j], return_indices=True)[1:]
        for i, j in combinations(range(SUBSAMPLES), 2)
    }
    scores: list[float] = []
    spreads: list[float] = []
    for resolution in resolutions:
        first = communities(graphs[0], resolution, seed, iterations=1)
        if scores and size / (first.max() + 1) < MEAN_SIZE_MIN:
            break
        found = [first, *(communities(graphs[i], resolution, seed + i, iterations=1) for i in range(1, SUBSAMPLES))]
        agreed = [agreement(found[i][rows], found[j][columns], rng) for (i, j), (rows, columns) in overlaps.items()]
        scores.append(float(np.mean(agreed)))
        spreads.append(float(np.std(agreed, ddof=1)))
    return np.round(scores, 6), np.round(spreads, 6)


def _subgraph(neighbours: np.ndarray, similarities: np.ndarray, chosen: np.ndarray) -> Any:
    """The neighbour graph of some nodes alone: each has its ten nearest among them."""
    place = np.full(len(neighbours), -1)
    place[chosen] = np.arange(len(chosen))
    others = place[neighbours[chosen]]
    inside = others >= 0
    inside &= np.cumsum(inside, axis=1) <= NEIGHBOURS
    rows = np.repeat(np.arange(len(chosen)), inside.sum(axis=1))
    return _symmetric(rows, others[inside], similarities[chosen][inside], len(chosen))


def agreement(a: np.ndarray, b: np.ndarray, rng: np.random.Generator) -> float:
    """Adjusted mutual information of two labelings; what chance gives is measured on shuffled labels."""
    shared, entropy = _information(a, b)
    chance, _ = _information(rng.permutation(a), b)
    return 1.0 if entropy - chance < 1e-9 else (shared - chance) / (entropy - chance)


def _information(a: np.ndarray, b: np.ndarray) -> tuple[float, float]:
    """(mutual information, mean entropy) of two labelings, in nats."""
    n, width = len(a), int(b.max()) + 1
    cells, counts = np.unique(a.astype(np.int64) * width + b, return_counts=True)
    p, p_a, p_b = counts / n, np.bincount(a) / n, np.bincount(b) / n
    mutual = float((p * np.log(p / (p_a[cells // width] * p_b[cells % width]))).sum())
    entropies = [float(-(q[q > 0] * np.log(q[q > 0])).sum()) for q in (p_a, p_b)]
    return mutual, sum(entropies) / 2
