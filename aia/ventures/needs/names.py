"""Names of groups: the words that set a group apart, and a short literal clause of its statements that holds them.

Words: class-based TF-IDF (Grootendorst, 2022, "BERTopic"). A clause is a run of words as someone wrote it, between
marks or joining words, so that a name reads as a person would say it; runs with masks are never taken.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import log

from aia.ventures.statements.cues import PROBLEM
from aia.ventures.words import STOP_WORDS, content_words

TERMS = 6
TEXTS_COUNTED_MAX = 2_000
TEXTS_READ_MAX = 24
CLAUSES_MAX = 40
WORDS_MIN = 3
WORDS_MAX = 10
FALLING = (1.0, 0.8, 0.6, 0.4, 0.2)
"""How much the best, second best, ... telling word of a clause adds."""
COST_OF_A_WORD = 0.06
PROBLEM_GAIN = 0.25
WHOLE_GAIN = 0.35
CENTRAL_GAIN = 0.3

_PIECE = re.compile(r"[^\W_]+(?:['’&-][^\W_]+)*|[^\w\s]|_+")
_MASK = re.compile(r"XX|^xx+$")
_JOINING = frozenset(
    "and but because so when which who where after since although though while if then that as or until before "
    "however therefore also unless whether".split()
)
_FILLER = frozenset(
    "hi hello hey please also just so well ok okay basically actually really again additionally furthermore now then "
    "once yet even still dear yes no".split()
)
_OPEN_END = frozenset(
    "a an the my your our their his her its this that these those of to for in on at by with from as into about "
    "and or but is are was were be been am i we they he she it you not have has had do does did will would can could "
    "should if so than then very too more most some any no per via get got just been being because when which who "
    "what where after before over under until since while through during between among also via am im ive".split()
)
_WEAK_START = frozenset(
    "of to for in on at by with from into about than be been being have has had does do did".split()
)


@dataclass(frozen=True, slots=True)
class Name:
    """A title for people, and the words that set the group apart, the most telling first."""

    title: str
    terms: tuple[str, ...]


def name_groups(groups: Sequence[Sequence[str]]) -> list[Name]:
    """A name for each group of texts, its most central texts first; no title twice."""
    counts = [Counter(w for t in texts[:TEXTS_COUNTED_MAX] for w in set(content_words(t))) for texts in groups]
    sizes = [min(len(texts), TEXTS_COUNTED_MAX) for texts in groups]
    taken: set[str] = set()
    names: list[Name] = []
    for texts, weights in zip(groups, _telling(counts, sizes), strict=True):
        terms = tuple(sorted(weights, key=lambda w: (-weights[w], w))[:TERMS])
        title = _title(texts, weights, terms, taken)
        taken.add(title.lower())
        names.append(Name(title, terms))
    return names


def _telling(counts: Sequence[Counter[str]], sizes: Sequence[int]) -> list[dict[str, float]]:
    """For each group how telling its words are: share within it times how few groups have it; 1 the most."""
    shares = [{w: n / size for w, n in count.items()} for count, size in zip(counts, sizes, strict=True)]
    everywhere: Counter[str] = Counter()
    for share in shares:
        everywhere.update(share)
    average = sum(everywhere.values()) / max(len(counts), 1)
    found: list[dict[str, float]] = []
    for count, share, size in zip(counts, shares, sizes, strict=True):
        raw = {
            w: share[w] * log(1 + average / everywhere[w]) for w, n in count.items() if n >= max(2, 0.06 * size)
        } or {w: share[w] for w in count}
        most = max(raw.values(), default=1.0)
        found.append({w: value / most for w, value in raw.items()})
    return found


def _title(texts: Sequence[str], weights: dict[str, float], terms: Sequence[str], taken: set[str]) -> str:
    scored: dict[str, float] = {}
    read = texts[:TEXTS_READ_MAX]
    for place, text in enumerate(read):
        central = CENTRAL_GAIN * (1 - place / len(read))
        problems = {word for match in PROBLEM.finditer(text) for word in match[0].lower().split()}
        for clause, whole in _clauses(text):
            value = _worth(clause, weights, problems) + central + (WHOLE_GAIN if whole else 0.0)
            shown = _shown(clause)
            scored[shown] = max(scored.get(shown, -9.0), value)
    ranked = sorted(scored, key=lambda shown: (-scored[shown], shown))
    for shown in ranked:
        if shown.lower() not in taken and scored[shown] > 0:
            return shown
    title = ", ".join(terms[:3]) or "unnamed"
    while title in taken:
        title += " (other)"
    return title


def _worth(clause: Sequence[str], weights: dict[str, float], problems: set[str]) -> float:
    words = {w.lower().replace("’", "'") for w in clause}
    telling = sorted((weights[w] for w in words if w in weights), reverse=True)
    value = sum(share * weight for share, weight in zip(FALLING, telling, strict=False))
    if problems & words:
        value += PROBLEM_GAIN
    return value - COST_OF_A_WORD * len(clause)


def _clauses(text: str) -> Iterator[tuple[list[str], bool]]:
    """Runs of 3 to 10 words, and whether each is a whole clause."""
    run: list[str] = []
    count = 0
    for match in [*_PIECE.finditer(text), None]:
        piece = match[0] if match else "."
        word = piece[0].isalnum() and not _MASK.search(piece) and not piece.isdigit()
        if word and not (piece.lower() in _JOINING and len(run) >= WORDS_MIN):
            run.append(piece)
            continue
        for found in _runs(run):
            yield found
            count += 1
        if count >= CLAUSES_MAX:
            return
        run = []


def _runs(run: list[str]) -> Iterator[tuple[list[str], bool]]:
    while run and run[0].lower() in _FILLER | _JOINING:
        run = run[1:]
    while run and run[-1].lower() in _OPEN_END:
        run = run[:-1]
    if WORDS_MIN <= len(run) <= WORDS_MAX:
        yield run, True
    for start in range(len(run) - WORDS_MIN + 1):
        first = run[start].lower()
        if first in _WEAK_START or (start and first in STOP_WORDS and first not in {"i", "my", "they", "not", "no"}):
            continue
        if len(first) == 1 and first != "i":
            continue
        for stop in range(start + WORDS_MIN, min(start + WORDS_MAX - 2, len(run)) + 1):
            if run[stop - 1].lower() not in _OPEN_END and (stop - start) < len(run):
                yield run[start:stop], False


def _shown(clause: Sequence[str]) -> str:
    """As written, but not shouted; a capital first."""
    words = list(clause)
    if sum(w.isupper() and len(w) > 1 for w in words) > len(words) / 2:
        words = [w.lower() for w in words]
    words = ["I" + w[1:] if w == "i" or w.startswith(("i'", "i’")) else w for w in words]
    joined = " ".join(words)
    return joined[0].upper() + joined[1:]
