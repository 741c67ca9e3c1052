"""`aia vesting`: schedules of an organisation, or of the treasury itself."""

import click

from aia.app import App
from aia.cli.support import json_option, owner, print_json, print_table, with_app
from aia.core.clock import Instant, rfc3339
from aia.core.money import Units, format_units
from aia.core.pages import LIMIT_MAX, PageRequest
from aia.core.principal import SYSTEM, Principal
from aia.tokens.vesting import Schedule

whose_option = click.option("--organisation", help="Whose schedules; default: those of the genesis.")


def _whose(organisation: str | None) -> Principal:
    return Principal(SYSTEM, "cli") if organisation is None else owner(organisation)


@click.group("vesting")
def command() -> None:
    """Vesting schedules and what can be released."""


@command.command("list")
@whose_option
@json_option
def list_command(organisation: str | None, as_json: bool) -> None:
    """Schedules and what could be released now."""

    async def work(app: App) -> tuple[tuple[Schedule, ...], Instant]:
        async with app.database.read(_whose(organisation)) as read:
            return (await app.tokens.vesting.page(read, PageRequest(LIMIT_MAX))).items, read.now

    schedules, now = with_app(work, durable=False, background=False)
    rows = [
        (
            *(s.id, s.beneficiary, format_units(s.total), format_units(s.vested(now))),
            *(format_units(s.released), rfc3339(s.start + s.cliff)[:10], rfc3339(s.start + s.duration)[:10]),
        )
        for s in schedules
    ]
    header = ("vesting", "beneficiary", "total", "vested", "released", "cliff", "end")
    if as_json:
        for row in rows:
            print_json(dict(zip(header, row, strict=True)))
        return
    print_table(tuple(name.capitalize() for name in header), rows, right=frozenset({2, 3, 4}))


@command.command("release")
@click.argument("vesting")
@whose_option
@json_option
def release_command(vesting: str, organisation: str | None, as_json: bool) -> None:
    """Pay what has vested of VESTING to its beneficiary."""

    async def work(app: App) -> tuple[Schedule, Units]:
        async with app.database.begin(_whose(organisation)) as tx:
            return await app.tokens.vesting.release(tx, vesting)

    schedule, units = with_app(work, durable=False, background=False)
    if as_json:
        print_json({"vesting": schedule.id, "released": format_units(units), "to": schedule.beneficiary})
    else:
        click.echo(f"{format_units(units)} {schedule.token} released to {schedule.beneficiary}")
