"""Who acts: every transaction belongs to one organisation, named here and nowhere else."""

from dataclasses import dataclass
from typing import Final

SYSTEM: Final = "system"
"""The organisation-less actor of genesis, migrations and outbox readers; owns no rows."""


@dataclass(frozen=True, slots=True)
class Principal:
    """`organisation` is the tenant; `subject` is the person, key or agent that acts for it.

    An `operator` also looks after the deployment: the treasury, which belongs to no tenant.
    """

    organisation: str
    subject: str
    operator: bool = False

    @classmethod
    def system(cls) -> "Principal":
        return cls(SYSTEM, SYSTEM)
