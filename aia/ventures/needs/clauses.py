"""Clauses of a text that can stand alone as a name: where one may begin and end, and how whole it is.

No parser: English marks most clause boundaries with punctuation, joining words, prepositions and subject pronouns,
all of them closed classes. A clause neither begins nor ends where a mask or a number was cut out.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

WORDS_MIN = 3
WORDS_MAX = 10
CLAUSES_MAX = 60
ASKED_BEGINS_MIN = 0.7

_PIECE = re.compile(r"[^\W_]+(?:['’&/-][^\W_]+)*|[^\w\s]|_+|\n")
_MASK = re.compile(r"XX|^xx+$|\d")
_STRONG = frozenset(".!?;:\n")
_WEAK = frozenset(',()[]-–—"“”')
_JOINING = frozenset(
    "and but because so when which who since after although though while if then that as or until before "
    "however therefore unless whether where what why how".split()
)
_ASKING = frozenset("how why what when where which who".split())
_FILLER = frozenset(
    "hi hello hey also just well ok okay basically actually really again additionally furthermore moreover "
    "now then once yet even still dear yes no finally lastly today however therefore so and but or because".split()
)
_SUBJECTS = frozenset("i we they".split())
_PRONOUNS = frozenset("i we they he she it you there this that nobody no-one someone everyone".split())
_DETERMINERS = frozenset(
    "the a an my our your their his her its this that these those no some any every each".split()
)
_PREPOSITIONS = frozenset(
    "of for in on at by with from into about over under through during between among against within without "
    "via per upon toward towards onto off regarding concerning".split()
)
_FINITE = frozenset(
    "is are was were am be has have had does do did will would can could should may might must isn't aren't "
    "wasn't weren't hasn't haven't hadn't doesn't don't didn't won't wouldn't can't cannot couldn't shouldn't "
    "isnt arent wasnt dont doesnt didnt cant wont couldnt im ive i'm i've i'd i'll we're we've they're "
    "they've it's there's that's keeps keep kept refuse refuses refused fail fails failed need needs want "
    "wants crashes crash stopped stop".split()
)
_OPEN_END = (
    _PREPOSITIONS
    | _DETERMINERS
    | _JOINING
    | frozenset(
        "to is are was were be been being am has have had do does did will would can could should may might must "
        "i we they he she it you not if than very too more most such around approximately least just only also "
        "got get still never even them me him us your im ive i'm i've stating saying claiming telling asking "
        "showing regarding including using being having further via because while during until isn't aren't "
        "wasn't don't doesn't didn't won't can't cannot couldn't wouldn't both either neither so again like said "
        "told asked says".split()
    )
)
_OPEN_START = (_PREPOSITIONS | frozenset("to than been being not never me him them us am".split())) - {
    "without",
    "no",
}
_VAGUE = frozenset("it this that these those them he she him her such there thing things one ones etc".split())


@dataclass(frozen=True, slots=True)
class Clause:
    """Words as written; `whole` from 0 (a phrase cut from a longer clause) to 1 (a clause with subject and verb)."""

    words: tuple[str, ...]
    whole: float
    vague: int


@dataclass(frozen=True, slots=True)
class _Word:
    text: str
    lower: str
    begins: float
    """How surely a clause begins here: 1 at a sentence, 0.7 behind a comma or joining word, 0 not at all."""
    ends: float
    asked: bool = False


def clauses_of(text: str) -> Iterator[Clause]:
    """Runs of 3 to 10 words that begin and end where clauses do; at most 60."""
    count = 0
    for run in _runs(text):
        for clause in _within(run):
            yield clause
            count += 1
            if count >= CLAUSES_MAX:
                return


def _runs(text: str) -> Iterator[list[_Word]]:
    """Words between marks, with how surely a clause begins and ends at each."""
    run: list[_Word] = []
    begins = 1.0
    for match in [*_PIECE.finditer(text), None]:
        piece = match[0] if match else "."
        if piece[0].isalnum() and not _MASK.search(piece):
            lower = piece.lower().replace("’", "'")
            if run and lower in _JOINING:
                run[-1] = _ended(run[-1], 0.7)
            elif run and lower in _PREPOSITIONS:
                run[-1] = _ended(run[-1], 0.4)
            joined = bool(run) and run[-1].lower in _JOINING - _ASKING
            spoken = 0.5 if lower in _SUBJECTS else 0.0
            run.append(_Word(piece, lower, max(spoken, 0.7 if joined else 0.0 if run else begins), 0.0))
            continue
        strong, weak = piece in _STRONG, piece in _WEAK
        if run:
            yield _closed(run, 1.0 if strong else 0.7 if weak else 0.0, asked=piece == "?")
            run = []
            begins = 1.0 if strong else 0.7 if weak else 0.0
        elif not (strong or weak):
            begins = 0.0
        elif strong:
            begins = 1.0


def _ended(word: _Word, ends: float) -> _Word:
    return _Word(word.text, word.lower, word.begins, max(word.ends, ends), word.asked)


def _closed(run: list[_Word], ends: float, *, asked: bool) -> list[_Word]:
    last = run[-1]
    return [*run[:-1], _Word(last.text, last.lower, last.begins, ends, asked)]


def _within(run: list[_Word]) -> Iterator[Clause]:
    for place, first in enumerate(run):
        if not first.begins:
            continue
        start = place
        while start < len(run) - 1 and run[start].lower in _FILLER:
            start += 1
        for stop in range(start + WORDS_MIN, min(start + WORDS_MAX, len(run)) + 1):
            last = run[stop - 1]
            if last.ends and last.lower not in _OPEN_END:
                whole = _whole(run[start:stop], min(first.begins, 1.0), last)
                if whole is not None:
                    words = tuple(w.text for w in run[start:stop])
                    yield Clause(words, whole, sum(w.lower in _VAGUE for w in run[start:stop]))


def _whole(words: list[_Word], begins: float, last: _Word) -> float | None:
    """None where the words cannot stand alone."""
    first, second = words[0].lower, words[1].lower
    bounded = min(begins, last.ends)
    asking = first in _ASKING or (first in _FINITE and not first.startswith(("i'", "im", "ive", "we'", "they'")))
    if asking and first not in {"need", "needs", "want", "keeps", "keep", "stop", "stopped", "refused", "failed"}:
        if last.asked and last.ends == 1.0 and begins >= ASKED_BEGINS_MIN:
            return bounded
        return 0.3 * bounded if begins == 1.0 and first not in _ASKING else None
    if first in _OPEN_START or first in _JOINING - {"that"}:
        return None
    verb = any(w.lower in _FINITE or w.lower.endswith("n't") for w in words[1:])
    if first in _PRONOUNS:
        if second in _PREPOSITIONS | _JOINING | _DETERMINERS | _PRONOUNS:
            return None
        return 0.4 + 0.6 * bounded
    if verb and (first in _DETERMINERS or begins == 1.0):
        return 0.4 + 0.6 * bounded
    if verb:
        return 0.3 + 0.3 * bounded
    # Without a verb that is told from its form: a phrase, better where nothing was cut off.
    return 0.5 * bounded if bounded >= 0.7 else 0.1
