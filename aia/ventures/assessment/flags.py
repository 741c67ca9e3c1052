"""What makes an opportunity doubtful whatever its score: each flag is a share of counted documents.

A flag caps the confidence of the decision view, and stands on the page, in the JSON-LD and on the screen.
"""

from collections.abc import Sequence

from aia.ventures.model import NO_MOMENTUM, UNDATED, Assessment

MOST = 0.5
ONE_SOURCE_SHARE = 0.9
REGULATED_SHARE = 0.3
FOREIGN_SHARE = 0.3
UNDATED_SHARE = 0.5
FEW_VOICES = 5
CAP_GRAVE, CAP_LIGHT = 0.3, 0.6

ONE_VOICE, ONE_SOURCE, REPEATED = "one voice", "one source", "mostly repeated or advertising"
SAYS_LITTLE = "a verdict or a plea, no need named"
GRAVE = frozenset({ONE_VOICE, REPEATED, SAYS_LITTLE})
"""Flags that leave little of the evidence, or of the need; the others say that the evidence is narrow."""


def flags_of(a: Assessment) -> tuple[str, ...]:
    """Flags of a need, the gravest first."""
    c, n = a.counts, a.documents
    undated = c.undated > UNDATED_SHARE * n
    told = (
        (ONE_VOICE, c.voices <= 1 or c.largest_voice > MOST * n),
        (REPEATED, c.unheard > MOST * n),
        (SAYS_LITTLE, a.says_little),
        (ONE_SOURCE, c.largest_source > ONE_SOURCE_SHARE * n),
        ("one company", c.largest_company > MOST * n),
        ("few voices", c.voices < FEW_VOICES),
        ("regulated domain", c.regulated > REGULATED_SHARE * n),
        (UNDATED, undated),
        ("many not in English", c.foreign > FOREIGN_SHARE * n),
        (NO_MOMENTUM, a.momentum is None and not undated),
        ("growing", a.momentum is not None and a.momentum.lower > 0),
    )
    return tuple(flag for flag, holds in told if holds)


def confidence_cap(flags: Sequence[str]) -> float:
    """What confidence may be at most: 0.3 with a grave flag, 0.6 with one that says the evidence is narrow."""
    if GRAVE & set(flags):
        return CAP_GRAVE
    narrow = set(flags) - {"growing", "regulated domain"}
    return CAP_LIGHT if narrow else 1.0
