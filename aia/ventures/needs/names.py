"""Names of groups: the words that set a group apart, and a short literal clause of its statements that holds them.

Words: class-based TF-IDF (Grootendorst, 2022, "BERTopic"). Of the clauses that can stand alone (`clauses`) the name
is the one whose words tell the group apart, together and not only one by one, and stand in a central statement;
that tells a problem or a request; that leaves nothing open; and that names nobody whom few others name.
"""

import itertools
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import log

from aia.ventures.needs.clauses import Clause, clauses_of
from aia.ventures.statements.cues import PROBLEM, REQUEST
from aia.ventures.words import STOP_WORDS, content_words

TERMS = 6
TEXTS_COUNTED_MAX = 2_000
TEXTS_READ_MAX = 40
TEXTS_PAIRED_MAX = 200
PAIRED_WORDS = 30
FALLING = (1.0, 0.8, 0.6, 0.4, 0.2)
"""How much the best, second best, ... telling word of a clause adds."""
COST_OF_A_WORD = 0.05
NEED_GAIN = 0.45
TOGETHER_GAIN = 0.8
WHOLE_GAIN = 0.9
CENTRAL_GAIN = 0.4
COST_OF_VAGUE = 0.12
COST_OF_A_STRANGER = 0.35
STRANGER_SHARE = 0.25
WORTH_MIN = 0.3

_WORD = re.compile(r"[A-Za-z][a-z'’]+|[A-Z]{2,}")


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
    read = texts[:TEXTS_READ_MAX]
    together = _together(texts, weights)
    strangers = _strangers(texts)
    scored: dict[str, float] = {}
    for place, text in enumerate(read):
        central = CENTRAL_GAIN * (1 - place / len(read))
        for clause in clauses_of(text):
            value = _worth(clause, weights, together, strangers) + central
            shown = _shown(clause.words)
            scored[shown] = max(scored.get(shown, -9.0), value)
    for shown in sorted(scored, key=lambda shown: (-scored[shown], shown)):
        if shown.lower() not in taken and scored[shown] > WORTH_MIN:
            return shown
    return next(title for title in _fallbacks(terms) if title.lower() not in taken)


def _fallbacks(terms: Sequence[str]) -> Iterator[str]:
    """Names without a clause: three terms, then more of them, then a number, without end."""
    for length in range(3, max(len(terms), 3) + 1):
        yield ", ".join(terms[:length]) or "unnamed"
    for number in itertools.count(2):
        yield f"{', '.join(terms[:3]) or 'unnamed'} ({number})"


def _worth(
    clause: Clause, weights: dict[str, float], together: dict[frozenset[str], float], strangers: set[str]
) -> float:
    words = [w.lower().replace("’", "'") for w in clause.words]
    telling = sorted({w: weights[w] for w in words if w in weights}.items(), key=lambda pair: -pair[1])
    value = sum(share * weight for share, (_, weight) in zip(FALLING, telling, strict=False))
    pairs = [together.get(frozenset(pair), 0.0) for pair in itertools.combinations([w for w, _ in telling], 2)]
    value += TOGETHER_GAIN * max(pairs, default=0.0) + WHOLE_GAIN * clause.whole
    shown = " ".join(words)
    if PROBLEM.search(shown) or REQUEST.search(shown):
        value += NEED_GAIN
    value -= COST_OF_A_STRANGER * sum(w in strangers for w in words)
    return value - COST_OF_A_WORD * len(words) - COST_OF_VAGUE * clause.vague


def _together(texts: Sequence[str], weights: dict[str, float]) -> dict[frozenset[str], float]:
    """How often two telling words stand in one text, as a share of the pair that does most often."""
    counts: Counter[frozenset[str]] = Counter()
    best = set(sorted(weights, key=lambda w: (-weights[w], w))[:PAIRED_WORDS])
    for text in texts[:TEXTS_PAIRED_MAX]:
        present = sorted(best & set(content_words(text)))
        counts.update(frozenset(pair) for pair in itertools.combinations(present, 2))
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
