"""Clauses of a text that can stand alone as a name: where one may begin and end, and how whole it is.

No parser: English marks most clause boundaries with punctuation, joining words, prepositions and subject pronouns,
all of them closed classes. A clause neither begins nor ends where a mask or a number was cut out, nor where what is
cut away turns its meaning round: what stands behind an "if" did not happen, and "not received" before an "until" did.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

WORDS_MIN = 3
WORDS_MAX = 10
CLAUSES_MAX = 60
ASKED_BEGINS_MIN = 0.7
ASKED_WORDS_MAX = 5
HEARSAY_WORDS = 8
FINITE_WITH_WHO = 2
SPOKEN = 0.5
"""How surely a clause begins at "I", "we" or "they" without a mark or joining word before it."""

_PIECE = re.compile(r"[^\W_]+(?:['’&/-][^\W_]+)*|[^\w\s]|_+|\n")
_MASK = re.compile(r"XX|^xx+$|\d")
_STRONG = frozenset(".!?;:\n")
_WEAK = frozenset(',()[]-–—"“”')
_JOINING = frozenset(
    "and but because so when which who since after although though while if then that as or until before "
    "however therefore unless whether where what why how".split()
)
_ASKING = frozenset("how why what when where which who".split())
_SUPPOSING = frozenset("if unless until before whether than how what which who where".split())
"""Behind these a clause tells what may be, or what somebody did not know; only together with them is it true."""
_LIMITING = frozenset("until unless except without if before than".split())
"""Words that take back part of what is denied before them."""
_ASKING_FOR = frozenset(
    "ask asking asked request requesting requested demand demanding want need like insist".split()
)
_ASKED = frozenset("you they he she it".split())
"""Whom somebody asks that something be done: what is asked begins behind them."""
_REPORTING = frozenset(
    "say says saying said claim claims claiming claimed state states stating stated think thinking thought believe "
    "believing believed hope hoping hoped assume assuming assumed told telling verify confirm show showing "
    "suggest suggests suggested suggesting advise advises advised advising recommend recommends recommended".split()
)
"""What follows is somebody's word or guess, which the author may deny."""
_HEARSAY = frozenset("saying claiming stating alleging insisting claims claimed alleged".split())
"""What comes soon behind these is still somebody's word, whatever joins it."""
_DENYING = frozenset("no not never cannot without nobody none nothing".split())
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
        "told asked says thinking knowing hoping believing assuming explaining informing claimed stated "
        "explained informed think thought believe believed thats know knows knew "
        "tried trying want wanted wants hope".split()
    )
)
_OPEN_START = (
    _PREPOSITIONS | frozenset("to than been being not never me him them us am given despite due based".split())
) - {
    "without",
    "no",
}
_VAGUE = frozenset(
    "it this that these those them he she him her such there thing things anything something everything one ones "
    "etc".split()
)
_JOINING_NOT_THAT = _JOINING - {"that"}
_OPENING_AFTER_PRONOUN = _PREPOSITIONS | _JOINING | _DETERMINERS | _PRONOUNS | {"both"}
_AUXILIARIES = frozenset(
    "is are was were am have has had do does did can could will would shall should may might must".split()
)
_BEING = frozenset("is are was were am has have had".split())
_COMMANDS = frozenset("need needs want keeps keep stop stopped refused failed".split())
"""Finite forms that begin a clause without asking anything."""


@dataclass(frozen=True, slots=True)
class Clause:
    """Words as written and in lower case; `whole` is 0 for a phrase cut from a clause, 1 for subject and verb."""

    words: tuple[str, ...]
    lower: tuple[str, ...]
    whole: float
    vague: int


@dataclass(frozen=True, slots=True)
class _Run:
    """Words between marks; `begins` and `ends` say how surely a clause begins and ends there: 1 at the end of a
    sentence, 0.7 at a comma, 0 where something was cut out."""

    words: list[str]
    lower: list[str]
    begins: float
    ends: float
    asked: bool


def clauses_of(text: str) -> Iterator[Clause]:
    """Runs of 3 to 10 words that begin and end where clauses do; at most 60."""
    count = 0
    for run in _runs(text):
        for clause in _within(run):
            yield clause
            count += 1
            if count >= CLAUSES_MAX:
                return


def _runs(text: str) -> Iterator[_Run]:
    """Runs of three words or more; shorter ones hold no clause."""
    words: list[str] = []
    begins = 1.0
    for piece in [*_PIECE.findall(text), "."]:
        if piece[0].isalnum() and not _MASK.search(piece):
            words.append(piece)
            continue
        sure = 1.0 if piece in _STRONG else 0.7 if piece in _WEAK else 0.0
        if words:
            if len(words) >= WORDS_MIN:
                lower = " ".join(words).lower().replace("’", "'").split(" ")
                yield _Run(words, lower, begins, sure, piece == "?")
            words = []
            begins = sure
        elif not sure:
            begins = 0.0
        elif sure == 1.0:
            begins = 1.0


