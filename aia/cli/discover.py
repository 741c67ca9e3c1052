"""`aia discover`: the main job."""

import asyncio
import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click

from aia.app import App, reading_of
from aia.cli.support import (
    json_option,
    organisation_option,
    owner,
    print_json,
    print_table,
    settings_with_logging,
    with_app,
)
from aia.config import Settings
from aia.core.clock import system_clock
from aia.core.errors import AIAError
from aia.core.money import format_units, parse_units
from aia.core.principal import Principal
from aia.corpora.cleaning import CleanOptions
from aia.corpora.connectors.fetch import FetchBounds, Fetching
from aia.corpora.connectors.model import Service
from aia.corpora.ingest.named import read_inputs, service_of
from aia.corpora.ingest.reading import Input
from aia.corpora.model import Corpus
from aia.corpora.resume import may_resume
from aia.corpora.sample import write_sample
from aia.corpora.sources import ReadOptions, read_corpus
from aia.corpora.sources.dates import DateOrder
from aia.infra.egress import EgressPolicy
from aia.missions import Mission, MissionState, TaskState
from aia.reports import parse_report, themes_of
from aia.ventures import DiscoveryRequest
from aia.ventures.market_size import read_assumptions
from aia.ventures.model import NO_MOMENTUM, UNDATED
from aia.ventures.service import STATEMENTS

POLL_S = 0.1
SHOWN = 12
SOURCES_SHOWN = 20
CHANGES_SHOWN = 15
QUOTED = 150
OF_DATES = frozenset({UNDATED, NO_MOMENTUM})
"""Flags that are told once where every opportunity has them."""


class MissionDidNotComplete(AIAError):
    code = "mission-did-not-complete"


@click.command("discover")
@click.argument("inputs", nargs=-1)
@json_option
@organisation_option
@click.option("--budget", help="AIA this discovery may spend; default: the plan's worst-case price.")
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of everything that draws.")
@click.option("--top", type=int, default=20, show_default=True, help="Opportunities at most.")
@click.option("--title", help="Title of the report.")
@click.option("--question", help="The question the report answers.")
@click.option("--source", help="What the input is, e.g. cfpb, reddit, mbox; default: told from its content.")
@click.option("--keep-pii", is_flag=True, help="Keep mail addresses, numbers and keys as they are.")
@click.option("--text-field", help="Field that holds the text; default: told from the data.")
@click.option("--date-field", help="Field that holds the date.")
@click.option("--id-field", help="Field that holds the document's id.")
@click.option("--author-field", help="Field that holds the author.")
@click.option("--date-order", type=click.Choice([o.value for o in DateOrder]), help="How 03/04/2024 is meant.")
@click.option("--encoding", help="Text encoding of the file; default: UTF-8, or what its first bytes say.")
@click.option("--skip-malformed", is_flag=True, help="Count and skip rows that cannot be parsed.")
@click.option("--companies", type=click.Path(path_type=Path), help="Companies, to tell how served a need is already.")
@click.option("--assumptions", type=click.Path(path_type=Path), help="Market sizes: a TOML file (docs/sizes.md).")
@click.option(
    "--statements",
    type=click.Choice(STATEMENTS),
    default=STATEMENTS[0],
    show_default=True,
    help="Find statements by rules alone, or with what the n-gram model adds.",
)
@click.option(
    "--rank-quantile", type=float, default=0.2, show_default=True, help="Rank by this percentile of the score."
)
@click.option(
    "--documents-max",
    type=click.IntRange(min=10),
    help="Of an input of more documents take a sample of so many, by content.",
)
@click.option("--regroup", is_flag=True, help="Group everything anew, even if the corpus only grew.")
@click.option("--fresh", is_flag=True, help="Start anew even if the same discovery was done or cut off.")
def command(inputs: tuple[str, ...], as_json: bool, organisation: str, fresh: bool, **options: Any) -> None:
    """Find ranked opportunities in real text.

    INPUTS are files, folders and archives, read as one corpus: JSONL, JSON, CSV, Parquet, text, feeds, mail and
    exports of platforms; or services, for hosts that AIA_EGRESS_ALLOW names: hn:QUERY, github:owner/name, rss:URL
    (docs/sources.md). Without any a synthetic sample is read.
    The same command again continues a discovery that was cut off, and does not pay twice for one that was done.
    """
    settings = settings_with_logging()
    request = DiscoveryRequest(
        title=options["title"],
        top=options["top"],
        seed=options["seed"],
        budget=None if options["budget"] is None else parse_units(options["budget"], "--budget"),
        rank_quantile=options["rank_quantile"],
        statements=options["statements"],
        assumptions=None if options["assumptions"] is None else read_assumptions(options["assumptions"]),
        regroup=options["regroup"],
    )
    if options["question"] is not None:
        request = replace(request, question=options["question"])
    if not inputs:
        inputs = (str(write_sample(settings.aia_home / "sample")),)
        click.echo(f"No file given: reading the synthetic sample {inputs[0]} (its truth is kept beside it)", err=True)
    reading = replace(
        reading_of(settings),
        source=options["source"],
        text_field=options["text_field"],
        date_field=options["date_field"],
        id_field=options["id_field"],
        author_field=options["author_field"],
        date_order=None if options["date_order"] is None else DateOrder(options["date_order"]),
        encoding=options["encoding"],
        skip_malformed=options["skip_malformed"],
        documents_max=options["documents_max"] or settings.aia_documents_max,
        sampled=options["documents_max"] is not None,
        today=system_clock().date(),
    )
    cleaning = CleanOptions(settings.aia_near_repeat_similarity, keep_private=options["keep_pii"])
    companies = None if options["companies"] is None else read_corpus(options["companies"], ReadOptions())
    given = _given(settings, inputs, reading, cleaning)
    work = Work(given, companies, request, fresh or options["regroup"])
    answer, notes = with_app(lambda app: _discover(app, owner(organisation), work), background=False)
    if as_json:
        print_json(answer)
    else:
        _print(answer, notes, request.rank_quantile)


