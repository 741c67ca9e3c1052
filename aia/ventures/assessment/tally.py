"""What is counted of a need, a row for each of its documents, kept so that counting can go on from it.

A document's voice, and whether it counts, depend on the documents before it alone (`voices`); all else on itself. So
the tally of a corpus that grew at its end is the tally of before with rows added, and equals one that is counted from
the start. Words are kept as hashes of 64 bits: only their equality is counted.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zlib import crc32

import numpy as np

from aia.core.ids import hash64
from aia.corpora.model import Document
from aia.text.model import Statement
from aia.text.near_duplicates.copies import VALUES, Copies, KnownTexts
from aia.ventures.assessment.cues import (
    HARM,
    PAYING,
    PROMOTION,
    REGULATED,
    SOLVED,
    concedes,
    context,
    harm,
    is_answered,
    is_foreign,
)
from aia.ventures.assessment.voices import COPIES_MAX, nearness_of, voice_of
from aia.ventures.model import Counts

COMPANY = "company"
NO_MONTH = NO_GROUP = -1
ROW = np.dtype(
    [
        ("document", "<i4"),
        ("month", "<i4"),
        ("group", "<i4"),
        ("harm", "u1"),
        ("heard", "?"),
        ("paying", "?"),
        ("solved", "?"),
        ("answered", "?"),
        ("conceded", "?"),
        ("foreign", "?"),
        ("regulated", "?"),
        ("voice", "<u8"),
        ("author", "<u8"),
        ("source", "<u8"),
        ("company", "<u8"),
        ("said", "<u8"),
    ]
)
"""`month` is year x 12 + month - 1; `harm` how many kinds its statements tell, one
more where what became of it concedes it; `group` is of texts that repeat each
other, -1 of what advertises; `said` are its words; 0 is nobody, no source, no company; `heard` whether it counts."""


LAYOUT = crc32(str(ROW.descr).encode()).to_bytes(4, "little")


@dataclass(frozen=True, slots=True)
class Tally:
    """`rows` of `ROW` in order of document, and the MinHash `values` (groups, 16) of each group's first text."""

    rows: np.ndarray
    values: np.ndarray

    @classmethod
    def empty(cls) -> "Tally":
        return cls(np.zeros(0, ROW), np.zeros((0, VALUES), np.int32))

    def with_members(self, members: Iterable[Statement], documents: Sequence[Document]) -> "Tally":
        """The tally with the documents of these statements, all of which come behind those counted before."""
        said: dict[int, list[Statement]] = defaultdict(list)
        for statement in members:
            said[statement.document].append(statement)
        if not said:
            return self
        if len(self.rows) and min(said) <= self.rows["document"][-1]:
            raise ValueError(f"document {min(said)} stands before those that were counted")
        copies = Copies(self._met(documents) if len(self.rows) else None)
        heard: dict[int, set[int]] = {}
        new = np.zeros(len(said), ROW)
        for i, place in enumerate(sorted(said)):
            self._fill(new[i], place, said[place], documents[place], copies, heard)
        values = [self.values, *(row[None, :] for row in copies.values)]
        return Tally(np.concatenate([self.rows, new]), np.concatenate(values))

    def _met(self, documents: Sequence[Document]) -> KnownTexts:
        compared = self.rows[self.rows["group"] >= 0]
        groups, firsts = np.unique(compared["group"], return_index=True)
        leaders = compared["document"][firsts]
        assert len(groups) == len(self.values), "a group without a first text"

        def text_of(group: int) -> tuple[str, str | None]:
            document = documents[int(leaders[group])]
            return document.text, document.author

        known = dict(zip(compared["said"].tolist(), compared["group"].tolist(), strict=True))
        return KnownTexts(self.values, known, text_of)

    def _fill(
        self,
        row: np.ndarray,
        place: int,
        members: Sequence[Statement],
        d: Document,
        copies: Copies,
        heard: dict[int, set[int]],
    ) -> None:
        """One document's row; `heard` are the voices heard in each group that was looked at."""
        texts = [context(d.text, s.start, s.end) for s in members]
        voice = hash64(voice_of(d))
        row["document"], row["voice"] = place, voice
        row["month"] = NO_MONTH if d.day is None else d.day.year * 12 + d.day.month - 1
        row["answered"], row["conceded"] = is_answered(d.fields), concedes(d.fields)
        row["harm"] = min(max(map(harm, texts)) + int(row["conceded"]), len(HARM))
        row["paying"] = any(PAYING.search(text) for text in texts)
        row["solved"] = any(SOLVED.search(text) for text in texts)
        row["foreign"] = is_foreign(d.text)
        row["regulated"] = REGULATED.search(d.text) is not None
        row["author"] = 0 if d.author is None else hash64(d.author)
        row["source"] = hash64(d.source) if d.source else 0
        company = d.fields.get(COMPANY)
        row["company"] = hash64(company.casefold()) if company else 0
        if PROMOTION.search(d.text):
            row["group"] = NO_GROUP
            return
        group, row["said"] = copies.place(d.text, nearness_of(d), signed=d.author)
        row["group"] = group
        if group not in heard:
            heard[group] = self._heard_in(group)
        if voice in heard[group] or len(heard[group]) < COPIES_MAX:
            row["heard"] = True
            heard[group].add(voice)

    def _heard_in(self, group: int) -> set[int]:
        if group >= len(self.values):
            return set()
        mine = self.rows[(self.rows["group"] == group) & self.rows["heard"]]
        return set(mine["voice"].tolist())

    @property
    def documents(self) -> int:
        return len(self.rows)

    @property
    def authors(self) -> int:
        return len(np.unique(self.rows["author"][self.rows["author"] != 0]))

    @property
    def largest_author(self) -> int:
        """Documents of the author who wrote most of them; 0 where nobody signed."""
        return _sizes(self.rows["author"])[1]

    @property
    def voices(self) -> int:
        return len(np.unique(self._heard["voice"]))

    @property
    def solved(self) -> int:
        """Voices that say, around a statement of theirs, that it is solved."""
        heard = self._heard
        return len(np.unique(heard["voice"][heard["solved"]]))

    @property
    def _heard(self) -> np.ndarray:
        return self.rows[self.rows["heard"]]

    def counts(self, exposure: int) -> Counts:
        """As a report tells them; `exposure` are all voices of the corpus."""
        rows, heard = self.rows, self._heard
        voices, of = np.unique(heard["voice"], return_inverse=True)
        told = np.zeros(len(voices), np.int64)
        np.maximum.at(told, of, heard["harm"].astype(np.int64))
        sources, companies = _sizes(rows["source"]), _sizes(rows["company"])
        return Counts(
            voices=len(voices),
            exposure=exposure,
            largest_voice=_sizes(rows["voice"])[1],
            unheard=len(rows) - len(heard),
            sources=sources[0],
            largest_source=sources[1],
            companies=companies[0],
            largest_company=companies[1],
            undated=int((rows["month"] == NO_MONTH).sum()),
            foreign=int(rows["foreign"].sum()),
            regulated=int(rows["regulated"].sum()),
            severity=tuple(np.bincount(told, minlength=len(HARM) + 1).tolist()),
            paying=len(np.unique(heard["voice"][heard["paying"]])),
            solved=self.solved,
            answered=len(np.unique(heard["voice"][heard["answered"]])),
            conceded=len(np.unique(heard["voice"][heard["conceded"]])),
        )

    def months(self, everything: Mapping[str, int]) -> tuple[tuple[str, int, int], ...]:
        """(month, voices of the need, all voices) for each month of `everything`, which are all voices of each."""
        heard = self._heard[self._heard["month"] != NO_MONTH]
        pairs = np.unique(np.stack([heard["month"].astype(np.uint64), heard["voice"]]), axis=1)
        months, counts = np.unique(pairs[0], return_counts=True)
        mine = {f"{m // 12:04d}-{m % 12 + 1:02d}": n for m, n in zip(months.tolist(), counts.tolist(), strict=True)}
        return tuple((month, mine.get(month, 0), everything[month]) for month in sorted(everything))


