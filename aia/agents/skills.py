"""The registry of skills: what building a venture may take, and what a missing skill costs to bring in."""

import tomllib
from dataclasses import dataclass
from importlib.resources import files

from aia.core.money import Units, parse_units


@dataclass(frozen=True, slots=True)
class Skill:
    """A skill as a sentence that needs are compared with; `price_units` is what bringing it in costs."""

    name: str
    description: str
    price_units: Units


def shipped_skills() -> tuple[Skill, ...]:
    """The skills of `skills.toml`, in its order."""
    text = files("aia.agents").joinpath("skills.toml").read_text(encoding="utf-8")
    rows = tomllib.loads(text)["skill"]
    return tuple(Skill(row["name"], row["description"], parse_units(row["price"], row["name"])) for row in rows)