def _given(
    settings: Settings, inputs: Sequence[str], reading: ReadOptions, cleaning: CleanOptions
) -> "Input | Growing":
    """What was read; or a file that is read when the database is open, as it may stand there in part."""
    if len(inputs) == 1 and service_of(inputs[0]) is None and may_resume(Path(inputs[0]), reading):
        return Growing(Path(inputs[0]), reading, cleaning)
    fetching = _fetching(settings, keep_private=cleaning.keep_private)
    given = Input.whole(read_inputs(inputs, reading, cleaning, fetching))
    _tell_reading(given)
    return given


def _fetching(settings: Settings, *, keep_private: bool) -> Fetching:
    token = settings.aia_github_token
    return Fetching(
        folder=settings.aia_home / "sources",
        policy=EgressPolicy(
            allow=settings.aia_egress_allow,
            local=settings.aia_egress_local,
            bytes_max=settings.aia_egress_bytes_max,
            seconds_max=settings.aia_egress_timeout_s,
            interval_s=settings.aia_egress_interval_s,
        ),
        bounds=FetchBounds(settings.aia_connector_rows_max, settings.aia_connector_pages_max),
        services={
            "hn": Service(settings.aia_hn_url),
            "github": Service(settings.aia_github_url, None if token is None else token.get_secret_value()),
        },
        keep_private=keep_private,
    )


def _tell_reading(given: Input) -> None:
    reading = given.reading
    dates = f", dates from {reading.date_field!r}" if reading.date_field else ""
    fields = f"text from {reading.text_field!r}{dates}"
    click.echo(f"Read {given.documents} documents of {given.name} ({reading.format}; {fields})", err=True)
    if given.before is not None:
        click.echo(f"  {len(given.corpus.documents)} of them were added since it was read last", err=True)
    for reason, count in reading.rejected.items():
        lines = [str(row.line) for row in reading.rejected_rows if row.reason == reason][:5]
        where = f" (line {', '.join(lines)}{', ...' if count > 5 else ''})" if lines and not reading.sources else ""
        click.echo(f"  left out: {count} {reason}{where}", err=True)
    for what, count in sorted(reading.changed.items(), key=lambda told: -told[1])[:CHANGES_SHOWN]:
        click.echo(f"  {count} {what}", err=True)
    for source in reading.sources[:SOURCES_SHOWN]:
        told = f"{source.documents} documents" + (f", then {source.error}" if source.error else "")
        click.echo(f"  {source.name}{f' ({source.format})' if source.format else ''}: {told}", err=True)
    if len(reading.sources) > SOURCES_SHOWN:
        failed = sum(source.error is not None for source in reading.sources[SOURCES_SHOWN:])
        click.echo(f"  and {len(reading.sources) - SOURCES_SHOWN} more, {failed} of them with errors", err=True)
    if reading.date_field and reading.undated:
        remedy = "; check --date-field, or name the --date-order" if reading.undated > given.documents / 2 else ""
        click.echo(f"  {reading.undated} documents have no readable date{remedy}", err=True)
    if given.documents and reading.undated == given.documents and not reading.date_field:
        remedy = "" if reading.format == "txt" else "; if a field holds them, name it with --date-field"
        click.echo(f"  no dates: needs are ranked without their growth{remedy}", err=True)


@dataclass(frozen=True, slots=True)
class Growing:
    """A file that is read where it grew, if it was read before."""

    path: Path
    reading: ReadOptions
    cleaning: CleanOptions


@dataclass(frozen=True, slots=True)
class Work:
    """What one call of `aia discover` is to do."""

    given: Input | Growing
    companies: Corpus | None
    request: DiscoveryRequest
    fresh: bool


