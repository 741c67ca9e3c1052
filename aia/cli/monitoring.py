"""`aia ventures watch|changes|alerts|verdict|proposal`: what comes after a first discovery."""

import json
from pathlib import Path
from typing import Any

import click

from aia.app import App
from aia.cli.support import json_option, organisation_option, owner, print_json, print_table, with_app
from aia.core.clock import rfc3339
from aia.core.money import parse_units
from aia.core.pages import PageRequest
from aia.core.principal import Principal
from aia.ventures.monitoring import Alert, Decision, Verdict, Watch, WatchRun, parse_every

MARK = {"new": "+", "gone": "-", "grown": ">", "shrunk": "<", "same": " "}


@click.group("watch")
def watch_group() -> None:
    """Discoveries that come again by schedule."""


@watch_group.command("add")
@click.argument("path", type=click.Path(path_type=Path, exists=True))
@click.option("--name", help="Name of the watch; default: the file's.")
@click.option("--every", default="7d", show_default=True, help="Time between runs, like 12h, 7d or 2w.")
@click.option("--cron", help="Instead of --every: five fields in UTC, like '0 6 * * mon'.")
@click.option("--top", type=int, help="Opportunities at most.")
@click.option("--seed", type=int, help="Seed of everything that draws.")
@click.option("--budget", help="AIA each run may spend.")
@organisation_option
@json_option
def add_command(
    path: Path, name: str | None, every: str, cron: str | None, organisation: str, as_json: bool, **asked: Any
) -> None:
    """Read PATH anew at each run (aia serve, or aia ventures watch run); without --cron the first is due at once."""

    source = {"kind": "path", "path": str(path.absolute())}

    async def work(app: App) -> Watch:
        async with app.database.begin(owner(organisation)) as tx:
            request = {key: value for key, value in asked.items() if value is not None}
            return await app.monitoring.watch(tx, name or path.name, source, request, parse_every(every), cron)

    made = with_app(work, durable=False, background=False)
    if as_json:
        print_json(_watch_json(made, []))
    else:
        click.echo(f"{made.id} watches {made.name} {f'every {every}' if cron is None else f'by cron {cron}'}")


@watch_group.command("list")
@organisation_option
@json_option
def list_command(organisation: str, as_json: bool) -> None:
    """Watches, and the newest run of each."""

    async def work(app: App) -> list[tuple[Watch, list[WatchRun]]]:
        async with app.database.read(owner(organisation)) as read:
            return [(w, await app.monitoring.runs(read, w.id)) for w in await app.monitoring.watches(read)]

    found = with_app(work, durable=False, background=False)
    if as_json:
        for watch, runs in found:
            print_json(_watch_json(watch, runs))
        return
    rows = [(w.id, w.name, w.state.value, rfc3339(w.next_at)[:16], _last(runs)) for w, runs in found]
    print_table(("Watch", "Name", "State", "Next", "Last run"), rows)


def _last(runs: list[WatchRun]) -> str:
    return "" if not runs else runs[0].mission or runs[0].reason or ""


def _watch_json(watch: Watch, runs: list[WatchRun]) -> dict[str, Any]:
    made = [{"due_at": rfc3339(r.due_at), "mission": r.mission, "reason": r.reason} for r in runs]
    return {
        "watch": watch.id,
        "name": watch.name,
        "source": dict(watch.source),
        "every_s": watch.every_s,
        "cron": watch.cron,
        "next_at": rfc3339(watch.next_at),
        "state": watch.state.value,
        "runs": made,
    }


@watch_group.command("remove")
@click.argument("watch")
@organisation_option
def remove_command(watch: str, organisation: str) -> None:
    """Remove WATCH; what it found stays."""

    async def work(app: App) -> None:
        async with app.database.begin(owner(organisation)) as tx:
            await app.monitoring.remove(tx, watch)

    with_app(work, durable=False, background=False)
    click.echo(f"{watch} is removed")


@watch_group.command("run")
@json_option
def run_command(as_json: bool) -> None:
    """Run what is due now, wait for it, and compare; for use without a server, say from cron."""

    async def work(app: App) -> list[str]:
        started = await app.monitoring.start_due(app.engine.start)
        for mission in started:
            await app.engine.wait(mission)
        await app.drain_outbox()
        await app.monitoring.compare_pending()
        return started

    started = with_app(work, background=False)
    if as_json:
        print_json({"missions": started})
    else:
        click.echo("\n".join(started) or "nothing is due")


