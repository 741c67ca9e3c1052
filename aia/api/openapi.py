"""The description of the API and its page: refusals are problems (RFC 9457), and nothing is loaded from elsewhere."""

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse, RedirectResponse
from fastapi.staticfiles import StaticFiles

from aia.api.problems import MEDIA_TYPE

_TEXT = {"type": "string"}
PROBLEM = {
    "type": "object",
    "title": "Problem",
    "description": "RFC 9457; `code` is a stable name, and what the refusal is about stands beside it.",
    "required": ["type", "title", "status", "detail", "code", "instance", "request_id"],
    "properties": {
        **dict.fromkeys(("type", "title", "detail", "code", "instance", "request_id"), _TEXT),
        "status": {"type": "integer"},
        "errors": {
            "type": "array",
            "items": {"type": "object", "properties": {"pointer": _TEXT, "detail": _TEXT}},
        },
    },
}
REFUSED = {
    "description": "Refused: the problem says why and what to do",
    "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
}
ASSETS = "/docs/assets"
_FASTAPIS_OWN = ("HTTPValidationError", "ValidationError")


def describe(api: FastAPI) -> None:
    """Have the API describe itself with its problems, at `/openapi.json` and to read at `/docs`."""
    plain = api.openapi

    def described() -> dict[str, Any]:
        return api.openapi_schema or _with_problems(plain())

    api.openapi = described
    page = get_swagger_ui_html(
        openapi_url="openapi.json",
        title=api.title,
        swagger_js_url=f"{ASSETS}/swagger-ui-bundle.js".removeprefix("/"),
        swagger_css_url=f"{ASSETS}/swagger-ui.css".removeprefix("/"),
        swagger_favicon_url=f"{ASSETS}/favicon-32x32.png".removeprefix("/"),
    )

    @api.get("/", include_in_schema=False)
    async def root() -> RedirectResponse:  # pyright: ignore[reportUnusedFunction]
        return RedirectResponse("/docs")

    @api.get("/docs", include_in_schema=False)
    async def docs() -> HTMLResponse:  # pyright: ignore[reportUnusedFunction]
        return page

    api.mount(ASSETS, StaticFiles(packages=[("fastapi_swagger", "resources")]))


def _with_problems(description: dict[str, Any]) -> dict[str, Any]:
    schemas = description["components"]["schemas"]
    for name in _FASTAPIS_OWN:
        schemas.pop(name, None)
    schemas["Problem"] = PROBLEM
    for operation in _operations(description):
        operation["responses"].pop("422", None)
        operation["responses"]["default"] = REFUSED
    return description


def _operations(description: dict[str, Any]) -> Iterator[dict[str, Any]]:
    return (operation for path in description["paths"].values() for operation in path.values())
