"""A file that grew: read from where its last reading ended, to the same corpus that reading it whole would give."""

from aia.corpora.resume.checkpoint import Checkpoint
from aia.corpora.resume.read import Resumed, begins_with, may_resume, options_key, read_marked, read_on

__all__ = ["Checkpoint", "Resumed", "begins_with", "may_resume", "options_key", "read_marked", "read_on"]
