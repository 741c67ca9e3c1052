"""`aia knowledge`: what is derived from the records can be made anew."""

import click

from aia.app import App
from aia.cli.support import json_option, organisation_option, owner, print_json, print_table, with_app
from aia.core.clock import rfc3339
from aia.core.pages import LIMIT_MAX, PageRequest
from aia.knowledge import CorpusInfo


@click.group("knowledge")
def command() -> None:
    """List kept corpora; rebuild what is derived from the records."""


@command.command("corpora")
@organisation_option
@json_option
def corpora_command(organisation: str, as_json: bool) -> None:
    """Corpora by name; of each name what was kept last."""

    async def work(app: App) -> list[CorpusInfo]:
        async with app.database.read(owner(organisation)) as read:
            found: list[CorpusInfo] = []
            page = await app.knowledge.corpora(read, PageRequest(LIMIT_MAX))
            found.extend(page.items)
            while page.next_cursor is not None:
                page = await app.knowledge.corpora(read, PageRequest.of(LIMIT_MAX, page.next_cursor))
                found.extend(page.items)
            return found

    corpora = with_app(work, durable=False, background=False)
    if as_json:
        for c in corpora:
            print_json(
                {"name": c.name, "corpus": c.id, "documents": c.documents, "created_at": rfc3339(c.created_at)}
            )
        return
    rows = [(c.name, str(c.documents), f"{c.created_at:%Y-%m-%d}", c.id) for c in corpora]
    print_table(("Name", "Documents", "Since", "Corpus"), rows, right=frozenset({1}))


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
