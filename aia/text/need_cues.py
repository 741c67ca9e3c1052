"""How plainly the words of a clause state a need: a request, a failure, a denial; no verdict and no empty plea.

Closed classes and the vocabulary of failing, in English. A harm that is denied ("no issue", "never late") is none;
what only judges ("this is poor service") or only asks for help with "the problem" does not say what is needed.
"""

from collections.abc import Sequence
from itertools import pairwise

from aia.text.words import STOP_WORDS

PLAIN, LOOSE, HINTED, NEUTRAL, TURNED = 1.0, 0.6, 0.3, 0.0, -0.6
"""What the words are worth: they state a need, ask or miss something, hint at one, state none, or deny one."""
NAME_WORDS_MIN = 2
REACH = 2
"""A denial takes back a harm that comes at most so many words later."""

_CHARGING = frozenset("charge charged charges charging".split())
"""Not being charged is no harm, while not being paid is one."""
_OBJECTING = frozenset("dispute contest complain object".split())
"""Who "does not dispute" asks for nothing; who "did not" or "cannot" may miss it."""
_DOES_NOT = ("do not", "does not", "don't", "doesn't", "dont", "doesnt")
_DENYING = frozenset("no not never without nor cannot dont doesnt didnt cant wont isnt wasnt couldnt".split())
_ABSENT = frozenset("no never without isn't wasn't aren't weren't isnt wasnt".split())
"""Denials of what is named next to them, as is a "not" behind "is"; "cannot" and "did not" deny what is done."""
_BEING = frozenset("is was are were am be been being".split())
_DENIAL = _DENYING - {"no", "without"}
_UNABLE = frozenset("unable impossible nobody no-one nothing cannot cant wont unwilling".split())
_FAILING = tuple(
    "refus fail deny deni declin reject crash freez froze lose losing stole missing incorrect inaccura mistake "
    "overcharg fraud scam unauthori harass threat ignor mislead violat damag harm hurt disappear expire suspend "
    "illegal unverif breach hack deceiv deceptive discriminat foreclos evict garnish delay overdraft ruin suffer "
    "struggl prevent penal decreas".split()
)
"""Beginnings of words."""
_FAILED = frozenset(
    "broke broken breaks lost stuck wrong error errors misled lied lying blocked blocking locked forced forces "
    "bug bugs buggy cancelled canceled false steal stealing fake waiting pending slow slower lag lags laggy "
    "dropped drops dropping unfair".split()
)
_DOUBTFUL = frozenset(
    "issue issues problem problems trouble complaint complaints complain complained dispute disputes disputed "
    "disputing late charged fee fees expensive difficult hard confusing confused annoying lack lacks stop stopped "
    "bad poor poorly worse worst debt owe twice".split()
)
"""Words that go with a need and do not state one by themselves."""
_WISHING = frozenset("want wish need needs wanted please add allow remove fix bring refund hope".split())
_WISHES = frozenset(
    "would like|would love|would prefer|looking for|is there|are there|do you have|will i|do i|am i|"
    "how do|how can|how to|how long|how much|"
    "can i|can you|could you|could i|can we|do you|does it|should be|should have|must be|what is|what are|where is|"
    "where can|where do|when will|why is|why was|why did|why do|why does|why are|request that".split("|")
)
_JUDGING = frozenset(
    "good bad poor terrible horrible awful worst worse best great nice unacceptable ridiculous annoying disgusting "
    "pathetic unprofessional frustrating disappointing disappointed useless amazing excellent unbelievable shameful "
    "outrageous absurd appalling sad angry upset happy unhappy frustrated annoyed unfair fair love hate "
    "okay ok decent adequate mediocre recommend".split()
)
_QUESTIONS = frozenset(
    "is are was were do does did can could will would has have should may how what when where which who why".split()
)
_OPEN_QUESTIONS = frozenset("how what when where which who why".split())
_COPULAS = frozenset(
    "is are was were be been am isn't aren't wasn't it's that's i'm getting gets became becomes very so".split()
)
_BLUNT = frozenset("worst best love hate loved hated".split())
"""Verdicts without an "is"."""
_ADDING = frozenset("only just merely simply".split())
_ANYTHING = frozenset("anything anyone anybody anymore whatsoever".split())
"""Words at home in denials and questions (negative polarity items; Ladusaw, 1979): else the denial was cut off."""
_BEHIND_A_DEED = frozenset("on in at for with about from to the a an my our your their his her".split())
_LEAVING = frozenset(
    "use using buy buying shop shopping return returning recommend recommending order ordering book booking stay "
    "staying visit visiting fly flying travel traveling travelling come coming go going subscribe deal".split()
)
_FROM_NOW_ON = frozenset(
    "will would won't wouldn't i'll we'll i'd again ever anymore vowed make makes made advise avoid everyone".split()
)
_SHELLS = frozenset(
    "issue issues problem problems trouble help solve solved solving resolve resolved resolving resolution fix fixed "
    "fixing matter situation question questions answer answers complaint complaints request requests please urgently "
    "immediately quickly soon appreciate assistance assist someone something anything everything thing things time "
    "look looking times day days way reason reasons case fact people lot kind work works happen happens "
    "happened happening "
    "aware advise advised note inform informed attached enclosed regards sincerely concern filing filed file writing "
    "submitted".split()
)
"""Nouns that stand for what was said elsewhere (shell nouns; Schmid, 2000), and what is asked to be done with it."""


