"""`aia sample`: the synthetic corpus."""

from pathlib import Path

import click

from aia.corpora.sample import DOCUMENTS, write_sample


@click.command("sample")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--seed", type=int, default=0, show_default=True)
@click.option("--documents", type=click.IntRange(10, 1_000_000), default=DOCUMENTS, show_default=True)
def command(folder: Path, seed: int, documents: int) -> None:
    """Write the synthetic sample corpus and its truth."""
    click.echo(str(write_sample(folder, seed=seed, documents=documents)))
