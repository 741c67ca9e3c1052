"""Latent semantics: what the words of a text say exactly, learnt from the texts at hand.

TF-IDF over words, word pairs and character trigrams, reduced by a truncated singular value
decomposition (Deerwester et al., 1990, "Indexing by latent semantic analysis").
"""

import itertools
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.sparse.linalg import svds

from aia.ventures.words import content_words

Vectors = npt.NDArray[np.float32]

DECIMALS = 5
FEATURES_MAX = 60_000
FIT_TEXTS_MAX = 20_000


@dataclass(frozen=True, slots=True)
class LatentSemantics:
    """Fitted to the texts it is given: the same texts give the same vectors."""

    dimensions: int = 128
    seed: int = 0
    name: str = "tf-idf and SVD, fitted to the input"

    def encode(self, texts: Sequence[str]) -> Vectors:
        matrix, features = _tf_idf([_features(text) for text in texts])
        rank = min(self.dimensions, len(texts) - 1, features - 1)
        if rank < 2:
            return _unit(np.asarray(matrix.todense(), dtype=np.float64))
        fit: Any = matrix
        if len(texts) > FIT_TEXTS_MAX:
            rows = np.random.default_rng(self.seed).choice(len(texts), FIT_TEXTS_MAX, replace=False)
            fit = matrix[np.sort(rows)]
        start = np.random.default_rng(self.seed).standard_normal(min(len(texts), FIT_TEXTS_MAX, features))
        components: Any
        _, _, components = svds(fit, k=rank, v0=start, which="LM")
        # A singular vector's sign is arbitrary; fix it, so that it does not depend on the machine.
        strongest = np.abs(components).argmax(axis=1)
        components *= np.sign(components[np.arange(rank), strongest])[:, None]
        return _unit(matrix @ components[::-1].T)


def _features(text: str) -> Counter[str]:
    words = content_words(text)
    pairs = [f"{a} {b}" for a, b in itertools.pairwise(words)]
    grams = [f"#{word[i : i + 3]}" for word in words for i in range(max(len(word) - 2, 1))]
    counts: Counter[str] = Counter()
    for weight, parts in ((3, words), (3, pairs), (1, grams)):
        for part in parts:
            counts[part] += weight
    return counts


def _tf_idf(features: Sequence[Counter[str]]) -> tuple[Any, int]:
    # scipy's sparse types do not check; the second value is the number of columns.
    frequency: Counter[str] = Counter()
    for counts in features:
        frequency.update(counts.keys())
    least = 2 if len(features) > 20 else 1
    common = sorted((f for f, n in frequency.items() if n >= least), key=lambda f: (-frequency[f], f))
    column = {feature: i for i, feature in enumerate(common[:FEATURES_MAX])}
    idf = np.log((1 + len(features)) / (1 + np.array([frequency[f] for f in column], dtype=np.float64))) + 1
    rows: list[int] = []
    columns: list[int] = []
    values: list[float] = []
    for row, counts in enumerate(features):
        for feature, count in sorted(counts.items()):
            index = column.get(feature)
            if index is not None:
                rows.append(row)
                columns.append(index)
                values.append((1 + np.log(count)) * idf[index])
    matrix: Any = sparse.csr_matrix((values, (rows, columns)), shape=(len(features), max(len(column), 1)))
    norms = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
    return sparse.csr_matrix(sparse.diags(1 / np.maximum(norms, 1e-12)) @ matrix), max(len(column), 1)


def _unit(vectors: npt.NDArray[np.float64]) -> Vectors:
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.round(vectors / np.maximum(norms, 1e-12), DECIMALS).astype(np.float32)
