"""Reading input: what is good is kept, what is bad is named with file, line and remedy."""

import gzip
import json
import os
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aia.corpora.sources import ReadOptions, SourceError, read_corpus
from aia.corpora.sources.dates import DateOrder, DateReader, order_of

GOOD = "The export of invoices fails every month and nobody answers."


def rows(count: int, **more) -> list[dict]:
    return [{"id": f"d{i}", "text": f"{GOOD} Case {i}.", "date": "2024-03-01", **more} for i in range(count)]


def write(path: Path, data: str | bytes) -> Path:
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


def jsonl(path: Path, records: list) -> Path:
    return write(path, "".join(json.dumps(record) + "\n" for record in records))


def refuse(path: Path, match: str, **options) -> SourceError:
    with pytest.raises(SourceError, match=match) as caught:
        read_corpus(path, ReadOptions(**options))
    assert str(path) in caught.value.detail
    return caught.value


def test_jsonl_keeps_ids_dates_and_authors(tmp_path):
    corpus = read_corpus(jsonl(tmp_path / "a.jsonl", rows(3, author="Ada")), ReadOptions())
    assert [d.id for d in corpus.documents] == ["d0", "d1", "d2"]
    assert corpus.documents[0].day == date(2024, 3, 1)
    assert corpus.documents[0].author == "Ada"


def test_where_a_text_was_said_and_what_its_input_tells_besides_are_kept(tmp_path):
    records = rows(3, source="forum", Company="Acme", rating=2, nested={"a": 1})
    corpus = read_corpus(jsonl(tmp_path / "a.jsonl", records), ReadOptions())
    assert corpus.documents[0].source == "forum"
    assert corpus.documents[0].fields == {"company": "Acme", "rating": "2"}
    told = corpus.reading.to_json()
    assert (told["source_field"], told["extra_fields"]) == ("source", {"company": "Company", "rating": "rating"})


def test_an_input_that_tells_no_more_reads_as_before(tmp_path):
    corpus = read_corpus(jsonl(tmp_path / "a.jsonl", rows(3)), ReadOptions())
    assert (corpus.documents[0].source, corpus.documents[0].fields) == (None, {})
    assert not {"source_field", "extra_fields"} & set(corpus.reading.to_json())


@pytest.mark.parametrize("packed", [False, True])
def test_every_format_gives_the_same_documents(tmp_path, packed):
    texts = [record["text"] for record in rows(5)]
    files = {
        "a.jsonl": "".join(json.dumps(record) + "\n" for record in rows(5)),
        "a.json": json.dumps(rows(5)),
        "a.csv": "id,text,date\n" + "".join(f'd{i},"{t}",2024-03-01\n' for i, t in enumerate(texts)),
        "a.tsv": "id\ttext\tdate\n" + "".join(f"d{i}\t{t}\t2024-03-01\n" for i, t in enumerate(texts)),
        "a.txt": "\n".join(texts),
        "b.txt": "\n\n".join(texts),
    }
    for name, content in files.items():
        data = gzip.compress(content.encode()) if packed else content.encode()
        corpus = read_corpus(write(tmp_path / (name + ".gz" * packed), data), ReadOptions())
        assert [d.text for d in corpus.documents] == texts, name


def test_a_narrative_column_of_the_complaint_export_is_found_by_name(tmp_path):
    header = "Date received,Product,Consumer complaint narrative,Complaint ID\n"
    line = '03/28/2019,Loan,"I was charged twice, and nobody helps.",{}\n'
    corpus = read_corpus(write(tmp_path / "c.csv", header + line.format(1)), ReadOptions())
    assert corpus.reading.text_field == "Consumer complaint narrative"
    assert corpus.reading.id_field == "Complaint ID"
    assert corpus.documents[0].day == date(2019, 3, 28)


def test_a_missing_file_is_named(tmp_path):
    refuse(tmp_path / "none.jsonl", "no such file")


def test_an_empty_file_is_named(tmp_path):
    refuse(write(tmp_path / "e.jsonl", ""), "empty")


def test_a_file_of_blank_lines_has_no_rows(tmp_path):
    refuse(write(tmp_path / "e.txt", "\n \n\n"), "no rows")


def test_binary_data_is_refused(tmp_path):
    refuse(write(tmp_path / "b.jsonl", bytes(range(256)) * 20), "binary")


