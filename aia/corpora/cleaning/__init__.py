"""What happens to documents between reading and keeping: masking, near repeats, language."""

from aia.corpora.cleaning.options import CleanOptions, clean

__all__ = ["CleanOptions", "clean"]
