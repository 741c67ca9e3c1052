"""Commands of `aia ledger` that look at accounts and move money; `aia/cli/ledger.py` puts them in their group."""

import secrets
from pathlib import Path

import click

from aia.app import App
from aia.cli.support import json_option, organisation_option, owner, print_json, print_table, with_app
from aia.core.money import Units, format_units, parse_units
from aia.core.pages import LIMIT_MAX, PageRequest
from aia.core.principal import Principal
from aia.ledger import Account, Hold, PostedTransfer
from aia.tokens.account_statement import ACCOUNT_HEADER, account_rows, to_csv
from aia.tokens.fees import Quote
from aia.tokens.genesis import Supply
from aia.tokens.payments import Payment, Receipt

ROWS_MAX = 10_000
key_option = click.option("--key", help="Idempotency key: the same key again moves nothing; default: a new one.")


def fresh(key: str | None) -> str:
    return secrets.token_hex(16) if key is None else key


@click.command("accounts")
@organisation_option
@json_option
def accounts_command(organisation: str, as_json: bool) -> None:
    """Accounts of an organisation and their balances."""

    async def work(app: App) -> list[Account]:
        found: list[Account] = []
        cursor = None
        async with app.database.read(owner(organisation)) as read:
            while len(found) < ROWS_MAX:
                page = await app.ledger.accounts(read, PageRequest.of(LIMIT_MAX, cursor))
                found += page.items
                cursor = page.next_cursor
                if cursor is None:
                    break
        return found

    accounts = with_app(work, durable=False, background=False)
    if as_json:
        for a in accounts:
            print_json(
                {"account": a.id, "token": a.token, "balance": format_units(a.posted), "held": format_units(a.held)}
            )
        return
    rows = [(a.id, a.purpose, a.token.value, format_units(a.posted), format_units(a.held)) for a in accounts]
    print_table(("Account", "Purpose", "Token", "Balance", "Held"), rows, right=frozenset({3, 4}))


@click.command("transfer")
@click.argument("debit")
@click.argument("credit")
@click.argument("amount")
@click.option("--memo", default="", help="What it is for.")
@click.option("--quote", "only_quote", is_flag=True, help="Say what it would cost and move nothing.")
@key_option
@organisation_option
@json_option
def transfer_command(
    debit: str,
    credit: str,
    amount: str,
    memo: str,
    only_quote: bool,
    key: str | None,
    organisation: str,
    as_json: bool,
) -> None:
    """Pay AMOUNT from account DEBIT to account CREDIT. To another organisation a fee comes on top."""
    units = parse_units(amount)

    async def quote(app: App) -> Quote:
        async with app.database.read(owner(organisation)) as read:
            return await app.tokens.desk.quote(read, debit, credit, units)

    async def pay(app: App) -> Receipt:
        return await app.tokens.desk.pay(owner(organisation), Payment(fresh(key), debit, credit, units, memo))

    receipt = None if only_quote else with_app(pay, durable=False, background=False)
    quoted = with_app(quote, durable=False, background=False) if receipt is None else receipt.quote
    money = {
        "amount": format_units(quoted.amount),
        "fee": format_units(quoted.fee),
        "total": format_units(quoted.total),
    }
    if as_json:
        done = {} if receipt is None else {"transfer": receipt.result.transfer_id, "outcome": receipt.result.outcome}
        print_json(done | money)
        return
    what = f"{money['total']} ({money['amount']} and a fee of {money['fee']})"
    if receipt is None:
        click.echo(f"It would take {what} from {debit}")
    else:
        click.echo(f"{receipt.result.transfer_id} {receipt.result.outcome}: {what} from {debit} to {credit}")


@click.group("hold")
def hold_group() -> None:
    """Reserve tokens, then pay or free them."""


@hold_group.command("make")
@click.argument("debit")
@click.argument("credit")
@click.argument("amount")
@click.option("--lasts", "lasts_s", type=int, help="Seconds until it expires; default: never.")
@key_option
@organisation_option
@json_option
def hold_make_command(
    debit: str, credit: str, amount: str, lasts_s: int | None, key: str | None, organisation: str, as_json: bool
) -> None:
    """Reserve AMOUNT of account DEBIT for account CREDIT."""
    payment = Payment(fresh(key), debit, credit, parse_units(amount))

    async def work(app: App) -> Hold:
        return await app.tokens.desk.hold(owner(organisation), payment, lasts_s)

    _tell(with_app(work, durable=False, background=False), as_json)


@hold_group.command("post")
@click.argument("hold")
@click.option("--amount", help="Part of the hold to pay; default: all of it.")
@organisation_option
@json_option
def hold_post_command(hold: str, amount: str | None, organisation: str, as_json: bool) -> None:
    """Pay out of HOLD; what is not paid is free again."""
    units: Units | None = None if amount is None else parse_units(amount)

    async def work(app: App) -> Hold:
        return await app.tokens.desk.post_hold(owner(organisation), hold, units)

    _tell(with_app(work, durable=False, background=False), as_json)


@hold_group.command("void")
@click.argument("hold")
@organisation_option
@json_option
def hold_void_command(hold: str, organisation: str, as_json: bool) -> None:
    """Free what HOLD reserves."""

    async def work(app: App) -> Hold:
        return await app.tokens.desk.void_hold(owner(organisation), hold)

    _tell(with_app(work, durable=False, background=False), as_json)


def _tell(hold: Hold, as_json: bool) -> None:
    if as_json:
        print_json({"hold": hold.id, "state": hold.state, "amount": format_units(hold.amount)})
    else:
        click.echo(
            f"{hold.id} {hold.state}: {format_units(hold.amount)} {hold.token} of {hold.debit} for {hold.credit}"
        )


@click.command("statement")
@click.argument("account")
@click.option("--output", type=click.Path(path_type=Path), help="File to write; default: stdout.")
@organisation_option
@json_option
def statement_command(account: str, output: Path | None, organisation: str, as_json: bool) -> None:
    """Entries of ACCOUNT as CSV, up to 10,000 of them."""

    async def work(app: App) -> list[PostedTransfer]:
        entries: list[PostedTransfer] = []
        cursor = None
        async with app.database.read(owner(organisation)) as read:
            while len(entries) < ROWS_MAX:
                page = await app.ledger.entries(read, account, PageRequest.of(LIMIT_MAX, cursor))
                entries += page.items
                cursor = page.next_cursor
                if cursor is None:
                    break
        return entries

    rows = account_rows(account, with_app(work, durable=False, background=False))
    if as_json:
        for row in rows:
            print_json(dict(zip(ACCOUNT_HEADER, row, strict=True)))
    elif output is None:
        click.echo(to_csv(ACCOUNT_HEADER, rows), nl=False)
    else:
        output.write_text(to_csv(ACCOUNT_HEADER, rows), encoding="utf-8", newline="")


@click.command("supply")
@json_option
def supply_command(as_json: bool) -> None:
    """How much of each token stands, and the most that ever may."""

    async def work(app: App) -> list[Supply]:
        async with app.database.read(Principal.system()) as read:
            return await app.tokens.genesis.supply(read)

    for supply in with_app(work, durable=False, background=False):
        if as_json:
            print_json({"token": supply.token, "supply": format_units(supply.units), "cap": format_units(supply.cap)})
        else:
            click.echo(f"{supply.token}: {format_units(supply.units)} of at most {format_units(supply.cap)}")


COMMANDS = (accounts_command, transfer_command, hold_group, statement_command, supply_command)
