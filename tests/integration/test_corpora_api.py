"""Files sent over HTTP are kept as corpora, and a discovery reads them."""

import gzip
import io
import json
import os
import zipfile
from functools import partial
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from aia.api.server import create_api
from aia.app import open_app
from aia.config import Settings
from aia.core.pages import PageRequest
from aia.core.principal import Principal
from aia.corpora.sample import generate
from aia.knowledge import stored_document
from aia.reports import parse_report
from tests.e2e.test_cli import aia
from tests.integration.test_api import client, client_of, finished, keys_of, locked

__all__ = ["client", "client_of", "locked"]

ROWS = generate(4, 400)[0]
LINES = "".join(json.dumps(row) + "\n" for row in ROWS).encode()


def csv_of(rows: list[dict]) -> bytes:
    lines = ["complaint;when", *(f'"{row["text"]}";{row["date"]}' for row in rows)]
    return "\n".join(lines).encode()


def left(settings: Settings) -> list[Path]:
    return [path for path in (settings.aia_home / "inputs").rglob("*") if path.is_file()]


def test_a_file_is_kept_as_it_is_sent_and_a_discovery_reads_it(client: TestClient, settings: Settings):
    answer = client.put("/v1/corpora/reviews.jsonl.gz", content=gzip.compress(LINES))
    assert answer.status_code == 201, answer.text
    kept = answer.json()
    assert (kept["name"], kept["fields"]["text"], kept["fields"]["date"]) == ("reviews.jsonl.gz", "text", "date")
    assert kept["documents"] + sum(kept["rejected"].values()) == len(ROWS)
    assert left(settings) == []
    again = client.put("/v1/corpora/reviews.jsonl.gz", content=gzip.compress(LINES))
    assert (again.status_code, again.json()) == (200, kept)
    assert client.get("/v1/corpora/reviews.jsonl.gz").json() == kept
    started = client.post("/v1/discoveries", json={"corpus": "reviews.jsonl.gz", "top": 5})
    assert started.status_code == 202, started.text
    mission = finished(client, started.json())
    assert mission["state"] == "completed"
    assert len(parse_report(client.get(mission["report"]).content)["opportunities"]) == 5


def test_what_detection_cannot_know_is_told_in_the_query(client: TestClient):
    asked = {"text_field": "complaint", "date_field": "when", "documents_max": "50"}
    answer = client.put("/v1/corpora/export.csv", content=csv_of(ROWS), params=asked)
    assert answer.status_code == 201, answer.text
    kept = answer.json()
    assert kept["fields"] == {"text": "complaint", "date": "when"}
    assert kept["documents"] <= 50 < kept["rejected"]["not in the sample"]


def test_a_sample_is_never_larger_than_the_deployment_allows(settings: Settings):
    with client_of(settings.model_copy(update={"aia_documents_max": 40})) as opened:
        answer = opened.put("/v1/corpora/a.jsonl", content=LINES)
        assert (answer.status_code, "AIA_DOCUMENTS_MAX" in answer.json()["detail"]) == (422, True)
        answer = opened.put("/v1/corpora/a.jsonl", content=LINES, params={"documents_max": "300"})
        assert answer.json()["documents"] == 40


def test_a_name_with_slashes_is_found(client: TestClient):
    """As `aia discover github:owner/name` keeps it."""
    app = client.app_state["aia"]
    documents = [stored_document(n, f"d{n}", f"The export fails, case {n}.") for n in range(3)]

    async def keep() -> None:
        async with app.database.begin(Principal("default", "t")) as tx:
            reading = {"format": "rows", "undated": 3, "rejected": {}, "rejected_rows": []}
            await app.knowledge.keep_corpus(tx, "github:owner/name", documents, reading)

    client.portal.call(keep)
    assert client.get("/v1/corpora/github:owner/name").json()["documents"] == 3


def test_a_name_stands_for_what_was_kept_last_under_it(client: TestClient):
    first = client.put("/v1/corpora/a.jsonl", content=LINES).json()["id"]
    grown = LINES + b'{"text": "The printer jams whenever the paper is recycled."}\n'
    second = client.put("/v1/corpora/a.jsonl", content=grown).json()["id"]
    assert client.get("/v1/corpora/a.jsonl").json()["id"] == second != first
    client.put("/v1/corpora/b.jsonl", content=LINES)
    assert client.put("/v1/corpora/a.jsonl", content=LINES).json()["id"] == first
    listed = client.get("/v1/corpora", params={"limit": 1}).json()
    rest = client.get("/v1/corpora", params={"limit": 1, "cursor": listed["next_cursor"]}).json()
    assert [(c["name"], c["id"]) for c in listed["data"] + rest["data"]] == [("a.jsonl", first), ("b.jsonl", first)]
    assert rest["next_cursor"] is None


def test_an_archive_tells_of_each_file_without_the_folder_it_waited_in(client: TestClient, settings: Settings):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("north/a.jsonl", LINES)
        archive.writestr("south/broken.jsonl", b'{"text": "never ends')
    answer = client.put("/v1/corpora/all.zip", content=packed.getvalue())
    assert answer.status_code == 201, answer.text
    (good, broken) = answer.json()["files"]
    assert good["documents"] == answer.json()["documents"] > 100
    assert "broken.jsonl" in broken["name"]
    assert broken["error"]
    assert str(settings.aia_home) not in answer.text


