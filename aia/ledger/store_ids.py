"""Ids of transfers and holds in 16 bytes: `tfr_` and base 32 to a number of 128 bits and back, exactly.

AIA makes two kinds (`aia.core.ids`): 26 digits from a clock, whose number is at least 2^100 as its first
48 bits are milliseconds since 1970, and 20 digits from content, whose number is below 2^100. So a number
tells its own length, and what has not one of these two forms cannot be kept: `number_of` refuses it.
"""

import base64

from aia.core.ids import ALPHABET

TRANSFER = "tfr_"
HOLD = "hld_"

_CONTENT_DIGITS, _CLOCK_DIGITS = 20, 26
_CONTENT_END = 1 << 100
_END = 1 << 128
_RFC4648 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_FROM_RFC4648 = bytes.maketrans(_RFC4648, ALPHABET.encode())
# Python's own base 32 digits; every byte that is not one of ours becomes one that int() refuses.
_PYTHON_DIGITS = b"0123456789abcdefghijklmnopqrstuv"
_TO_PYTHON = bytes(_PYTHON_DIGITS[ALPHABET.index(chr(b))] if chr(b) in ALPHABET else ord("!") for b in range(256))


def number_of(prefix: str, text: str) -> int | None:
    """The number of an id with that prefix, or None for a text that is not one of AIA's ids."""
    digits = text[len(prefix) :].encode(errors="replace")
    if len(digits) not in {_CONTENT_DIGITS, _CLOCK_DIGITS} or not text.startswith(prefix):
        return None
    try:
        number = int(digits.translate(_TO_PYTHON), 32)
    except ValueError:
        return None
    least, end = (0, _CONTENT_END) if len(digits) == _CONTENT_DIGITS else (_CONTENT_END, _END)
    return number if least <= number < end else None


def text_of(prefix: str, number: int) -> str:
    """The id of a number that `number_of` gave."""
    digits = base64.b32encode(number.to_bytes(20, "big")).translate(_FROM_RFC4648).decode()
    return prefix + digits[-(_CONTENT_DIGITS if number < _CONTENT_END else _CLOCK_DIGITS) :]
