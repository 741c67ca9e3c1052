"""Services asked through the egress policy, against stubs of their shapes: paging, resuming, and bad manners."""

import json
import time
from pathlib import Path

import pytest

from aia.corpora.cleaning import CleanOptions
from aia.corpora.connectors import ConnectorError, Service
from aia.corpora.connectors.fetch import FetchBounds, Fetched, Fetching, fetch_all
from aia.corpora.ingest.named import read_inputs, service_of
from aia.corpora.sources import ReadOptions, SourceError
from aia.infra.egress import Egress, EgressFailed, EgressPolicy, EgressRefused
from aia.infra.plugins import load_plugin
from tests.support.stub_services import GOOD, Reply, as_json, github, hacker_news, hit, issue, serving

pytestmark = pytest.mark.anyio
QUICK = {"interval_s": 0.0, "seconds_max": 1.0, "wait_max_s": 2.0, "attempts_max": 3}


def policy(host: str = "127.0.0.1", **more) -> EgressPolicy:
    return EgressPolicy(**({"allow": (host,), "local": (host,)} | QUICK | more))


async def resolve(_: str, __: int) -> list[str]:
    return ["93.184.215.14"]


class Slept:
    def __init__(self) -> None:
        self.seconds: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)


def how(folder: Path, url: str, *, bounds: FetchBounds | None = None, **more) -> Fetching:
    services = {"hn": Service(url), "github": Service(url, "token"), "rss": Service(url)}
    return Fetching(folder / "sources", policy(**more), bounds or FetchBounds(), services)


async def ask(folder: Path, url: str, name: str, query: str, **more) -> Fetched:
    return (await fetch_all([(name, query)], how(folder, url, **more)))[0]


async def test_hacker_news_is_read_to_its_end_page_by_page_and_goes_on_from_there(tmp_path):
    hits = [hit(i) for i in range(250)] + [hit(1_000 + i, 1_709_251_300) for i in range(40)]
    with serving(hacker_news(hits)) as stub:
        found = await ask(tmp_path, stub.url, "hn", "invoice export")
        assert (len(found.rows), found.fresh, found.note) == (290, 290, None)
        pages = len(stub.asked)
        hits.append(hit(5_000, 1_709_999_999))
        again = await ask(tmp_path, stub.url, "hn", "invoice export")
    assert (len(again.rows), again.fresh) == (291, 1)
    assert len(stub.asked) == pages + 1
    assert {row["source"] for row in again.rows} == {"Hacker News"}
    assert any(row["text"] == f"{GOOD} & more 2" for row in again.rows)


async def test_a_run_that_meets_its_bound_says_so_and_the_next_goes_on(tmp_path):
    with serving(hacker_news([hit(i) for i in range(350)])) as stub:
        first = await ask(tmp_path, stub.url, "hn", "x", bounds=FetchBounds(rows_max=150))
        assert 150 <= first.fresh <= 200
        assert "run again" in (first.note or "")
        second = await ask(tmp_path, stub.url, "hn", "x")
    assert (len(second.rows), second.note) == (350, None)


async def test_github_issues_are_read_without_pull_requests_and_again_only_as_they_change(tmp_path):
    issues = [issue(i) for i in range(260)] + [issue(900, pull_request={"url": "x"})]
    with serving(github(issues)) as stub:
        found = await ask(tmp_path, stub.url, "github", "acme/app")
        assert len(found.rows) == 260
        issues[3] |= {"updated_at": "2024-06-01T00:00:00Z", "title": "Renamed"}
        again = await ask(tmp_path, stub.url, "github", "acme/app")
        assert stub.asked[-1][2]["authorization"] == "Bearer token"
    assert len(again.rows) == 260
    assert any(row["title"] == "Renamed" for row in again.rows)


async def test_many_issues_changed_at_the_same_time_are_all_read(tmp_path):
    issues = [issue(i, updated_at="2024-03-01T00:00:00Z") for i in range(230)]
    with serving(github(issues)) as stub:
        assert len((await ask(tmp_path, stub.url, "github", "acme/app")).rows) == 230


@pytest.mark.parametrize("query", ["nonsense", "a/b/c", "../etc", ""])
async def test_a_query_that_is_no_repository_is_named(tmp_path, query):
    with serving(github([])) as stub:
        assert "github:owner/name" in ((await ask(tmp_path, stub.url, "github", query)).note or "")
    assert stub.asked == []


