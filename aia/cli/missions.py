"""`aia missions`: what runs, what ran, and how to stop or go on with it."""

import click

from aia.app import App
from aia.cli.discover import answer_of
from aia.cli.support import json_option, organisation_option, owner, print_json, print_table, with_app
from aia.core.money import format_units
from aia.core.pages import PageRequest
from aia.missions import BILL_HEADER, Mission, MissionBill, Task, bill_of
from aia.tokens.account_statement import to_csv


@click.group("missions")
def command() -> None:
    """List, watch, resume and cancel missions."""


@command.command("list")
@organisation_option
@json_option
def list_command(organisation: str, as_json: bool) -> None:
    """The newest missions."""

    async def work(app: App) -> tuple[Mission, ...]:
        async with app.database.read(owner(organisation)) as read:
            return (await app.missions.page(read, PageRequest())).items

    missions = with_app(work, durable=False, background=False)
    if as_json:
        for m in missions:
            print_json(
                {"mission": m.id, "state": m.state, "budget": format_units(m.budget), "spent": format_units(m.spent)}
            )
        return
    rows = [(m.id, m.state.value, format_units(m.spent), format_units(m.budget), m.brief["title"]) for m in missions]
    print_table(("Mission", "State", "Spent", "Budget", "Title"), rows, right=frozenset({2, 3}))


@command.command("show")
@click.argument("mission")
@organisation_option
def show_command(mission: str, organisation: str) -> None:
    """The task tree of MISSION: who does what, at which price."""

    async def work(app: App) -> tuple[Mission, list[Task]]:
        async with app.database.read(owner(organisation)) as read:
            return await app.missions.get(read, mission), await app.missions.tree(read, mission)

    found, tasks = with_app(work, durable=False, background=False)
    click.echo(f"{found.id}  {found.state}{f': {found.reason}' if found.reason else ''}")
    rows = [(str(t.wave), t.key, t.agent, t.state.value, *map(format_units, _money(t))) for t in tasks]
    header = ("Wave", "Task", "Agent", "State", "Share", "Paid", "Staked", "Forfeited")
    print_table(header, rows, right=frozenset({0, 4, 5, 6, 7}))


def _money(task: Task) -> tuple[int, int, int, int]:
    return task.share, task.paid, task.stake, task.forfeited


@command.command("statement")
@click.argument("mission")
@click.option("--agent", help="Only the tasks of this agent.")
@organisation_option
@json_option
def statement_command(mission: str, agent: str | None, organisation: str, as_json: bool) -> None:
    """What each task of MISSION cost and what of it its agent earned, as CSV."""

    async def work(app: App) -> MissionBill:
        async with app.database.read(owner(organisation)) as read:
            found = await app.missions.get(read, mission)
            return bill_of(found, await app.missions.tree(read, mission), agent)

    statement = with_app(work, durable=False, background=False)
    rows = [line.row for line in statement.lines]
    if as_json:
        for row in rows:
            print_json(dict(zip(BILL_HEADER, row, strict=True)))
    else:
        click.echo(to_csv(BILL_HEADER, rows), nl=False)


@command.command("cancel")
@click.argument("mission")
@organisation_option
def cancel_command(mission: str, organisation: str) -> None:
    """Stop MISSION and give back what it did not spend."""

    async def work(app: App) -> Mission:
        async with app.database.begin(owner(organisation)) as tx:
            return await app.missions.cancel(tx, mission)

    cancelled = with_app(work, durable=False, background=False)
    click.echo(f"{cancelled.id} is cancelled; {format_units(cancelled.spent)} AIA were spent")


@command.command("resume")
@organisation_option
@json_option
def resume_command(organisation: str, as_json: bool) -> None:
    """Go on with every mission that was cut off, and wait for their end."""

    async def work(app: App) -> list[dict[str, object]]:
        principal = owner(organisation)
        async with app.database.read(principal) as read:
            mine = [m.id for m in (await app.missions.page(read, PageRequest(200))).items if not m.state.ended]
        for mission in mine:
            await app.engine.start(mission)
        for mission in mine:
            await app.engine.wait(mission)
        await app.drain_outbox()
        return [await answer_of(app, principal, mission) for mission in mine]

    for answer in with_app(work, background=False):
        if as_json:
            print_json(answer)
        else:
            click.echo(f"{answer['mission']} completed")
