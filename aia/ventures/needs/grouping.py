"""Grouping statements into needs: a neighbour graph, Leiden communities, names by what sets them apart.

Communities: Traag, Waltman and van Eck, 2019, "From Louvain to Leiden" (graspologic-native, MIT).
The resolution is chosen without labels: the finest one whose groups are as stable over seeded
subsamples as the most stable one, within a tolerance. Names: class-based TF-IDF (Grootendorst, 2022).
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from math import comb, log
from typing import Any

import graspologic_native
import numpy as np

from aia.core.ids import content_id
from aia.ventures.model import Need, Statement
from aia.ventures.vectors import Vectors
from aia.ventures.words import STOP_WORDS, content_words, tokens

NEIGHBOURS = 10
BLOCK_ROWS = 1_024
RESOLUTIONS = (1.0, 2.0, 4.0, 8.0, 12.0)
SAMPLE_NODES_MAX = 4_000
SUBSAMPLE_SHARE = 0.8
STABILITY_TOLERANCE = 0.05
MEDOIDS = 12
PLAIN_CHARACTERS = 160
TERMS = 6
TITLE_WORDS_MAX = 4

Edges = list[tuple[str, str, float]]


def group(
    statements: Sequence[Statement], texts: Sequence[str], vectors: Vectors, *, seed: int, needs_max: int
) -> tuple[Need, ...]:
    """Needs that several documents state, those of most documents first; the rest fits nowhere.

    `texts[i]` is the quotation of `statements[i]` and `vectors[i]` its vector. A need has statements of
    at least three documents, or two in a thousand if that is more.
    """
    if len(statements) < 3:
        return ()
    neighbours, similarities = nearest(vectors, NEIGHBOURS)
    resolution = choose_resolution(neighbours, similarities, seed=seed)
    labels = _communities(_edges(neighbours, similarities), len(statements), resolution, seed)
    members: dict[int, list[int]] = defaultdict(list)
    for index, label in enumerate(labels):
        members[label].append(index)
    documents = len({statement.document for statement in statements})
    least = max(3, documents // 500)
    kept = [m for m in members.values() if len({statements[i].document for i in m}) >= least]
    kept.sort(key=lambda m: (-len({statements[i].document for i in m}), m[0]))
    kept = kept[:needs_max]
    words = [Counter(w for i in m for w in set(content_words(texts[i]))) for m in kept]
    phrases = [_phrases([texts[i] for i in m]) for m in kept]
    terms = _distinct([words[i] for i in range(len(kept))], [len(m) for m in kept])
    names = _names(phrases, terms, [len(m) for m in kept])
    needs = [
        Need(_need_id(name, term), name, term, tuple(m), _medoids(m, statements, vectors))
        for m, name, term in zip(kept, names, terms, strict=True)
    ]
    return tuple(needs)


def nearest(vectors: Vectors, k: int) -> tuple[np.ndarray, np.ndarray]:
    """(n, k) indices and cosine similarities of each row's nearest others; exact, ties by index."""
    n = len(vectors)
    k = min(k, n - 1)
    indices = np.empty((n, k), dtype=np.int32)
    similarities = np.empty((n, k), dtype=np.float32)
    for start in range(0, n, BLOCK_ROWS):
        block = np.round(vectors[start : start + BLOCK_ROWS] @ vectors.T, 4)
        rows = np.arange(len(block))
        block[rows, start + rows] = -np.inf
        # Sorting by (similarity, index) instead of partitioning makes ties the same everywhere.
        candidates = np.argpartition(-block, k - 1, axis=1)[:, :k]
        least = np.take_along_axis(block, candidates, axis=1).min(axis=1)
        for row in rows:
            at_least = np.flatnonzero(block[row] >= least[row])
            order = np.lexsort((at_least, -block[row, at_least]))[:k]
            indices[start + row] = at_least[order]
            similarities[start + row] = block[row, at_least[order]]
    return indices, similarities


def _edges(neighbours: np.ndarray, similarities: np.ndarray, only: set[int] | None = None) -> Edges:
    weights: dict[tuple[int, int], float] = {}
    for row, (others, values) in enumerate(zip(neighbours.tolist(), similarities.tolist(), strict=True)):
        if only is not None and row not in only:
            continue
        for other, value in zip(others, values, strict=True):
            if value > 0.05 and (only is None or other in only):
                weights[min(row, other), max(row, other)] = round(float(value), 4)
    return [(str(a), str(b), weight) for (a, b), weight in sorted(weights.items())]


def _communities(edges: Edges, n: int, resolution: float, seed: int) -> list[int]:
    """A label for each node; a node without neighbours is its own community."""
    labels = list(range(n, 2 * n))
    if edges:
        leiden: Any = graspologic_native.leiden  # pyright: ignore[reportAttributeAccessIssue] - a Rust module
        _, found = leiden(
            edges,
            starting_communities=None,
            resolution=resolution,
            randomness=0.001,
            iterations=2,
            use_modularity=True,
            seed=seed,
            trials=1,
        )
        for node, label in found.items():
            labels[int(node)] = label
    return labels


