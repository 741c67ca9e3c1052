"""Stub services on loopback that answer in the shapes of the public ones, and misbehave when told to."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

GOOD = "The export of invoices fails every month and nobody answers."


@dataclass
class Reply:
    """What the stub sends; `drip` bytes a tenth of a second, without end where `endless`."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    drip: bytes | None = None


Answer = Callable[[str, dict[str, str], dict[str, str]], Reply]
"""Of path, query and headers."""


@dataclass
class Stub:
    url: str
    asked: list[tuple[str, dict[str, str], dict[str, str]]]

    @property
    def host(self) -> str:
        return urlsplit(self.url).hostname or ""


@contextmanager
def serving(answer: Answer) -> Iterator[Stub]:
    asked: list[tuple[str, dict[str, str], dict[str, str]]] = []
    stop = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:  # the name that http.server calls
            parts = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            headers = {name.lower(): value for name, value in self.headers.items()}
            asked.append((parts.path, query, headers))
            reply = answer(parts.path, query, headers)
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            if reply.drip is None:
                self.send_header("content-length", str(len(reply.body)))
            else:
                self.send_header("connection", "close")
            self.end_headers()
            self.wfile.write(reply.body)
            while reply.drip is not None and not stop.is_set():
                try:
                    self.wfile.write(reply.drip)
                    self.wfile.flush()
                except OSError:
                    break
                if len(reply.drip) < 100:
                    time.sleep(0.1)
            self.close_connection = reply.drip is not None

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield Stub(f"http://127.0.0.1:{server.server_port}", asked)
    finally:
        stop.set()
        server.shutdown()
        server.server_close()
        thread.join()


def as_json(value: Any, status: int = 200, **headers: str) -> Reply:
    named = {name.replace("_", "-"): told for name, told in headers.items()}
    return Reply(status, json.dumps(value).encode(), {"content-type": "application/json"} | named)


def hacker_news(hits: list[dict[str, Any]]) -> Answer:
    """`search_by_date` of Algolia: newest first, `numericFilters` on created_at_i, at most `hitsPerPage`."""

    def answer(path: str, query: dict[str, str], _: dict[str, str]) -> Reply:
        assert path == "/api/v1/search_by_date"
        found = sorted(hits, key=lambda hit: -hit["created_at_i"])
        for bound in filter(None, query.get("numericFilters", "").split(",")):
            below, value = "<" in bound, int(bound.replace(">", "<").split("<")[1])
            found = [h for h in found if (h["created_at_i"] < value if below else h["created_at_i"] > value)]
        size = int(query["hitsPerPage"])
        return as_json({"hits": found[:size], "nbHits": len(found), "page": 0, "hitsPerPage": size})

    return answer


def hit(number: int, at: int | None = None) -> dict[str, Any]:
    seconds = 1_709_251_200 + number if at is None else at
    return {
        "objectID": str(number),
        "created_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds)),
        "created_at_i": seconds,
        "author": f"user{number % 7}",
        "title": f"Ask HN: {GOOD} {number}" if number % 2 else None,
        "story_text": None,
        "comment_text": None if number % 2 else f"<p>{GOOD} &amp; more {number}",
        "story_title": "Invoices",
        "points": number,
        "_tags": ["story"],
    }


def github(issues: list[dict[str, Any]], page_size: int = 100) -> Answer:
    """`GET /repos/{owner}/{repo}/issues`, sorted by update, `since` inclusive."""

    def answer(path: str, query: dict[str, str], _: dict[str, str]) -> Reply:
        if path != "/repos/acme/app/issues":
            return as_json({"message": "Not Found"}, 404)
        found = sorted(issues, key=lambda issue: issue["updated_at"])
        found = [issue for issue in found if issue["updated_at"] >= query.get("since", "")]
        start = (int(query.get("page", 1)) - 1) * page_size
        return as_json(found[start : start + page_size], link='<x>; rel="next"')

    return answer


def issue(number: int, **more: Any) -> dict[str, Any]:
    at = f"2024-03-{1 + number // 24 % 28:02d}T{number % 24:02d}:00:00Z"
    return {
        "number": number,
        "title": f"Export fails, case {number}",
        "body": f"{GOOD}\r\n\r\nCase {number}.",
        "user": {"login": f"dev{number % 5}"},
        "labels": [{"name": "bug"}],
        "created_at": at,
        "updated_at": at,
        "html_url": f"https://github.example/acme/app/issues/{number}",
        "reactions": {"+1": number},
    } | more