def tally_of(members: Sequence[Statement], documents: Sequence[Document], before: Tally | None = None) -> Tally:
    """The tally of a need. `before` counted the first of its documents, or is of no use and left aside."""
    if before is None or not before.documents:
        return Tally.empty().with_members(members, documents)
    counted = before.rows["document"].tolist()
    behind = [s for s in members if s.document > counted[-1]]
    if sorted({s.document for s in members if s.document <= counted[-1]}) != counted:
        return Tally.empty().with_members(members, documents)
    return before.with_members(behind, documents)


def _sizes(things: Any) -> tuple[int, int]:
    """How many different things there are, and how often the most frequent one stands; 0 is no thing."""
    counts = np.unique(things[things != 0], return_counts=True)[1]
    return len(counts), int(counts.max(initial=0))


def pack(tallies: Mapping[str, Tally]) -> bytes:
    """Tallies by name as bytes, to be kept, behind a mark of the layout of their rows."""
    parts: list[bytes] = [LAYOUT]
    for name, tally in sorted(tallies.items()):
        label = name.encode()
        sizes = np.array([len(label), len(tally.rows), len(tally.values)], "<u4")
        parts += [sizes.tobytes(), label, tally.rows.tobytes(), tally.values.astype("<i4").tobytes()]
    return b"".join(parts)


def unpack(data: bytes) -> dict[str, Tally]:
    """What `pack` wrote, nothing where its rows had another layout; raises ValueError for what it did not."""
    found: dict[str, Tally] = {}
    if not data.startswith(LAYOUT):
        return found
    at = len(LAYOUT)
    while at < len(data):
        label, rows, values = np.frombuffer(data, "<u4", 3, at).tolist()
        at += 12
        name = data[at : at + label].decode()
        at += label
        first = np.frombuffer(data, ROW, rows, at)
        at += first.nbytes
        second = np.frombuffer(data, "<i4", values * VALUES, at).reshape(values, VALUES)
        at += second.nbytes
        found[name] = Tally(first, second)
    return found
