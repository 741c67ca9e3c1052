"""`aia ledger`: check the books."""

import click

from aia.app import App
from aia.cli.money import COMMANDS
from aia.cli.support import json_option, print_json, with_app
from aia.core.money import format_units
from aia.core.principal import Principal
from aia.tokens import Audit, audit


@click.group("ledger", commands=COMMANDS)
def command() -> None:
    """Check the books, look at accounts, move money."""


@command.command("verify")
@json_option
def verify_command(as_json: bool) -> int:
    """Replay every transfer and compare balances, holds and floors; exit code 1 when they differ."""

    async def work(app: App) -> Audit:
        async with app.database.read(Principal.system()) as read:
            return await audit(read)

    result = with_app(work, durable=False, background=False)
    supply = {token.value: format_units(units) for token, units in result.supply.items()}
    if as_json:
        counts = {"transfers": result.transfers, "accounts": result.accounts}
        balance = {"trial_balance": result.trial_balance, "supply": supply}
        print_json({"ok": not result.problems, **counts, **balance, "problems": list(result.problems)})
    else:
        for problem in result.problems:
            click.echo(problem)
        click.echo(f"{result.transfers} transfers over {result.accounts} accounts replayed")
        click.echo(f"Trial balance {result.trial_balance}; supply {', '.join(f'{v} {k}' for k, v in supply.items())}")
        click.echo("The books hold" if not result.problems else "The books do NOT hold")
    return 0 if not result.problems else 1