async def _discover(app: App, principal: Principal, work: Work) -> tuple[dict[str, Any], list[str]]:
    """The answer, and the notes of its report."""
    request, given = work.request, work.given
    if isinstance(given, Growing):
        given = await app.ingestion.read(principal, given.path, given.reading, given.cleaning)
        _tell_reading(given)
    async with app.database.begin(principal) as tx:
        await app.identity.get(tx, principal.organisation)
        kept = await app.ingestion.keep(tx, given)
        if work.companies is not None:
            request = replace(request, companies=(await app.corpora.keep(tx, work.companies)).id)
        mission = None if work.fresh else await app.ventures.earlier(tx, kept, request)
        if mission is None:
            mission = await app.ventures.start(tx, kept, request)
        elif mission.state is MissionState.COMPLETED:
            click.echo(f"Mission {mission.id} did this already; --fresh does it again", err=True)
        else:
            click.echo(f"Going on with mission {mission.id}, which was cut off", err=True)
    del given  # its documents are kept now, and what the mission needs is read from there
    if mission.state is MissionState.COMPLETED:
        async with app.database.read(principal) as read:
            data = await app.reports.document(read, mission.id)
        await app.reports.copy(mission.id, data)
    else:
        await app.engine.start(mission.id)
        await _watch(app, principal, mission)
    await app.drain_outbox()
    async with app.database.read(principal) as read:
        notes: list[str] = parse_report(await app.reports.document(read, mission.id))["notes"]
    return await answer_of(app, principal, mission.id), notes


async def _watch(app: App, principal: Principal, mission: Mission) -> None:
    """Follow the mission with a progress bar on stderr, where there is a terminal to show it."""
    waiting = asyncio.create_task(app.engine.wait(mission.id))
    hidden = not sys.stderr.isatty()
    with click.progressbar(length=1, label="Working", file=sys.stderr, hidden=hidden) as bar:
        while not waiting.done():
            await asyncio.wait([waiting], timeout=POLL_S)
            if not hidden:
                async with app.database.read(principal) as read:
                    _, counts = await app.missions.progress(read, mission.id)
                bar.length = max(sum(counts.values()), 1)
                bar.update(counts.get(TaskState.DONE, 0) - bar.pos)
    await waiting


async def answer_of(app: App, principal: Principal, mission_id: str) -> dict[str, Any]:
    """The answer of a completed discovery, as DESIGN fixes it; raises when it did not complete."""
    async with app.database.read(principal) as read:
        mission = await app.missions.get(read, mission_id)
        if mission.state is not MissionState.COMPLETED:
            reason = mission.reason or "no reason given"
            raise MissionDidNotComplete(f"mission {mission.id} is {mission.state}: {reason}")
        report = parse_report(await app.reports.document(read, mission_id))
        trial_balance = await app.ledger.trial_balance(read)
    folder = app.settings.aia_home.absolute() / "reports" / mission_id
    quotations = {quotation["id"]: quotation for quotation in report["quotations"]}
    themes = themes_of(report)
    return {
        "mission": mission_id,
        "report": {"jsonld": str(folder / "report.jsonld"), "html": str(folder / "report.html")},
        "opportunities": [_opportunity(o, quotations, themes) for o in report["opportunities"]],
        "spend": [
            {
                "agent": s["agent"],
                "skill": s["skill"],
                "tasks": s["tasks"],
                "aia": s["aia_paid"],
                "earned": s.get("aia_earned", s["aia_paid"]),
            }
            for s in report["spend"]
        ],
        "budget": format_units(mission.budget),
        "spent": format_units(mission.spent),
        "trial_balance": trial_balance,
    }


def _opportunity(
    node: dict[str, Any], quotations: dict[str, Any], themes: dict[str, Mapping[str, Any]]
) -> dict[str, Any]:
    cited = dict.fromkeys(e for claim in node["claims"] for e in claim["evidence"])
    row = node["table"]
    theme = themes.get(node["need"])
    return {
        "id": node["id"].removeprefix("urn:aia:opportunity:"),
        "need": node["need"],
        "title": node["name"],
        "score": float(row["score"]),
        "interval": [float(row["low"]), float(row["high"])],
        "documents": row["documents"],
        "growth": None if "slope" not in row else {"slope": float(row["slope"]), "lower": float(row["slopeLower"])},
        "flags": node["flags"],
        "theme": None if theme is None else ", ".join(theme["words"]),
        "terms": [_term(term) for term in node["terms"]],
        "rice": {
            name: float(row[f"rice{name.capitalize()}"])
            for name in ("reach", "impact", "confidence", "effort", "score")
        },
        "next_experiment": node.get("experiment"),
        "sizes": [figures_of(size) for size in node.get("sizes", [])],
        "evidence": [
            {name: quotations[e][name] for name in ("document", "start", "end", "quotation")} for e in cited
        ],
    }