FEED = f"<rss><channel><title>F</title><item><guid>1</guid><title>One</title><description>{GOOD}</description></item>"


async def test_a_feed_that_has_not_changed_is_not_sent_again(tmp_path):
    def answer(_path, _query, headers) -> Reply:
        if headers.get("if-none-match") == '"v1"':
            return Reply(304)
        return Reply(200, f"{FEED}</channel></rss>".encode(), {"etag": '"v1"'})

    with serving(answer) as stub:
        first = await ask(tmp_path, stub.url, "rss", f"{stub.url}/feed")
        again = await ask(tmp_path, stub.url, "rss", f"{stub.url}/feed")
    assert (len(first.rows), first.fresh) == (1, 1)
    assert (again.rows, again.fresh, again.note) == (first.rows, 0, None)


async def test_personal_data_is_masked_before_it_is_kept(tmp_path):
    with serving(hacker_news([hit(1) | {"title": "Mail ada@example.org, it fails"}])) as stub:
        await ask(tmp_path, stub.url, "hn", "x")
    kept = "".join(path.read_text() for path in (tmp_path / "sources").iterdir())
    assert "ada@example.org" not in kept
    assert "XXX@XXXXXXX.XXX" in kept


async def test_a_half_written_line_is_passed_over(tmp_path):
    with serving(hacker_news([hit(i) for i in range(3)])) as stub:
        await ask(tmp_path, stub.url, "hn", "x")
        (rows,) = (tmp_path / "sources").glob("hn-*.jsonl")
        rows.write_text(rows.read_text()[:-30])
        (cursor,) = (tmp_path / "sources").glob("hn-*.cursor.json")
        cursor.unlink()
        assert len((await ask(tmp_path, stub.url, "hn", "x")).rows) == 3


BAD = {
    "garbage": (Reply(200, b"\xff\x00{not json"), "not JSON"),
    "another shape": (as_json([1, 2]), "a JSON list"),
    "no hits": (as_json({"hits": 3}), "no list of hits"),
    "deep": (Reply(200, b"[" * 200_000), "not JSON"),
    "500": (Reply(500, b"oops"), "answered 500 3 times"),
    "404": (as_json({"message": "Not Found"}, 404), "answered 404"),
    "slow drip": (Reply(200, b"{", drip=b" "), "more than 1 s"),
    "endless": (Reply(200, b"{", drip=b" " * 65_536), "more than 200000 bytes"),
    "redirect to metadata": (Reply(302, b"", {"location": "http://169.254.169.254/latest"}), "is not allowed"),
    "redirect to a file": (Reply(302, b"", {"location": "file:///etc/passwd"}), "no plain address"),
    "redirects without end": (Reply(302, b"", {"location": "/again"}), "redirects more than 3 times"),
    "patience": (Reply(429, b"", {"retry-after": "86400"}), "asks for 86400 s"),
}


@pytest.mark.parametrize("name", BAD)
async def test_a_service_with_bad_manners_is_noted_within_bounds(tmp_path, name):
    reply, told = BAD[name]
    with serving(lambda *_: reply) as stub:
        began = time.monotonic()
        found = await ask(tmp_path, stub.url, "hn", "x", bytes_max=200_000, wait_max_s=0.05)
        assert time.monotonic() - began < 20
    assert told in (found.note or "")
    assert found.rows == ()


async def test_an_answer_429_is_waited_for_as_long_as_it_asks(tmp_path):
    replies = [Reply(429, b"", {"retry-after": "2"}), Reply(503), as_json({"hits": [hit(1)]})]
    slept = Slept()
    with serving(lambda *_: replies.pop(0)) as stub:
        egress = Egress(policy(), resolve, slept)
        answer = await egress.get(f"{stub.url}/x")
    assert answer.status == 200
    assert slept.seconds[0] == 2.0
    assert 0 < slept.seconds[1] <= 2.0
    assert [asked.outcome for asked in egress.audit] == ["429", "503", "200"]


async def test_requests_to_one_host_keep_their_distance():
    slept = Slept()
    with serving(lambda *_: as_json({})) as stub:
        egress = Egress(policy(interval_s=5.0), resolve, slept)
        for _ in range(3):
            await egress.get(f"{stub.url}/x")
    assert [round(seconds) for seconds in slept.seconds] == [5, 10]


