"""What the text says about a need: counts, passages, momentum, terms as posteriors, and a rank."""

from aia.ventures.assessment.evidence import assess, solved_voices
from aia.ventures.assessment.market import Surroundings, describe
from aia.ventures.assessment.posterior import Skills
from aia.ventures.assessment.ranking import Basis, rank
from aia.ventures.assessment.trend import momentum, monthly
from aia.ventures.assessment.voices import Audience, exposure, voice_months, voices

__all__ = [
    "Audience",
    "Basis",
    "Skills",
    "Surroundings",
    "assess",
    "describe",
    "exposure",
    "momentum",
    "monthly",
    "rank",
    "solved_voices",
    "voice_months",
    "voices",
]