@pytest.mark.parametrize(("magic", "name"), [(b"%PDF-1.7", "PDF"), (b"SQLite format 3", "SQLite")])
def test_a_format_that_is_not_read_is_named(tmp_path, magic, name):
    refuse(write(tmp_path / "p.bin", magic + b"x" * 100), name)


def test_a_wrong_encoding_names_line_offset_and_remedy(tmp_path):
    path = write(tmp_path / "l.txt", ("fine line\n" * 3 + "caf\xe9 fails\n").encode("latin-1"))
    assert refuse(path, "--encoding latin-1").facts["line"] == 4
    corpus = read_corpus(path, ReadOptions(encoding="latin-1"))
    assert "café fails" in {d.text for d in corpus.documents}


def test_skipping_is_a_remedy_for_bytes_that_are_not_utf_8_and_for_no_other_encoding(tmp_path):
    path = write(tmp_path / "l.txt", "caf\xe9 fails\n".encode("latin-1"))
    assert "--skip-malformed" in str(refuse(path, "line 1"))
    assert "--skip-malformed" not in str(refuse(path, "--encoding latin-1", encoding="ascii"))


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_a_byte_order_mark_tells_the_encoding(tmp_path, encoding):
    path = write(tmp_path / "b.jsonl", json.dumps(rows(1)[0]).encode(encoding))
    assert read_corpus(path, ReadOptions()).documents[0].text.startswith(GOOD)


def test_an_unknown_encoding_is_refused(tmp_path):
    refuse(jsonl(tmp_path / "a.jsonl", rows(1)), "klingon", encoding="klingon")


def test_malformed_line_17_stops_the_reading_and_names_the_remedy(tmp_path):
    lines = [json.dumps(record) for record in rows(30)]
    lines[16] = '{"text": "cut'
    path = write(tmp_path / "m.jsonl", "\n".join(lines))
    assert refuse(path, "--skip-malformed").facts["line"] == 17
    corpus = read_corpus(path, ReadOptions(skip_malformed=True))
    assert len(corpus.documents) == 29
    assert corpus.reading.rejected == {"malformed": 1}
    assert corpus.reading.rejected_rows[0].line == 17


@pytest.mark.parametrize("line", ["[1, 2]", "3", '"text"', "null", '{"text": NaN}', "[" * 100_000])
def test_a_line_that_is_no_object_is_malformed(tmp_path, line):
    path = write(tmp_path / "m.jsonl", json.dumps(rows(1)[0]) + "\n" + line + "\n")
    assert refuse(path, "line 2").facts["line"] == 2


def test_a_huge_line_is_refused_before_it_is_held_in_memory(tmp_path):
    path = write(tmp_path / "h.jsonl", b'{"text": "ok ok ok"}\n{"text": "' + b"x" * 50_000_000 + b'"}\n')
    assert refuse(path, "longer than 1048576").facts["line"] == 2


def test_ten_thousand_duplicate_rows_are_one_document_and_counted(tmp_path):
    corpus = read_corpus(jsonl(tmp_path / "d.jsonl", [{"text": GOOD}] * 10_000), ReadOptions())
    assert len(corpus.documents) == 1
    assert corpus.reading.rejected == {"duplicate": 9_999}
    assert len(corpus.reading.rejected_rows) == 20


def test_no_text_column_lists_the_columns_there_are(tmp_path):
    refuse(write(tmp_path / "n.csv", "a,b\n1,2\n3,4\n"), "'a', 'b'")


@pytest.mark.parametrize("option", ["text_field", "date_field", "id_field", "author_field"])
def test_a_field_that_is_not_there_is_named(tmp_path, option):
    refuse(jsonl(tmp_path / "a.jsonl", rows(2)), "nothere", **{option: "nothere"})


def test_rows_without_usable_text_are_counted_by_reason(tmp_path):
    odd = [{"text": None}, {"text": "  "}, {"text": 5}, {"id": "x"}, {"text": "bad \ud800 half"}]
    corpus = read_corpus(jsonl(tmp_path / "o.jsonl", rows(3) + odd), ReadOptions())
    assert corpus.reading.rejected == {
        "no text": 3,
        "text holds a lone surrogate or zero character": 1,
        "text is not a string": 1,
    }


