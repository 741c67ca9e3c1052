"""Roles: which part of AIA a process plays. One image, one command, a name."""

from dataclasses import dataclass

from aia.core.errors import Invalid


@dataclass(frozen=True, slots=True)
class Role:
    """`http`: answers requests; `missions`: works on missions; `loops`: keeps projections up to date."""

    name: str
    http: bool
    missions: bool
    loops: bool


ROLES = (
    Role("all", http=True, missions=True, loops=True),
    Role("aia-api", http=True, missions=True, loops=False),
    Role("worker", http=False, missions=True, loops=False),
    Role("dkg-manager", http=False, missions=False, loops=True),
)


def role_named(name: str) -> Role:
    """Raises `Invalid` naming the roles there are."""
    for role in ROLES:
        if role.name == name:
            return role
    raise Invalid(f"role is {name!r}: choose {', '.join(role.name for role in ROLES)}", field="role")
