"""Fixtures: one real database of each kind, and an App on it."""

import asyncio
import os
import uuid
from collections.abc import AsyncGenerator, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from aia.app import App, open_app
from aia.config import Settings
from aia.core.clock import system_clock
from aia.core.ids import random_ids
from aia.core.principal import Principal
from aia.infra.sql import migrate, open_database
from aia.infra.telemetry import configure_logging
from tests.support.economy import OrderExecutor
from tests.support.postgres import PostgresServer

ORGANISATION = "default"
TEMPLATE = "aia_template"

# A test that is slow on a busy machine is not wrong.
hypothesis.settings.register_profile("aia", deadline=None)
hypothesis.settings.load_profile("aia")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--sqlite-only", action="store_true", help="leave out PostgreSQL (else it must start)")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "postgres: needs a PostgreSQL server; left out by --sqlite-only alone")


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("postgres") and item.config.getoption("--sqlite-only"):
        pytest.skip("--sqlite-only was asked for")


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
    """One server for each worker: it starts in a second, and nothing needs to be shared."""
    with PostgresServer() as server:
        yield server


@pytest.fixture(scope="session")
def postgres_template(postgres: PostgresServer) -> str:
    """The name of a database with the tables of this version and no row, to be copied."""
    asyncio.run(_migrate(postgres.create_database(TEMPLATE)))
    return TEMPLATE


async def _migrate(url: str) -> None:
    database = open_database(url, system_clock, random_ids(system_clock))
    try:
        await migrate(database)
    finally:
        await database.engine.dispose()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A fresh database: once a SQLite file yet to be made, once a PostgreSQL database with its tables."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'aia.db'}"
    server: PostgresServer = request.getfixturevalue("postgres")
    return server.create_database(f"t{uuid.uuid4().hex}", template=request.getfixturevalue("postgres_template"))


@pytest.fixture
def empty_url(request: pytest.FixtureRequest, database_url: str) -> str:
    """The same without tables."""
    if database_url.startswith("sqlite"):
        return database_url
    return request.getfixturevalue("postgres").create_database(f"t{uuid.uuid4().hex}")


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


@pytest.fixture
def clock() -> OrderExecutor:
    return OrderExecutor()


@pytest.fixture
async def app_by_clock(settings: Settings, clock: OrderExecutor) -> AsyncGenerator[App]:
    """The parts of AIA at a time that the test sets, with nothing running beside it."""
    async with open_app(settings, clock=clock, durable=False, background=False) as opened:
        yield opened
