"""The one middleware, pure ASGI: request id, metrics, security headers, and a bound on bodies."""

import re
import secrets
import time
from collections.abc import MutableMapping
from typing import Any

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
    """Wraps the API; `telemetry` is looked up for each request, as the App opens after start-up."""

    def __init__(self, app: ASGIApp, *, body_bytes_max: int) -> None:
        self._app = app
        self._body_bytes_max = body_bytes_max

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

        length = headers.get(b"content-length", b"0")
        if length.isdigit() and int(length) > self._body_bytes_max:
            await _refuse(send_with_headers, scope, self._body_bytes_max)
        else:
            await self._bounded(scope, receive, send_with_headers)
        _count(scope, status[0], time.perf_counter() - began)

    async def _bounded(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count the body as it comes: a chunked one announces no length."""
        seen = 0

        async def bounded_receive() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > self._body_bytes_max:
                # An HTTPException, as FastAPI turns any other error while it reads a body into a 400.
                raise HTTPException(413, _too_large(self._body_bytes_max))
            return message

        await self._app(scope, bounded_receive, send)


def _too_large(most: int) -> str:
    return f"the body is larger than {most} bytes: send less at a time or raise AIA_BODY_BYTES_MAX"


async def _refuse(send: Send, scope: Scope, most: int) -> None:
    body = (
        '{"type":"urn:aia:problem:too-large","title":"A bound is exceeded","status":413,'
        f'"detail":"{_too_large(most)}","code":"too-large","request_id":"{scope["aia.request_id"]}"}}'
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
