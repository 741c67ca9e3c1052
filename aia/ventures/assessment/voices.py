"""Who speaks: one author counts once, however much it posts, and a text that is passed around three times.

A document has the voice of its author; without an author, of itself. A document that advertises has none.
Of near-identical texts (Jaccard similarity of their runs of three words at least 0.6, numbers left out)
no more than three voices count: people who feel a need say it in their own words. Candidates for near
identity are found by MinHash with banding (Broder, 1997; Leskovec, Rajaraman and Ullman, 2014, chapter 3).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from zlib import crc32

import numpy as np

from aia.ventures.assessment.cues import PROMOTION
from aia.ventures.model import Document
from aia.ventures.words import tokens

COPIES_MAX = 3
COPY_JACCARD = 0.6
COPY_WORDS_MIN = 8
COPY_TOKENS_MAX = 200
BANDS, ROWS = 16, 2
BUCKET_MAX = 16
"""Texts looked up under one key: more share a phrase, not a text; so work grows with texts."""
_PRIME = (1 << 31) - 1


def voices(documents: Sequence[Document], members: Iterable[int]) -> dict[int, str | None]:
    """The voice of each member document, in order of place; None for one that does not count."""
    copies = _Copies()
    heard: dict[int, set[str]] = {}
    found: dict[int, str | None] = {}
    for i in sorted(members):
        document = documents[i]
        voice = voice_of(document)
        if PROMOTION.search(document.text):
            found[i] = None
            continue
        before = heard.setdefault(copies.group_of(document), set())
        if voice not in before and len(before) >= COPIES_MAX:
            found[i] = None
            continue
        before.add(voice)
        found[i] = voice
    return found


def voice_of(document: Document) -> str:
    """An author's voice is the author's, in whatever case it is written; else the document is its own."""
    return f"d:{document.id}" if document.author is None else f"a:{document.author.strip().casefold()}"


@dataclass(frozen=True, slots=True)
class Audience:
    """All who speak in a corpus: how many voices there are, and in each month; counted once for all its needs."""

    voices: int
    months: Mapping[str, int]

    @classmethod
    def of(cls, documents: Sequence[Document]) -> "Audience":
        names = [voice_of(document) for document in documents]
        months = _by_month((d.day, name) for d, name in zip(documents, names, strict=True))
        return cls(len(set(names)), {month: len(months[month]) for month in sorted(months)})


def exposure(documents: Sequence[Document]) -> int:
    """How many voices there are to be heard in a corpus."""
    return len({voice_of(document) for document in documents})


def voice_months(
    documents: Sequence[Document], spoken: Mapping[int, str | None], audience: Audience | None = None
) -> tuple[tuple[str, int, int], ...]:
    """(month, voices of the need, all voices) for each month with documents."""
    everything = (Audience.of(documents) if audience is None else audience).months
    mine = _by_month((documents[i].day, voice) for i, voice in spoken.items() if voice is not None)
    return tuple((month, len(mine.get(month, ())), everything[month]) for month in sorted(everything))


def _by_month(pairs: Iterable[tuple[date | None, str]]) -> dict[str, set[str]]:
    months: dict[str, set[str]] = {}
    for day, voice in pairs:
        if day is not None:
            months.setdefault(f"{day.year:04d}-{day.month:02d}", set()).add(voice)
    return months


class _Copies:
    """Texts in the order they come, each in the group of the first one it nearly repeats."""

    def __init__(self) -> None:
        rng = np.random.default_rng(7)
        self._a = rng.integers(1, _PRIME, BANDS * ROWS, dtype=np.int64)
        self._b = rng.integers(0, _PRIME, BANDS * ROWS, dtype=np.int64)
        self._leaders: list[frozenset[int]] = []
        self._exact: dict[tuple[str, ...], int] = {}
        self._bands: dict[tuple[int, ...], list[int]] = {}

    def group_of(self, document: Document) -> int:
        """A few words that several people sign are a group each: that happens by itself."""
        words = tuple(tokens(document.text)[:COPY_TOKENS_MAX])
        if len(words) < COPY_WORDS_MIN and document.author is not None:
            words = (*words, document.author)
        if words in self._exact:
            return self._exact[words]
        runs = frozenset(crc32(" ".join(words[i : i + 3]).encode()) for i in range(len(words) - 2))
        keys = self._keys(runs) if len(words) >= COPY_WORDS_MIN else []
        group = self._near(runs, keys)
        if group is None:
            group = len(self._leaders)
            self._leaders.append(runs)
            for key in keys:
                bucket = self._bands.setdefault(key, [])
                if len(bucket) < BUCKET_MAX:
                    bucket.append(group)
        self._exact[words] = group
        return group

    def _keys(self, runs: frozenset[int]) -> list[tuple[int, ...]]:
        values = np.fromiter(runs, dtype=np.int64) % _PRIME
        least = ((values[:, None] * self._a + self._b) % _PRIME).min(axis=0).reshape(BANDS, ROWS)
        return [(band, *row) for band, row in enumerate(least.tolist())]

    def _near(self, runs: frozenset[int], keys: Sequence[tuple[int, ...]]) -> int | None:
        candidates = sorted({group for key in keys for group in self._bands.get(key, ())})
        for group in candidates:
            shared = len(runs & self._leaders[group])
            if shared >= COPY_JACCARD * (len(runs) + len(self._leaders[group]) - shared):
                return group
        return None
