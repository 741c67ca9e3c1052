"""Finding passages that state a problem or a request, by lexical rules for English.

Sentences are cut with exact offsets, so that `text[start:end]` is the quotation. A sentence is scored
by cue words; one plain cue is enough. Rules are linear in the length of the text. Texts in other
languages give few or no statements; the report says how many documents had one.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from aia.text.model import StatementKind
from aia.text.statements.cues import DENIED_HARM, HURT, PROBLEM, REQUEST, SATISFIED
from aia.text.words import content_words

SENTENCE_CHARACTERS_MAX = 400
WORDS_MIN = 3
STATEMENTS_MAX = 40
SHORT_TEXT = 200
CONTENT_WORDS_MIN = 3
LEARNED_CUES = 1
"""What the model finds is as plain as one cue."""

_END = re.compile(
    r"[.!?]+[\"')\]]*(?=\s|$)|\n\s*\n|\n(?=\s*[-*•\d])|[\u2600-\u27bf\ufe0f\U0001f300-\U0001faff]+(?=\s|$)|"
    r"(?P<mark> \|(?=\s)|</?(?:p|br|div|li|ul|ol|tr|td|th|table|h[1-6]|hr|pre|blockquote)\b[^<>]{0,300}>)",
    re.IGNORECASE,
)
"""Where a sentence ends: with its own mark, a picture or a line; or before a bar or a tag, which is none of it."""
_ABBREVIATION = re.compile(
    r"(?:\b(?:mr|mrs|ms|dr|inc|llc|ltd|co|corp|vs|etc|e\.g|i\.e|no|st|jr|sr)|\b[A-Z])\.$", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Span:
    """A statement within one text."""

    start: int
    end: int
    kind: StatementKind
    strength: float
    severity: float


class Learned(Protocol):
    """A model that says what sentences state, in which the rules find no cue."""

    def kinds(self, sentences: Sequence[str]) -> list[StatementKind | None]: ...


def find_statements(text: str, model: Learned | None = None) -> tuple[Span, ...]:
    """Statements in order of place, by the rules and what a model adds; at most 40 of a text, the strongest kept."""
    found: list[Span] = []
    silent: list[tuple[int, int]] = []
    for start, end in sentences(text):
        span = _judge(text, start, end)
        if span is not None:
            found.append(span)
        elif model is not None and _says_enough(text, start, end):
            silent.append((start, end))
    if model is not None and silent:
        kinds = model.kinds([text[start:end] for start, end in silent])
        pairs = zip(silent, kinds, strict=True)
        found += [_span(text, *place, kind, LEARNED_CUES) for place, kind in pairs if kind is not None]
        found.sort(key=lambda span: span.start)
    if len(found) > STATEMENTS_MAX:
        strongest = sorted(found, key=lambda span: (-span.strength, span.start))[:STATEMENTS_MAX]
        found = sorted(strongest, key=lambda span: span.start)
    return tuple(found)


def sentences(text: str) -> Iterator[tuple[int, int]]:
    """(start, end) of each sentence without surrounding white space, long ones cut at a space."""
    start = 0
    for match in _END.finditer(text):
        if text[match.start()] == "." and _ABBREVIATION.search(
            text, max(start, match.start() - 6), match.start() + 1
        ):
            continue
        yield from _trimmed(text, start, match.end() if match["mark"] is None else match.start())
        start = match.end()
    yield from _trimmed(text, start, len(text))


def _trimmed(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    while start < end:
        stop = min(end, start + SENTENCE_CHARACTERS_MAX)
        if stop < end:
            space = text.rfind(" ", start + SENTENCE_CHARACTERS_MAX // 2, stop)
            stop = space if space > start else stop
        piece = text[start:stop]
        left = start + len(piece) - len(piece.lstrip())
        right = start + len(piece.rstrip())
        if right > left:
            yield left, right
        start = stop


def _judge(text: str, start: int, end: int) -> Span | None:
    sentence = text[start:end]
    if not _says_enough(text, start, end):
        return None
    problems = _problems(sentence)
    requests = sum(1 for _ in REQUEST.finditer(sentence))
    if sentence.endswith("?"):
        requests += 1
    if not problems and not requests:
        return None
    kind = StatementKind.PROBLEM if problems >= requests else StatementKind.REQUEST
    return _span(text, start, end, kind, problems + requests)


def _problems(sentence: str) -> int:
    """Cues of a problem; where there are any, those that praise by denying a harm are taken back."""
    found = sum(1 for _ in PROBLEM.finditer(sentence))
    if found and DENIED_HARM.search(sentence):
        found = sum(1 for _ in PROBLEM.finditer(DENIED_HARM.sub(" ", sentence)))
    return found


def _says_enough(text: str, start: int, end: int) -> bool:
    sentence = text[start:end]
    if len(sentence.split()) < WORDS_MIN:
        return False
    return len(content_words(sentence)) >= (CONTENT_WORDS_MIN if len(text) > SHORT_TEXT else 1)


def _span(text: str, start: int, end: int, kind: StatementKind, cues: int) -> Span:
    hurts = sum(1 for _ in HURT.finditer(text, start, end))
    return Span(start, end, kind, round(1.0 - 0.5**cues, 4), round(1.0 - 0.5**hurts, 4))


def is_satisfied(text: str) -> bool:
    """Whether a text says that something is good or was solved."""
    return SATISFIED.search(text) is not None
