"""Names of groups: the words that set a group apart, and a short literal clause of its statements that holds them.

Words: class-based TF-IDF (Grootendorst, 2022, "BERTopic"). Of the clauses that can stand alone (`clauses`) the name
is the one whose words tell the group apart, together and not only one by one, and stand in a central statement;
that states a problem or a request (`stating`); that leaves nothing open; and that names nobody whom few others name.
"""

import itertools
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import log

from aia.text.clauses import Clause, clauses_of
from aia.text.need_cues import judges, says_nothing, stated, tells_a_deed
from aia.text.words import STOP_WORDS, content_words, unaddressed, unmarked

TERMS = 6
TEXTS_COUNTED_MAX = 2_000
TEXTS_NEAR_MAX = 60
"""Texts nearest the centre, of which those with the most telling words are read."""
TEXTS_READ_MAX = 20
TEXTS_PAIRED_MAX = 100
PAIRED_WORDS = 30
FALLING = (1.0, 0.8, 0.6, 0.4, 0.2)
"""How much the best, second best, ... telling word of a clause adds."""
COST_OF_A_WORD = 0.05
NEED_GAIN = 1.4
TOGETHER_GAIN = 0.8
WHOLE_GAIN = 0.9
CENTRAL_GAIN = 0.4
COST_OF_VAGUE = 0.12
COST_OF_A_STRANGER = 0.35
COST_OF_A_VERDICT = 0.5
COST_OF_NOTHING = 1.0
COST_OF_A_DEED = 0.4
COST_OF_SOMEBODY = 0.4
"""What "he" or "she" did is a story of one person."""
COST_OF_LIKENESS = 1.2
LIKENESS_MIN = 0.6
STEM = 6
STRANGER_SHARE = 0.25
WORTH_MIN = 0.3

_SOMEBODY = frozenset("he she".split())
_WORD = re.compile(r"[A-Za-z][a-z'’]+|[A-Z]{2,}")
Words = frozenset[str]


@dataclass(frozen=True, slots=True)
class Name:
    """A title for people, and the words that set the group apart, the most telling first.

    `place` is that of the text among the group's in which the title stands word for word, if it does.
    """

    title: str
    terms: tuple[str, ...]
    place: int | None = None


@dataclass(frozen=True, slots=True)
class Read:
    """Texts of a group, its most central first, with the content words of each and how telling words are."""

    texts: Sequence[str]
    words: Sequence[Words]
    weights: dict[str, float]

    @property
    def terms(self) -> tuple[str, ...]:
        return tuple(sorted(self.weights, key=lambda w: (-self.weights[w], w))[:TERMS])


def read_groups(groups: Sequence[Sequence[str]]) -> list[Read]:
    """The words of each group of texts, and how they set it apart from the others."""
    groups = [[unaddressed(text) for text in texts] for texts in groups]
    words = [[frozenset(content_words(unmarked(text))) for text in texts[:TEXTS_COUNTED_MAX]] for texts in groups]
    return [Read(t, w, found) for t, w, found in zip(groups, words, _telling(words), strict=True)]


def terms_of(unions: Sequence[Sequence[Read]]) -> list[tuple[str, ...]]:
    """The words that set unions of groups apart from each other; of "song" and "songs" the more telling.

    There are few unions, most words stand in all of them, and so it is not how many have a word that counts but how
    much more often it is said: its part in the Kullback-Leibler divergence from the mean of all.
    """
    words = [[own for group in groups for own in group.words][:TEXTS_COUNTED_MAX] for groups in unions]
    shares = [
        {w: n / len(texts) for w, n in Counter(itertools.chain.from_iterable(texts)).items()} for texts in words
    ]
    everywhere: Counter[str] = Counter()
    for share in shares:
        everywhere.update(share)  # pyright: ignore[reportArgumentType]
    found: list[tuple[str, ...]] = []
    for share in shares:
        apart = {w: part * log(part * len(shares) / everywhere[w]) for w, part in share.items()}
        ordered = sorted(share, key=lambda w: (-apart[w], -share[w], w))
        found.append(_unlike(ordered[: 2 * TERMS])[:TERMS])
    return found


