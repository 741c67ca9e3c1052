"""`aia treasury`: accounts of the genesis, and signed orders over them."""

import json
from pathlib import Path

import click
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from aia.app import App
from aia.cli.support import json_option, print_json, print_table, with_app
from aia.core.clock import rfc3339
from aia.core.errors import Invalid
from aia.core.money import Units, format_units, parse_units
from aia.core.pages import LIMIT_MAX, PageRequest
from aia.core.principal import Principal
from aia.tokens.parameters import DEFINITIONS
from aia.tokens.treasury import (
    Action,
    OrderRecord,
    OrderState,
    OrderSubmission,
    Refusal,
    public_hex,
    rotation_proof,
    sign_order,
    verify_treasury,
)
from aia.tokens.treasury.model import FIELDS, Fields

SYSTEM = Principal.system()


@click.group("treasury")
def command() -> None:
    """Accounts of the treasury, and signed orders over them."""


@command.command("accounts")
@json_option
def accounts_command(as_json: bool) -> None:
    """Each account by purpose, with what orders may still pay out of it in this epoch."""

    async def work(app: App) -> list[tuple[str, str, str, str]]:
        async with app.database.read(SYSTEM) as read:
            spent = await app.tokens.treasury.spent(read)
            return [
                (
                    found.account,
                    format_units((await app.ledger.account(read, found.account)).posted),
                    format_units(found.epoch_limit),
                    format_units(spent.get(found.account, Units(0))),
                )
                for found in await app.tokens.genesis.treasury_accounts(read)
            ]

    rows = with_app(work, durable=False, background=False)
    if as_json:
        for row in rows:
            print_json(dict(zip(("account", "balance", "epoch_limit", "epoch_spent"), row, strict=True)))
        return
    print_table(("Account", "Balance", "Limit", "Spent"), rows, right=frozenset({1, 2, 3}))


@command.command("orders")
@json_option
def orders_command(as_json: bool) -> None:
    """Orders that were given, by id; the first 200."""

    async def work(app: App) -> tuple[OrderRecord, ...]:
        async with app.database.read(SYSTEM) as read:
            return (await app.tokens.treasury.page(read, PageRequest(LIMIT_MAX))).items

    for record in with_app(work, durable=False, background=False):
        _tell(record, as_json)


@command.command("order")
@click.argument("action", type=click.Choice([action.value for action in Action]))
@click.argument("fields", nargs=-1, metavar="[FIELD=VALUE]...")
@click.option("--purpose", required=True, help="Why; for a slashing its cause.")
@click.option("--id", "order_id", required=True, help="A name of your own, used once: ord_2026_001.")
@json_option
def order_command(action: str, fields: tuple[str, ...], purpose: str, order_id: str, as_json: bool) -> None:
    """Sign an order with this installation's treasury key and give it.

    For example: aia treasury order pay token=AIA debit=sale:AIA credit=organisation:default amount=5 --id ord_1
    --purpose "first sale". An order above the threshold waits for a second approver.
    """
    values = _values(Action(action), fields)

    async def work(app: App) -> OrderRecord:
        return await OrderSubmission(app.database, app.tokens.treasury).sign(
            SYSTEM, order_id, Action(action), purpose, values
        )

    _tell(with_app(work, durable=False, background=False), as_json)


def _values(action: Action, fields: tuple[str, ...]) -> dict[str, str | int | bool]:
    wanted = FIELDS[action]
    values: dict[str, str | int | bool] = {}
    for field in fields:
        name, _, value = field.partition("=")
        if name == "amount" and "amount_units" in wanted:
            values["amount_units"] = parse_units(value)
        elif name in wanted:
            values[name] = _value(name, value, wanted[name])
        else:
            raise Invalid(f"{action} does not know {name[:40]!r}: it needs {_needed(action)}", field=name[:40])
    if missing := sorted(set(wanted) - set(values)):
        raise Invalid(f"{action} lacks {missing[0]}: it needs {_needed(action)}", field=missing[0])
    return values


def _needed(action: Action) -> str:
    return ", ".join(f"{'amount' if name == 'amount_units' else name}=..." for name in FIELDS[action])


def _value(name: str, value: str, kind: type) -> str | int | bool:
    if kind is bool and value in {"true", "false"}:
        return value == "true"
    if kind is int and value.isascii() and value.removeprefix("-").isdigit():
        return int(value)
    if kind is str:
        return value
    raise Invalid(
        f"{name} is {value[:40]!r}: give {'true or false' if kind is bool else 'a whole number'}", field=name
    )


