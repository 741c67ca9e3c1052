"""Build the token table that `aia.ventures.vectors` ships, from the sentence model and made and borrowed sentences.

    python scripts/build_table.py SENTENCES.txt OUT.npz

SENTENCES.txt holds a sentence a line (`area_sentences.py`, `everyday_sentences.py`, `wordnet_sentences.py`). The
recipe: (1) the sentence model of the extra minilm on each token alone (model2vec's distillation) and on each
sentence, (2) tokens weighted by how rare they are, and the commonest pairs of tokens, which start at nothing, (3) a
ridge regression that moves the table so that a sentence's tokens and pairs add up to the model's own vector, by
conjugate gradients, (4) gradient steps (`TableFit`) on what the search for neighbours needs: cosines, and who is near
whom among sentences that the model finds alike, (5) principal components, (6) whole numbers with a scale for each
row. Nothing of the data sets that AIA is measured on takes part.
"""

import sys
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse
from table_fit import TableFit, unit

from aia.ventures.vectors import Embedding, open_embedder
from aia.ventures.vectors.embedder import PAIR_BASE
from aia.ventures.vectors.minilm import BEGIN, END, MiniLM

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
HELD_OUT = 0.02

Array = np.ndarray


def alone(model: MiniLM, size: int) -> Array:
    """The model's vector of each token by itself."""
    parts: list[Array] = []
    for start in range(0, size, BATCH):
        ids = np.array([[BEGIN, token, END] for token in range(start, min(size, start + BATCH))], np.int64)
        parts.append(unit(model.run(ids).mean(axis=1)))
    return np.concatenate(parts)


def neighbours_in(tokens: Array, sentence: Array) -> tuple[Array, Array]:
    """(keys of the pairs of tokens side by side, their sentences)."""
    beside = sentence[1:] == sentence[:-1]
    return (tokens[:-1].astype(np.int64) * PAIR_BASE + tokens[1:])[beside], sentence[:-1][beside]


def features_of(rows: list[list[int]], size: int) -> tuple[Any, Array]:
    """((sentences, tokens and pairs) how often each is in each, keys of the pairs in ascending order)."""
    tokens = np.concatenate([np.array(row) for row in rows])
    sentence = np.repeat(np.arange(len(rows)), [len(row) for row in rows])
    keys, sentence_of_pair = neighbours_in(tokens, sentence)
    found, times = np.unique(keys, return_counts=True)
    common = np.argsort(-times, kind="stable")[:PAIRS]
    pairs = np.sort(found[common[times[common] >= PAIR_TIMES_MIN]])
    place = np.minimum(np.searchsorted(pairs, keys), len(pairs) - 1)
    known = pairs[place] == keys
    columns = np.concatenate([tokens, size + place[known]])
    places = np.concatenate([sentence, sentence_of_pair[known]])
    ones = np.ones(len(columns), np.float32)
    return sparse.csr_matrix((ones, (places, columns)), shape=(len(rows), size + len(pairs))), pairs


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


def stored(table: Array, features: Any) -> tuple[Array, Array]:
    """(whole numbers, scales): along the principal components of the sentences, the first of them."""
    said = unit(features[::5] @ table)
    _, _, components = np.linalg.svd(said, full_matrices=False)
    turned = table @ components[:DIMENSIONS].T
    scales = np.maximum(np.abs(turned).max(axis=1), 1e-12) / LEVELS
    return np.round(turned / scales[:, None]).astype(np.int8), scales.astype(np.float32)


def cosine(a: Array, b: Array) -> float:
    return float((unit(a) * unit(b)).sum(axis=1).mean())


def main() -> None:
    sentences, out = Path(sys.argv[1]), Path(sys.argv[2])
    model = open_embedder(Embedding.MINILM)
    if not isinstance(model, MiniLM):
        raise SystemExit("the plugin minilm is not the one of this project")
    size = model.pieces.size
    texts = sentences.read_text(encoding="utf-8").splitlines()
    rows = [model.pieces.encode(text)[:TOKENS_MAX] for text in texts]
    kept = [i for i, row in enumerate(rows) if len(row) > 2]
    rows, vectors = [rows[i] for i in kept], model.encode([texts[i] for i in kept])
    centre = vectors.mean(axis=0)
    targets = vectors - centre
    features, pairs = features_of(rows, size)
    held = np.random.default_rng(0).random(len(rows)) < HELD_OUT
    table = first_fit(features[~held], targets[~held], alone(model, size) - centre)
    before = cosine(features[held] @ table, targets[held])
    table = TableFit(features[~held], unit(targets[~held])).improve(table)
    numbers, scales = stored(table, features)
    after = cosine(features[held] @ table, targets[held])
    print(f"{len(rows)} sentences, {len(pairs)} pairs; mean cosine to the model on sentences held out: ", end="")
    print(f"{before:.3f} after the regression, {after:.3f} after the steps")
    np.savez_compressed(out, table=numbers, scales=scales, pairs=pairs)
    print(f"{out}: {out.stat().st_size} bytes")


if __name__ == "__main__":
    main()
