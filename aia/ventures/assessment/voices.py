"""Who speaks: one author counts once, however much it posts, and a text that is passed around three times.

A document has the voice of its author; without an author, of itself. A document that advertises has none.
Of texts that repeat each other (`copies`: Jaccard similarity of their runs of three words) no more than three
voices count: people who feel a need say it in their own words. Texts that somebody signed repeat each other from 0.6
on. Of those that nobody signed any number may be one person's, so a template with some words changed is a repeat too,
from 0.3 on: of BANKING77, 10,000 short questions of many people that nobody signed, 98 in 100 keep their voice.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from aia.corpora.model import Document
from aia.text.near_duplicates.copies import NEAR_JACCARD, TEMPLATE_JACCARD, Copies
from aia.ventures.assessment.cues import PROMOTION

COPIES_MAX = 3


def voices(documents: Sequence[Document], members: Iterable[int]) -> dict[int, str | None]:
    """The voice of each member document, in order of place; None for one that does not count."""
    copies = Copies()
    heard: dict[int, set[str]] = {}
    found: dict[int, str | None] = {}
    for i in sorted(members):
        document = documents[i]
        voice = voice_of(document)
        if PROMOTION.search(document.text):
            found[i] = None
            continue
        group = copies.group_of(document.text, nearness_of(document), signed=document.author)
        before = heard.setdefault(group, set())
        if voice not in before and len(before) >= COPIES_MAX:
            found[i] = None
            continue
        before.add(voice)
        found[i] = voice
    return found


def nearness_of(document: Document) -> float:
    """How near a document must be to another to repeat it."""
    return TEMPLATE_JACCARD if document.author is None else NEAR_JACCARD


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
