"""Vectors as rows of whole numbers, so that a product is the same however it is summed.

A row is a vector of length 1 times 4,000, rounded. Whatever part of a sum of products is taken, it is not above the
product of the two lengths (Cauchy and Schwarz), so below 2^24, and exact in float32 in any order. Then it does not
matter whether neighbours are looked for in one piece or in parts, in which blocks and on which processor. Floats
rounded to some places are not so: a sum that differs in its last bit may round the other way.
"""

import numpy as np
import numpy.typing as npt

from aia.text.vectors import Vectors

Rows = npt.NDArray[np.int16]

LENGTH = 4_000
EXACT_BELOW = 1 << 24


def rows_of(vectors: Vectors) -> Rows:
    """The vectors (n, d), of length 1 or 0, as whole numbers."""
    rows = np.rint(vectors * LENGTH).astype(np.int16)
    longest = int(np.einsum("ij,ij->i", rows, rows, dtype=np.int64).max(initial=0))
    assert longest < EXACT_BELOW, "vectors have length 1 or 0"
    return rows


def floats(rows: Rows) -> Vectors:
    """The whole numbers as float32, which linear algebra is fast with."""
    return rows.astype(np.float32)


def cosines(products: np.ndarray) -> np.ndarray:
    """Cosines of sums of products of rows."""
    return products / np.float32(LENGTH * LENGTH)
