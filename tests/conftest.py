"""Fixtures: one real database of each kind, and an App on it."""

import os
import uuid
from collections.abc import AsyncGenerator, Iterator
from pathlib import Path
from typing import Any

import pytest

from aia.app import App, open_app
from aia.config import Settings
from aia.core.principal import Principal
from aia.infra.telemetry import configure_logging
from tests.support.postgres import PostgresServer

ORGANISATION = "default"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--sqlite-only", action="store_true", help="leave out PostgreSQL (else it must start)")


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No test sees the developer's keys or home."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("AIA_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "1")


@pytest.fixture(scope="session", autouse=True)
def quiet_logs() -> None:
    configure_logging("critical")


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    with PostgresServer() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A fresh, empty database: once a SQLite file, once a PostgreSQL database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'aia.db'}"
    if request.config.getoption("--sqlite-only"):
        pytest.skip("--sqlite-only was asked for")
    server: PostgresServer = request.getfixturevalue("postgres")
    return server.create_database(f"t{uuid.uuid4().hex}")


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    return make_settings(database_url=database_url, aia_home=tmp_path / "home")


def make_settings(**values: Any) -> Settings:
    return Settings(environment="test", **values)  # type: ignore[arg-type] # pydantic turns the text into its enum


@pytest.fixture
async def app(settings: Settings) -> AsyncGenerator[App]:
    """AIA on a fresh database, missions run without the durable engine, the outbox drained by hand."""
    async with open_app(settings, durable=False, background=False) as opened:
        yield opened


@pytest.fixture
def principal() -> Principal:
    return Principal(ORGANISATION, "test")


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of shared data and vectors; tests that need it are skipped where it is absent."""
    root = Path(os.environ.get("AIA_SHARED", Path(__file__).parent.parent.parent / "shared"))
    if not root.is_dir():
        pytest.skip("the folder of shared data sets is not here (AIA_SHARED)")
    return root
