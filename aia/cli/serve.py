"""`aia serve`: a process of AIA in one of its roles."""

import asyncio
import signal
from functools import partial

import click
import uvicorn
from uvicorn.loops.auto import auto_loop_factory

from aia.api.server import create_api
from aia.app import open_to_stay
from aia.cli.support import settings_with_logging
from aia.config import Settings
from aia.roles import ROLES, Role, role_named

GRACE_S = 10


@click.command("serve")
@click.option("--role", default="all", show_default=True, type=click.Choice([r.name for r in ROLES]))
@click.option("--host", help="Address to bind; default: AIA_HOST.")
@click.option("--port", type=int, help="Port to bind; default: AIA_PORT.")
def command(role: str, host: str | None, port: int | None) -> None:
    """Run the API and everything behind it in one process."""
    settings = settings_with_logging()
    played = role_named(role)
    if not played.http:
        with asyncio.Runner(loop_factory=auto_loop_factory()) as runner:  # the loop that `uvicorn.run` takes as well
            runner.run(_unasked(settings, played))
        return
    api = create_api(settings, partial(open_to_stay, settings, background=played.loops))
    at = f"{host or settings.aia_host}:{port or settings.aia_port}"
    click.echo(f"AIA answers on http://{at} (API description: http://{at}/docs); stop with Ctrl-C", err=True)
    uvicorn.run(
        api,
        host=host or settings.aia_host,
        port=port or settings.aia_port,
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=GRACE_S,
    )


async def _unasked(settings: Settings, played: Role) -> None:
    """Do what a role without an API does, until the process is told to stop."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with open_to_stay(settings, durable=played.missions, background=played.loops):
        await stop.wait()
