"""Read a roster from its TOML file; the default one is `organisation.toml` beside this module."""

import re
import tomllib
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any, cast

from aia.agents.model import Agent, BadRoster, Role, Roster
from aia.core.errors import Invalid
from aia.core.money import Units, parse_units

FILE_BYTES_MAX = 4 * 1024 * 1024
_ID = re.compile(r"[a-z][a-z0-9-]{0,39}")
_KEYS = {"id", "role", "title", "manager", "skills", "price", "price_per_unit", "price_per_outcome"}


def default_roster() -> Roster:
    """The organisation every installation begins with."""
    return parse_roster(files("aia.agents").joinpath("organisation.toml").read_text(encoding="utf-8"))


def read_roster(path: Path) -> Roster:
    """Raises `BadRoster` naming the file and what is wrong in it."""
    try:
        if path.stat().st_size > FILE_BYTES_MAX:
            raise BadRoster(f"{path}: a roster file has at most {FILE_BYTES_MAX} bytes")
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadRoster(f"{path}: cannot be read as UTF-8 text: {error}") from error
    try:
        return parse_roster(text)
    except BadRoster as error:
        raise BadRoster(f"{path}: {error.detail}", **error.facts) from error


def parse_roster(text: str) -> Roster:
    """A checked roster of TOML text with one `[[agent]]` table for each agent."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadRoster(f"not TOML: {error}") from error
    tables = document.get("agent")
    if not isinstance(tables, list) or set(document) != {"agent"}:
        raise BadRoster("a roster holds [[agent]] tables and nothing else")
    return Roster(tuple(_agent(table, number) for number, table in enumerate(cast("list[Any]", tables), 1)))


def _agent(table: object, number: int) -> Agent:
    where = f"agent number {number}"
    if not isinstance(table, dict):
        raise BadRoster(f"{where} is not a table")
    fields = cast("dict[str, object]", table)
    if unknown := sorted(set(fields) - _KEYS):
        raise BadRoster(f"{where} has the unknown key {unknown[0]!r}; known are {', '.join(sorted(_KEYS))}")
    agent_id = _text(fields, "id", where)
    if not _ID.fullmatch(agent_id):
        raise BadRoster(f"{where} has the id {agent_id!r}: use up to 40 of a-z, 0-9 and -")
    where = f"agent {agent_id!r}"
    role = _text(fields, "role", where)
    if role not in set(Role):
        raise BadRoster(f"{where} has the role {role!r}: choose {', '.join(Role)}")
    return Agent(
        id=agent_id,
        role=Role(role),
        title=_text(fields, "title", where),
        manager=_text(fields, "manager", where) if "manager" in fields else None,
        skills=_skills(fields, where),
        price_units=_price(fields, "price", where),
        price_per_unit_units=_price(fields, "price_per_unit", where),
        price_per_outcome_units=_price(fields, "price_per_outcome", where, missing="0"),
    )


def _text(fields: Mapping[str, object], key: str, where: str) -> str:
    value = fields.get(key)
    if not isinstance(value, str) or not 1 <= len(value) <= 200:
        raise BadRoster(f"{where} needs {key} as text of 1 to 200 characters")
    return value


def _skills(fields: Mapping[str, object], where: str) -> tuple[str, ...]:
    value = fields.get("skills")
    if not isinstance(value, list):
        raise BadRoster(f"{where} needs skills as a list of words")
    skills = cast("list[object]", value)
    if not all(isinstance(skill, str) and _ID.fullmatch(skill) for skill in skills):
        raise BadRoster(f"{where} has a skill that is not a word of a-z, 0-9 and -")
    return tuple(cast("list[str]", skills))


def _price(fields: Mapping[str, object], key: str, where: str, *, missing: str | None = None) -> Units:
    if missing is not None and key not in fields:
        return parse_units(missing, key)
    try:
        return parse_units(_text(fields, key, where), key)
    except Invalid as error:
        raise BadRoster(f"{where}: {error.detail}") from error
