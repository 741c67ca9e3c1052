"""Assessing a need: counting what its documents say, and choosing the passages that show it."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from aia.ventures.assessment.cues import HARM, PAYING, REGULATED, SOLVED, context, harm, is_foreign
from aia.ventures.assessment.trend import momentum
from aia.ventures.assessment.voices import Audience, voice_months, voice_of, voices
from aia.ventures.model import Assessment, Counts, Document, Market, Need, Statement, StatementKind
from aia.ventures.words import content_words

EVIDENCE_MAX = 5
TELLING_WORDS = 4
COMPANY = "company"


def assess(
    need: Need,
    statements: Sequence[Statement],
    documents: Sequence[Document],
    *,
    audience: Audience,
    market: Market | None = None,
    skills: tuple[tuple[str, float], ...] = (),
) -> Assessment:
    """Everything that is counted of one need, its momentum, and its best passages.

    `audience` is that of the documents, the same for all needs of a corpus.
    """
    members = [statements[i] for i in need.members]
    where = sorted({statement.document for statement in members})
    spoken = voices(documents, where)
    months = voice_months(documents, spoken, audience)
    return Assessment(
        need=need.id,
        title=need.title,
        terms=need.terms,
        documents=len(where),
        authors=len({documents[i].author for i in where} - {None}),
        statements=len(members),
        requests=sum(statement.kind is StatementKind.REQUEST for statement in members),
        counts=_counts(members, documents, spoken, audience.voices),
        momentum=momentum(months),
        months=months,
        evidence=passages(need, statements, documents),
        market=market,
        skills=skills,
    )


def _counts(
    members: Sequence[Statement],
    documents: Sequence[Document],
    spoken: Mapping[int, str | None],
    exposure: int,
) -> Counts:
    texts = _contexts(members, documents)
    told: dict[str, int] = {}
    for i, voice in spoken.items():
        if voice is not None:
            told[voice] = max(told.get(voice, 0), *(harm(text) for text in texts[i]))
    mine = [documents[i] for i in spoken]
    levels = Counter(told.values())
    companies = Counter(d.fields[COMPANY].casefold() for d in mine if d.fields.get(COMPANY))
    sources = Counter(d.source for d in mine if d.source)
    return Counts(
        voices=len(told),
        exposure=exposure,
        largest_voice=_largest(voice_of(d) for d in mine),
        unheard=sum(voice is None for voice in spoken.values()),
        sources=len(sources),
        largest_source=_largest(sources.elements()),
        companies=len(companies),
        largest_company=_largest(companies.elements()),
        undated=sum(d.day is None for d in mine),
        foreign=sum(is_foreign(d.text) for d in mine),
        regulated=sum(REGULATED.search(d.text) is not None for d in mine),
        severity=tuple(levels[level] for level in range(len(HARM) + 1)),
        paying=len(_saying(PAYING, texts, spoken)),
        solved=len(_saying(SOLVED, texts, spoken)),
    )


def solved_voices(
    members: Sequence[Statement], documents: Sequence[Document], spoken: Mapping[int, str | None]
) -> set[str]:
    """Those who say, around a statement of theirs, that it is solved; a report and its critics count the same."""
    return _saying(SOLVED, _contexts(members, documents), spoken)


def _contexts(members: Sequence[Statement], documents: Sequence[Document]) -> dict[int, list[str]]:
    """For each document what surrounds its statements."""
    texts: dict[int, list[str]] = defaultdict(list)
    for statement in members:
        text = documents[statement.document].text
        texts[statement.document].append(context(text, statement.start, statement.end))
    return texts


def _saying(rule: re.Pattern[str], texts: Mapping[int, Sequence[str]], spoken: Mapping[int, str | None]) -> set[str]:
    return {v for i, v in spoken.items() if v is not None and any(rule.search(text) for text in texts[i])}


def _largest(things: Iterable[str]) -> int:
    return max(Counter(things).values(), default=0)


def passages(
    need: Need, statements: Sequence[Statement], documents: Sequence[Document]
) -> tuple[tuple[int, int, int], ...]:
    """Up to five (document, start, end) of different documents whose words differ, best first.

    Passages that say little by themselves ("XXXX is fraudulent.") stand last.
    """
    telling: list[tuple[int, int, int]] = []
    short: list[tuple[int, int, int]] = []
    seen: set[tuple[str, ...]] = set()
    for index in need.medoids:
        statement = statements[index]
        words = tuple(content_words(documents[statement.document].text[statement.start : statement.end]))
        if words in seen:
            continue
        seen.add(words)
        place = (statement.document, statement.start, statement.end)
        (telling if len(words) >= TELLING_WORDS else short).append(place)
    return tuple([*telling, *short][:EVIDENCE_MAX])
