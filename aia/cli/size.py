"""`aia ventures size`: market sizes of a report's opportunities, from assumptions that are cited or marked."""

from pathlib import Path
from typing import Any

import click

from aia.app import App
from aia.cli.discover import figures_of, sizes_told
from aia.cli.support import json_option, organisation_option, owner, print_json, with_app
from aia.core.errors import Invalid
from aia.reports import dumps, parse_report, render_html
from aia.ventures.market_size import read_assumptions
from aia.ventures.market_size.amend import NeedSizes


@click.command("size")
@click.argument("report")
@click.argument("need", required=False)
@click.option("--assumptions", type=click.Path(path_type=Path), required=True, help="TOML or JSON (docs/sizes.md).")
@click.option("--out", type=click.Path(path_type=Path), help="Write the report with the sizes here, signed anew.")
@organisation_option
@json_option
def size_command(
    report: str, need: str | None, assumptions: Path, out: Path | None, organisation: str, as_json: bool
) -> None:
    """TAM, SAM and SOM of the opportunities of REPORT (a report.jsonld, or a mission), or of NEED alone."""
    assumed = read_assumptions(assumptions)

    async def work(app: App) -> tuple[dict[str, Any], list[NeedSizes]]:
        async with app.database.read(owner(organisation)) as read:
            data = _bytes(report) or await app.reports.document(read, report)
            return await app.ventures.size_report(read, parse_report(data), assumed, need)

    document, found = with_app(work, durable=False, background=False)
    if out is not None:
        out.write_bytes(dumps(document))
        out.with_suffix(".html").write_text(render_html(document), encoding="utf-8")
    if as_json:
        print_json({"report": None if out is None else str(out), "sizes": [sized.to_json() for sized in found]})
        return
    for sized in found:
        click.echo(f"{sized.title} ({sized.need})")
        for size in sized.sizes:
            click.echo(f"  {sizes_told(figures_of(size))}")
            for factor in size["factors"]:
                click.echo(f"    {_told(factor)}")


def _bytes(report: str) -> bytes | None:
    """The file of that path; None when the word is no path but a mission's id."""
    path = Path(report)
    if not path.exists():
        if path.suffix:
            raise Invalid(f"{report}: there is no such report: give a report.jsonld, or a mission's id")
        return None
    return path.read_bytes()


def _told(factor: dict[str, Any]) -> str:
    if "column" in factor:
        of = f" of {factor['of']} {factor['ofColumn']}" if "of" in factor else ""
        return f"{factor['name']}: {factor['counted']} {factor['column']}{of} (counted)"
    number = factor["median"] + (f" ({factor['low10']} to {factor['high90']})" if "low10" in factor else "")
    mark = "assumed: " if factor["inputBasis"] == "assumption" else ""
    return f"{factor['name']}: {number} {factor['unit']} ({mark}{factor['source']})"
