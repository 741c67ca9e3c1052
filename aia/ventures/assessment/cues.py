"""What a document tells about the weight of a need, by lexical rules for English; linear, no nested repeats.

Each is a question with a yes or a no for one document, so that a count of documents can be counted again
by anyone. `HARM` has five kinds; how many of them a voice tells is the severity it gives a need.
"""

import re
from collections.abc import Mapping

from aia.text.words import STOP_WORDS, tokens

_MONEY = r"[$€£]\s?\d|\b\d+(?:[.,]\d+)?\s?(?:dollars?|euros?|pounds?|bucks|usd|eur|gbp)\b|\b(?:fees?|charge[sd]?|owed?|refund)\b"
_DURATION = (
    r"\b(?:\d+|several|many|few|two|three|four|five|six) ?(?:\+ ?)?(?:hours?|days?|weeks?|months?|years?)\b|"
    r"\bfor (?:hours|days|weeks|months|years|ages)\b|\b(?:all (?:day|week)|every (?:day|week|month|time))\b"
)
_REPEATED = (
    r"\b(?:again|repeatedly|(?:multiple|several|many|numerous|countless|\d+) times|over and over|once more|"
    r"keeps? (?:on )?[a-z]+ing|still (?:not|no|waiting|have|has)|(?:never|nobody|no one) (?:answer|repl|respond|call)[a-z]*|"
    r"(?:called|emailed|wrote|contacted|complained)(?: [a-z]+){0,3} (?:times|again))\b"
)
_STRONG = (
    r"\b(?:terrible|horrible|awful|worst|useless|nightmare|unacceptable|impossible|disgusting|ridiculous|outrageous|"
    r"furious|desperate|unbearable|scam(?:med)?|fraud(?:ulent)?|stolen|ruin(?:ed|ing)?|threaten(?:ed|ing)?|harass(?:ed|ing|ment)?|"
    r"lied|hate|crash(?:es|ed|ing)?|lost|broken|urgent|emergency|asap|fail(?:s|ed)?)\b"
)
_STAKES = (
    r"\b(?:lawyer|attorney|court|lawsuit|sue|legal action|police|identity theft|bankrupt(?:cy)?|evict(?:ed|ion)?|foreclos\w{0,4}|"
    r"can(?:no|')t afford|hardship|job|health|sick|credit score|credit report|cancel(?:led|ling)? my|leaving|switch(?:ed|ing) to)\b"
)
HARM: Mapping[str, re.Pattern[str]] = {
    name: re.compile(rule, re.IGNORECASE)
    for name, rule in (
        ("money", _MONEY),
        ("duration", _DURATION),
        ("repeated", _REPEATED),
        ("strong words", _STRONG),
        ("stakes", _STAKES),
    )
}
"""Five kinds of harm: money, lost time, having to come back, strong words, and what hangs on it."""

PAYING = re.compile(
    r"\b(?:would (?:gladly |happily )?pay|willing to pay|happy to pay|(?:i|we)'d pay|pay (?:extra|more|for (?:a|an|this))|"
    r"(?:already |have |had to )?(?:paid|pay|spend|spent|paying|spending|costs? (?:us|me))(?: [a-z]+){0,3} ?[$€£]?\d|"
    r"too expensive|over ?priced|price (?:increase|went up|is too)|paid (?:version|plan|tool|someone|for)|work-?around|"
    r"hired|buy(?:ing)? (?:a|another|an) (?:tool|app|service)|subscri(?:be|bed|ption) (?:to|for))\b",
    re.IGNORECASE,
)
"""Money spent on a way round, an offer to pay, or a complaint of the price."""

SOLVED = re.compile(
    r"\b(?:(?:problem|issue|it|this|that) (?:is|was|has been|got) (?:now )?(?:solved|resolved|fixed)|fixed now|works? (?:well|great|fine|now|perfectly)|"
    r"love (?:it|this|the)|happy with|satisfied with|i (?:now )?use [A-Z][a-z]+|switched to [A-Z][a-z]+|there is already)\b"
)
"""Says that it is solved, or names what solves it."""

PROMOTION = re.compile(
    r"\b(?:buy (?:now|cheap|online|our|the best)|order (?:now|today|yours)|click (?:here|the link)|best (?:prices?|deals?|offers?)|"
    r"(?:special|limited)(?:[- ]time)? (?:offer|discount|deal)|free (?:shipping|trial|delivery)|promo(?:tion)? ?code|discount code|"
    r"coupon|use code|\d{1,3} ?% off|visit (?:our|my|us)|check out (?:our|my)|follow (?:me|us)|subscribe (?:now|to (?:our|my))|"
    r"dm (?:me|us)|link in bio|shop now|sign up (?:now|today)|earn (?:money|cash|\$)|work from home|guaranteed (?:results|income)|"
    r"act now|don't miss)\b|https?://\S+\?(?:ref|aff|utm)",
    re.IGNORECASE,
)
"""Wants to sell something. A document that does is no voice of a need."""

REGULATED = re.compile(
    r"\b(?:bank(?:ing|s)?|loans?|mortgages?|credit|debts?|insurance|insur(?:ed|er)|investments?|securities|crypto(?:currency)?|"
    r"medical|medicine|prescriptions?|patients?|clinical|diagnos\w{1,4}|pharmac\w{1,3}|doctors?|hospitals?|therap(?:y|ist)|drugs?|"
    r"legal advice|tax(?:es)?|gambling|betting|alcohol|tobacco|cannabis|firearms?|children|minors|schools?|biometric|identity)\b",
    re.IGNORECASE,
)
"""A domain where law asks for a licence or special care."""

RELIEF = re.compile(
    r"(?<!without )(?<!no )(?<!not )\b(?:relief|refunded|reimbursed|compensated)\b|\buntimely\b", re.IGNORECASE
)
"""An answer that makes good, or that says of itself that it came late."""

CONTEXT_CHARACTERS = 400
ENGLISH_SHARE_MIN = 0.12
ENGLISH_WORDS_MIN = 8
_YES, _NO = frozenset({"yes", "true", "1"}), frozenset({"no", "false", "0"})


def context(text: str, start: int, end: int) -> str:
    """A statement with the 400 characters before and behind it: what its author says about it."""
    return text[max(0, start - CONTEXT_CHARACTERS) : end + CONTEXT_CHARACTERS]


def harm(text: str) -> int:
    """How many of the five kinds of harm a text tells."""
    return sum(rule.search(text) is not None for rule in HARM.values())


def is_answered(fields: Mapping[str, str]) -> bool:
    """Whether a source tells what became of a complaint: the answer, whether in time, whether disputed."""
    return any(fields.get(name, "").strip() for name in ("response", "timely", "disputed"))


def concedes(fields: Mapping[str, str]) -> bool:
    """Whether what became of a complaint speaks for it: relief was given, the answer came late or was disputed."""
    return (
        RELIEF.search(fields.get("response", "")) is not None
        or fields.get("timely", "").strip().casefold() in _NO
        or fields.get("disputed", "").strip().casefold() in _YES
    )


def is_foreign(text: str) -> bool:
    """Whether a text of eight words or more has few of the commonest English words."""
    words = tokens(text[:2_000])
    if len(words) < ENGLISH_WORDS_MIN:
        return False
    return sum(word in STOP_WORDS for word in words) < ENGLISH_SHARE_MIN * len(words)
