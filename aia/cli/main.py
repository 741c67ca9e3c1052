"""The `aia` command. Exit codes: 0 done, 1 checked and false, 2 cannot."""

import gc
import importlib
import sys
from typing import Any, cast

import click

from aia import __version__
from aia.core.errors import AIAError

# Name: (module, one line of help). Modules load when their command runs, so that --help is instant.
COMMANDS = {
    "discover": ("aia.cli.discover", "Find ranked opportunities in real text."),
    "serve": ("aia.cli.serve", "Run the API and everything behind it in one process."),
    "init": ("aia.cli.init", "Make AIA_HOME ready, or a further organisation."),
    "doctor": ("aia.cli.doctor", "Check that this installation can work."),
    "missions": ("aia.cli.missions", "List, watch, resume and cancel missions."),
    "ventures": ("aia.cli.ventures", "Group needs and measure momentum, without a mission."),
    "report": ("aia.cli.report", "Verify a report, or render its page."),
    "ledger": ("aia.cli.ledger", "Look at accounts, move money, check the books and let others check them."),
    "treasury": ("aia.cli.treasury", "Accounts of the treasury, and signed orders over them."),
    "stake": ("aia.cli.stake", "Stake tokens, earn rewards, take them back."),
    "vesting": ("aia.cli.vesting", "Vesting schedules and what can be released."),
    "votes": ("aia.cli.votes", "Voting weight of AIA_GOV, and delegating it."),
    "knowledge": ("aia.cli.knowledge", "List kept corpora; rebuild what is derived from the records."),
    "keys": ("aia.cli.keys", "Make and revoke API keys of an organisation."),
    "sample": ("aia.cli.sample", "Write the synthetic sample corpus and its truth."),
}


class LazyGroup(click.Group):
    """A group that imports a command when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(COMMANDS[cmd_name][0])
        return cast("click.Command", module.command)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="aia")
def cli() -> None:
    """An organisation of agents that finds ventures in real text."""


COLLECT_AFTER = 50_000
"""New objects between two looks for cycles: a corpus is many objects and no cycle, and each look walks over them."""


def main(arguments: list[str] | None = None) -> None:
    """Entry point of the wheel: a clear message instead of a traceback for what a person can mend."""
    gc.set_threshold(COLLECT_AFTER)
    try:
        result: Any = cli.main(args=arguments, standalone_mode=False)
    except AIAError as error:
        click.echo(f"aia: {error.detail}", err=True)
        sys.exit(2)
    except click.exceptions.Abort:
        click.echo("aia: stopped; a mission that was running goes on with: aia missions resume", err=True)
        sys.exit(2)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(2)
    sys.exit(result if isinstance(result, int) else 0)
