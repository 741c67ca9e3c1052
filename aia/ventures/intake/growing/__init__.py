"""A file that grew: read from where its last reading ended, to the same corpus that reading it whole would give."""

from aia.ventures.intake.growing.mark import Mark
from aia.ventures.intake.growing.read import Grown, begins_with, may_grow, options_key, read_marked, read_on

__all__ = ["Grown", "Mark", "begins_with", "may_grow", "options_key", "read_marked", "read_on"]
