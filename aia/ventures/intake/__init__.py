"""From what people hand in (files, services, uploads) to a kept corpus; what grew is read where it grew."""

from aia.ventures.intake.reception import Reception

__all__ = ["Reception"]
