"""Masking of personal data: letters and digits of what is found become X, so that every offset stays as it was.

What is found: mail addresses, phone numbers, card numbers (with the Luhn checksum, ISO/IEC 7812), IBANs (with
the checksum of ISO 13616), US social security numbers, IP addresses, and keys and passwords by their form.
The CFPB masks its published narratives with X as well.
"""

import ipaddress
import re
from collections import Counter
from collections.abc import Callable

_WORTH_LOOKING = re.compile(r"@|\d[\d .()/-]{5,}\d|\d:|::|[A-Za-z0-9_\-]{20}|(?i:passw|secret|token|api.?key|pin )")
_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}(?![\w-])")
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,4})?\b")
_CARD = re.compile(r"(?<![\w.-])\d(?:[ -]?\d){12,18}(?![\w-])")
_SSN = re.compile(r"(?<![\w-])(?!000|666|9\d\d)\d{3}([- ])(?!00)\d{2}\1(?!0000)\d{4}(?![\w-])")
_IPV4 = re.compile(r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w.]*\d)")
_IPV6 = re.compile(r"(?<![\w:.])(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{0,4}(?![\w:])")
_PHONE = re.compile(
    r"(?<![\w.$\u20ac\u00a3#/-])(?:\+\d{1,3}[ .-]?(?:\(0\)[ .-]?)?(?:\(?\d{1,4}\)?[ .-]?){1,4}\d{2,4}"
    r"|(?:1[ .-])?(?:\(\d{3}\) ?|\d{3}[ .-])\d{3}[ .-]\d{4}"
    r"|0\d{2,4}[ /-]\d{3,8}(?:[ -]\d{2,6})?)(?![\w-])"
)
_KEY = re.compile(
    r"\b(?:sk-(?:ant-|proj-)?[A-Za-z0-9_-]{16,}|gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|AKIA[0-9A-Z]{16}"
    r"|xox[abprs]-[A-Za-z0-9-]{10,}|AIza[\w-]{30,}|glpat-[\w-]{16,}"
    r"|eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]{8,}|[sr]k_(?:live|test)_\w{16,})"
)
_SAID = re.compile(
    r"(?i:\b(?:password|passwd|passcode|api[ _-]?key|secret(?:[ _-]?key)?|access[ _-]?token|pin)\b"
    r"\s*(?:is|was|[:=])\s*[\"']?)(?P<it>(?=[^\s\"',;]*\d)[^\s\"',;]{4,200})"
)
_PHONE_DIGITS = range(8, 16)


def _luhn(text: str) -> bool:
    """The checksum of payment cards."""
    digits = [int(c) for c in text if c.isdigit()]
    doubled = [sum(divmod(2 * d, 10)) for d in digits[-2::-2]]
    return 13 <= len(digits) <= 19 and len(set(digits)) > 1 and (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def _iban(text: str) -> bool:
    """Mod 97 of the number with its first four characters moved to the end is 1."""
    compact = text.replace(" ", "")
    if not 15 <= len(compact) <= 34:
        return False
    return int("".join(str(int(c, 36)) for c in compact[4:] + compact[:4])) % 97 == 1


def _phone(text: str) -> bool:
    return sum(c.isdigit() for c in text) in _PHONE_DIGITS


def _address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    # Two colons in a word are more often code than an address; a real one is longer and holds a digit.
    return ":" not in text or (len(text) >= 7 and any(c.isdigit() for c in text))


def _always(_: str) -> bool:
    return True


_KINDS: tuple[tuple[str, re.Pattern[str], Callable[[str], bool]], ...] = (
    ("email", _EMAIL, _always),
    ("credential", _KEY, _always),
    ("credential", _SAID, _always),
    ("iban", _IBAN, _iban),
    ("card", _CARD, _luhn),
    ("social security number", _SSN, _always),
    ("ip address", _IPV6, _address),
    ("ip address", _IPV4, _address),
    ("phone", _PHONE, _phone),
)


def masked(text: str, found: Counter[str]) -> str:
    """The text with what is personal masked, of the same length; adds to `found` by kind."""
    if _WORTH_LOOKING.search(text) is None:
        return text
    for kind, pattern, is_real in _KINDS:
        spans = [
            match.span("it" if "it" in pattern.groupindex else 0)
            for match in pattern.finditer(text)
            if is_real(match[0])
        ]
        for start, end in spans:
            found[kind] += 1
            text = text[:start] + _crossed(text[start:end]) + text[end:]
    return text


def _crossed(text: str) -> str:
    return "".join("X" if character.isalnum() else character for character in text)
