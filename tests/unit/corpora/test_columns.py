"""Columns and files as people have them: found by name, by form, or refused with what to do."""

import json
import zipfile
from datetime import UTC, date, datetime, timedelta

import pytest

from aia.corpora.sources import ReadOptions, SourceError, read_corpus
from aia.corpora.sources.columns import find_author, find_date
from aia.corpora.sources.dates import DateOrder, DateReader

TEXTS = [f"The kiosk refuses my voucher number {i} and nobody helps." for i in range(40)]
DAYS = [datetime(2023, 1, 5, 9, 30, tzinfo=UTC) + timedelta(days=9 * i) for i in range(40)]


def table(path, header, rows, mark=","):
    lines = [header, *(mark.join(f'"{cell}"' for cell in row) for row in rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("header", "written"),
    [
        ("ReviewTime", "%Y-%m-%d %H:%M:%S"),
        ("msg_created", "%m/%d/%y %H:%M"),
        ("Datum", "%d.%m.%Y"),
        ("Created On", "%d-%b-%y"),
        ("when", "%A, %B %d, %Y"),
        ("said", "%a %b %d %H:%M:%S +0000 %Y"),
        ("ts", "%s"),
        ("post_created", "serial"),
    ],
)
def test_a_column_of_dates_is_found_whatever_it_is_called(tmp_path, header, written):
    def told(day):
        if written == "serial":
            return f"{(day - datetime(1899, 12, 30, tzinfo=UTC)) / timedelta(days=1):.10f}"
        return str(int(day.timestamp())) if written == "%s" else day.strftime(written)

    rows = [(told(day), text) for day, text in zip(DAYS, TEXTS, strict=True)]
    corpus = read_corpus(table(tmp_path / "a.csv", f"{header},words", rows), ReadOptions())
    assert corpus.reading.date_field == header
    assert [document.day for document in corpus.documents] == [day.date() for day in DAYS]


@pytest.mark.parametrize("name", ["date_of_birth", "version", "ref"])
def test_births_versions_and_numbers_are_no_dates_of_a_text(name):
    values = {"date_of_birth": "1980-03-01", "version": "8.9.20", "ref": "1424777752"}
    assert find_date([{name: values[name], "text": text} for text in TEXTS]) is None


def test_the_day_of_the_text_goes_before_that_of_the_answer():
    rows = [{"ReplyTime": "2024-05-01", "ReviewTime": "2024-04-01", "Review": text} for text in TEXTS]
    assert find_date(rows) == "ReviewTime"


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("24-Feb-15 11:35", date(2015, 2, 24)),
        ("February 2015", date(2015, 2, 1)),
        ("2015-02", date(2015, 2, 1)),
        ("20150224T113552Z", date(2015, 2, 24)),
        ("Tuesday, February 24, 2015", date(2015, 2, 24)),
        ("24. Feb 2015", date(2015, 2, 24)),
        ("24 Feb 11:35", None),
        ("42059.4830439815", date(2015, 2, 24)),
        ("42059", date(2015, 2, 24)),
        (42059.9, date(2015, 2, 24)),
        ("12345", None),
        ("99999", None),
    ],
)
def test_more_ways_to_write_a_day_are_read(text, day):
    assert DateReader(DateOrder.MONTH_FIRST).read(text) == day


def test_handles_in_a_column_called_name_are_authors_and_names_of_products_are_not():
    handles = [{"name": f"user{i % 30}", "text": text} for i, text in enumerate(TEXTS)]
    products = [{"name": f"Kettle{i % 3}", "text": text} for i, text in enumerate(TEXTS)]
    companies = [{"name": f"Company{i}", "text": text} for i, text in enumerate(TEXTS)]
    assert [find_author(rows) for rows in (handles, products, companies)] == ["name", None, None]


def test_a_value_that_is_a_list_stops_no_search_for_columns(tmp_path):
    rows = [{"id": [i], "user": {"name": "a"}, "text": text} for i, text in enumerate(TEXTS)]
    path = tmp_path / "a.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert len(read_corpus(path, ReadOptions()).documents) == len(TEXTS)


def test_the_line_in_which_excel_names_the_delimiter_is_no_header(tmp_path):
    path = table(tmp_path / "a.csv", "sep=;\nid;comments", [(i, text) for i, text in enumerate(TEXTS)], ";")
    corpus = read_corpus(path, ReadOptions())
    assert (corpus.reading.text_field, len(corpus.documents)) == ("comments", len(TEXTS))


def test_a_table_without_a_header_loses_no_row(tmp_path):
    first, *rows = [f'{i},{day:%Y-%m-%d},"{text}"' for i, (day, text) in enumerate(zip(DAYS, TEXTS, strict=True))]
    path = table(tmp_path / "a.csv", first, [])
    path.write_text("\n".join([first, *rows]))
    corpus = read_corpus(path, ReadOptions())
    assert (corpus.reading.text_field, corpus.reading.date_field) == ("column 3", "column 2")
    assert [document.text for document in corpus.documents] == TEXTS


@pytest.mark.parametrize("indent", [None, 2])
def test_a_list_within_a_json_object_is_read_as_services_answer(tmp_path, indent):
    path = tmp_path / "a.json"
    answer = {"status": "ok", "data": {"next": None, "items": [{"id": i, "text": t} for i, t in enumerate(TEXTS)]}}
    path.write_text(json.dumps(answer, indent=indent))
    assert [document.text for document in read_corpus(path, ReadOptions()).documents] == TEXTS


def test_objects_a_line_that_hold_lists_are_still_json_lines(tmp_path):
    path = tmp_path / "a.json"
    path.write_text("".join(json.dumps({"text": t, "replies": [{"text": "no"}]}) + "\n" for t in TEXTS))
    assert [document.text for document in read_corpus(path, ReadOptions()).documents] == TEXTS


def test_an_object_without_a_list_names_what_it_holds(tmp_path):
    path = tmp_path / "a.json"
    path.write_text(json.dumps({"reviews": {"one": "The kiosk is broken."}}, indent=1))
    with pytest.raises(SourceError, match="an object of 'reviews' where a list of objects is needed"):
        read_corpus(path, ReadOptions())


@pytest.mark.parametrize(
    ("part", "told"), [("xl/workbook.xml", "Excel workbook"), ("word/document.xml", "Word document")]
)
def test_an_office_file_is_named_with_what_to_do(tmp_path, part, told):
    path = tmp_path / "a.csv"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr(part, "<x/>")
    with pytest.raises(SourceError, match=f"this is an? {told}, not text: save it as"):
        read_corpus(path, ReadOptions())


def test_fields_of_objects_within_a_row_are_columns_too(tmp_path):
    path = tmp_path / "a.jsonl"
    rows = [
        {"id": i, "review": {"text": t, "date": "2023-01-05"}, "user": {"name": "Ada", "tags": {"a": 1}}}
        for i, t in enumerate(TEXTS)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    reading = read_corpus(path, ReadOptions()).reading
    assert (reading.text_field, reading.date_field, reading.author_field) == (
        "review.text",
        "review.date",
        "user.name",
    )


def test_signs_that_only_windows_has_name_its_encoding(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(b"text\n" + "It\u2019s broken\n".encode("cp1252"))
    with pytest.raises(SourceError, match="--encoding cp1252"):
        read_corpus(path, ReadOptions())
