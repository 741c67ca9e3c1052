"""A file that grew, read from where its last reading ended, gives what reading it whole gives."""

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from aia.corpora.cleaning import CleanOptions
from aia.corpora.model import Corpus, Document
from aia.corpora.resume import Checkpoint, begins_with, may_resume, options_key, read_marked, read_on
from aia.corpora.sample import generate
from aia.corpora.sources import ReadOptions

TODAY = date(2026, 1, 1)
OPTIONS = ReadOptions(today=TODAY)
CLEANING = CleanOptions()
STRANGE = [
    {"text": "My mail is ann@example.org, ring +44 20 7946 0958 about the refund of my card please.", "id": "doc-1"},
    {
        "text": "Wo bleibt meine neue Karte, ich warte schon seit drei Wochen auf die Bank und niemand antwortet.",
        "id": 7,
    },
    {"text": "no card", "author": "bob@example.org"},
    {"text": "No   CARD"},
    {"text": ""},
    {"nothing": 1},
]


def lines_of(number: int, seed: int = 0) -> list[str]:
    """Rows with exact and near repeats, repeated ids, personal data, other languages and rows to be left out."""
    draw = random.Random(seed)
    rows: list[dict] = [dict(row) for row in generate(seed, number)[0]]
    for place in range(0, number, 7):
        other = {"text": "", **rows[draw.randrange(number)]}
        other["text"] += draw.choice(["", " indeed", " and so on"])
        rows[place] = draw.choice([other, dict(draw.choice(STRANGE))])
    return [json.dumps(row) + "\n" for row in rows]


def shelf(documents: Sequence[Document]) -> Callable[[Sequence[int]], list[tuple[str, str]]]:
    return lambda positions: [(documents[i].id, documents[i].text) for i in positions]


def grown(path: Path, first: list[str], *more: list[str]) -> tuple[Corpus, Corpus, Checkpoint]:
    """(what was kept piece by piece put together, with the reading of the last; the whole; the last mark)."""
    path.write_text("".join(first), encoding="utf-8")
    corpus, mark = read_marked(path, OPTIONS, CLEANING)
    assert mark is not None
    documents = list(corpus.documents)
    for lines in more:
        with path.open("a", encoding="utf-8") as file:
            file.write("".join(lines))
        mark = Checkpoint.unpack(mark.pack())
        assert begins_with(path, mark.length, mark.sha256)
        found = read_on(path, OPTIONS, CLEANING, mark, shelf(documents))
        assert found is not None
        documents += found.corpus.documents
        corpus, mark = found.corpus, found.mark
    return replace(corpus, documents=tuple(documents)), read_marked(path, OPTIONS, CLEANING)[0], mark


@pytest.mark.parametrize("cut", [(1_900, 2_000), (1_500, 1_501), (1_800, 1_800)])
def test_a_file_that_grew_is_read_on_to_the_same_corpus(tmp_path: Path, cut: tuple[int, int]):
    lines = lines_of(2_000, seed=cut[0])
    on, whole, mark = grown(tmp_path / "a.jsonl", lines[: cut[0]], lines[cut[0] : cut[1]], lines[cut[1] :])
    assert on.documents == whole.documents
    assert on.reading == whole.reading
    assert on.reading.rejected["near repeat"] > 0
    assert on.reading.rejected["duplicate"] > 0
    again = read_marked(tmp_path / "a.jsonl", OPTIONS, CLEANING)[1]
    assert again is not None
    assert mark.pack() == again.pack()


def test_a_mark_is_kept_as_it_is(tmp_path: Path):
    _, _, mark = grown(tmp_path / "a.jsonl", lines_of(1_400))
    mark = mark.with_records("a\tb\nc")
    again = Checkpoint.unpack(mark.pack())
    assert again.pack() == mark.pack()
    assert (again.met, again.cleaned, again.records) == (mark.met, mark.cleaned, mark.records)


def changed_before_its_end(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("the", "The", 1) + "".join(lines_of(10)), encoding="utf-8")


def goes_on_malformed(path: Path) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write('{"text": "not ended\n')


def dates_turn_out_to_be_in_another_order(path: Path) -> None:
    with path.open("a", encoding="utf-8") as file:
        row = json.loads(lines_of(1)[0]) | {
            "date": "25/12/2024",
            "text": "A new thing that nobody has said before now.",
        }
        file.write(json.dumps(row) + "\n")


def has_a_date_in_the_future(path: Path) -> None:
    with path.open("a", encoding="utf-8") as file:
        row = json.loads(lines_of(1)[0]) | {
            "date": "2031-12-25",
            "text": "A new thing that nobody has said until now.",
        }
        file.write(json.dumps(row) + "\n")


def is_cut_off(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-200])


@pytest.mark.parametrize(
    "change",
    [
        changed_before_its_end,
        goes_on_malformed,
        dates_turn_out_to_be_in_another_order,
        has_a_date_in_the_future,
        is_cut_off,
    ],
)
def test_what_a_mark_cannot_answer_for_is_read_whole(tmp_path: Path, change):
    path = tmp_path / "a.jsonl"
    corpus, _, mark = grown(path, lines_of(1_500))
    change(path)
    assert (
        read_on(
            path, OPTIONS, CLEANING, mark, lambda at: [(corpus.documents[i].id, corpus.documents[i].text) for i in at]
        )
        is None
    )


def test_a_last_line_that_is_not_ended_leaves_no_mark(tmp_path: Path):
    path = tmp_path / "a.jsonl"
    path.write_text("".join(lines_of(1_500)).rstrip("\n"), encoding="utf-8")
    assert may_resume(path, OPTIONS)
    assert read_marked(path, OPTIONS, CLEANING)[1] is None


def test_only_plain_json_lines_may_grow(tmp_path: Path):
    path, other, small = tmp_path / "a.jsonl", tmp_path / "a.csv", tmp_path / "b.jsonl"
    path.write_text("".join(lines_of(1_500)), encoding="utf-8")
    other.write_text("id,text\n" + "1,some words about a card\n" * 4_000, encoding="utf-8")
    small.write_text("".join(lines_of(20)), encoding="utf-8")
    assert [may_resume(p, OPTIONS) for p in (path, other, small, tmp_path)] == [True, False, False, False]
    assert not may_resume(path, replace(OPTIONS, sampled=True))


def test_another_way_of_reading_has_another_key():
    keys = {
        options_key(OPTIONS, CLEANING),
        options_key(replace(OPTIONS, text_field="body"), CLEANING),
        options_key(OPTIONS, replace(CLEANING, keep_private=True)),
    }
    assert len(keys) == 3
    assert options_key(replace(OPTIONS, today=date(2026, 2, 2)), CLEANING) in keys
