"""Which language a text is in: English by its commonest words at once, others by a naive Bayes model of n-grams.

The model is that of py3langid (97 languages, in its wheel), after Lui and Baldwin, langid.py, ACL 2012.
"""

import re
from collections.abc import Sequence
from functools import cache

from py3langid.langid import MODEL_FILE, LanguageIdentifier

from aia.text.words import STOP_WORDS

ENGLISH = "en"
CHARACTERS_READ = 600
LETTERS_MIN = 12
SHARE_ENGLISH = 0.2
PROBABILITY_MIN = 0.9
PROBABILITY_MIN_SHORT = 0.99
PROBABILITY_MIN_SCRIPT = 0.5
SHORT_TEXT = 40
_WORD = re.compile(r"[^\W\d_]+(?:'[a-z]+)?")
_OF_OTHERS_TOO = frozenset("also don id im per via hi".split())
_COMMON = STOP_WORDS - _OF_OTHERS_TOO | frozenset(
    "the a an and or but is are was were be been am i my me we our you your it its they their he she his her this "
    "that these those to of in on at for with from by as not no don't can't have has had do does did will would "
    "could should can what when where why how who which there if so because about after before they're it's i'm "
    "i've".split()
)
_FOREIGN = frozenset(
    "der die das und ist nicht ich el la los las que es en un una le les des et est pas je il lo gli di che non per "
    "um uma o os da em e het een van niet ik och att det som inte jag".split()
)


@cache
def _identifier() -> LanguageIdentifier:
    """Loaded when the first text is not plainly English; half a second and 50 MB."""
    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


def language_of(text: str) -> str | None:
    """An ISO 639-1 code, or None when the text does not tell for sure."""
    head = text[:CHARACTERS_READ]
    words = _WORD.findall(head.lower().replace("’", "'"))
    if words and _is_plainly_english(words):
        return ENGLISH
    if sum(map(len, words)) < LETTERS_MIN and head.isascii():
        return None
    code, probability = _identifier().classify(head)
    if not head.isascii() and _is_of_another_script(words):
        least = PROBABILITY_MIN_SCRIPT
    else:
        least = PROBABILITY_MIN_SHORT if len(head) < SHORT_TEXT else PROBABILITY_MIN
    return str(code) if probability >= least else None


def _is_of_another_script(words: Sequence[str]) -> bool:
    """Letters beyond Latin, which alone leave few languages to choose from."""
    return 2 * sum(word[0] > "\u024f" for word in words) > len(words)


def _is_plainly_english(words: Sequence[str]) -> bool:
    common = sum(word in _COMMON for word in words)
    return common >= 2 and common >= SHARE_ENGLISH * len(words) and common > 2 * sum(w in _FOREIGN for w in words)
