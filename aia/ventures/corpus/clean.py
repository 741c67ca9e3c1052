"""A corpus made fit to be kept: personal data masked, near repeats left out, languages told; all of it counted."""

from collections import Counter
from dataclasses import replace
from hashlib import blake2b

from aia.ventures.corpus.duplicates import near_repeats
from aia.ventures.corpus.language import ENGLISH, language_of
from aia.ventures.corpus.options import CleanOptions
from aia.ventures.corpus.private import masked
from aia.ventures.model import Corpus, Document, RejectedRow

NEAR_REPEAT = "near repeat"
LANGUAGES_TOLD = 60
EXAMPLES = 20


def clean(corpus: Corpus, options: CleanOptions) -> Corpus:
    """The corpus as it is kept: quotations then match what is stored, and masks change no offset."""
    changed = Counter[str](corpus.reading.changed)
    documents = list(corpus.documents)
    if not options.keep_private:
        documents = _without_private(documents, changed)
    documents, rejected = _without_repeats(documents, options.near_repeat)
    if options.languages:
        documents = _with_language(documents, changed)
    reading = replace(
        corpus.reading,
        rejected=dict(sorted((Counter(corpus.reading.rejected) + rejected[0]).items())),
        rejected_rows=(*corpus.reading.rejected_rows, *rejected[1]),
        changed=dict(sorted(changed.items())),
        undated=sum(document.day is None for document in documents),
    )
    return replace(corpus, documents=tuple(documents), reading=reading)


def _without_private(documents: list[Document], changed: Counter[str]) -> list[Document]:
    found = Counter[str]()
    cleaned: list[Document] = []
    for document in documents:
        text = masked(document.text, found)
        author = None if document.author is None else _person(document.author)
        fields = {name: masked(value, Counter()) for name, value in document.fields.items()}
        if (text, author, fields) != (document.text, document.author, document.fields):
            document = replace(document, text=text, author=author, fields=fields)  # noqa: PLW2901
        cleaned.append(document)
    changed.update({f"masked {kind}": count for kind, count in found.items()})
    return cleaned


def _person(author: str) -> str:
    """An author named by an address or number gets a name by its hash: who is who stays, the address does not."""
    if masked(author, Counter()) == author:
        return author
    return f"person-{blake2b(author.lower().encode(), digest_size=8).hexdigest()}"


def _without_repeats(
    documents: list[Document], threshold: float
) -> tuple[list[Document], tuple[Counter[str], tuple[RejectedRow, ...]]]:
    if threshold >= 1.0 or len(documents) < 2:
        return documents, (Counter(), ())
    repeats = near_repeats([document.text for document in documents], threshold)
    left_out = {repeat.place for repeat in repeats}
    kept = [document for place, document in enumerate(documents) if place not in left_out]
    examples = tuple(
        RejectedRow(repeat.place + 1, f"{NEAR_REPEAT} of {documents[repeat.of].id} ({repeat.similarity:.2f})")
        for repeat in repeats[:EXAMPLES]
    )
    return kept, (Counter({NEAR_REPEAT: len(repeats)} if repeats else {}), examples)


def _with_language(documents: list[Document], changed: Counter[str]) -> list[Document]:
    told = Counter[str]()
    result: list[Document] = []
    for document in documents:
        code = language_of(document.text)
        if code is None or code == ENGLISH:
            result.append(document)
            continue
        told[f"in language {code}"] += 1
        result.append(replace(document, fields={**document.fields, "language": code}))
    changed.update(dict(told.most_common(LANGUAGES_TOLD)))
    return result
