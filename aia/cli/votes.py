"""`aia votes`: voting weight of AIA_GOV."""

import click

from aia.app import App
from aia.cli.support import json_option, organisation_option, owner, print_json, with_app
from aia.core.money import format_units
from aia.tokens.votes import Delegation


@click.group("votes")
def command() -> None:
    """Voting weight of AIA_GOV, and delegating it."""


@command.command("show")
@click.argument("wallet")
@click.option("--seq", type=int, help="A sequence number of the ledger that has passed; default: now.")
@organisation_option
@json_option
def show_command(wallet: str, seq: int | None, organisation: str, as_json: bool) -> None:
    """What WALLET can vote with as a delegate."""

    async def work(app: App) -> int:
        async with app.database.read(owner(organisation)) as read:
            votes = app.tokens.votes
            return await votes.votes(read, wallet) if seq is None else await votes.past_votes(read, wallet, seq)

    units = with_app(work, durable=False, background=False)
    if as_json:
        print_json({"delegate": wallet, "seq": seq, "votes": format_units(units)})
    else:
        click.echo(f"{wallet}: {format_units(units)} votes {'now' if seq is None else f'after transfer {seq}'}")


@command.command("delegate")
@click.argument("wallet")
@click.argument("delegate", required=False)
@organisation_option
@json_option
def delegate_command(wallet: str, delegate: str | None, organisation: str, as_json: bool) -> None:
    """Let the tokens of WALLET vote for DELEGATE: itself, another wallet, or nobody when left out."""

    async def work(app: App) -> Delegation:
        async with app.database.begin(owner(organisation)) as tx:
            return await app.tokens.votes.delegate(tx, wallet, delegate)

    made = with_app(work, durable=False, background=False)
    if as_json:
        print_json({"wallet": made.wallet, "delegate": made.delegate, "from_seq": made.from_seq})
    else:
        click.echo(f"{made.wallet} votes for {made.delegate or 'nobody'} from transfer {made.from_seq} on")
