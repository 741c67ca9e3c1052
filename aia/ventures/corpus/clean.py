"""The plugin that cleans a corpus: it loads its libraries when first used."""

from aia.ventures.corpus.cleaning import clean_added
from aia.ventures.corpus.options import CleanOptions
from aia.ventures.model import Corpus


def clean(corpus: Corpus, options: CleanOptions) -> Corpus:
    """The corpus as it is kept: quotations then match what is stored, and masks change no offset."""
    return clean_added(corpus, options).corpus
