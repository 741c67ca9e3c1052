"""`aia ledger`: check the books, and hand out what lets others check them."""

import sys
from base64 import b64encode
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import click

from aia.app import App
from aia.cli.money import COMMANDS
from aia.cli.support import json_option, print_json, with_app
from aia.core.errors import Invalid
from aia.core.money import format_units
from aia.core.principal import Principal
from aia.ledger.audit.export import Export, export_ledger
from aia.ledger.audit.verify import Audit, audit


@click.group("ledger", commands=COMMANDS)
def command() -> None:
    """Look at accounts, move money, check the books and let others check them."""


@command.command("verify")
@json_option
def verify_command(as_json: bool) -> int:
    """Replay every transfer, hash it again, and compare all that stands; exit code 1 when it differs."""

    async def work(app: App) -> Audit:
        async with app.database.read(Principal.system()) as read:
            caps = {supply.token: supply.cap for supply in await app.tokens.genesis.supply(read)}
            with _bar("Replaying") as progress:
                found = await audit(read, caps=caps, key=app.log.key.verifier, beside=True, progress=progress)
            record = await app.tokens.genesis.problems(read)
        return replace(found, problems=(*record, *found.problems), problem_count=found.problem_count + len(record))

    result = with_app(work, durable=False, background=False)
    holds_good = not result.problem_count
    supply = {token.value: format_units(units) for token, units in result.supply.items()}
    if as_json:
        counts = {"transfers": result.transfers, "accounts": result.accounts, "holds": result.holds}
        balance = {"trial_balance": result.trial_balance, "supply": supply}
        log = {
            "checkpoints": result.checkpoints,
            "root": b64encode(result.root).decode(),
            "leaf_bytes": result.leaf_bytes,
        }
        problems = {"problem_count": result.problem_count, "problems": list(result.problems)}
        print_json({"ok": holds_good, **counts, **balance, **log, **problems})
    else:
        _tell(result, supply)
    return 0 if holds_good else 1


def _tell(result: Audit, supply: dict[str, str]) -> None:
    for problem in result.problems:
        click.echo(problem)
    if result.problem_count > len(result.problems):
        click.echo(f"and {result.problem_count - len(result.problems)} more")
    click.echo(f"{result.transfers} transfers over {result.accounts} accounts and {result.holds} holds replayed")
    click.echo(f"Trial balance {result.trial_balance}; supply {', '.join(f'{v} {k}' for k, v in supply.items())}")
    click.echo(f"Root of the log {b64encode(result.root).decode()}; {result.checkpoints} checkpoints")
    click.echo("The books hold" if not result.problem_count else "The books do NOT hold")


@command.command("export")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--beancount/--no-beancount", default=True, show_default=True, help="Write ledger.beancount too.")
@json_option
def export_command(folder: Path, beancount: bool, as_json: bool) -> int:
    """Write every transfer, account and checkpoint into an empty FOLDER, with a verifier that needs no AIA."""

    async def work(app: App) -> Export:
        with _bar("Writing") as progress:
            return await export_ledger(app.database, app.log, folder, with_beancount=beancount, progress=progress)

    export = with_app(work, durable=False, background=False)
    if as_json:
        print_json(asdict(export))
    else:
        click.echo(f"{export.transfers} transfers over {export.accounts} accounts in {export.folder}")
        click.echo(
            f"Check it anywhere: python verify.py export {export.folder} --key KEY  (aia ledger checkpoint --key)"
        )
    return 0


@command.command("checkpoint")
@click.option("--key", "show_key", is_flag=True, help="Print the public key of the log instead.")
@click.option("--size", type=click.IntRange(min=0), help="The checkpoint of that many transfers, if one was made.")
def checkpoint_command(show_key: bool, size: int | None) -> int:
    """Print the newest checkpoint; one is made if the ledger has grown."""

    async def work(app: App) -> str:
        if show_key:
            return f"{app.log.key.verifier}\n"
        async with app.database.begin(Principal.system()) as tx:
            return str(await (app.log.checkpoint(tx) if size is None else app.log.checkpoint_at(tx, size)))

    click.echo(with_app(work, durable=False, background=False), nl=False)
    return 0


@command.command("prove")
@click.argument("transfer", required=False)
@click.option("--since", type=click.IntRange(min=0), help="Prove that the log only grew since that many transfers.")
@click.option("--size", type=click.IntRange(min=0), help="Under the checkpoint of that many transfers; default: now.")
def prove_command(transfer: str | None, since: int | None, size: int | None) -> int:
    """Print a proof that TRANSFER (its id or sequence number) stands in the log, or, with --since, that the log
    only grew."""
    if (transfer is None) is (since is None):
        raise Invalid("name a transfer by its id or sequence number, or give --since: one of the two")

    async def work(app: App) -> Any:
        async with app.database.begin(Principal.system()) as tx:
            if size is None:
                await app.log.checkpoint(tx)
            if since is not None:
                return await app.log.prove_consistency(tx, since, size)
            assert transfer is not None
            if transfer.isascii() and transfer.isdigit() and len(transfer) <= 16:
                return await app.log.prove_inclusion(tx, seq=int(transfer), tree_size=size)
            return await app.log.prove_inclusion(tx, transfer_id=transfer, tree_size=size)

    click.echo(str(with_app(work, durable=False, background=False)), nl=False)
    return 0


@contextmanager
def _bar(label: str) -> Generator[Callable[[int, int], None]]:
    """A progress bar on stderr where there is a terminal; yields what is told how many of how many are done."""
    with click.progressbar(length=1, label=label, file=sys.stderr, hidden=not sys.stderr.isatty()) as bar:

        def progress(done: int, of: int) -> None:
            bar.length = max(of, 1)
            bar.update(done - bar.pos)

        yield progress
