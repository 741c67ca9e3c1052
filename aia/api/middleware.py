"""The one middleware, pure ASGI: request id, metrics, security headers, and a bound on bodies."""

import re
import secrets
import time
from collections.abc import Mapping, MutableMapping
from typing import Any, NamedTuple

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from aia.infra.telemetry import Telemetry

_REQUEST_ID = re.compile(rb"[A-Za-z0-9_.-]{1,64}")
SECURITY_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
)
REPORT_POLICY = b"default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'"


class Edge:
    """Wraps the API; `telemetry` is looked up for each request, as the App opens after start-up.

    `longer`: the setting and its bytes that bound the bodies below a path, instead of `AIA_BODY_BYTES_MAX`.
    """

    def __init__(self, app: ASGIApp, *, body_bytes_max: int, longer: Mapping[str, tuple[str, int]]) -> None:
        self._app = app
        self._bound = Bound("AIA_BODY_BYTES_MAX", body_bytes_max)
        self._longer = {path: Bound(*bound) for path, bound in longer.items()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        given = headers.get(b"x-request-id", b"")
        request_id = given.decode() if _REQUEST_ID.fullmatch(given) else secrets.token_hex(8)
        scope["aia.request_id"] = request_id
        began, status = time.perf_counter(), [500]

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                status[0] = message["status"]
                extra = [(b"x-request-id", request_id.encode()), *SECURITY_HEADERS]
                message["headers"] = [*message["headers"], *extra]
            await send(message)

        bound = next((b for path, b in self._longer.items() if scope["path"].startswith(path)), self._bound)
        length = headers.get(b"content-length", b"0")
        if length.isdigit() and int(length) > bound.bytes_max:
            await _refuse(send_with_headers, scope, bound)
        else:
            await self._bounded(scope, receive, send_with_headers, bound)
        _count(scope, status[0], time.perf_counter() - began)

    async def _bounded(self, scope: Scope, receive: Receive, send: Send, bound: "Bound") -> None:
        """Count the body as it comes: a chunked one announces no length."""
        seen = 0

        async def bounded_receive() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > bound.bytes_max:
                # An HTTPException, as FastAPI turns any other error while it reads a body into a 400.
                raise HTTPException(413, bound.refusal)
            return message

        await self._app(scope, bounded_receive, send)


class Bound(NamedTuple):
    setting: str
    bytes_max: int

    @property
    def refusal(self) -> str:
        return f"the body is larger than {self.bytes_max} bytes: send less at a time or raise {self.setting}"


async def _refuse(send: Send, scope: Scope, bound: Bound) -> None:
    body = (
        '{"type":"urn:aia:problem:too-large","title":"A bound is exceeded","status":413,'
        f'"detail":"{bound.refusal}","code":"too-large","request_id":"{scope["aia.request_id"]}"}}'
    ).encode()
    headers = [(b"content-type", b"application/problem+json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _count(scope: MutableMapping[str, Any], status: int, seconds: float) -> None:
    app = scope.get("state", {}).get("aia")
    if app is None:
        return
    telemetry: Telemetry = app.telemetry
    # The template, not the path: a metric for each id would grow without bound.
    route = getattr(scope.get("route"), "path", "unmatched")
    telemetry.http_requests.labels(scope["method"], route, str(status)).inc()
    telemetry.http_seconds.labels(route).observe(seconds)
