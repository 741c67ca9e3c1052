"""`aia knowledge`: what is derived from the records can be made anew."""

import click

from aia.app import App
from aia.cli.support import organisation_option, owner, with_app


@click.group("knowledge")
def command() -> None:
    """Rebuild what is derived from the records."""


@command.command("rebuild")
@organisation_option
def rebuild_command(organisation: str) -> None:
    """Make the agents' ratings anew from their scores."""

    async def work(app: App) -> int:
        await app.drain_outbox()
        async with app.database.begin(owner(organisation)) as tx:
            await app.performance.rebuild(tx)
            return len(await app.performance.ratings(tx))

    click.echo(f"{with_app(work, durable=False, background=False)} ratings rebuilt")
