"""What routes ask for: the App, who calls, and a transaction that commits before the answer is sent."""

from collections.abc import AsyncGenerator
from typing import Annotated

from fastapi import Depends, Header, Query, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from aia.app import DEFAULT_ORGANISATION, App
from aia.config import Environment
from aia.core.errors import Forbidden, Unauthenticated
from aia.core.pages import LIMIT_DEFAULT, LIMIT_MAX, PageRequest
from aia.core.principal import Principal
from aia.infra.sql import Read, Tx

_bearer = HTTPBearer(auto_error=False, description="An API key: aia keys create")


def get_app(request: Request) -> App:
    return request.state.aia


AppDep = Annotated[App, Depends(get_app)]


async def get_principal(
    app: AppDep, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
) -> Principal:
    """Whom the API key speaks for; without a key the default organisation, in development only."""
    if credentials is not None:
        async with app.database.read(Principal.system()) as read:
            return await app.identity.authenticate(read, credentials.credentials)
    if app.settings.environment in {Environment.DEVELOPMENT, Environment.TEST}:
        return Principal(DEFAULT_ORGANISATION, "local", operator=True)
    raise Unauthenticated("send an API key: Authorization: Bearer aia_... (make one with aia keys create)")


PrincipalDep = Annotated[Principal, Depends(get_principal)]


async def get_operator(principal: PrincipalDep) -> Principal:
    """The principal, if it looks after the deployment; acts for no tenant."""
    if not principal.operator:
        raise Forbidden("only an operator may do this: use a key made by aia keys create --operator")
    return Principal.system()


OperatorDep = Annotated[Principal, Depends(get_operator)]


async def get_read(app: AppDep, principal: PrincipalDep) -> AsyncGenerator[Read]:
    async with app.database.read(principal) as read:
        yield read


async def get_tx(app: AppDep, principal: PrincipalDep) -> AsyncGenerator[Tx]:
    async with app.database.begin(principal) as tx:
        yield tx


# With the default scope the client hears 201 before a commit that may still fail.
ReadDep = Annotated[Read, Depends(get_read, scope="function")]
TxDep = Annotated[Tx, Depends(get_tx, scope="function")]


def get_page(
    limit: Annotated[int, Query(ge=1, le=LIMIT_MAX)] = LIMIT_DEFAULT,
    cursor: Annotated[str | None, Query(max_length=400)] = None,
) -> PageRequest:
    return PageRequest.of(limit, cursor)


PageDep = Annotated[PageRequest, Depends(get_page)]

_key = Header(alias="Idempotency-Key", min_length=1, max_length=200, pattern=r"^[ -~]+$")
Key = Annotated[str, _key]
MaybeKey = Annotated[str | None, _key]
