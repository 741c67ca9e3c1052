"""`aia keys`: API keys of an organisation."""

import click

from aia.app import App
from aia.cli.support import organisation_option, owner, with_app


@click.group("keys")
def command() -> None:
    """Make and revoke API keys of an organisation."""


@command.command("create")
@click.option("--name", default="cli", show_default=True, help="What the key is for.")
@click.option("--operator", is_flag=True, help="May also give orders of the treasury over the API.")
@organisation_option
def create_command(name: str, operator: bool, organisation: str) -> None:
    """Make a key; it is shown once."""

    async def work(app: App) -> tuple[str, str]:
        async with app.database.begin(owner(organisation)) as tx:
            await app.identity.get(tx, organisation)
            return await app.identity.create_key(tx, name, operator=operator)

    key_id, key = with_app(work, durable=False, background=False)
    click.echo(f"{key_id}\n{key}")


@command.command("revoke")
@click.argument("key_id")
@organisation_option
def revoke_command(key_id: str, organisation: str) -> None:
    """Revoke the key KEY_ID."""

    async def work(app: App) -> None:
        async with app.database.begin(owner(organisation)) as tx:
            await app.identity.revoke_key(tx, key_id)

    with_app(work, durable=False, background=False)
    click.echo(f"{key_id} is revoked")