@click.command("changes")
@click.argument("mission", required=False)
@organisation_option
@json_option
def changes_command(mission: str | None, organisation: str, as_json: bool) -> None:
    """What changed with MISSION against the run before it; default: the newest."""

    async def work(app: App) -> dict[str, Any]:
        await app.drain_outbox()
        await app.monitoring.compare_pending()
        async with app.database.read(owner(organisation)) as read:
            return await app.monitoring.changes(read, mission)

    found = with_app(work, durable=False, background=False)
    if as_json:
        print_json(found)
        return
    click.echo(f"{found['mission']} against {found['previous'] or 'nothing: it is the first'}")
    for change in found["changes"]:
        if change["kind"] != "same" or change["rank"] != change["rank_before"]:
            _print_change(change)


def _print_change(change: dict[str, Any]) -> None:
    rank = f"{change['rank_before'] or '-'} -> {change['rank'] or '-'}"
    share = f"{change['share_before']:.1%} -> {change['share']:.1%}"
    click.echo(f"{MARK[change['kind']]} {change['title']}  (rank {rank}, share {share})")
    for quotation in change["new_evidence"]:
        click.echo(
            f'    "{quotation["quotation"]}" [{quotation["document"]}:{quotation["start"]}-{quotation["end"]}]'
        )


@click.command("alerts")
@organisation_option
@json_option
def alerts_command(organisation: str, as_json: bool) -> None:
    """What emerges, newest first."""

    async def work(app: App) -> tuple[Alert, ...]:
        await app.drain_outbox()
        await app.monitoring.compare_pending()
        async with app.database.read(owner(organisation)) as read:
            return (await app.monitoring.alerts(read, PageRequest())).items

    for alert in with_app(work, durable=False, background=False):
        if as_json:
            row = {"alert": alert.id, "mission": alert.mission, "need": alert.need, "kind": alert.kind.value}
            print_json(row | {"title": alert.title, "detail": alert.detail, "at": rfc3339(alert.at)})
        else:
            click.echo(f"{alert.kind.value}: {alert.title}\n    {alert.detail}")


@click.command("verdict")
@click.argument("mission")
@click.argument("need")
@click.argument("decision", type=click.Choice([d.value for d in Decision]))
@click.option("--reason", required=True, help="Why.")
@click.option("--person", default="cli", show_default=True, help="Who decides.")
@organisation_option
@json_option
def verdict_command(
    mission: str, need: str, decision: str, reason: str, person: str, organisation: str, as_json: bool
) -> None:
    """Pursue, park or reject the opportunity of NEED in the report of MISSION."""

    async def work(app: App) -> Verdict:
        async with app.database.begin(Principal(organisation, person)) as tx:
            made = await app.monitoring.decide(tx, mission, need, Decision(decision), reason)
        await app.drain_outbox()
        return made

    made = with_app(work, durable=False, background=False)
    if as_json:
        row = {"mission": mission, "need": need, "person": made.person, "number": made.number}
        print_json(row | {"decision": made.decision.value, "reason": made.reason, "at": rfc3339(made.at)})
    else:
        click.echo(f"{made.person}: {made.decision.value} {need}")


@click.command("proposal")
@click.argument("mission")
@click.argument("need")
@click.option("--ask", help="AIA asked for; default: ten times what finding it cost, at least 100.")
@click.option("--out", type=click.Path(path_type=Path), help="File to write; default: standard output.")
@organisation_option
def proposal_command(mission: str, need: str, ask: str | None, out: Path | None, organisation: str) -> None:
    """A pursued opportunity as a signed draft proposal for funding."""

    async def work(app: App) -> dict[str, Any]:
        async with app.database.read(owner(organisation)) as read:
            asked = None if ask is None else parse_units(ask, "--ask")
            return await app.monitoring.proposal(read, mission, need, asked)

    text = json.dumps(with_app(work, durable=False, background=False), ensure_ascii=False, indent=1)
    if out is None:
        click.echo(text)
    else:
        out.write_text(text + "\n", encoding="utf-8")
        click.echo(f"Wrote {out}", err=True)
