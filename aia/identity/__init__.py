"""Who acts: organisations (tenants) and their API keys."""

from aia.identity.model import (
    ApiKey,
    Organisation,
    OrganisationExists,
    OrganisationNotFound,
    UnknownKey,
    checked_organisation_id,
)
from aia.identity.service import Identity

__all__ = [
    "ApiKey",
    "Identity",
    "Organisation",
    "OrganisationExists",
    "OrganisationNotFound",
    "UnknownKey",
    "checked_organisation_id",
]
