"""What the text says about a need: counts, passages, momentum, and a rank with its uncertainty."""

from aia.ventures.assessment.evidence import assess
from aia.ventures.assessment.ranking import rank
from aia.ventures.assessment.trend import momentum, monthly

__all__ = ["assess", "momentum", "monthly", "rank"]
