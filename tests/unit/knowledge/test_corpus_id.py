"""The id of a corpus: by what is in it."""

from datetime import date

from aia.knowledge import stored_document
from aia.knowledge.model import corpus_id

READING = {"format": "jsonl"}


def document(**more):
    return stored_document(0, "a", "One text.", day=date(2024, 3, 1), author="Ada", **more)


def test_a_corpus_kept_before_sources_were_known_keeps_its_id():
    documents = [document(), stored_document(1, "b", "Two.")]
    assert corpus_id(documents, READING) == "crp_zqb2sttytgq3216tmmvk"


def test_source_and_fields_are_part_of_what_a_corpus_is():
    ids = {
        corpus_id([one], READING)
        for one in (
            document(),
            document(source="forum"),
            document(fields={"company": "Acme"}),
            document(source="forum", fields={"company": "Acme"}),
        )
    }
    assert len(ids) == 4
