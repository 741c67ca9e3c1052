"""`aia doctor`: can this installation work?"""

import importlib.metadata
import os
import platform
import sqlite3
import sys

import click

from aia import __version__
from aia.app import App
from aia.cli.support import json_option, print_json, with_app
from aia.config import load_settings
from aia.core.errors import AIAError
from aia.infra.plugins import names
from aia.llm import choose

PYTHON_MIN = (3, 11)
SQLITE_MIN = (3, 35, 0)
GROUPS = ("aia.engines", "aia.llm", "aia.tools")


@click.command("doctor")
@json_option
def command(as_json: bool) -> int:
    """Check that this installation can work.

    Python, database, engine, plugins and model; exit code 1 when something is missing.
    """
    checks = [
        ("python", sys.version_info >= PYTHON_MIN, platform.python_version()),
        ("sqlite", sqlite3.sqlite_version_info >= SQLITE_MIN, sqlite3.sqlite_version),
        ("aia", True, __version__),
        *[(f"plugins {group}", bool(names(group)), ", ".join(names(group)) or "none") for group in GROUPS],
        _database(),
        _model(),
        ("cores", True, str(os.cpu_count())),
        ("distributions", True, str(len({d.name for d in importlib.metadata.distributions()}))),
    ]
    ok = all(fine for _, fine, _ in checks)
    if as_json:
        print_json({"ok": ok, "checks": [{"name": n, "ok": fine, "found": found} for n, fine, found in checks]})
    else:
        for name, fine, found in checks:
            click.echo(f"{'ok ' if fine else 'NO '} {name}: {found}")
    return 0 if ok else 1


def _database() -> tuple[str, bool, str]:
    async def work(app: App) -> str:
        await app.database.ping()
        return app.database.dialect

    try:
        return "database and engine", True, with_app(work, background=False)
    except (AIAError, OSError) as error:
        return "database and engine", False, str(error)


def _model() -> tuple[str, bool, str]:
    try:
        choice = choose(load_settings())
    except AIAError as error:
        return "model", False, error.detail
    return "model", True, "none (extractive)" if choice is None else f"{choice.provider}:{choice.model}"
