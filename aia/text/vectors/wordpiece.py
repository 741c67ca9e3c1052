"""WordPiece as BERT's uncased models use it: lower case, no accents, greedy longest pieces.

Ours, because the usual library brings a client of a model hub and its downloads with it; a test holds it
against that library. Source: Devlin et al., 2019, and Wu et al., 2016, section 4.1.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence

WORD_CHARACTERS_MAX = 100
CACHED_WORDS_MAX = 200_000
UNKNOWN = "[UNK]"

# Every CJK ideograph is a word of its own, as is every ASCII symbol and Unicode punctuation mark.
_CJK = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0002a6df\U0002a700-\U0002ceaf\U0002f800-\U0002fa1f"
_PLAIN = re.compile(r"[a-z0-9]+|[!-/:-@\[-`{-~]")


class WordPiece:
    """Token ids of texts; remembers the pieces of words it has seen, as most words come again."""

    def __init__(self, vocabulary: Sequence[str]) -> None:
        self._ids: Mapping[str, int] = {piece: i for i, piece in enumerate(vocabulary)}
        self._unknown = self._ids[UNKNOWN]
        self._cache: dict[str, tuple[int, ...]] = {}

    @property
    def size(self) -> int:
        """How many pieces the vocabulary has."""
        return len(self._ids)

    def encode(self, text: str) -> list[int]:
        """Ids of the text's pieces, in order, without the marks of begin and end."""
        found: list[int] = []
        for word in words(text):
            pieces = self._cache.get(word)
            if pieces is None:
                pieces = self._pieces(word)
                if len(self._cache) < CACHED_WORDS_MAX:
                    self._cache[word] = pieces
            found.extend(pieces)
        return found

    def _pieces(self, word: str) -> tuple[int, ...]:
        if len(word) > WORD_CHARACTERS_MAX:
            return (self._unknown,)
        pieces: list[int] = []
        start = 0
        while start < len(word):
            end = len(word)
            while end > start:
                piece = self._ids.get(word[start:end] if start == 0 else f"##{word[start:end]}")
                if piece is not None:
                    pieces.append(piece)
                    break
                end -= 1
            else:
                return (self._unknown,)
            start = end
        return tuple(pieces)


def words(text: str) -> list[str]:
    """Lower-case words and single marks."""
    lowered = text.lower()
    if lowered.isascii() and lowered.isprintable():
        return _PLAIN.findall(lowered)
    cleaned = "".join(" " if c in "\t\n\r" else c for c in text if c in "\t\n\r" or not _is_control(c))
    spaced = re.sub(f"([{_CJK}])", r" \1 ", cleaned)
    # Lower case letter by letter: on whole words Python knows the final sigma, which the reference does not.
    letters = (c.lower() for c in unicodedata.normalize("NFD", spaced) if unicodedata.category(c) != "Mn")
    stripped = "".join(letters)
    return [part for chunk in stripped.split() for part in _split(chunk)]


def _is_control(character: str) -> bool:
    return character in "\x00\ufffd" or unicodedata.category(character).startswith("C")


def _is_mark(character: str) -> bool:
    ascii_mark = character.isascii() and character.isprintable() and not character.isalnum() and character != " "
    return ascii_mark or unicodedata.category(character).startswith("P")


def _split(chunk: str) -> list[str]:
    parts: list[str] = []
    fresh = True
    for character in chunk:
        if _is_mark(character):
            parts.append(character)
            fresh = True
        elif fresh:
            parts.append(character)
            fresh = False
        else:
            parts[-1] += character
    return parts
