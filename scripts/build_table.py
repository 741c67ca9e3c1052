"""Build the token table that `aia.text.vectors` ships, from the sentence model and made and borrowed sentences.

    python scripts/build_table.py AREAS.txt EVERYDAY.txt WORDNET.txt OUT.npz

Each file holds a sentence a line (`area_sentences.py`, `everyday_sentences.py`, `wordnet_sentences.py`). The recipe:
(1) The sentence model of the extra minilm on each token alone (model2vec's distillation) and on each sentence.
(2) Three fits, as of `FITS`: tokens weighted by how rare they are; a ridge regression by conjugate gradients that
moves the table so that a sentence's tokens (and the commonest pairs of them, which start at nothing) add up to the
model's own vector; gradient steps (`TableFit`) on what the search for neighbours needs.
(3) The mean of the three, each turned onto the first (orthogonal Procrustes; Schoenemann, 1966).
(4) Principal components, and whole numbers with a scale for each row.
Nothing of the data sets that AIA is measured on takes part.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse
from table_fit import TableFit, unit

from aia.text.vectors import Embedding, open_embedder
from aia.text.vectors.embedder import features_of, pairs_in
from aia.text.vectors.minilm import BEGIN, END, MiniLM

DIMENSIONS = 256
LEVELS = 31
"""Whole numbers of a row reach from -31 to 31: their error is far below the table's own, and they compress."""
PAIRS = 16_000
PAIR_TIMES_MIN = 10
PAIR_WEIGHT = 0.3
RIDGE = 0.2
ITERATIONS = 30
RARITY = 1e-3
TOKENS_MAX = 64
BATCH = 512
THINNED = 9
"""One sentence of so many is enough to turn tables by and to find components."""

Array = np.ndarray


@dataclass(frozen=True)
class Fit:
    """What a table is fitted on: sentences of areas or none; pairs and steps on neighbourhoods, or tokens alone."""

    name: str
    areas: bool
    pairs: bool


FITS = (
    Fit("all", areas=True, pairs=True),
    Fit("without areas", areas=False, pairs=True),
    Fit("tokens alone, without areas", areas=False, pairs=False),
)


@dataclass(frozen=True)
class Sentences:
    """`features` (sentences, tokens and pairs) counts, `targets` the model's vectors about their mean, `of_areas` how
    many sentences at the beginning are of areas, `lone` the model's vector of each token."""

    features: Any
    targets: Array
    of_areas: int
    lone: Array

    def table(self, fit: Fit) -> Array:
        """The table of a fit, as long as makes its sentences about 1."""
        start = 0 if fit.areas else self.of_areas
        features, targets = self.features[start:], self.targets[start:]
        if not fit.pairs:
            size = len(self.lone)
            nothing = sparse.csr_matrix((len(targets), features.shape[1] - size), dtype=np.float32)
            features = sparse.hstack([features[:, :size], nothing]).tocsr()
        table = first_fit(features, targets, self.lone)
        if fit.pairs:
            table = TableFit(features, unit(targets)).improve(table)
        return table / np.linalg.norm(self.features[::THINNED] @ table, axis=1).mean()

    def cosine(self, table: Array) -> float:
        """The mean cosine to the model."""
        features, targets = self.features[::THINNED], self.targets[::THINNED]
        return float((unit(features @ table) * unit(targets)).sum(axis=1).mean())


def alone(model: MiniLM, size: int) -> Array:
    """The model's vector of each token by itself."""
    parts: list[Array] = []
    for start in range(0, size, BATCH):
        ids = np.array([[BEGIN, token, END] for token in range(start, min(size, start + BATCH))], np.int64)
        parts.append(unit(model.run(ids).mean(axis=1)))
    return np.concatenate(parts)


def common_pairs(rows: Sequence[Sequence[int]]) -> Array:
    """The commonest pairs of tokens side by side, ascending."""
    token = np.concatenate([np.array(row) for row in rows])
    sentence = np.repeat(np.arange(len(rows)), [len(row) for row in rows])
    found, times = np.unique(pairs_in(token, sentence)[0], return_counts=True)
    common = np.argsort(-times, kind="stable")[:PAIRS]
    return np.sort(found[common[times[common] >= PAIR_TIMES_MIN]])


