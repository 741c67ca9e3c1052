"""`aia report`: verify a report against the stored documents, or render its page."""

from pathlib import Path

import click

from aia.app import App
from aia.cli.support import json_option, organisation_option, owner, print_json, settings_with_logging, with_app
from aia.core.errors import Invalid
from aia.corpora.cleaning import CleanOptions, clean
from aia.corpora.sources import ReadOptions, read_corpus
from aia.reports import Verification, parse_report, render_html
from aia.ventures.discovery.recheck import verify_with

SHOWN = 20


@click.group("report")
def command() -> None:
    """Verify a report, or render its page."""


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise Invalid(f"{file}: cannot be read ({error.strerror}): give the path of a report.jsonld") from error


@command.command("verify")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--input", "source", type=click.Path(path_type=Path), help="Check against this input, not the store.")
@click.option(
    "--companies", type=click.Path(path_type=Path), help="With --input: the companies it was ranked against."
)
@click.option("--keep-pii", is_flag=True, help="With --input: the discovery kept personal data as it was.")
@organisation_option
@json_option
def verify_command(
    file: Path, source: Path | None, companies: Path | None, keep_pii: bool, organisation: str, as_json: bool
) -> int:
    """Re-check signature, quotations, documents and sums of FILE, and count every number of it again.

    Exit code 1 when something does not hold.
    """
    document = parse_report(_read(file))
    if source is not None:
        settings = settings_with_logging()
        reading = ReadOptions(skip_malformed=True)
        cleaning = CleanOptions(settings.aia_near_repeat_similarity, keep_private=keep_pii)
        corpus = clean(read_corpus(source, reading), cleaning).documents
        rivals = None if companies is None else read_corpus(companies, reading).documents
        result = verify_with(document, corpus, rivals)
    else:

        async def check(app: App) -> Verification:
            async with app.database.read(owner(organisation)) as read:
                return await app.ventures.verify_report(read, document)

        result = with_app(check, durable=False, background=False)
    _tell(result, as_json=as_json)
    return 0 if result.ok else 1


def _tell(result: Verification, *, as_json: bool) -> None:
    if as_json:
        findings = [{"where": f.where, "what": f.what} for f in result.findings]
        counts = {"quotations": result.quotations, "claims": result.claims, "documents": result.documents}
        print_json({"ok": result.ok, "signed_by": result.signed_by, **counts, "findings": findings})
        return
    for finding in result.findings[:SHOWN]:
        click.echo(f"{finding.where}: {finding.what}")
    if len(result.findings) > SHOWN:
        click.echo(f"... and {len(result.findings) - SHOWN} more")
    checked = f"{result.quotations} quotations and {result.claims} claims against {result.documents} documents"
    click.echo(f"{'Holds' if result.ok else 'Does NOT hold'}: {checked}; signed by {result.signed_by or 'nobody'}")


@command.command("render")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), help="Write here; default: FILE with the suffix .html.")
def render_command(file: Path, out: Path | None) -> None:
    """Write the HTML page of the report FILE."""
    page = render_html(parse_report(_read(file)))
    target = out or file.with_suffix(".html")
    target.write_text(page, encoding="utf-8")
    click.echo(str(target))