@pytest.mark.parametrize(
    ("name", "content", "query", "says"),
    [
        ("a.csv", b"", {}, "a.csv"),
        ("a.csv", b"text\nOne row only.\n", {}, "at least 10"),
        ("a.jsonl", LINES + b"{broken\n", {}, f"a.jsonl, line {len(ROWS) + 1}"),
        ("a.jsonl", LINES, {"text_field": "body"}, "body"),
        ("a.jsonl", LINES, {"date_order": "sideways"}, "date_order"),
        ("a.jsonl", LINES, {"colour": "red"}, "colour"),
        ("a.pdf", b"%PDF-1.7 \x00\x01" * 400, {}, "a.pdf"),
        ("%2E%2E", LINES, {}, "name"),
        ("a%00b", LINES, {}, "name"),
        ("a%5Cb", LINES, {}, "name"),
        ("%F0%9F%8E%88" * 100, LINES, {}, "name"),
    ],
)
def test_what_cannot_be_read_is_refused_by_its_name_and_nothing_is_kept(
    client: TestClient, settings: Settings, name: str, content: bytes, query: dict, says: str
):
    answer = client.put(f"/v1/corpora/{name}", content=content, params=query)
    assert answer.status_code == 422, answer.text
    assert says in answer.json()["detail"]
    assert str(settings.aia_home) not in answer.text
    assert client.get("/v1/corpora").json()["data"] == []
    assert left(settings) == []


def test_a_file_may_be_longer_than_a_body_and_has_a_bound_of_its_own(settings: Settings):
    small = settings.model_copy(update={"aia_body_bytes_max": 2_000, "aia_upload_bytes_max": len(LINES)})
    with client_of(small) as opened:
        assert opened.put("/v1/corpora/a.jsonl", content=LINES).status_code == 201
        for content in (LINES + b"\n", iter([LINES, b"\n"])):
            answer = opened.put("/v1/corpora/a.jsonl", content=content)
            assert (answer.status_code, answer.json()["code"]) == (413, "too-large")
            assert "AIA_UPLOAD_BYTES_MAX" in answer.json()["detail"]
    assert left(settings) == []


def test_a_discovery_asked_for_twice_with_a_key_is_one(client: TestClient):
    client.put("/v1/corpora/a.jsonl", content=LINES)
    keyed, asked = {"Idempotency-Key": "week 31"}, {"corpus": "a.jsonl", "top": 3}
    first = client.post("/v1/discoveries", json=asked, headers=keyed)
    done = finished(client, first.json())
    again = client.post("/v1/discoveries", json=asked, headers=keyed)
    assert (first.status_code, again.status_code, again.json()["id"]) == (202, 200, done["id"])
    assert again.json()["state"] == "completed"
    other = client.post("/v1/discoveries", json=asked | {"top": 4}, headers=keyed)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")
    assert len(client.get("/v1/missions").json()["data"]) == 1


@pytest.mark.parametrize("change", [{}, {"documents": [{"text": "a"}], "corpus": "a"}])
def test_a_discovery_asks_for_documents_or_a_corpus(client: TestClient, change: dict):
    answer = client.post("/v1/discoveries", json=change)
    assert answer.status_code == 422
    assert "documents or the name of a corpus" in answer.json()["detail"]


def test_a_corpus_is_its_organisations_alone(locked: TestClient):
    north, south = keys_of(locked, "north", "south")
    assert locked.put("/v1/corpora/a.jsonl", content=LINES).status_code == 401
    assert locked.put("/v1/corpora/a.jsonl", content=LINES, headers=north).status_code == 201
    for path in ("/v1/corpora/a.jsonl", "/v1/corpora"):
        assert "documents" not in locked.get(path, headers=south).text
    asked = locked.post("/v1/discoveries", json={"corpus": "a.jsonl"}, headers=south)
    assert (asked.status_code, asked.json()["code"]) == (404, "corpus-not-found")


def test_the_folder_that_a_killed_process_left_goes_with_a_later_file(client: TestClient, settings: Settings):
    old, new = settings.aia_home / "inputs" / "old", settings.aia_home / "inputs" / "new"
    for folder in (old, new):
        folder.mkdir(parents=True)
        (folder / "a.jsonl").write_bytes(LINES)
    os.utime(old, (0, 0))
    assert client.put("/v1/corpora/a.jsonl", content=LINES).status_code == 201
    assert [old.exists(), new.exists()] == [False, True]


@pytest.mark.anyio
async def test_a_client_that_goes_away_leaves_nothing(settings: Settings):
    """By hand, as the test client never goes away."""
    sent = [{"type": "http.request", "body": LINES[:500], "more_body": True}, {"type": "http.disconnect"}]
    answers = []

    async def receive() -> dict:
        return sent.pop(0)

    async def send(message: dict) -> None:
        answers.append(message)

    async with open_app(settings, durable=False, background=False) as app:
        scope = {"type": "http", "method": "PUT", "path": "/v1/corpora/a.jsonl", "raw_path": b"/v1/corpora/a.jsonl"}
        scope |= {"headers": [], "query_string": b"", "state": {"aia": app}, "http_version": "1.1", "scheme": "http"}
        await create_api(settings, partial(open_app, settings))(scope, receive, send)
        async with app.database.read(Principal("default", "t")) as read:
            assert (await app.knowledge.corpora(read, PageRequest(10))).items == ()
    assert answers[0]["status"] == 422
    assert b"broke off" in answers[1]["body"]
    assert left(settings) == []


def test_the_command_line_lists_what_is_kept(settings: Settings, client: TestClient):
    client.put("/v1/corpora/a.jsonl", content=LINES)
    kept = client.put("/v1/corpora/b.jsonl", content=LINES + b'{"text": "The lift is out of order again."}\n').json()
    asked = partial(aia, settings.aia_home, "knowledge", "corpora", database_url=settings.database_url)
    listed = asked("--json").stdout.splitlines()
    assert [json.loads(line)["name"] for line in listed] == ["a.jsonl", "b.jsonl"]
    assert json.loads(listed[1])["corpus"] == kept["id"]
    assert f"{kept['documents']}" in asked().stdout