def figures_of(size: dict[str, Any]) -> list[dict[str, Any]]:
    """The figures of a market size for a program."""
    return [
        {
            "figure": f["name"],
            "unit": f["unit"],
            "median": float(f["median"]),
            "interval": [float(f["low10"]), float(f["high90"])],
            "driver": f["driver"],
            "narrows": float(f["driverNarrows"]),
        }
        for f in size["figures"]
    ]


def sizes_told(figures: list[dict[str, Any]]) -> str:
    """The figures of a market size for people."""
    told = [
        f"{f['figure'].upper()} {f['median']:,.0f} ({f['interval'][0]:,.0f} to {f['interval'][1]:,.0f}) {f['unit']}"
        for f in figures
    ]
    driver = figures[-1]["driver"]
    return "; ".join(told) + (f"; least known: {driver}" if driver else "")


def _term(node: dict[str, Any]) -> dict[str, Any]:
    """A term for a program: `value_per_aia` is what learning it is worth in points of the score, for one AIA."""
    return {
        "name": node["name"],
        "unit": node["unit"],
        "median": float(node["median"]),
        "interval": [float(node["low10"]), float(node["high90"])],
        "known": node["known"],
        "counted": node["counted"],
        "of": node["of"],
        "value_per_aia": float(node["valuePerAia"]),
    }


def _print(answer: dict[str, Any], notes: Sequence[str], rank_quantile: float) -> None:
    found = answer["opportunities"]
    surely = f"{1 - rank_quantile:.0%}".replace("%", " %")
    if found:
        number = "1 opportunity" if len(found) == 1 else f"{len(found)} opportunities"
        click.echo(f"\n{number}, ranked by the score that {surely} of draws exceed")
        click.echo("(score 0 to 100: median, 80 % interval)\n")
    else:
        click.echo("\nNo opportunity was found: no three documents state the same problem or request.\n")
    everywhere = OF_DATES.intersection(*(o["flags"] for o in found)) if len(found) > 1 else frozenset[str]()
    apart = len({o["theme"] for o in found}) > 1
    for place, o in enumerate(found[:SHOWN], 1):
        low, high = o["interval"]
        growth = "" if o["growth"] is None else f", growth {100 * math.expm1(o['growth']['slope']):+.0f} % a month"
        click.echo(f"{place:3}. {o['title']}")
        click.echo(f"     {o['score']:.1f} ({low:.1f} to {high:.1f}), {o['documents']} documents{growth}")
        told = [", ".join(flag for flag in o["flags"] if flag not in everywhere)]
        told += [f"theme: {o['theme']}"] if o["theme"] and apart else []
        told += [f"find out next: {o['next_experiment']}"] if o["next_experiment"] else []
        if any(told):
            click.echo(f"     {'; '.join(filter(None, told))}")
        for figures in o["sizes"]:
            click.echo(f"     {sizes_told(figures)}")
        for e in o["evidence"][:1]:
            click.echo(f'     "{_short(e["quotation"], o["title"])}" [{e["document"]}:{e["start"]}-{e["end"]}]')
    if len(found) > SHOWN:
        click.echo(f"     ... and {len(found) - SHOWN} more in the report")
    if everywhere:
        click.echo(f"Of all of them: {', '.join(sorted(everywhere))}")
    click.echo("")
    for note in notes:
        click.echo(note)
    click.echo("")
    rows = [(s["agent"], s["skill"], str(s["tasks"]), s["aia"], s["earned"]) for s in answer["spend"]]
    print_table(("Agent", "Work", "Tasks", "AIA", "Earned"), rows, right=frozenset({2, 3, 4}))
    click.echo(f"\nSpent {answer['spent']} of {answer['budget']} AIA; trial balance {answer['trial_balance']}")
    click.echo(f"Report  {answer['report']['html']}")
    click.echo(f"        {answer['report']['jsonld']}")
    click.echo(f"Check   {_program()} report verify {answer['report']['jsonld']}")


def _program() -> str:
    """How this program was called, so that what is printed can be typed: `aia` need not stand on the PATH."""
    called = Path(sys.argv[0])
    return str(called) if called.name == "aia" else "aia"


def _short(text: str, title: str = "") -> str:
    """A quotation on one line; of a long one the part in which the words of the title stand."""
    line = " ".join(text.split())
    if len(line) <= QUOTED:
        return line
    at = max(line.lower().find(title.lower()), 0)
    if at + len(title) <= QUOTED - 3:
        return line[: QUOTED - 3] + "..."
    start = line.rfind(" ", 0, at - (QUOTED - len(title)) // 3) + 1
    shown = line[start : start + QUOTED - 6]
    return f"...{shown}..." if start + len(shown) < len(line) else f"...{shown}"