def stated(lower: Sequence[str]) -> float:
    """Between TURNED and PLAIN, for the words of a clause in lower case."""
    lower = _without_added(lower)
    turned, harmed, doubtful = _harms(lower)
    if turned:
        return NEUTRAL if harmed else TURNED
    denies = any(word in _DENYING or word.endswith("n't") for word in lower)
    if not denies and not _ANYTHING.isdisjoint(lower) and not asks(lower):
        return TURNED
    if harmed or not _UNABLE.isdisjoint(lower) or _wishes(lower):
        return PLAIN
    if denies:
        return LOOSE if _DENIAL.isdisjoint(lower) and "n't" not in " ".join(lower) else PLAIN
    return LOOSE if lower[0] in _QUESTIONS else HINTED if doubtful else NEUTRAL


def _without_added(lower: Sequence[str]) -> list[str]:
    """Without the "not" of "not only", which adds and denies nothing."""
    after = [*lower[1:], ""]
    return [w for w, following in zip(lower, after, strict=True) if w != "not" or following not in _ADDING]


def _harms(lower: Sequence[str]) -> tuple[bool, bool, bool]:
    """Whether a harm is denied, whether one is told, and whether something is that goes with harms."""
    absent_at = -REACH - 1
    turned = harmed = doubtful = False
    for place, word in enumerate(lower):
        if word in _ABSENT or (word == "not" and place and lower[place - 1] in _BEING):
            absent_at = place
            continue
        if word in _CHARGING and place and (lower[place - 1] in _DENYING or lower[place - 1].endswith("n't")):
            turned = True
        if word in _OBJECTING and " ".join(lower[max(0, place - 2) : place]).endswith(_DOES_NOT):
            turned = True
        failing = word in _FAILED or word.startswith(_FAILING)
        if failing or word in _DOUBTFUL:
            near = place - absent_at <= REACH
            turned |= near
            harmed |= failing and not near
            doubtful |= not near
    return turned, harmed, doubtful


def asks(lower: Sequence[str]) -> bool:
    """Whether it begins as a question or a wish does."""
    return lower[0] in _QUESTIONS or not _WISHING.isdisjoint(lower[:2])


def _wishes(lower: Sequence[str]) -> bool:
    if not _WISHING.isdisjoint(lower):
        return True
    return any(f"{first} {second}" in _WISHES for first, second in pairwise(lower))


def tells_a_deed(lower: Sequence[str]) -> bool:
    """Whether it begins with what somebody did, nobody named: "contacted my bank", "counting on a refund"."""
    first, second = lower[0], lower[1]
    if first in _FAILED or first.startswith(_FAILING) or first in _WISHING:
        return False
    return (first.endswith("ed") and "-" not in first) or (first.endswith("ing") and second in _BEHIND_A_DEED)


def judges(lower: Sequence[str]) -> bool:
    """Whether the words only pass a verdict: they begin or end with one, or it follows "is" within three words."""
    if lower[0] in _JUDGING or lower[-1] in _JUDGING or not _BLUNT.isdisjoint(lower):
        return True
    return any(
        word in _JUDGING and not _COPULAS.isdisjoint(lower[max(0, place - 3) : place])
        for place, word in enumerate(lower)
    )


def says_nothing(lower: Sequence[str]) -> bool:
    """Whether all its words are common ones, verdicts, or nouns that stand for what was said elsewhere."""
    return all(word in STOP_WORDS or word in _SHELLS or word in _JUDGING for word in lower)


def says_little(lower: Sequence[str]) -> bool:
    """Whether a name, the best clause of a group, tells no need: a plea, a superlative, or that somebody leaves.

    A verdict on something named ("the food was awful") tells at least where to look.
    """
    if len(lower) < NAME_WORDS_MIN:
        return False
    if says_nothing(lower) or _leaves(lower):
        return True
    if _BLUNT.isdisjoint(lower) or lower[0] in _OPEN_QUESTIONS or _wishes(lower):
        return False
    return not _harms([word for word in lower if not word.startswith("suffer")])[1]


def _leaves(lower: Sequence[str]) -> bool:
    """ "I will never use this again": what follows from a need, not the need."""
    if _FROM_NOW_ON.isdisjoint(lower):
        return False
    reach = {"never": 3, "not": 3, "won't": 2, "wouldn't": 2}  # "won't let me use" is no threat
    denials = [(i, reach[word]) for i, word in enumerate(lower) if word in reach]
    return any(not _LEAVING.isdisjoint(lower[i + 1 : i + 1 + most]) for i, most in denials)