def regress(base: Array, mean: Any, targets: Array) -> Array:
    """The table nearest to `base` whose sentence means come near the targets."""
    back = mean.T.tocsr()
    change = np.zeros_like(base)
    residual = back @ (targets - mean @ base)
    direction, size = residual.copy(), float((residual**2).sum())
    for _ in range(ITERATIONS):
        image = back @ (mean @ direction) + RIDGE * direction
        step = size / float((direction * image).sum())
        change += step * direction
        residual -= step * image
        new_size = float((residual**2).sum())
        direction, size = residual + new_size / size * direction, new_size
    return base + change


def first_fit(features: Any, targets: Array, lone: Array) -> Array:
    """The table of the regression; a row's weight is in its length, so that a text's vector is a plain sum."""
    size = len(lone)
    frequency = np.asarray(features[:, :size].sum(axis=0)).ravel() + 1.0
    rare = RARITY / (RARITY + frequency / frequency.sum())
    weights = np.concatenate([rare, np.full(features.shape[1] - size, PAIR_WEIGHT)]).astype(np.float32)
    totals = features[:, :size] @ weights[:size]
    mean = (sparse.diags(1 / totals) @ features @ sparse.diags(weights)).tocsr().astype(np.float32)
    base = np.zeros((features.shape[1], lone.shape[1]), np.float32)
    base[:size] = lone
    predicted = mean @ base
    base *= float((predicted * targets).sum() / (predicted**2).sum())
    return regress(base, mean, targets) * weights[:, None]


def mean_of(tables: Sequence[Array], features: Any) -> Array:
    """The mean of tables, each turned so that sentences point where they do by the first."""
    first = unit(features @ tables[0])
    total = tables[0].copy()
    for table in tables[1:]:
        left, _, right = np.linalg.svd(unit(features @ table).T @ first)
        total += table @ (left @ right)
    return total / len(tables)


def stored(table: Array, features: Any) -> tuple[Array, Array]:
    """(whole numbers, scales): along the principal components of the sentences, the first of them."""
    _, _, components = np.linalg.svd(unit(features @ table), full_matrices=False)
    turned = table @ components[:DIMENSIONS].T
    scales = np.maximum(np.abs(turned).max(axis=1), 1e-12) / LEVELS
    return np.round(turned / scales[:, None]).astype(np.int8), scales.astype(np.float32)


def read(paths: Sequence[Path], model: MiniLM) -> tuple[Sentences, Array]:
    """(sentences of the files, the first of which is of areas; the pairs of tokens)."""
    of_file = [path.read_text(encoding="utf-8").splitlines() for path in paths]
    texts = [text for lines in of_file for text in lines]
    rows = [model.pieces.encode(text)[:TOKENS_MAX] for text in texts]
    kept = [i for i, row in enumerate(rows) if len(row) > 2]
    rows, vectors = [rows[i] for i in kept], model.encode([texts[i] for i in kept])
    centre = vectors.mean(axis=0)
    pairs, size = common_pairs(rows), model.pieces.size
    of_areas = sum(i < len(of_file[0]) for i in kept)
    features = features_of(rows, pairs, size)
    return Sentences(features, vectors - centre, of_areas, alone(model, size) - centre), pairs


def main() -> None:
    *paths, out = map(Path, sys.argv[1:])
    model = open_embedder(Embedding.MINILM)
    if len(paths) != 3 or not isinstance(model, MiniLM):
        raise SystemExit(__doc__)
    sentences, pairs = read(paths, model)
    tables: list[Array] = []
    for fit in FITS:
        tables.append(sentences.table(fit))
        print(f"{fit.name}: mean cosine to the model {sentences.cosine(tables[-1]):.3f}", flush=True)
    thinned = sentences.features[::THINNED]
    table = mean_of(tables, thinned)
    print(f"mean of them: {sentences.cosine(table):.3f}")
    numbers, scales = stored(table, thinned)
    np.savez_compressed(out, table=numbers, scales=scales, pairs=pairs)
    print(f"{out}: {len(numbers)} rows, {len(pairs)} of them pairs, {out.stat().st_size} bytes")


if __name__ == "__main__":
    main()
