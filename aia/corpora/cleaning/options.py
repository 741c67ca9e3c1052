"""How a corpus is made fit to be kept, and the way to have it done."""

from dataclasses import dataclass
from typing import cast

from aia.corpora.model import Corpus
from aia.infra.plugins import load_plugin

NEAR_REPEAT_SIMILARITY = 0.9


@dataclass(frozen=True, slots=True)
class CleanOptions:
    """`near_repeat` 1 keeps all but exact repeats; `keep_private` masks nothing."""

    near_repeat: float = NEAR_REPEAT_SIMILARITY
    keep_private: bool = False
    languages: bool = True


def clean(corpus: Corpus, options: CleanOptions) -> Corpus:
    """See `aia.corpora.cleaning.cleaner.clean`, which loads its libraries when first asked."""
    return cast("Corpus", load_plugin("aia.tools", "clean")(corpus, options))
