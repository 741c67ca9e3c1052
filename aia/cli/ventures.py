"""`aia ventures`: the engine by itself, on a file, without mission or ledger."""

from pathlib import Path
from typing import Any

import click

from aia.cli.backtest import run_backtest
from aia.cli.monitoring import alerts_command, changes_command, proposal_command, verdict_command, watch_group
from aia.cli.size import size_command
from aia.cli.support import print_json, print_table
from aia.corpora.model import Corpus
from aia.corpora.sources import ReadOptions, read_corpus
from aia.text.vectors import Embedding
from aia.ventures.backtest import CUTOFFS_DEFAULT, PARTITIONS_DEFAULT
from aia.ventures.pipeline import Grouping, group_corpus, momenta

source = click.argument("path", type=click.Path(path_type=Path))
shared = (
    click.option("--seed", type=int, default=0, show_default=True),
    click.option(
        "--embedding",
        type=click.Choice([e.value for e in Embedding]),
        default=Embedding.TABLE.value,
        show_default=True,
        help="The shipped table, or the better and slower sentence model of the extra minilm.",
    ),
    click.option("--all", "everything", is_flag=True, help="Group every document, not only those that state a need."),
    click.option("--text-field", help="Field that holds the text."),
    click.option("--date-field", help="Field that holds the date."),
    click.option("--json", "as_json", is_flag=True, help="Print JSON lines."),
)


def with_shared(function: Any) -> Any:
    for option in reversed(shared):
        function = option(function)
    return source(function)


@click.group("ventures")
def command() -> None:
    """Group needs and measure momentum, without a mission."""


def _grouped(path: Path, options: dict[str, Any]) -> tuple[Corpus, Grouping]:
    reading = ReadOptions(text_field=options["text_field"], date_field=options["date_field"])
    corpus = read_corpus(path, reading)
    grouping = group_corpus(
        corpus.documents,
        seed=options["seed"],
        everything=options["everything"],
        embedding=Embedding(options["embedding"]),
    )
    return corpus, grouping


@command.command("needs")
@with_shared
def needs_command(path: Path, as_json: bool, **options: Any) -> None:
    """The need of each document of PATH, and the needs."""
    corpus, grouping = _grouped(path, options)
    needs = [
        {"need": n.id, "title": n.title, "documents": count, "theme": n.theme_title} for n, count in grouping.needs
    ]
    if as_json:
        for document, (need, margin) in zip(corpus.documents, grouping.assigned, strict=True):
            print_json({"document": document.id, "need": need, "margin": margin})
        print_json({"needs": needs})
    else:
        table = [(str(n["documents"]), str(n["title"]), str(n["theme"])) for n in needs]
        print_table(("Documents", "Need", "Theme"), table, right=frozenset({0}))


@command.command("momentum")
@with_shared
def momentum_command(path: Path, as_json: bool, **options: Any) -> None:
    """The needs of PATH by the lower bound of their growth, strongest first; repeats of one trend stand behind."""
    corpus, grouping = _grouped(path, options)
    rows = momenta(corpus.documents, grouping)
    if as_json:
        for row in rows:
            print_json(row)
    else:
        table = [(f"{r['lower']:+.3f}", f"{r['slope']:+.3f}", str(r["documents"]), r["title"]) for r in rows]
        print_table(("Lower", "Slope", "Documents", "Need"), table, right=frozenset({0, 1, 2}))


@command.command("backtest")
@source
@click.option(
    "--cutoffs", help=f"Days apart by commas: 2020-07, 2020-07-01 or 2020.5; default: the latest {CUTOFFS_DEFAULT}."
)
@click.option("--window-months", type=int, default=60, show_default=True, help="Months trained on before a cut-off.")
@click.option("--horizon-months", type=int, default=24, show_default=True, help="Months compared after it.")
@click.option(
    "--partitions",
    type=int,
    default=PARTITIONS_DEFAULT,
    show_default=True,
    help="Groupings whose figures are averaged.",
)
@click.option("--seed", type=int, default=0, show_default=True)
@click.option("--text-field", help="Field that holds the text.")
@click.option("--date-field", help="Field that holds the date.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def backtest_command(path: Path, **options: Any) -> None:
    """Train before each cut-off, compare with what came after it, beside popularity and chance."""
    run_backtest(path, options)


for _command in (watch_group, changes_command, alerts_command, verdict_command, proposal_command, size_command):
    command.add_command(_command)
