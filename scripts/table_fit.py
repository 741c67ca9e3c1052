"""Gradient steps that bring a token table's neighbourhoods near those of the sentence model.

The loss of a batch of sentences: one minus the cosine to the model's vector, plus, times the temperature, the
divergence between whom the model and the table hold near each other within the batch (softmax of the cosines, as in
SEED, Fang et al., 2021). A batch is made of crowds that the model finds alike, else hardly any two sentences of it
would be near. The optimiser is Adam with one second moment a row, on the rows of the batch only.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

EPOCHS = 2
BATCH = 1_024
CROWD = 64
TEMPERATURE = 0.1
RATE = 0.1
"""Of the mean size of the table's numbers; it falls to nothing over the steps."""
FIRST_DECAY, SECOND_DECAY = 0.9, 0.99

Array = np.ndarray


def unit(vectors: Array) -> Array:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)


@dataclass(frozen=True)
class TableFit:
    """The sentences: `features` (sentences, rows of the table) counts, `targets` the model's unit vectors."""

    features: Any
    targets: Array

    def improve(self, table: Array) -> Array:
        """A better table."""
        # Two sums of unlike size would meet in Adam's small constant: bring the sentences near length 1.
        found = table / np.linalg.norm(self.features @ table, axis=1).mean()
        first = np.zeros_like(found)
        second, times = np.zeros(len(found), np.float32), np.zeros(len(found), np.int64)
        rate = RATE * float(np.abs(found).mean())
        batches = [batch for epoch in range(EPOCHS) for batch in self._batches(epoch)]
        for step, batch in enumerate(batches):
            rows, slope = self._slope(found, batch)
            times[rows] += 1
            first[rows] = FIRST_DECAY * first[rows] + (1 - FIRST_DECAY) * slope
            second[rows] = SECOND_DECAY * second[rows] + (1 - SECOND_DECAY) * (slope**2).mean(axis=1)
            size = np.sqrt(second[rows] / (1 - SECOND_DECAY ** times[rows])) + 1e-8
            pace = rate * (1 - step / len(batches)) / (1 - FIRST_DECAY ** times[rows]) / size
            found[rows] -= pace[:, None].astype(np.float32) * first[rows]
        return found

    def _batches(self, epoch: int) -> list[Array]:
        rng = np.random.default_rng(epoch)
        crowds = self._crowds(np.arange(len(self.targets)), rng)
        rng.shuffle(crowds)
        each = max(1, BATCH * len(crowds) // len(self.targets))
        return [np.concatenate(crowds[i : i + each]) for i in range(0, len(crowds), each)]

    def _crowds(self, rows: Array, rng: np.random.Generator) -> list[Array]:
        """Rows of alike targets: cut in half between two of them drawn by chance, and again."""
        if len(rows) <= CROWD:
            return [rows]
        one, other = self.targets[rng.choice(rows, 2, replace=False)]
        order = rows[np.argsort(self.targets[rows] @ (one - other), kind="stable")]
        half = len(order) // 2
        return self._crowds(order[:half], rng) + self._crowds(order[half:], rng)

    def _slope(self, table: Array, batch: Array) -> tuple[Array, Array]:
        """(rows of the table that the batch has, the loss's gradient for each)."""
        own = self.features[batch]
        rows, places = np.unique(own.indices, return_inverse=True)
        own = sparse.csr_matrix((own.data, places, own.indptr), shape=(len(batch), len(rows)))
        sums = own @ table[rows]
        lengths = np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-6)
        found, targets = sums / lengths, self.targets[batch]
        excess = nearness(found) - nearness(targets)
        slope = (excess + excess.T) @ found - targets
        slope = (slope - (slope * found).sum(axis=1, keepdims=True) * found) / lengths
        return rows, np.asarray(own.T @ slope) / len(batch)


def nearness(vectors: Array) -> Array:
    """(n, n) how much of each row's nearness each other row has."""
    shares = vectors @ vectors.T / TEMPERATURE
    np.fill_diagonal(shares, -np.inf)
    shares -= shares.max(axis=1, keepdims=True)
    np.exp(shares, out=shares)
    shares /= shares.sum(axis=1, keepdims=True)
    return shares
