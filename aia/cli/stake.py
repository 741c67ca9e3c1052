"""`aia stake`: stakes of an organisation's wallets."""

import click

from aia.app import App
from aia.cli.money import fresh, key_option
from aia.cli.support import json_option, organisation_option, owner, print_json, with_app
from aia.core.clock import rfc3339
from aia.core.money import format_units, parse_units
from aia.core.pages import LIMIT_MAX, PageRequest
from aia.tokens.staking import Stake, Unstaking
from aia.tokens.staking.model import SCALE


@click.group("stake")
def command() -> None:
    """Stake tokens, earn rewards, take them back."""


@command.command("list")
@organisation_option
@json_option
def list_command(organisation: str, as_json: bool) -> None:
    """Stakes of an organisation, with the rewards that are due."""

    async def work(app: App) -> list[tuple[Stake, list[Unstaking]]]:
        async with app.database.read(owner(organisation)) as read:
            stakes = (await app.tokens.staking.page(read, PageRequest(LIMIT_MAX))).items
            return [(stake, await app.tokens.staking.unstakings(read, stake.wallet)) for stake in stakes]

    for stake, cooling in with_app(work, durable=False, background=False):
        _tell(stake, as_json)
        for part in cooling if not as_json else ():
            click.echo(f"  {part.id}: {format_units(part.units)} ready at {rfc3339(part.ready_at)}")


@command.command("add")
@click.argument("wallet")
@click.argument("amount")
@key_option
@organisation_option
@json_option
def add_command(wallet: str, amount: str, key: str | None, organisation: str, as_json: bool) -> None:
    """Stake AMOUNT of WALLET."""
    units = parse_units(amount)

    async def work(app: App) -> Stake:
        async with app.database.begin(owner(organisation)) as tx:
            return await app.tokens.staking.stake(tx, wallet, units, fresh(key))

    _tell(with_app(work, durable=False, background=False), as_json)


@command.command("remove")
@click.argument("wallet")
@click.argument("amount")
@key_option
@organisation_option
@json_option
def remove_command(wallet: str, amount: str, key: str | None, organisation: str, as_json: bool) -> None:
    """Let AMOUNT of WALLET's stake cool down, to be withdrawn afterwards."""
    units = parse_units(amount)

    async def work(app: App) -> Unstaking:
        async with app.database.begin(owner(organisation)) as tx:
            return await app.tokens.staking.unstake(tx, wallet, units, fresh(key))

    part = with_app(work, durable=False, background=False)
    if as_json:
        print_json({"unstaking": part.id, "amount": format_units(part.units), "ready_at": rfc3339(part.ready_at)})
    else:
        click.echo(f"{part.id}: {format_units(part.units)} ready at {rfc3339(part.ready_at)}")


@command.command("withdraw")
@click.argument("unstaking")
@organisation_option
def withdraw_command(unstaking: str, organisation: str) -> None:
    """Bring back UNSTAKING, which has cooled down."""

    async def work(app: App) -> Unstaking:
        async with app.database.begin(owner(organisation)) as tx:
            return await app.tokens.staking.withdraw(tx, unstaking)

    part = with_app(work, durable=False, background=False)
    click.echo(f"{format_units(part.units)} are back in {part.wallet}")


@command.command("claim")
@click.argument("wallet")
@organisation_option
@json_option
def claim_command(wallet: str, organisation: str, as_json: bool) -> None:
    """Pay the rewards that are due into WALLET."""

    async def work(app: App) -> Stake:
        async with app.database.begin(owner(organisation)) as tx:
            return (await app.tokens.staking.claim(tx, wallet))[0]

    _tell(with_app(work, durable=False, background=False), as_json)


def _tell(stake: Stake, as_json: bool) -> None:
    shown = {
        "wallet": stake.wallet,
        "staked": format_units(stake.amount),
        "cooling": format_units(stake.cooling),
        "due": format_units(stake.owed // SCALE),
        "claimed": format_units(stake.claimed),
    }
    if as_json:
        print_json(shown | {"token": stake.token, "locked_until": rfc3339(stake.locked_until)})
    else:
        click.echo(
            f"{stake.wallet}: {shown['staked']} {stake.token} staked until {rfc3339(stake.locked_until)} at least, "
            f"{shown['cooling']} cooling down, rewards {shown['due']} due and {shown['claimed']} claimed"
        )
