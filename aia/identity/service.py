"""Use-cases of identity: make an organisation, make a key, tell who a key speaks for."""

import secrets
from dataclasses import dataclass

from aia.core.canonical import sha256
from aia.core.errors import NotFound
from aia.core.principal import Principal
from aia.identity import store
from aia.identity.model import (
    KEY_PREFIX,
    ApiKey,
    Organisation,
    OrganisationNotFound,
    UnknownKey,
    checked_organisation_id,
)
from aia.infra.sql import Event, Read, Tx


@dataclass(frozen=True, slots=True)
class Identity:
    """Who is who. Organisations are made by the system, keys by an organisation for itself."""

    async def create(self, tx: Tx, organisation_id: str, name: str) -> bool:
        """Make an organisation; False when it stands already (then nothing changes)."""
        organisation = Organisation(checked_organisation_id(organisation_id), name, tx.now)
        made = await store.add_organisation(tx, organisation)
        if made:
            tx.emit(Event("identity.organisation-created", {"organisation": organisation.id}))
        return made

    async def get(self, read: Read, organisation_id: str) -> Organisation:
        """Raises `OrganisationNotFound`."""
        found = await store.find_organisation(read, organisation_id)
        if found is None:
            raise OrganisationNotFound(
                f"organisation {organisation_id!r} does not exist: aia init --organisation {organisation_id}"
            )
        return found

    async def all(self, read: Read) -> list[Organisation]:
        return await store.all_organisations(read)

    async def create_key(self, tx: Tx, name: str, *, operator: bool = False) -> tuple[str, str]:
        """(key id, key) for the transaction's organisation; the key itself is shown here only.

        An operator's key may also give and read orders of the treasury.
        """
        key = KEY_PREFIX + secrets.token_urlsafe(32)
        stored = ApiKey(tx.new_id("key"), tx.organisation, name, sha256(key), tx.now, operator)
        await store.add_key(tx, stored)
        return stored.id, key

    async def revoke_key(self, tx: Tx, key_id: str) -> None:
        if not await store.revoke_key(tx, key_id, tx.now):
            raise NotFound(f"API key {key_id} does not exist or is revoked already", field="key")

    async def authenticate(self, read: Read, key: str) -> Principal:
        """The principal a key speaks for; raises `UnknownKey`."""
        found = await store.organisation_of_key(read, sha256(key))
        if found is None:
            raise UnknownKey("the API key is not known or was revoked: make one with aia keys create")
        organisation, key_id, operator = found
        return Principal(organisation, key_id, operator)
