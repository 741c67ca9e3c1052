"""Formats, archives and folders: each gives the same kind of documents, and one bad file stops no other."""

import bz2
import gzip
import io
import json
import lzma
import zipfile
from datetime import date
from pathlib import Path

import duckdb
import pytest
from backports import zstd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aia.corpora.sources import ReadOptions, SourceError, read_corpus, read_paths
from aia.corpora.sources.zstd import window_bytes
from aia.infra.plugins import load_plugins

GOOD = "The export of invoices fails every month and nobody answers."


def texts(count: int, start: int = 0) -> str:
    return "".join(
        json.dumps({"id": f"d{i}", "text": f"{GOOD} Case {i}."}) + "\n" for i in range(start, start + count)
    )


def zipped(members: dict[str, bytes], **options) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, **options) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()


def write(path: Path, data: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


def refuse(path: Path, match: str, **options) -> SourceError:
    with pytest.raises(SourceError, match=match) as caught:
        read_corpus(path, ReadOptions(**options))
    return caught.value


PACKED = {
    "gz": gzip.compress,
    "zst": zstd.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zip": lambda data: zipped({"a.jsonl": data}),
    "zip.gz": lambda data: gzip.compress(zipped({"a.jsonl": data})),
}


@pytest.mark.parametrize("packing", PACKED)
def test_a_packed_file_gives_the_documents_of_the_plain_one(tmp_path, packing):
    path = write(tmp_path / f"a.jsonl.{packing}", PACKED[packing](texts(5).encode()))
    assert [d.id for d in read_corpus(path, ReadOptions()).documents] == [f"d{i}" for i in range(5)]


@pytest.mark.parametrize("packing", ["gz", "zst", "bz2", "xz", "zip"])
def test_a_bomb_is_stopped_by_its_ratio_however_it_is_packed(tmp_path, packing):
    path = write(tmp_path / f"bomb.txt.{packing}", PACKED[packing](b"\n" * 60_000_000))
    refuse(path, "times its size")


def test_a_bomb_in_an_archive_stops_no_other_member(tmp_path):
    inner = zipped({"x.txt": b"\n" * 60_000_000})
    path = write(tmp_path / "a.zip", zipped({"bomb.zip": inner, "good.jsonl": texts(4).encode()}))
    reading = read_corpus(path, ReadOptions()).reading
    bomb, good = reading.sources
    assert "times its size" in (bomb.error or "")
    assert (good.documents, good.error) == (4, None)


def test_what_is_packed_too_often_is_refused(tmp_path):
    data = texts(3).encode()
    for _ in range(5):
        data = gzip.compress(data)
    refuse(write(tmp_path / "a.gz", data), "packed more than 3 times")


def test_an_archive_of_too_many_files_is_refused(tmp_path):
    path = write(tmp_path / "a.zip", zipped({f"{i}.txt": b"" for i in range(30)}))
    refuse(path, "more than 20 files", files_max=20)


def test_an_encrypted_member_is_named(tmp_path):
    data = bytearray(zipped({"a.txt": b"some text"}))
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    refuse(write(tmp_path / "a.zip", bytes(data)), "encrypted")


def packed_long(data: bytes) -> bytes:
    """As `zstd --long=31` packs a stream whose size it does not know."""
    options = {zstd.CompressionParameter.window_log: 31, zstd.CompressionParameter.enable_long_distance_matching: 1}
    compressor = zstd.ZstdCompressor(options=options)
    return compressor.compress(data) + compressor.flush()


def test_a_dump_packed_with_a_window_of_two_gigabytes_is_read(tmp_path):
    path = write(tmp_path / "RC_2019-04.zst", packed_long(texts(20).encode()))
    assert window_bytes(path.read_bytes()[:64]) == 2**31
    assert len(read_corpus(path, ReadOptions()).documents) == 20


def test_a_window_above_the_bound_is_refused_with_its_remedy(tmp_path):
    path = write(tmp_path / "RC_2019-04.zst", packed_long(texts(20).encode()))
    error = refuse(path, "zstd window is 2048 MiB", window_bytes_max=256 * 1024**2)
    assert "AIA_INPUT_WINDOW_BYTES_MAX" in error.detail
    assert "zstd -d --long=31" in error.detail


@pytest.mark.parametrize("packing", ["gz", "zst", "bz2", "xz", "zip"])
def test_a_cut_off_archive_is_named(tmp_path, packing):
    noise = "".join(f"{i * 7919 % 10007} {GOOD}\n" for i in range(20_000)).encode()
    data = PACKED[packing](noise)
    refuse(write(tmp_path / f"c.txt.{packing}", data[: len(data) // 2]), "broken")


def test_a_folder_is_read_in_order_of_name_and_reports_on_each_file(tmp_path):
    write(tmp_path / "in" / "b.jsonl", texts(3))
    write(tmp_path / "in" / "a" / "c.csv", "id,text\n" + f"x1,{GOOD} one\nx2,{GOOD} two\n")
    write(tmp_path / "in" / "bad.jsonl", '{"text": "cut')
    write(tmp_path / "in" / "picture.jsonl", b"\x89PNG\r\n\x1a\n" + bytes(100))
    write(tmp_path / "in" / ".hidden.jsonl", texts(3, 50))
    (tmp_path / "in" / "loop").symlink_to(tmp_path / "in")
    corpus = read_corpus(tmp_path / "in", ReadOptions())
    assert [d.id for d in corpus.documents] == ["d0", "d1", "d2", "x1", "x2"]
    assert [d.source for d in corpus.documents] == ["b.jsonl"] * 3 + ["c.csv"] * 2
    told = {report.name: (report.documents, report.error) for report in corpus.reading.sources}
    assert told["in/b.jsonl"] == (3, None)
    assert told["in/a/c.csv"] == (2, None)
    assert "line 1: not JSON" in told["in/bad.jsonl"][1]
    assert "picture" in told["in/picture.jsonl"][1]
    assert corpus.reading.format == "mixed"


def test_the_same_folder_reads_the_same_wherever_it_lies(tmp_path):
    readings = []
    for place in ("one", "two/three"):
        write(tmp_path / place / "in" / "b.jsonl", texts(3))
        write(tmp_path / place / "in" / "bad.jsonl", "{")
        readings.append(read_corpus(tmp_path / place / "in", ReadOptions()).reading.to_json())
    assert readings[0] == readings[1]


def test_a_folder_of_nothing_readable_says_why(tmp_path):
    write(tmp_path / "in" / "one.jsonl", "{")
    refuse(tmp_path / "in", "not JSON")
    refuse(write(tmp_path / "empty" / ".keep", "").parent, "no file in it")


def test_folders_deeper_than_the_bound_are_told_and_not_read(tmp_path):
    deep = tmp_path / "in" / "/".join("d" * 20)
    write(deep / "a.jsonl", texts(2))
    write(tmp_path / "in" / "b.jsonl", texts(2, 10))
    reading = read_corpus(tmp_path / "in", ReadOptions()).reading
    assert [report.documents for report in reading.sources] == [2, 0]
    assert "deeper than 16" in (reading.sources[1].error or "")


def test_several_paths_are_one_corpus_without_repeats(tmp_path):
    one, two = write(tmp_path / "one.jsonl", texts(3)), write(tmp_path / "two.jsonl", texts(3, 2))
    corpus = read_paths([one, two, tmp_path / "none.jsonl"], ReadOptions())
    assert corpus.name == "one.jsonl and 2 more"
    assert [d.id for d in corpus.documents] == ["d0", "d1", "d2", "d3", "d4"]
    assert corpus.reading.rejected == {"duplicate": 1}
    assert "no such file" in (corpus.reading.sources[2].error or "")


def test_parquet_is_read_in_batches_with_its_own_types(tmp_path):
    path = tmp_path / "a.parquet"
    query = f"select 'p' || i as id, '{GOOD} ' || i as text, date '2024-03-01' + i::int as date, i as rating"
    with duckdb.connect() as connection:
        connection.execute(f"copy ({query} from range(5000) t(i)) to '{path}' (format parquet)")
    corpus = read_corpus(path, ReadOptions())
    assert (len(corpus.documents), corpus.reading.format) == (5000, "parquet")
    assert corpus.documents[4].day == date(2024, 3, 5)
    assert corpus.documents[4].fields["rating"] == "4"
    packed = write(tmp_path / "b.parquet.gz", gzip.compress(path.read_bytes()))
    assert read_corpus(packed, ReadOptions()).documents == corpus.documents


def test_broken_parquet_is_named(tmp_path):
    refuse(write(tmp_path / "a.parquet", b"PAR1" + b"x" * 500), "broken Parquet")


def test_a_file_in_mixed_encodings_is_read_when_asked_and_counted(tmp_path):
    lines = [f"{GOOD} caf\u00e9 {i}".encode("utf-8" if i % 2 else "cp1252") for i in range(10)]
    path = write(tmp_path / "m.txt", b"\n".join(lines))
    refuse(path, "is not utf-8")
    corpus = read_corpus(path, ReadOptions(skip_malformed=True))
    assert all(d.text == f"{GOOD} caf\u00e9 {i}" for i, d in enumerate(corpus.documents))
    assert corpus.reading.changed == {"not UTF-8, read as Windows-1252": 5}


def test_dates_in_the_future_are_flagged_and_not_used(tmp_path):
    rows = [{"text": f"{GOOD} {d}", "date": d} for d in ("2024-03-01", "2024-03-02", "2024-03-03", "2031-01-01")]
    path = write(tmp_path / "f.jsonl", "\n".join(map(json.dumps, rows)))
    corpus = read_corpus(path, ReadOptions(today=date(2024, 3, 1)))
    assert [d.day and d.day.day for d in corpus.documents] == [1, 2, None, None]
    assert corpus.documents[3].fields["future_date"] == "2031-01-01"
    assert (corpus.reading.changed, corpus.reading.undated) == ({"date in the future": 2}, 2)
    assert [d.day.year for d in read_corpus(path, ReadOptions()).documents] == [2024, 2024, 2024, 2031]


def test_an_asked_source_reads_what_looks_like_another(tmp_path):
    path = write(tmp_path / "a.jsonl", texts(3))
    assert read_corpus(path, ReadOptions(source="txt")).documents[0].text.startswith('{"id"')
    with pytest.raises(Exception, match="there are: app-store, arxiv"):
        read_corpus(path, ReadOptions(source="nonsense"))


SOURCES = dict(load_plugins("aia.sources"))
BEGINNINGS = {
    "rss": b"<rss><channel><item><title>t</title>",
    "stackexchange": b'<?xml version="1.0"?><posts><row Id="1" PostTypeId="1" Body="',
    "mbox": b"From a@b.c Mon Jan 01 00:00:00 2024\nSubject: =?utf-8?q?",
    "parquet": b"PAR1",
    "sec": b"<SEC-DOCUMENT>\n",
    "arxiv": b'{"abstract": "a", "categories": "c", "title": ',
    "reddit": b'{"subreddit": "a", "created_utc": 1, "body": ',
    "app-store": b"review,rating,territory\n",
    "patents": b"patent_id\tpatent_abstract\n",
}


@pytest.mark.parametrize("name", sorted(SOURCES))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=300), start=st.booleans())
def test_any_bytes_give_rows_or_one_clear_error(tmp_path, name, data, start):
    path = write(tmp_path / "f.bin", (BEGINNINGS.get(name, b"") if start else b"") + data)
    try:
        corpus = read_corpus(path, ReadOptions(source=name, skip_malformed=True))
    except SourceError as error:
        assert str(path) in error.detail
    else:
        assert all(document.text.strip() for document in corpus.documents)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cut=st.integers(0, 400), flips=st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), max_size=4))
@pytest.mark.parametrize("packing", sorted(PACKED))
def test_a_damaged_archive_gives_documents_or_one_clear_error(tmp_path, packing, cut, flips):
    data = bytearray(PACKED[packing](texts(20).encode()))
    for place, value in flips:
        data[place % len(data)] = value
    path = write(tmp_path / "f.bin", bytes(data[: len(data) - cut % len(data)]))
    try:
        assert read_corpus(path, ReadOptions(skip_malformed=True)).documents
    except SourceError as error:
        assert str(path) in error.detail