def _unlike(terms: Iterable[str]) -> tuple[str, ...]:
    kept: list[str] = []
    for term in terms:
        if not any(term.startswith(other) or other.startswith(term) for other in kept):
            kept.append(term)
    return tuple(kept)


def name_groups(groups: Sequence[Read]) -> list[Name]:
    """A name for each group; no title twice, and none in the words of another where its texts allow."""
    taken: dict[str, Words] = {}
    names: list[Name] = []
    for group in groups:
        terms = group.terms
        title, place = _title(group, terms, taken)
        taken[title.lower()] = _stems(content_words(title))
        names.append(Name(title, terms, place))
    return names


def _stems(words: Iterable[str]) -> Words:
    return frozenset(word[:STEM] for word in words)


def _likeness(words: Words, taken: Iterable[Words]) -> float:
    """How much of its words the most alike of the names given before has: what few of both are apart in."""
    return max((len(words & other) / max(len(words | other), 1) for other in taken), default=0.0)


def _telling(words: Sequence[Sequence[Words]]) -> list[dict[str, float]]:
    """For each group how telling its words are: share within it times how few groups have it; 1 the most."""
    counts = [Counter(itertools.chain.from_iterable(texts)) for texts in words]
    shares = [{w: n / len(texts) for w, n in count.items()} for count, texts in zip(counts, words, strict=True)]
    everywhere: Counter[str] = Counter()
    for share in shares:
        for word, part in share.items():
            everywhere[word] += part  # pyright: ignore[reportArgumentType]
    average = sum(everywhere.values()) / max(len(counts), 1)
    found: list[dict[str, float]] = []
    for count, share, texts in zip(counts, shares, words, strict=True):
        least = max(2, 0.06 * len(texts))
        raw = {w: share[w] * log(1 + average / everywhere[w]) for w, n in count.items() if n >= least} or share
        most = max(raw.values(), default=1.0)
        found.append({w: value / most for w, value in raw.items()})
    return found


def _title(group: Read, terms: Sequence[str], taken: Mapping[str, Words]) -> tuple[str, int | None]:
    """The clause of most worth, and where it stands; how its words go together, whom it names, and which name is
    alike, is looked up while that may decide."""
    best, title, at = WORTH_MIN, None, None
    together: dict[tuple[str, str], float] | None = None
    strangers: set[str] | None = None
    for found in sorted(_at_first_sight(group), key=lambda found: (-found.worth, found.clause.words)):
        clause = found.clause
        if found.worth + TOGETHER_GAIN <= best:
            break
        shown = _shown(clause.words)
        if shown.lower() in taken:
            continue
        together = _together(group) if together is None else together
        pairs = itertools.combinations(sorted({w for w in clause.lower if w in group.weights}), 2)
        value = found.worth + TOGETHER_GAIN * max([together.get(pair, 0.0) for pair in pairs], default=0.0)
        capitals = {w.lower() for w in clause.words if w[0].isupper()} - STOP_WORDS
        if value > best and capitals:
            strangers = _strangers(group.texts) if strangers is None else strangers
            value -= COST_OF_A_STRANGER * len(capitals & strangers)
        if value > best and (alike := _likeness(_stems(content_words(shown)), taken.values())) >= LIKENESS_MIN:
            value -= COST_OF_LIKENESS * alike
        if value > best:
            best, title, at = value, shown, found.place
    return (title, at) if title else (next(t for t in _fallbacks(terms) if t.lower() not in taken), None)


@dataclass(frozen=True, slots=True)
class _Seen:
    """A clause of a text that is read, and its worth but for what `_title` looks up."""

    worth: float
    clause: Clause
    place: int


