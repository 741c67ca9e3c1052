"""`aia init`: make the home ready, or a further organisation."""

from pathlib import Path

import click

from aia.agents import read_roster
from aia.app import DEFAULT_ORGANISATION, App
from aia.cli.support import with_app


@click.command("init")
@click.option("--organisation", default=DEFAULT_ORGANISATION, show_default=True, help="Short name: a-z, 0-9 and -.")
@click.option("--name", help="Full name of the organisation.")
@click.option("--roster", type=click.Path(path_type=Path), help="TOML file of its agents; default: the built-in one.")
def command(organisation: str, name: str | None, roster: Path | None) -> None:
    """Make AIA_HOME ready, or a further organisation."""
    members = None if roster is None else read_roster(roster)

    async def work(app: App) -> bool:
        return await app.create_organisation(organisation, name or organisation, members)

    made = with_app(work, durable=False, background=False)
    stands = "made, with its agents and opening grant" if made else "ready"
    click.echo(f"Organisation {organisation}: {stands}")
