"""What commands share: options, running with an App, printing."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import click

from aia.app import DEFAULT_ORGANISATION, App, open_app
from aia.config import Settings, load_settings
from aia.core.principal import Principal
from aia.infra.telemetry import configure_logging

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])

organisation_option = click.option(
    "--organisation", default=DEFAULT_ORGANISATION, show_default=True, help="Whose agents and wallet."
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for a program.")


def settings_with_logging() -> Settings:
    """The settings of the environment, with logging set up accordingly."""
    settings = load_settings()
    configure_logging(settings.log_level)
    return settings


def with_app(work: Callable[[App], Awaitable[T]], *, durable: bool = True, background: bool = True) -> T:
    """Open the App, do the work, close the App."""
    settings = settings_with_logging()

    async def run() -> T:
        async with open_app(settings, durable=durable, background=background) as app:
            return await work(app)

    return asyncio.run(run())


def owner(organisation: str) -> Principal:
    """The person at the keyboard, acting for an organisation."""
    return Principal(organisation, "cli")


def print_json(value: object) -> None:
    """One line of JSON on stdout."""
    click.echo(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


def print_table(header: tuple[str, ...], rows: list[tuple[str, ...]], *, right: frozenset[int] = frozenset()) -> None:
    """A plain aligned table; columns in `right` are aligned to the right."""
    widths = [max(len(row[i]) for row in [header, *rows]) for i in range(len(header))]
    for row in [header, *rows]:
        cells = [
            cell.rjust(width) if i in right else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        click.echo("  ".join(cells).rstrip())