@command.command("approve")
@click.argument("order")
@click.option(
    "--key-file", type=click.Path(path_type=Path), required=True, help="Your Ed25519 seed, 64 hexadecimal digits."
)
@json_option
def approve_command(order: str, key_file: Path, as_json: bool) -> None:
    """Approve ORDER as its second approver, with a key that was added by `order add-approver`."""
    key = _key(key_file)

    async def work(app: App) -> OrderRecord:
        async with app.database.read(SYSTEM) as read:
            found = await app.tokens.treasury.get(read, order)
        desk = OrderSubmission(app.database, app.tokens.treasury)
        return await desk.approve(SYSTEM, order, sign_order(found.order, key))

    _tell(with_app(work, durable=False, background=False), as_json)


@command.command("rotate-key")
@click.option(
    "--new-key-file", type=click.Path(path_type=Path), required=True, help="The new seed, 64 hexadecimal digits."
)
@click.option("--purpose", required=True, help="Why.")
@click.option("--id", "order_id", required=True, help="A name of your own, used once: ord_2026_001.")
@json_option
def rotate_command(new_key_file: Path, purpose: str, order_id: str, as_json: bool) -> None:
    """Make another key the treasury's, by an order that the present one signs; then set TREASURY_PRIVATE_KEY to it.

    With an approver registered, the order waits for `aia treasury approve`; the present key orders until then.
    """
    key = _key(new_key_file)

    async def work(app: App) -> OrderRecord:
        async with app.database.read(SYSTEM) as read:
            books = await app.tokens.genesis.books(read)
        fields: Fields = {"key": public_hex(key), "proof": rotation_proof(books, order_id, key)}
        desk = OrderSubmission(app.database, app.tokens.treasury)
        return await desk.sign(SYSTEM, order_id, Action.ROTATE_KEY, purpose, fields)

    record = with_app(work, durable=False, background=False)
    _tell(record, as_json)
    if record.state is OrderState.EXECUTED:
        click.echo(
            "Set TREASURY_PRIVATE_KEY to the new key (or keys/treasury.key in AIA_HOME) and restart.", err=True
        )


@command.command("refusals")
@json_option
def refusals_command(as_json: bool) -> None:
    """Orders that were refused and why, the newest first; up to 200."""

    async def work(app: App) -> tuple[Refusal, ...]:
        async with app.database.read(SYSTEM) as read:
            return (await app.tokens.treasury.refusals(read, PageRequest(LIMIT_MAX))).items

    for refusal in with_app(work, durable=False, background=False):
        if as_json:
            order = refusal.order.document()
            print_json({"order": order, "code": refusal.code, "reason": refusal.reason, "at": rfc3339(refusal.at)})
        else:
            click.echo(f"{rfc3339(refusal.at)} {refusal.order.id} {refusal.code}: {refusal.reason}")


def _key(path: Path) -> Ed25519PrivateKey:
    try:
        return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(path.read_text().strip()))
    except (OSError, ValueError) as error:
        raise Invalid(
            f"{path} is no Ed25519 seed of 64 hexadecimal digits: make one with openssl rand -hex 32"
        ) from error


@command.command("parameters")
@json_option
def parameters_command(as_json: bool) -> None:
    """The governed numbers of the economy, with their bounds."""

    async def work(app: App) -> list[tuple[str, int, int, int, str]]:
        async with app.database.read(SYSTEM) as read:
            values = await app.tokens.parameters.values(read)
        return [(name.value, values[name], d.low, d.high, d.meaning) for name, d in DEFINITIONS.items()]

    rows = with_app(work, durable=False, background=False)
    if as_json:
        for row in rows:
            print_json(dict(zip(("parameter", "value", "low", "high", "meaning"), row, strict=True)))
        return
    shown = [(name, str(value), f"{low} to {high}", meaning) for name, value, low, high, meaning in rows]
    print_table(("Parameter", "Value", "Bounds", "Meaning"), shown, right=frozenset({1}))


@command.command("verify")
@json_option
def verify_command(as_json: bool) -> int:
    """Check every signature again, and that nothing left the treasury without an order; exit code 1 if not so."""

    async def work(app: App) -> tuple[int, list[str]]:
        async with app.database.read(SYSTEM) as read:
            return await verify_treasury(read, app.tokens.treasury)

    count, problems = with_app(work, durable=False, background=False)
    if as_json:
        print_json({"ok": not problems, "orders": count, "problems": problems})
    else:
        for problem in problems:
            click.echo(problem)
        verdict = "every outflow has its order" if not problems else "the treasury does NOT hold"
        click.echo(f"{count} orders checked: {verdict}")
    return 1 if problems else 0


def _tell(record: OrderRecord, as_json: bool) -> None:
    if as_json:
        signers = [signature.key for signature in record.signatures]
        print_json({"order": record.order.document(), "state": record.state, "signed_by": signers})
        return
    fields = json.dumps(dict(record.order.fields), separators=(", ", "="))[1:-1].replace('"', "")
    click.echo(f"{record.order.id} {record.state}: {record.order.action} {fields} ({record.order.purpose})")
