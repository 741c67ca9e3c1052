"""Organisations and the keys that speak for them."""

import re
from dataclasses import dataclass

from aia.core.clock import Instant
from aia.core.errors import Conflict, Invalid, NotFound, Unauthenticated

KEY_PREFIX = "aia_"
_SLUG = re.compile(r"[a-z][a-z0-9-]{1,39}")
_RESERVED = frozenset({"system"})


class OrganisationNotFound(NotFound):
    code = "organisation-not-found"
    title = "No such organisation"


class OrganisationExists(Conflict):
    code = "organisation-exists"
    title = "The organisation exists already"


class UnknownKey(Unauthenticated):
    code = "unknown-key"
    title = "The API key is not known"


@dataclass(frozen=True, slots=True)
class Organisation:
    """A tenant; `id` is a short name such as `north-studio`."""

    id: str
    name: str
    created_at: Instant


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key as stored: its SHA-256, never the key."""

    id: str
    organisation: str
    name: str
    sha256: str
    created_at: Instant
    operator: bool


def checked_organisation_id(value: str) -> str:
    """Raises `Invalid` for an id that is not 2 to 40 of a-z, 0-9 and -, starting with a letter."""
    if not _SLUG.fullmatch(value) or value in _RESERVED:
        raise Invalid(
            f"organisation is {value[:60]!r}: use 2 to 40 of a-z, 0-9 and -, starting with a letter",
            field="organisation",
        )
    return value