def _at_first_sight(group: Read) -> Iterator[_Seen]:
    seen: set[tuple[str, ...]] = set()
    for place in _chosen(group):
        central = CENTRAL_GAIN * (1 - place / TEXTS_NEAR_MAX)
        for clause in clauses_of(group.texts[place]):
            if clause.words not in seen:
                seen.add(clause.words)
                yield _Seen(central + _worth(clause, group.weights), clause, place)


def _chosen(group: Read) -> list[int]:
    """Places of the texts to read: of those nearest the centre the ones with the most telling words."""
    near = range(min(len(group.words), TEXTS_NEAR_MAX))
    if len(near) <= TEXTS_READ_MAX:
        return list(near)
    weights = group.weights

    def worth(place: int) -> float:
        best = sorted([weights[w] for w in group.words[place] if w in weights], reverse=True)
        return CENTRAL_GAIN * (1 - place / TEXTS_NEAR_MAX) + sum(map(float.__mul__, best, FALLING))

    return sorted(sorted(near, key=lambda place: (-worth(place), place))[:TEXTS_READ_MAX])


def _fallbacks(terms: Sequence[str]) -> Iterator[str]:
    """Names without a clause: three terms, then more of them, then a number, without end."""
    for length in range(3, max(len(terms), 3) + 1):
        yield ", ".join(terms[:length]) or "unnamed"
    for number in itertools.count(2):
        yield f"{', '.join(terms[:3]) or 'unnamed'} ({number})"


def _worth(clause: Clause, weights: dict[str, float]) -> float:
    lower = clause.lower
    telling = sorted([weights[w] for w in set(lower) if w in weights], reverse=True)
    value = sum(map(float.__mul__, telling, FALLING)) + WHOLE_GAIN * clause.whole + NEED_GAIN * stated(lower)
    value -= COST_OF_A_WORD * len(lower) + COST_OF_VAGUE * clause.vague
    if judges(lower):
        value -= COST_OF_A_VERDICT
    if says_nothing(lower):
        value -= COST_OF_NOTHING
    if tells_a_deed(lower):
        value -= COST_OF_A_DEED
    if lower[0] in _SOMEBODY:
        value -= COST_OF_SOMEBODY
    return value


def _together(group: Read) -> dict[tuple[str, str], float]:
    """How often two telling words stand in one text, as a share of the pair that does most often."""
    counts: Counter[tuple[str, str]] = Counter()
    best = set(sorted(group.weights, key=lambda w: (-group.weights[w], w))[:PAIRED_WORDS])
    for words in group.words[:TEXTS_PAIRED_MAX]:
        counts.update(itertools.combinations(sorted(best & words), 2))
    most = max(counts.values(), default=1)
    return {pair: count / most for pair, count in counts.items() if count > 1}


def _strangers(texts: Sequence[str]) -> set[str]:
    """Words that are always written with a capital and that few of the texts hold: names of somebody."""
    capital: Counter[str] = Counter()
    plain: set[str] = set()
    for text in texts[:TEXTS_PAIRED_MAX]:
        words = set(_WORD.findall(text))
        if sum(w.isupper() for w in words) > len(words) / 2:
            continue
        plain.update(w for w in words if w[0].islower())
        capital.update({w.lower() for w in words if w[0].isupper()})
    most = STRANGER_SHARE * min(len(texts), TEXTS_PAIRED_MAX)
    return {w for w, n in capital.items() if n < most and w not in plain and w not in STOP_WORDS}


def _shown(clause: Sequence[str]) -> str:
    """As written, but not shouted; a capital first."""
    words = list(clause)
    if sum(w.isupper() and len(w) > 1 for w in words) > len(words) / 2:
        words = [w.lower() for w in words]
    words = ["I" + w[1:] if w == "i" or w.startswith(("i'", "i’")) else w for w in words]
    joined = " ".join(words)
    return joined[0].upper() + joined[1:]
