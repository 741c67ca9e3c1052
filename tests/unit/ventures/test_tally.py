"""A tally that goes on from an earlier one equals one counted from the start, and counts as voices do."""

from collections import Counter
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aia.corpora.model import Document
from aia.text.model import Statement, StatementKind
from aia.ventures.assessment import Audience, solved_voices, voice_months, voices
from aia.ventures.assessment.cues import concedes, context, harm
from aia.ventures.assessment.tally import ROW, Tally, pack, tally_of, unpack

SAYINGS = (
    "The app crashes again and again when I open the invoice, I would pay for a fix of it today.",
    "The app crashes again and again when I open the invoice, I would pay for a fix of it now.",
    "My card was charged three times and nobody answers, the bank keeps my $40 since two weeks.",
    "Buy now the best deal for cards, follow us, link in bio.",
    "no card",
    "This is fixed now, it works fine since the update of the reader in our office.",
    "Wo ist meine Karte, ich warte seit drei Wochen auf die neue Karte von der Bank.",
    "Please add a way to export the invoice, my doctor asks for it every month.",
)
documents_of = st.lists(
    st.tuples(
        st.sampled_from(SAYINGS),
        st.sampled_from(["", " Seen in our office.", " We told them twice about it already."]),
        st.sampled_from([None, "ann", "Ann", "bob", "eve", "joe"]),
        st.sampled_from([None, date(2024, 1, 3), date(2024, 1, 9), date(2024, 3, 1)]),
        st.sampled_from([None, "forum", "store"]),
        st.sampled_from([{}, {"company": "Acme"}, {"company": "ACME", "response": "Closed with monetary relief"}]),
    ),
    min_size=1,
    max_size=24,
).map(
    lambda rows: [
        Document(f"d{i}", text + more, day, author, source, fields)
        for i, (text, more, author, day, source, fields) in enumerate(rows)
    ]
)


def statements_of(documents: list[Document]) -> list[Statement]:
    spans = [(i, start, end) for i, d in enumerate(documents) for start, end in ((0, 6), (4, len(d.text)))]
    return [Statement(i, start, end, StatementKind.PROBLEM, 0.5, 0.5) for i, start, end in spans]


def same(a: Tally, b: Tally) -> bool:
    return a.rows.tobytes() == b.rows.tobytes() and np.array_equal(a.values, b.values)


@given(documents_of, st.data())
def test_counting_goes_on_wherever_it_stopped(documents: list[Document], data: st.DataObject):
    members = statements_of(documents)
    cut = data.draw(st.integers(0, len(documents)))
    before = tally_of([s for s in members if s.document < cut], documents[:cut])
    assert same(tally_of(members, documents, before), tally_of(members, documents))


@given(documents_of)
def test_a_tally_counts_what_the_voices_of_the_documents_say(documents: list[Document]):
    members = statements_of(documents)
    tally, audience = tally_of(members, documents), Audience.of(documents)
    spoken = voices(documents, range(len(documents)))
    heard = {voice for voice in spoken.values() if voice is not None}
    told: dict[str, int] = {}
    for statement in members:
        if (voice := spoken[statement.document]) is not None:
            text = context(documents[statement.document].text, statement.start, statement.end)
            conceded = concedes(documents[statement.document].fields)
            told[voice] = max(told.get(voice, 0), min(5, harm(text) + conceded))
    counts = tally.counts(audience.voices)
    assert counts.voices == len(heard) == tally.voices
    assert counts.unheard == sum(voice is None for voice in spoken.values())
    relieved = {v for i, v in spoken.items() if v is not None and "response" in documents[i].fields}
    assert (counts.answered, counts.conceded) == (len(relieved), len(relieved))
    assert counts.solved == len(solved_voices(members, documents, spoken))
    assert list(counts.severity) == [Counter(told.values())[level] for level in range(6)]
    assert tally.months(audience.months) == voice_months(documents, spoken, audience)
    assert tally.authors == len({d.author for d in documents} - {None})
    assert tally.largest_author == max(Counter(d.author for d in documents if d.author).values(), default=0)
    assert counts.undated == sum(d.day is None for d in documents)
    assert (counts.sources, counts.companies) == (
        len({d.source for d in documents} - {None}),
        int(any(d.fields for d in documents)),
    )


def test_a_tally_that_counted_other_documents_is_left_aside():
    documents = [Document(f"d{i}", f"{SAYINGS[i % 8]} {i}") for i in range(12)]
    members = statements_of(documents)
    other = tally_of([s for s in members if s.document in {0, 2}], documents)
    mine = [s for s in members if s.document not in {2, 5}]
    assert same(tally_of(mine, documents, other), tally_of(mine, documents))


def test_documents_before_those_that_were_counted_are_refused():
    documents = [Document(f"d{i}", SAYINGS[i]) for i in range(4)]
    members = statements_of(documents)
    later = tally_of([s for s in members if s.document > 1], documents)
    with pytest.raises(ValueError, match="document 1 stands before"):
        later.with_members([s for s in members if s.document == 1], documents)


@given(st.lists(documents_of, max_size=3))
def test_tallies_are_kept_as_they_are(corpora: list[list[Document]]):
    tallies = {f"need-{i}": tally_of(statements_of(found), found) for i, found in enumerate(corpora)}
    again = unpack(pack(tallies))
    assert again.keys() == tallies.keys()
    assert all(same(again[name], tally) and again[name].rows.dtype == ROW for name, tally in tallies.items())


def test_what_became_of_a_complaint_adds_to_its_severity_and_is_counted_by_itself():
    fields = (
        {"response": "Closed with monetary relief", "timely": "Yes", "disputed": "N/A"},
        {"response": "Closed without relief", "timely": "Yes", "disputed": "No"},
        {"response": "Closed with explanation", "timely": "Yes", "disputed": "Yes"},
        {"response": "Closed", "timely": "No"},
        {},
    )
    text = "The branch lists my name as somebody else."
    documents = [Document(f"d{i}", text, author=f"a{i}", fields=own) for i, own in enumerate(fields)]
    members = [Statement(i, 0, len(text), StatementKind.PROBLEM, 0.5, 0.0) for i in range(len(documents))]
    # Copies of one text have three voices at most, so each is counted by itself.
    counts = [tally_of([s], documents).counts(5) for s in members]
    assert [(c.answered, c.conceded) for c in counts] == [(1, 1), (1, 0), (1, 1), (1, 1), (0, 0)]
    assert [c.severity.index(1) for c in counts] == [1, 0, 1, 1, 0]


def test_tallies_of_another_layout_are_left_aside():
    documents = [Document("d0", SAYINGS[0])]
    kept = pack({"need": tally_of(statements_of(documents), documents)})
    assert unpack(b"\0\0\0\0" + kept[4:]) == {}
