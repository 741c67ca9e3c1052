"""Assessing a need: counting what its documents say, and choosing the passages that show it."""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence

from aia.corpora.model import Document
from aia.text.model import Statement, StatementKind
from aia.text.need_cues import says_little
from aia.text.words import content_words
from aia.ventures.assessment.cues import SOLVED, context
from aia.ventures.assessment.tally import Tally, tally_of
from aia.ventures.assessment.trend import momentum
from aia.ventures.assessment.voices import Audience
from aia.ventures.model import Assessment, Market, Need

EVIDENCE_MAX = 5
TELLING_WORDS = 4
TITLE_WORDS = 2


def assess(
    need: Need,
    statements: Sequence[Statement],
    documents: Sequence[Document],
    *,
    audience: Audience,
    tally: Tally | None = None,
    market: Market | None = None,
    skills: tuple[tuple[str, float], ...] = (),
) -> Assessment:
    """Everything that is counted of one need, its momentum, and its best passages.

    `audience` is that of the documents, the same for all needs of a corpus; `tally` is that of the need, if at hand.
    """
    members = [statements[i] for i in need.members]
    tally = tally_of(members, documents) if tally is None else tally
    months = tally.months(audience.months)
    return Assessment(
        need=need.id,
        title=need.title,
        terms=need.terms,
        documents=tally.documents,
        authors=tally.authors,
        statements=len(members),
        requests=sum(statement.kind is StatementKind.REQUEST for statement in members),
        counts=tally.counts(audience.voices),
        momentum=momentum(months),
        months=months,
        evidence=passages(need, statements, documents),
        market=market,
        skills=skills,
        says_little=says_little(need.title.lower().replace("’", "'").split()),
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


def passages(
    need: Need, statements: Sequence[Statement], documents: Sequence[Document]
) -> tuple[tuple[int, int, int], ...]:
    """Up to five (document, start, end) of different documents whose words differ, best first.

    Passages that say little by themselves ("XXXX is fraudulent.") stand last; the first, which holds the words of the
    title, may be as short as a title is.
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
        least = TELLING_WORDS if len(seen) > 1 else TITLE_WORDS
        (telling if len(words) >= least else short).append(place)
    return tuple([*telling, *short][:EVIDENCE_MAX])