@pytest.mark.parametrize(
    "url",
    [
        "https://other.example/",
        "http://allowed.example/",
        "ftp://allowed.example/",
        "https://user:pw@allowed.example/",
        "https://allowed.example.evil.example/",
        "https://allowed.example:bad/",
        "//allowed.example",
        "",
    ],
)
async def test_what_the_policy_does_not_allow_is_refused_and_audited(url):
    egress = Egress(EgressPolicy(allow=("allowed.example",)), resolve)
    with pytest.raises(EgressRefused):
        await egress.get(url)
    assert [asked.outcome for asked in egress.audit] == ["refused"]


@pytest.mark.parametrize(
    "address",
    "127.0.0.1 10.1.2.3 192.168.0.1 172.16.5.5 169.254.169.254 0.0.0.0 100.64.0.1 224.0.0.1 ::1 fe80::1 fc00::1 "
    "::ffff:127.0.0.1 64:ff9b::a9fe:a9fe 2002:7f00:1::".split(),
)
async def test_a_name_that_resolves_to_an_address_of_the_house_is_refused(address):
    async def inward(_: str, __: int) -> list[str]:
        return ["93.184.215.14", address]

    with pytest.raises(EgressRefused, match="not public"):
        await Egress(EgressPolicy(allow=("allowed.example",)), inward).get("https://allowed.example/")


async def test_nothing_is_allowed_by_default():
    with pytest.raises(EgressRefused, match="AIA_EGRESS_ALLOW"):
        await Egress(EgressPolicy(), resolve).get("https://hn.algolia.com/")


def test_a_rule_with_a_star_allows_what_is_below_it_alone():
    rules = EgressPolicy(allow=("*.example.org",))
    assert rules.allows("a.example.org")
    assert not rules.allows("example.org")
    assert not rules.allows("badexample.org")


async def test_a_closed_port_is_a_failure_that_is_tried_again():
    slept = Slept()
    with serving(lambda *_: Reply()) as stub:
        url = stub.url
    with pytest.raises(EgressFailed, match="cannot be asked"):
        await Egress(policy(), resolve, slept).get(url)
    assert len(slept.seconds) == 2


def test_files_and_services_are_one_corpus_and_a_failing_one_is_reported(tmp_path):
    file = tmp_path / "own.jsonl"
    file.write_text("".join(json.dumps({"id": f"f{i}", "text": f"{GOOD} Own {i}."}) + "\n" for i in range(4)))
    with serving(hacker_news([hit(i) for i in range(5)])) as stub:
        inputs = ["hn:invoice", str(file), "github:acme/none"]
        corpus = read_inputs(inputs, ReadOptions(), CleanOptions(near_repeat=1.0), how(tmp_path, stub.url))
    told = {report.name: report for report in corpus.reading.sources}
    assert told["hn:invoice"].documents == 5
    assert told["own.jsonl"].documents == 4
    assert told["github:acme/none"].error
    assert {document.source for document in corpus.documents} == {"Hacker News", "own.jsonl"}
    assert corpus.name == "hn:invoice and 2 more"


def test_a_service_alone_that_fails_is_an_error_with_its_reason(tmp_path):
    with serving(lambda *_: Reply(404)) as stub, pytest.raises(SourceError, match="answered 404"):
        read_inputs(["hn:x"], ReadOptions(), CleanOptions(), how(tmp_path, stub.url))


def test_a_file_named_like_a_service_is_a_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert service_of("hn:x") == ("hn", "x")
    assert service_of("http://x") is None
    Path("hn:x").write_text("")
    assert service_of("hn:x") is None


@pytest.mark.parametrize("name", ["hn", "github", "rss"])
@pytest.mark.parametrize(
    "body", [b"", b"null", b"{}", b"[]", b'{"hits": [3, {}]}', b"[[], {}, null]", b"<rss><item/></rss>"]
)
async def test_no_answer_of_a_service_breaks_a_connector(name, body):
    connector = load_plugin("aia.connectors", name)

    async def get(_url, _headers):
        return Reply(200, body)

    query = {"hn": "x", "github": "a/b", "rss": "https://x"}[name]
    try:
        found = await connector.page(query, {}, Service("https://x"), get)
    except ConnectorError:
        return
    assert all(isinstance(row, dict) for row in found.rows)
