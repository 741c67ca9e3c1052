"""What a text says, as a number: two texts of the same telling words say the same."""

from collections.abc import Iterable

import numpy as np

from aia.core.ids import hash64
from aia.text.words import content_words


def fingerprint_of(text: str) -> int:
    """64 bits of its telling words in order."""
    return hash64(" ".join(content_words(text)))


def numbers_as_bytes(numbers: Iterable[int]) -> bytes:
    """In ascending order, so that the same set gives the same bytes."""
    return np.array(sorted(numbers), "<u8").tobytes()


def numbers_in(data: bytes) -> list[int]:
    return np.frombuffer(data, "<u8").tolist()
