"""An input of more documents than are taken: sampled by content, in bounded memory, and told."""

import csv
import random
import tracemalloc
from pathlib import Path

import pytest

from aia.corpora.sources import ReadOptions, read_corpus, read_rows
from aia.corpora.sources.read import TooManyDocuments

COLUMNS = (
    "Date received,Product,Sub-product,Issue,Sub-issue,Consumer complaint narrative,Company public response,Company,"
    "State,ZIP code,Tags,Consumer consent provided?,Submitted via,Date sent to company,Company response to consumer,"
    "Timely response?,Consumer disputed?,Complaint ID"
).split(",")


def texts(count: int) -> list[dict]:
    return [
        {"id": f"d{i}", "text": f"The export of invoices fails, case {i}.", "date": "2024-05-01"}
        for i in range(count)
    ]


def export(path: Path, rows: int) -> Path:
    """The CFPB's complaint export in the shape it is published in."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for i in range(rows):
            day = f"{1 + i % 12:02d}/{1 + i % 28:02d}/{2012 + i % 12}"
            narrative = f"They charged me twice in case {i} and nobody answers. I called XXXX {i % 97} times." * 2
            head = [day, "Mortgage", "FHA", "Trouble during payment", "", narrative, "", f"BANK {i % 50}, N.A.", "NY"]
            writer.writerow(
                [*head, "100XX", "", "Consent provided", "Web", day, "Closed", "Yes", "N/A", 1_000_000 + i]
            )
    return path


def sample_of(rows: list[dict], size: int) -> set[str]:
    corpus = read_rows("sample", rows, ReadOptions(documents_max=size, sampled=True))
    assert len(corpus.documents) == min(size, len(rows))
    return {document.text for document in corpus.documents}


def test_a_sample_does_not_hang_on_the_order_of_rows_nor_on_repeats():
    rows = texts(2_000)
    shuffled = [*rows, *rows[:700]]
    random.Random(1).shuffle(shuffled)
    first = sample_of(rows, 100)
    assert sample_of(shuffled, 2_000) == {row["text"] for row in rows}
    again = read_rows("sample", shuffled, ReadOptions(documents_max=100, sampled=True))
    assert {document.text for document in again.documents} == first
    assert sample_of(rows, 50) < first


def test_a_sample_is_spread_over_the_input():
    numbers = sorted(int(text.split()[-1].rstrip(".")) for text in sample_of(texts(10_000), 1_000))
    for start in range(0, 10_000, 2_000):
        assert 140 <= sum(start <= n < start + 2_000 for n in numbers) <= 260


def test_what_is_not_in_the_sample_is_counted_and_reported_by_source(tmp_path):
    for name in ("a", "b", "c"):
        rows = "".join(f'{{"text": "The export fails in shop {name}, case {i}."}}\n' for i in range(300))
        (tmp_path / f"{name}.jsonl").write_text(rows, encoding="utf-8")
    corpus = read_corpus(tmp_path, ReadOptions(documents_max=90, sampled=True))
    assert len(corpus.documents) == 90
    assert corpus.reading.rejected == {"not in the sample": 810}
    assert sum(report.documents for report in corpus.reading.sources) == 90
    for report in corpus.reading.sources:
        own = Path(report.name).name
        assert report.documents == sum(document.source == own for document in corpus.documents)
        assert report.rejected == {"not in the sample": 300 - report.documents}


def test_every_document_of_a_sample_has_its_own_day_and_id():
    corpus = read_rows("sample", texts(500), ReadOptions(documents_max=50, sampled=True))
    assert all(document.day is not None for document in corpus.documents)
    assert all(document.id == f"d{document.text.split()[-1].rstrip('.')}" for document in corpus.documents)


def test_without_a_sample_too_many_documents_are_refused_with_the_remedy():
    with pytest.raises(TooManyDocuments, match="--documents-max"):
        read_rows("sample", texts(20), ReadOptions(documents_max=10))


def test_memory_of_reading_an_export_does_not_grow_with_it(tmp_path):
    peaks = []
    for rows in (4_000, 16_000):
        path = export(tmp_path / f"{rows}.csv", rows)
        tracemalloc.start()
        corpus = read_corpus(path, ReadOptions(documents_max=500, sampled=True))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert len(corpus.documents) == 500
        assert corpus.reading.format == "cfpb"
        assert corpus.reading.rejected == {"not in the sample": rows - 500}
    assert peaks[1] < 1.1 * peaks[0], peaks