def choose_resolution(neighbours: np.ndarray, similarities: np.ndarray, *, seed: int) -> float:
    """The finest resolution as stable as the most stable one: mean adjusted Rand over subsample pairs."""
    n = len(neighbours)
    rng = np.random.default_rng(seed)
    pool = np.arange(n) if n <= SAMPLE_NODES_MAX else rng.choice(n, SAMPLE_NODES_MAX, replace=False)
    size = max(2, int(SUBSAMPLE_SHARE * len(pool)))
    samples = [set(rng.choice(pool, size, replace=False).tolist()) for _ in range(2)]
    edges = [_edges(neighbours, similarities, sample) for sample in samples]
    shared = sorted(samples[0] & samples[1])
    scores: list[float] = []
    for resolution in RESOLUTIONS:
        first, second = (_communities(e, n, resolution, seed + i) for i, e in enumerate(edges))
        scores.append(adjusted_rand([first[i] for i in shared], [second[i] for i in shared]))
    enough = max(scores) - STABILITY_TOLERANCE
    return max(r for r, score in zip(RESOLUTIONS, scores, strict=True) if score >= enough)


def adjusted_rand(a: Sequence[int], b: Sequence[int]) -> float:
    """Adjusted Rand index (Hubert and Arabie, 1985): 1 the same partition, about 0 by chance."""
    pairs = sum(comb(n, 2) for n in Counter(zip(a, b, strict=True)).values())
    in_a = sum(comb(n, 2) for n in Counter(a).values())
    in_b = sum(comb(n, 2) for n in Counter(b).values())
    total = comb(len(a), 2)
    if total == 0:
        return 1.0
    expected = in_a * in_b / total
    most = (in_a + in_b) / 2
    return 1.0 if most == expected else (pairs - expected) / (most - expected)


def _phrases(texts: Sequence[str]) -> Counter[str]:
    """How many statements hold each run of 2 to 4 words that begins and ends with a content word."""
    counts: Counter[str] = Counter()
    for text in texts:
        words = tokens(text)
        found: set[str] = set()
        for size in range(2, TITLE_WORDS_MAX + 1):
            for i in range(len(words) - size + 1):
                run = words[i : i + size]
                if run[0] in STOP_WORDS or run[-1] in STOP_WORDS or len(set(run)) < size:
                    continue
                if sum(word in STOP_WORDS for word in run) <= 1:
                    found.add(" ".join(run))
        counts.update(found)
    return counts


def _distinct(counts: Sequence[Counter[str]], sizes: Sequence[int]) -> list[tuple[str, ...]]:
    """The words that set each group apart, by class-based TF-IDF."""
    everywhere: Counter[str] = Counter()
    for count in counts:
        everywhere.update(count)
    average = sum(everywhere.values()) / max(len(counts), 1)
    found: list[tuple[str, ...]] = []
    for count, size in zip(counts, sizes, strict=True):
        scored = {
            w: n / size * log(1 + average / everywhere[w]) for w, n in count.items() if n >= max(2, 0.06 * size)
        }
        found.append(tuple(sorted(scored, key=lambda w: (-scored[w], w))[:TERMS]))
    return found


def _names(phrases: Sequence[Counter[str]], terms: Sequence[tuple[str, ...]], sizes: Sequence[int]) -> list[str]:
    """A literal phrase where one is common and telling, completed by words; no name twice."""
    groups_with: Counter[str] = Counter(phrase for count in phrases for phrase in count)
    names: list[str] = []
    for count, words, size in zip(phrases, terms, sizes, strict=True):
        weight = {
            phrase: n * (1 + 0.35 * len(phrase.split())) * log(1 + len(phrases) / groups_with[phrase])
            for phrase, n in count.items()
            if n >= max(2, 0.04 * size)
        }
        ranked = sorted(weight, key=lambda phrase: (-weight[phrase], phrase))
        name = _joined(ranked, words)
        while name in names:
            name += " (other)"
        names.append(name)
    return names


def _joined(phrases: Sequence[str], words: Sequence[str]) -> str:
    """The best phrase, then what the words add to it."""
    chosen = list(phrases[:1])
    for phrase in phrases[1:6]:
        if not set(phrase.split()) & set(" ".join(chosen).split()):
            chosen.append(phrase)
            break
    used = set(" ".join(chosen).split())
    extra = [word for word in words if word not in used][: 3 - len(chosen)]
    return ", ".join([*chosen, *extra]) or "unnamed need"


def _medoids(members: Sequence[int], statements: Sequence[Statement], vectors: Vectors) -> tuple[int, ...]:
    """The members nearest the centre that say it plainly and shortly, of different documents, best first.

    A long sentence is near every centre, as it holds a little of everything.
    """
    rows = vectors[list(members)]
    closeness = np.round(rows @ rows.mean(axis=0), 4).tolist()
    ranked = sorted(
        zip(members, closeness, strict=True),
        key=lambda pair: (-(pair[1] + _plainness(statements[pair[0]])), pair[0]),
    )
    chosen: dict[int, int] = {}
    for index, _ in ranked:
        chosen.setdefault(statements[index].document, index)
        if len(chosen) == MEDOIDS:
            break
    return tuple(chosen.values())


def _plainness(statement: Statement) -> float:
    excess = max(0, statement.end - statement.start - PLAIN_CHARACTERS)
    return 0.15 * statement.strength - 0.15 * excess / PLAIN_CHARACTERS


def _need_id(name: str, terms: Sequence[str]) -> str:
    return content_id("need", name, *sorted(terms))
