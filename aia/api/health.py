"""Is it alive, is it ready, and its metrics."""

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from aia import __version__
from aia.api.deps import AppDep
from aia.api.schemas import HealthOut

router = APIRouter(tags=["health"])


@router.get("/livez")
async def livez() -> HealthOut:
    """The process answers; nothing it depends on is asked."""
    return HealthOut(status="ok", version=__version__)


@router.get("/readyz")
async def readyz(app: AppDep) -> HealthOut:
    """The database answers, so work can be done; 503 otherwise."""
    await app.database.ping()
    return HealthOut(status="ok", version=__version__, checks={"database": app.database.dialect})


@router.get("/health")
async def health(app: AppDep) -> HealthOut:
    """The same as /readyz."""
    return await readyz(app)


@router.get("/metrics", include_in_schema=False)
async def metrics(app: AppDep) -> Response:
    """Prometheus text format."""
    return Response(generate_latest(app.telemetry.registry), media_type=CONTENT_TYPE_LATEST)
