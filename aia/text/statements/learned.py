"""The statement model: a linear model on hashed n-grams that tells problems and requests from other sentences.

It looks at the sentences in which the rules find no cue, and adds those it is sure of: people also complain without a
word of complaint. How it was trained, and on what: `data/README.md`, `scripts/train_statements.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files

import numpy as np
import numpy.typing as npt

from aia.text.model import StatementKind
from aia.text.statements.ngrams import CLASSES, features

SURE = 0.8
"""A sentence is a statement when the model gives it at least this probability to be a problem or a request."""


@dataclass(frozen=True, slots=True)
class StatementModel:
    """`weights` (buckets, classes), 8 bits each; `scales` (classes,)."""

    weights: npt.NDArray[np.int8]
    scales: npt.NDArray[np.float32]

    def kinds(self, sentences: Sequence[str]) -> list[StatementKind | None]:
        """What each sentence states; None for one that it is not sure of."""
        if not sentences:
            return []
        buckets, owners = features(sentences)
        seen = self.weights[buckets]
        number = len(sentences)
        sums = np.stack([np.bincount(owners, seen[:, c], number) for c in range(len(CLASSES))], axis=1)
        scores = sums * self.scales / np.sqrt(np.bincount(owners, minlength=number))[:, None]
        shares = np.exp(scores - scores.max(axis=1, keepdims=True))
        shares /= shares.sum(axis=1, keepdims=True)
        problem, request, other = (shares[:, CLASSES.index(name)] for name in ("problem", "request", "other"))
        kinds = np.where(problem >= request, 0, 1)
        both = (StatementKind.PROBLEM, StatementKind.REQUEST)
        return [both[k] if o <= 1 - SURE else None for k, o in zip(kinds.tolist(), other.tolist(), strict=True)]


def shipped_model() -> StatementModel:
    """The model in the wheel."""
    with files("aia.text.statements").joinpath("data/model.npz").open("rb") as file:
        data = np.load(file)
        return StatementModel(data["weights"], data["scales"])
