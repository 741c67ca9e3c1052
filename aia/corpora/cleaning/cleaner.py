"""A corpus made fit to be kept: personal data masked, near repeats left out, languages told; all of it counted."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from aia.corpora.cleaning.options import CleanOptions
from aia.corpora.model import Corpus, Document, Reading, RejectedRow
from aia.text.language import ENGLISH, language_of
from aia.text.near_duplicates.repeats import BANDS, Compared, Hashes, Repeat, Repeats, repeats_after
from aia.text.personal_data import masked

NEAR_REPEAT = "near repeat"
LANGUAGES_TOLD = 60
EXAMPLES = 20


@dataclass(frozen=True, slots=True)
class Cleaned:
    """What cleaning came to, from the first document on: counts by kind and language, and the first near repeats."""

    masked: Mapping[str, int] = field(default_factory=dict[str, int])
    languages: Mapping[str, int] = field(default_factory=dict[str, int])
    repeats: int = 0
    examples: tuple[RejectedRow, ...] = ()
    undated: int = 0


@dataclass(frozen=True, slots=True)
class Added:
    """Documents that were added to others and cleaned: the corpus of them alone, with the reading of all.

    `keys` (n, bands) and `stands_for` (n,) are theirs, as in `duplicates.Compared`.
    """

    corpus: Corpus
    cleaned: Cleaned
    keys: Hashes
    stands_for: NDArray[np.int32]


def clean(corpus: Corpus, options: CleanOptions) -> Corpus:
    """The corpus as it is kept: quotations then match what is stored, and masks change no offset."""
    return clean_added(corpus, options).corpus


def clean_added(
    corpus: Corpus, options: CleanOptions, before: Compared | None = None, so_far: Cleaned | None = None
) -> Added:
    """The same of documents that come behind others, which were compared before and cleaned to `so_far`.

    The reading of `corpus` is that of all documents; `so_far` is what cleaning adds to it.
    """
    so_far = so_far or Cleaned()
    masked, languages = Counter(so_far.masked), Counter(so_far.languages)
    documents = list(corpus.documents)
    if not options.keep_private:
        documents = _without_private(documents, masked)
    repeats, stands_for = _without_repeats(documents, options.near_repeat, before)
    examples = (*so_far.examples, *_examples(repeats.found[: EXAMPLES - len(so_far.examples)], documents, before))
    first = 0 if before is None else len(before.keys)
    kept = [d for place, d in enumerate(documents, first) if stands_for[place - first] == place]
    if options.languages:
        kept = _with_language(kept, languages)
    undated = so_far.undated + sum(document.day is None for document in kept)
    cleaned = Cleaned(masked, languages, so_far.repeats + len(repeats.found), examples, undated)
    return Added(
        replace(corpus, documents=tuple(kept), reading=_told(corpus.reading, cleaned)),
        cleaned,
        repeats.keys,
        stands_for,
    )


def _told(reading: Reading, cleaned: Cleaned) -> Reading:
    """The reading with what cleaning came to."""
    rejected = Counter(reading.rejected) + Counter({NEAR_REPEAT: cleaned.repeats})
    changed = Counter(reading.changed)
    changed.update({f"masked {kind}": count for kind, count in cleaned.masked.items()})
    most = sorted(cleaned.languages.items(), key=lambda told: (-told[1], told[0]))[:LANGUAGES_TOLD]
    changed.update({f"in language {code}": count for code, count in most})
    return replace(
        reading,
        rejected=dict(sorted(rejected.items())),
        rejected_rows=(*reading.rejected_rows, *cleaned.examples),
        changed=dict(sorted(changed.items())),
        undated=cleaned.undated,
    )


def _without_private(documents: list[Document], found: Counter[str]) -> list[Document]:
    cleaned: list[Document] = []
    for document in documents:
        text = masked(document.text, found)
        author = None if document.author is None else _person(document.author)
        fields = {name: masked(value, Counter()) for name, value in document.fields.items()}
        if (text, author, fields) != (document.text, document.author, document.fields):
            document = replace(document, text=text, author=author, fields=fields)  # noqa: PLW2901
        cleaned.append(document)
    return cleaned


def _person(author: str) -> str:
    """An author named by an address or number gets a name by its hash: who is who stays, the address does not."""
    if masked(author, Counter()) == author:
        return author
    return f"person-{blake2b(author.lower().encode(), digest_size=8).hexdigest()}"


def _without_repeats(
    documents: list[Document], threshold: float, before: Compared | None
) -> tuple[Repeats, NDArray[np.int32]]:
    """The repeats among them, and for each document the place of what it repeats, or its own."""
    first = 0 if before is None else len(before.keys)
    stands_for = np.arange(first, first + len(documents), dtype=np.int32)
    if threshold >= 1.0 or first + len(documents) < 2:
        return Repeats([], np.zeros((len(documents), BANDS), np.uint64)), stands_for
    repeats = repeats_after(before, [document.text for document in documents], threshold)
    for repeat in repeats.found:
        stands_for[repeat.place - first] = repeat.of
    return repeats, stands_for


def _examples(
    repeats: Sequence[Repeat], documents: Sequence[Document], before: Compared | None
) -> Iterator[RejectedRow]:
    first = 0 if before is None else len(before.keys)
    for r in repeats:
        of = documents[r.of - first].id if before is None or r.of >= first else before.kept([r.of])[0][0]
        yield RejectedRow(r.place + 1, f"{NEAR_REPEAT} of {of} ({r.similarity:.2f})")


def _with_language(documents: list[Document], told: Counter[str]) -> list[Document]:
    result: list[Document] = []
    for document in documents:
        code = language_of(document.text)
        if code is None or code == ENGLISH:
            result.append(document)
            continue
        told[code] += 1
        result.append(replace(document, fields={**document.fields, "language": code}))
    return result