def test_a_repeated_id_stays_citable(tmp_path):
    records = [{"id": "same", "text": f"{GOOD} {i}"} for i in range(3)] + rows(40)
    corpus = read_corpus(jsonl(tmp_path / "r.jsonl", records), ReadOptions(id_field="id"))
    assert [d.id for d in corpus.documents[:3]] == ["same", "same#2", "same#3"]


def test_dates_in_four_formats_are_read_and_the_rest_is_counted(tmp_path):
    days = ["2024-03-31", "31/03/2024", "31 Mar 2024", "1711843200", "soon", "99/99/2024"]
    records = [{"text": f"{GOOD} {i}", "date": day} for i, day in enumerate(days)]
    corpus = read_corpus(jsonl(tmp_path / "d.jsonl", records), ReadOptions())
    assert [d.day for d in corpus.documents] == [date(2024, 3, 31)] * 4 + [None] * 2
    assert corpus.reading.undated == 2


def test_ambiguous_dates_follow_the_column_or_stay_undated():
    assert order_of(["03/04/2024", "25/12/2024"]) is DateOrder.DAY_FIRST
    assert order_of(["03/04/2024", "12/25/2024"]) is DateOrder.MONTH_FIRST
    assert order_of(["25/12/2024", "12/25/2024"]) is None
    assert DateReader(DateOrder.DAY_FIRST).read("03/04/2024") == date(2024, 4, 3)
    assert DateReader(None).read("03/04/2024") is None


@given(st.one_of(st.text(max_size=40), st.floats(), st.integers(), st.booleans(), st.none()))
def test_no_value_breaks_the_date_reader(value):
    found = DateReader(DateOrder.DAY_FIRST).read(value)
    assert found is None or 1970 <= found.year < 2100


@given(
    st.dates(date(1971, 1, 1), date(2099, 12, 31)), st.sampled_from(["%Y-%m-%d", "%d %b %Y", "%b %d, %Y", "%Y%m%d"])
)
def test_dates_as_people_write_them_are_read(day, form):
    assert DateReader(None).read(day.strftime(form)) == day


def test_a_fifo_is_refused_without_waiting_for_a_writer(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    refuse(tmp_path / "pipe", "not a regular file")


def test_a_file_without_permission_names_the_remedy(tmp_path, monkeypatch):
    path = jsonl(tmp_path / "a.jsonl", rows(1))

    def refuse_open(*_, **__):
        raise PermissionError(13, "Permission denied")  # root may read everything, so the refusal is made here

    monkeypatch.setattr(Path, "open", refuse_open)
    refuse(path, "permission denied")


def test_a_cut_off_gzip_is_named(tmp_path):
    data = gzip.compress(os.urandom(200_000).hex().encode())
    refuse(write(tmp_path / "c.jsonl.gz", data[: len(data) // 2]), "gzip")


def test_a_gzip_bomb_is_stopped_by_its_ratio(tmp_path):
    data = gzip.compress(b"\n" * 300_000_000, 9)
    refuse(write(tmp_path / "bomb.txt.gz", data), "times its size")


def test_an_input_above_its_bound_is_stopped(tmp_path):
    refuse(jsonl(tmp_path / "a.jsonl", rows(100)), "AIA_INPUT_BYTES_MAX", input_bytes_max=2_000)
    refuse(jsonl(tmp_path / "a.jsonl", rows(100)), "AIA_DOCUMENTS_MAX", documents_max=50)


def test_a_csv_row_of_another_width_is_malformed(tmp_path):
    path = write(tmp_path / "a.csv", f"id,text\n1,{GOOD}\n2,{GOOD} b,extra\n")
    assert refuse(path, "3 fields where the header has 2").facts["line"] == 3


def test_a_csv_header_with_a_repeated_name_is_refused(tmp_path):
    refuse(write(tmp_path / "a.csv", f"text,text\n{GOOD},b\n"), "twice")


@settings(max_examples=150, deadline=None)
@given(data=st.binary(max_size=400), suffix=st.sampled_from(["jsonl", "csv", "txt", "json", "jsonl.gz"]))
def test_any_bytes_give_documents_or_one_clear_error(tmp_path_factory, data, suffix):
    path = write(tmp_path_factory.mktemp("fuzz") / f"f.{suffix}", data)
    try:
        corpus = read_corpus(path, ReadOptions(skip_malformed=True))
    except SourceError as error:
        assert str(path) in error.detail
    else:
        assert all(document.text.strip() for document in corpus.documents)
        assert len({document.id for document in corpus.documents}) == len(corpus.documents)
