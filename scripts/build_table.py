"""Build the token table that `aia.ventures.vectors` ships, from the sentence model and made and borrowed sentences.

    python scripts/build_table.py SENTENCES.txt OUT.npz

SENTENCES.txt holds a sentence a line (`scripts/wordnet_sentences.py`, `scripts/everyday_sentences.py`). The recipe:
(1) the sentence model of the extra minilm on each token alone (model2vec's distillation) and on each sentence,
(2) principal components of the sentences, (3) tokens weighted by how rare they are, (4) a ridge regression that moves
the table so that the weighted mean of a sentence's tokens comes near the model's own vector, by conjugate gradients,
(5) int8 with a scale for each token. Nothing of the data sets that AIA is measured on takes part.
"""

import sys
from pathlib import Path

import numpy as np
from scipy import sparse

from aia.ventures.vectors import Embedding, open_embedder, shipped_table
from aia.ventures.vectors.minilm import BEGIN, END, MiniLM

DIMENSIONS = 256
RIDGE = 0.1
ITERATIONS = 30
RARITY = 1e-3
TOKENS_MAX = 64
BATCH = 512
HELD_OUT = 0.03

Array = np.ndarray


def alone(model: MiniLM, size: int) -> Array:
    """The model's vector of each token by itself."""
    parts: list[Array] = []
    for start in range(0, size, BATCH):
        ids = np.array([[BEGIN, token, END] for token in range(start, min(size, start + BATCH))], np.int64)
        means = model.run(ids).mean(axis=1)
        parts.append(means / np.linalg.norm(means, axis=1, keepdims=True))
    return np.concatenate(parts)


def averaging(rows: list[list[int]], weights: Array) -> sparse.csr_matrix:
    """The (sentences, tokens) matrix that takes a table to the weighted mean of each sentence's tokens."""
    tokens = np.concatenate([np.array(row) for row in rows])
    sentence = np.repeat(np.arange(len(rows)), [len(row) for row in rows])
    totals = np.bincount(sentence, weights=weights[tokens])
    values = (weights[tokens] / totals[sentence]).astype(np.float32)
    return sparse.csr_matrix((values, (sentence, tokens)), shape=(len(rows), len(weights)))


def fit(base: Array, mean: sparse.csr_matrix, targets: Array) -> Array:
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


def cosine(a: Array, b: Array) -> float:
    return float(((a * b).sum(1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)).mean())


def main() -> None:
    sentences, out = Path(sys.argv[1]), Path(sys.argv[2])
    model = open_embedder(Embedding.MINILM)
    if not isinstance(model, MiniLM):
        raise SystemExit("the plugin minilm is not the one of this project")
    size = len(shipped_table().table)
    texts = sentences.read_text(encoding="utf-8").splitlines()
    rows = [model.pieces.encode(text)[:TOKENS_MAX] for text in texts]
    kept = [i for i, row in enumerate(rows) if len(row) > 2]
    rows, targets = [rows[i] for i in kept], model.encode([texts[i] for i in kept])
    frequency = np.bincount(np.concatenate([np.array(row) for row in rows]), minlength=size) + 1.0
    weights = (RARITY / (RARITY + frequency / frequency.sum())).astype(np.float32)
    centre = targets.mean(0)
    _, _, components = np.linalg.svd(targets[::5] - centre, full_matrices=False)
    reduced = (targets - centre) @ components[:DIMENSIONS].T
    base = (alone(model, size) - centre) @ components[:DIMENSIONS].T
    mean = averaging(rows, weights)
    predicted = mean @ base
    base *= float((predicted * reduced).sum() / (predicted**2).sum())
    held = np.random.default_rng(0).random(len(rows)) < HELD_OUT
    table = fit(base, mean[~held], reduced[~held])
    before, after = (cosine(mean[held] @ x, reduced[held]) for x in (base, table))
    print(
        f"{len(rows)} sentences; mean cosine to the model on those held out: {before:.3f} before, {after:.3f} after"
    )
    scales = np.maximum(np.abs(table).max(1), 1e-12) / 127
    quantised = np.round(table / scales[:, None]).astype(np.int8)
    np.savez_compressed(out, table=quantised, scales=scales.astype(np.float32), weights=weights)
    print(f"{out}: {out.stat().st_size} bytes")


if __name__ == "__main__":
    main()
