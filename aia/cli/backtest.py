"""What `aia ventures backtest` does and prints."""

import re
from datetime import date
from pathlib import Path
from typing import Any

import click

from aia.cli.support import print_json, print_table
from aia.core.errors import Invalid
from aia.corpora.sources import ReadOptions, read_corpus
from aia.text.vectors import shipped_table
from aia.ventures.backtest import BacktestOptions, backtest, summary

_MONTH = re.compile(r"(\d{4})-(\d{2})(?:-\d{2})?", re.ASCII)
_DECIMAL = re.compile(r"(\d{4})(\.\d{1,3})?", re.ASCII)


def run_backtest(path: Path, options: dict[str, Any]) -> None:
    """Read, test, print."""
    chosen = BacktestOptions(
        cutoffs=cutoffs_of(options["cutoffs"]),
        window_months=options["window_months"],
        horizon_months=options["horizon_months"],
        partitions=options["partitions"],
        seed=options["seed"],
    )
    corpus = read_corpus(path, ReadOptions(text_field=options["text_field"], date_field=options["date_field"]))
    results = backtest(corpus.documents, shipped_table(), chosen, progress=lambda line: click.echo(line, err=True))
    found = summary(results)
    if options["as_json"]:
        print_json({"cutoffs": [r.to_json() for r in results], "mean": found})
        return
    rows = [
        (
            r.cutoff,
            f"{r.themes:.0f}",
            *(f"{r.spearman[name]:+.2f}" for name in ("aia", "inverse_popularity", "popularity", "random")),
            f"{r.spearman_interval[0]:+.2f} to {r.spearman_interval[1]:+.2f}",
            f"{r.precision_top_fifth['aia']:.2f}",
            f"{100 * r.coverage_80:.0f} %",
            f"{r.brier:.3f} ({r.brier_base_rate:.3f})",
        )
        for r in results
    ]
    header = ("Cut-off", "Themes", "AIA", "Inv. pop.", "Pop.", "Random", "AIA 80 %", "Top fifth", "Covered", "Brier")
    print_table(header, rows, right=frozenset(range(1, 10)))
    s = found["spearman"]
    click.echo(
        f"\nMean Spearman with the change that came: {s['aia']:+.3f}; momentum alone {s['momentum']:+.3f}, inverse "
        f"popularity {s['inverse_popularity']:+.3f}, popularity {s['popularity']:+.3f}, random {s['random']:+.3f}"
    )
    click.echo(
        f"80 % intervals covered {100 * found['coverage_80']:.0f} %; Brier score with that of the base rate behind it"
    )


def cutoffs_of(text: str | None) -> tuple[date, ...]:
    """Days of a list such as `2020-07,2021.5`; raises `Invalid` naming the one that is none."""
    if text is None:
        return ()
    return tuple(_day(part.strip()) for part in text.split(",") if part.strip())


def _day(part: str) -> date:
    if (match := _MONTH.fullmatch(part)) and 1 <= int(match[2]) <= 12 and int(match[1]):
        return date(int(match[1]), int(match[2]), 1)
    if (match := _DECIMAL.fullmatch(part)) and int(match[1]):
        return date(int(match[1]), 1 + int(12 * float(match[2] or 0)), 1)
    raise Invalid(f"cut-off {part[:40]!r} is no day: write 2020-07, 2020-07-01 or 2020.5", field="cutoffs")
