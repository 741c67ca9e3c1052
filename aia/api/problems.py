"""Errors as application/problem+json (RFC 9457), all in one place."""

from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from aia.core.errors import AIAError

MEDIA_TYPE = "application/problem+json"
TOO_LARGE = 413


def problem(
    request: Request,
    status: int,
    code: str,
    title: str,
    detail: str,
    *,
    headers: dict[str, str] | None = None,
    **more: Any,
) -> JSONResponse:
    """One problem; `type` is a stable name, `instance` the path that was asked for."""
    body = {"type": f"urn:aia:problem:{code}", "title": title, "status": status, "detail": detail, "code": code}
    body |= {"instance": request.url.path, "request_id": request.scope.get("aia.request_id")} | more
    return JSONResponse(body, status, headers, MEDIA_TYPE)


async def _aia(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, AIAError)
    detail = error.detail
    if error.status >= HTTPStatus.INTERNAL_SERVER_ERROR and error.status != HTTPStatus.SERVICE_UNAVAILABLE:
        structlog.get_logger("aia.api").error("request.failed", error=detail, path=request.url.path)
        detail = "an internal error; the log names it by the request id"
    headers = {"WWW-Authenticate": "Bearer"} if error.status == HTTPStatus.UNAUTHORIZED else None
    facts = {key: value for key, value in error.facts.items() if value is not None}
    return problem(request, error.status, error.code, error.title, detail, headers=headers, **facts)


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    errors = [{"pointer": "/" + "/".join(map(str, e["loc"])), "detail": e["msg"]} for e in error.errors()[:20]]
    detail = "; ".join(f"{e['pointer']}: {e['detail']}" for e in errors[:5])
    return problem(request, 422, "invalid", "The request cannot be used", detail, errors=errors)


async def _http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    status = HTTPStatus(error.status_code)
    code = "too-large" if status == TOO_LARGE else status.phrase.lower().replace(" ", "-")
    headers = dict(error.headers) if error.headers else None
    return problem(request, error.status_code, code, status.phrase, str(error.detail), headers=headers)


async def _unexpected(request: Request, error: Exception) -> JSONResponse:
    structlog.get_logger("aia.api").error("request.fault", path=request.url.path, exc_info=error)
    return problem(request, 500, "internal", "Something went wrong inside AIA", "the log names it by the request id")


def add_problems(api: FastAPI) -> None:
    """Render every error of the API as a problem."""
    api.add_exception_handler(AIAError, _aia)
    api.add_exception_handler(RequestValidationError, _invalid)
    api.add_exception_handler(HTTPException, _http)
    api.add_exception_handler(Exception, _unexpected)