def _within(run: _Run) -> Iterator[Clause]:
    size = len(run.lower)
    ends = [0.7 if w in _JOINING else 0.4 if w in _PREPOSITIONS else 0.0 for w in run.lower[1:]]
    ends.append(run.ends)
    hearsay = not _HEARSAY.isdisjoint(run.lower)
    for place in range(size - WORDS_MIN + 1):
        begins = _begins(run.lower, place) if place else max(run.begins, SPOKEN * (run.lower[0] in _SUBJECTS))
        if not begins or (place == 1 and not run.begins and run.lower[0] in _JOINING):
            continue  # of a clause that hangs on one that was cut out nobody knows whose word it is
        if hearsay and not _HEARSAY.isdisjoint(run.lower[max(0, place - HEARSAY_WORDS) : place]):
            continue
        start = place
        while start < size - 1 and run.lower[start] in _FILLER:
            start += 1
        for stop in range(start + WORDS_MIN, min(start + WORDS_MAX, size) + 1):
            if not ends[stop - 1] or run.lower[stop - 1] in _OPEN_END:
                continue
            lower = run.lower[start:stop]
            if stop < size and run.lower[stop] in _LIMITING and denies(lower):
                continue
            whole = _whole(lower, begins, ends[stop - 1], asked=run.asked and stop == size)
            if whole is not None:
                vague = sum([word in _VAGUE for word in lower])
                yield Clause(tuple(run.words[start:stop]), tuple(lower), whole, vague)


def _begins(run: list[str], place: int) -> float:
    """How surely a clause begins at a word that is not the first of its run."""
    word, last = run[place], run[place - 1]
    before_that = run[place - 2] if last == "that" and place > 1 else last
    if last in _SUPPOSING or before_that in _REPORTING:
        return 0.0
    if last in _JOINING:
        if word in _ASKED and last == "that" and not _ASKING_FOR.isdisjoint(run[:place]):
            return 0.0
        if last not in _ASKING:
            return 0.0 if word == "i" and last == "and" and _with_somebody(run[:place]) else 0.7
    if word in _SUBJECTS:
        # Behind an auxiliary it is the subject of a question: of "how do I export" nobody says "I export".
        asked = last in _AUXILIARIES or last.endswith("n't")
        return 0.0 if asked or last in _DETERMINERS or last in _PRONOUNS else SPOKEN
    if last in _ASKED and run[place - 2 : place - 1] == ["that"] and not _ASKING_FOR.isdisjoint(run[:place]):
        return 0.0 if word in _FINITE else 0.7
    return 0.0


def _with_somebody(before: list[str]) -> bool:
    """Whether the words end in somebody who is joined to what follows ("my husband and"), not in a clause."""
    return len(before) > 2 and before[-3] in _DETERMINERS and (len(before) == 3 or before[-4] in _JOINING)


def denies(lower: Sequence[str]) -> bool:
    return any(word in _DENYING or word.endswith("n't") for word in lower)


def asks_in_order(lower: Sequence[str]) -> bool:
    """Whether the order of the words alone makes them a question: "can I", "how long does the", "how to"."""
    if lower[0] in _AUXILIARIES:
        # "is the worst" may lack its subject instead.
        return lower[1] in _PRONOUNS or (lower[1] in _DETERMINERS and lower[0] not in _BEING)
    if lower[0] not in _ASKING:
        return False
    return lower[1] == "to" or any(
        word in _AUXILIARIES and (after in _PRONOUNS or after in _DETERMINERS)
        for word, after in pairwise(lower[1:ASKED_WORDS_MAX])
    )


def _runs_over(lower: list[str]) -> bool:
    """Whether the words, which ask nothing, are parts of two clauses and neither of them whole."""
    for word, after in pairwise(lower):
        if word in _PREPOSITIONS and after in _AUXILIARIES:
            return True  # "the seat [that] I paid for was taken"
        if after in _SUBJECTS and (word in _AUXILIARIES or word == "not"):
            return True  # "they did not I wrote to them"
    # "guests who do not pay": of whom nothing is told yet
    return "who" in lower[1:] and sum(word in _FINITE for word in lower) < FINITE_WITH_WHO


def _whole(lower: list[str], begins: float, ends: float, *, asked: bool) -> float | None:
    """None where the words cannot stand alone."""
    first, second = lower[0], lower[1]
    bounded = min(begins, ends)
    asking = first in _ASKING or (first in _FINITE and not first.startswith(("i'", "im", "ive", "we'", "they'")))
    if asking and first not in _COMMANDS:
        if begins >= ASKED_BEGINS_MIN and ((asked and ends == 1.0) or asks_in_order(lower)):
            return bounded
        return 0.3 * bounded if begins == 1.0 and first not in _ASKING else None
    if first in _OPEN_START or first in _JOINING_NOT_THAT or _runs_over(lower):
        return None
    verb = any(word in _FINITE or word.endswith("n't") for word in lower[1:])
    if first in _PRONOUNS:
        if second in _OPENING_AFTER_PRONOUN:
            return None
        return 0.4 + 0.6 * bounded
    if verb and (first in _DETERMINERS or begins == 1.0):
        return 0.4 + 0.6 * bounded
    if verb:
        return 0.3 + 0.3 * bounded
    # Without a verb that is told from its form: a phrase, better where nothing was cut off.
    return 0.5 * bounded if bounded >= 0.7 else 0.1
