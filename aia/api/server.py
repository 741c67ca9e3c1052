"""Putting the API together; the App opens when the server starts, not at import."""

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, TypeAlias

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware

from aia import __version__
from aia.api import (
    accounts,
    agents,
    corpora,
    health,
    log,
    missions,
    monitoring,
    reports,
    stakes,
    statements,
    transfers,
    treasury,
    ventures,
)
from aia.api.middleware import Edge
from aia.api.openapi import describe
from aia.api.problems import add_problems
from aia.app import App
from aia.config import Settings

AppFactory: TypeAlias = Callable[[], AbstractAsyncContextManager[App]]


def create_api(settings: Settings, open_app: AppFactory) -> FastAPI:
    """The ASGI application; `open_app` is entered with the server's lifespan."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncGenerator[dict[str, Any]]:
        async with open_app() as app:
            yield {"aia": app}

    api = FastAPI(
        title="AIA",
        version=__version__,
        summary="An organisation of agents that finds ventures in real text.",
        lifespan=lifespan,
        redirect_slashes=False,
        debug=False,
        docs_url=None,  # FastAPI's own pages load their scripts from other hosts
        redoc_url=None,
        swagger_ui_oauth2_redirect_url=None,
        generate_unique_id_function=lambda route: route.name,
    )
    faces = (
        health,
        corpora,
        missions,
        agents,
        accounts,
        transfers,
        treasury,
        stakes,
        statements,
        log,
        reports,
        monitoring,
        ventures,
    )
    for router in (face.router for face in faces):
        api.include_router(router)

    add_problems(api)
    describe(api)
    if settings.aia_cors_origins:
        api.add_middleware(
            CORSMiddleware, allow_origins=list(settings.aia_cors_origins), allow_methods=["*"], allow_headers=["*"]
        )
    api.add_middleware(
        Edge,
        body_bytes_max=settings.aia_body_bytes_max,
        longer={corpora.UPLOADS: ("AIA_UPLOAD_BYTES_MAX", settings.aia_upload_bytes_max)},
    )
    return api
