"""What production asks for beyond development: real secrets, a real database, closed doors."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

SECRET_LENGTH_MIN = 32
_HEX_KEY = re.compile(r"[0-9a-fA-F]{64}")
_WORDS = ("changeme", "change-me", "secret", "password", "default", "example", "test", "dev")
_KEYS = ("TREASURY_PRIVATE_KEY", "AIA_SIGNING_KEY", "AIA_LOG_KEY")


@dataclass(frozen=True, slots=True)
class APIConfig:
    """How the API answers browsers; no origin is allowed unless it is named."""

    cors_origins: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class ProductionFacts:
    """The part of the settings that production judges."""

    debug: bool
    database_url: str | None
    cors_origins: tuple[str, ...]
    secrets: Mapping[str, str | None]


def weak_secrets(facts: ProductionFacts) -> list[str]:
    """One sentence for each thing that production refuses; it names the variable, never the value."""
    problems = [problem for name, value in facts.secrets.items() if (problem := _weakness(name, value))]
    problems += _shared_keys(facts.secrets)
    if facts.debug:
        problems.append("DEBUG is true: set DEBUG=false")
    if not (facts.database_url or "").startswith("postgres"):
        problems.append("DATABASE_URL is not PostgreSQL: set DATABASE_URL=postgresql://…")
    if "*" in facts.cors_origins:
        problems.append("AIA_CORS_ORIGINS holds *: name the origins")
    return problems


def _shared_keys(secrets: Mapping[str, str | None]) -> list[str]:
    """Who holds one key must not hold another: the log's witnesses what the treasury's orders."""
    values = [(name, value.lower()) for name in _KEYS if (value := secrets.get(name))]
    return [
        f"{name} is the same as {other}: each key signs for one purpose only"
        for number, (name, value) in enumerate(values)
        for other, seen in values[:number]
        if value == seen
    ]


def _weakness(name: str, value: str | None) -> str | None:
    if not value:
        return f"{name} is missing"
    if name in _KEYS:
        if not _HEX_KEY.fullmatch(value):
            return f"{name} must be 64 hexadecimal digits (make one: openssl rand -hex 32)"
        return f"{name} is too regular to be a key" if len(set(value.lower())) < 8 else None
    if len(value) < SECRET_LENGTH_MIN:
        return f"{name} is shorter than {SECRET_LENGTH_MIN} characters (make one: openssl rand -base64 48)"
    if len(set(value)) < 8 or any(word in value.lower() for word in _WORDS):
        return f"{name} looks like a placeholder (make one: openssl rand -base64 48)"
    return None
