"""Near repeats: MinHash over runs of three words with banded buckets, then the exact Jaccard similarity.

Signatures are computed in sets with numpy (Broder, On the resemblance and containment of documents, 1997).
Eight bands of eight rows find 98 % of pairs at a similarity of 0.9 and 3 % at 0.5; what is found is checked
exactly, so nothing below the threshold is ever left out. The first of a set of repeats is kept.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

SHINGLE_WORDS = 3
BANDS, ROWS = 8, 8
CHUNK_SHINGLES = 1 << 16
WORDS_MAX = 4_000
_WORD = re.compile(r"\w+")

Hashes = NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class Repeat:
    """Text `place` says nearly what the earlier text `of` says."""

    place: int
    of: int
    similarity: float


@dataclass(frozen=True, slots=True)
class Compared:
    """Texts that were compared before, to go on from.

    `keys` (n, bands) are their band keys, `stands_for` (n,) for each the place of the kept text that it repeats, or
    its own. `kept` gives (id, text) of the kept texts at places.
    """

    keys: Hashes
    stands_for: NDArray[np.int32]
    kept: Callable[[Sequence[int]], Sequence[tuple[str, str]]]


@dataclass(frozen=True, slots=True)
class Repeats:
    """Repeats among new texts, whose places count on from those compared before, and the `keys` of the new ones."""

    found: list[Repeat]
    keys: Hashes


def near_repeats(texts: Sequence[str], threshold: float) -> list[Repeat]:
    """Texts whose runs of words are at least `threshold` (0 to 1) the same as an earlier kept one's."""
    return repeats_after(None, texts, threshold).found


def repeats_after(before: Compared | None, texts: Sequence[str], threshold: float) -> Repeats:
    """The same of texts that come behind others: of these it finds what comparing all together would find."""
    place = 0 if before is None else len(before.keys)
    words = {place + i: _words(text) for i, text in enumerate(texts)}
    keys = _band_keys(list(words.values()), place)
    firsts: dict[int, set[int]] = {}
    for band in range(BANDS):
        met = {} if before is None else _met(before.keys[:, band], keys[:, band])
        here = {place + i: place + first for i, first in _shared(keys[:, band])}
        here |= {place + i: met[key] for i, key in enumerate(keys[:, band].tolist()) if key in met} if met else {}
        for i, first in here.items():
            firsts.setdefault(i, set()).add(first)
    if before is not None:
        own = before.stands_for
        firsts = {i: {int(own[f]) if f < place else f for f in found} for i, found in firsts.items()}
        earlier = sorted({f for found in firsts.values() for f in found if f < place})
        words |= {i: _words(text) for i, (_, text) in zip(earlier, before.kept(earlier), strict=True)}
    return Repeats(_checked(words, firsts, threshold), keys)


def _met(before: Hashes, keys: Hashes) -> dict[int, int]:
    """For each of the keys that stands before, the first place there."""
    wanted = np.unique(keys)
    if not len(wanted):
        return {}
    nearest = np.minimum(np.searchsorted(wanted, before), len(wanted) - 1)
    hits = np.flatnonzero(wanted[nearest] == before)
    found, first = np.unique(before[hits], return_index=True)
    return dict(zip(found.tolist(), hits[first].tolist(), strict=True))


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower())[:WORDS_MAX]


def _checked(words: Mapping[int, Sequence[str]], firsts: Mapping[int, set[int]], threshold: float) -> list[Repeat]:
    """The pairs that are as similar as they seem, each with a text that is kept itself."""
    repeats: dict[int, Repeat] = {}
    for place in sorted(firsts):
        own = _shingles(words[place])
        candidates = {repeats[first].of if first in repeats else first for first in firsts[place]}
        for first in sorted(candidates):
            other = _shingles(words[first])
            similarity = len(own & other) / max(len(own | other), 1)
            if similarity >= threshold:
                repeats[place] = Repeat(place, first, round(similarity, 4))
                break
    return [repeats[place] for place in sorted(repeats)]


def _shingles(words: Sequence[str]) -> frozenset[tuple[str, ...]]:
    if len(words) <= SHINGLE_WORDS:
        return frozenset([tuple(words)])
    return frozenset(zip(words, words[1:], words[2:], strict=False))


def _shared(keys: Hashes) -> Iterator[tuple[int, int]]:
    """(place, first place of the same key) for each text that is not the first of its key."""
    _, first, inverse = np.unique(keys, return_index=True, return_inverse=True)
    earliest = first[inverse]
    for place in np.flatnonzero(earliest != np.arange(len(keys))).tolist():
        yield place, int(earliest[place])


def _band_keys(words: Sequence[Sequence[str]], number: int) -> Hashes:
    """(texts, bands): equal keys mean equal minima in all rows of a band. `number` is the place of the first text."""
    known: dict[str, int] = {}
    keys = np.zeros((len(words), BANDS), dtype=np.uint64)
    first, held = 0, 0
    for place, found in enumerate(words):
        held += max(len(found), SHINGLE_WORDS)
        if held >= CHUNK_SHINGLES or place + 1 == len(words):
            keys[first : place + 1] = _keys_of(words[first : place + 1], known, number + first)
            first, held = place + 1, 0
    return keys


def _keys_of(words: Sequence[Sequence[str]], known: dict[str, int], first: int) -> Hashes:
    """Of a chunk: word hashes to shingle hashes to minima to band keys, each in one sweep."""
    flat: list[int] = []
    lengths: list[int] = []
    for number, found in enumerate(words, first):
        # A text of fewer words than a shingle is made up by its own number: it repeats nothing but itself.
        padded = [*map(_hash_of(known), found), *([number + 1] * max(0, SHINGLE_WORDS - len(found)))]
        flat.extend(padded)
        lengths.append(len(padded))
    hashes = np.array(flat, dtype=np.uint64)
    runs = hashes[:-2] * _ODD[0] + hashes[1:-1] * _ODD[1] + hashes[2:] * _ODD[2]
    starts = np.concatenate(([0], np.cumsum(lengths)[:-1]))
    ends = starts + np.array(lengths) - (SHINGLE_WORDS - 1)
    inside = np.zeros(len(runs) + 1, dtype=np.int64)
    np.add.at(inside, starts, 1)
    np.add.at(inside, ends, -1)
    runs = _mixed(runs[np.cumsum(inside[:-1]) > 0])
    offsets = np.concatenate(([0], np.cumsum(ends - starts)[:-1]))
    keys = np.zeros((len(words), BANDS), dtype=np.uint64)
    for band in range(BANDS):
        for row in range(ROWS):
            odd, salt = _ODD[3 + band * ROWS + row], _SALT[band * ROWS + row]
            minima = np.minimum.reduceat((runs ^ salt) * odd >> np.uint64(16), offsets)
            keys[:, band] = _mixed(keys[:, band] * _ODD[0] + minima)
    return keys


def _hash_of(known: dict[str, int]) -> Callable[[str], int]:
    def of(word: str) -> int:
        value = known.get(word)
        if value is None:
            value = known[word] = int.from_bytes(blake2b(word.encode(), digest_size=8).digest(), "little")
        return value

    return of


def _mixed(values: Hashes) -> Hashes:
    """The finaliser of splitmix64 (Steele, Lea, Flood, 2014)."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def _constants(count: int, salt: int) -> Hashes:
    steps = np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    return _mixed(steps + np.uint64(salt))


_ODD = _constants(3 + BANDS * ROWS, 1) | np.uint64(1)
_SALT = _constants(BANDS * ROWS, 2)
