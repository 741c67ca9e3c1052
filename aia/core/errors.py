"""Errors that carry their meaning.

    AIAError                 500 internal
    ├── Invalid              422 invalid          the caller's value cannot be used
    ├── Unauthenticated      401 unauthenticated  no principal, or one that cannot be trusted
    ├── Forbidden            403 forbidden        the principal may not do this
    ├── NotFound             404 not-found        nothing of that id in this organisation
    ├── Conflict             409 conflict         the state does not allow it now
    ├── TooLarge             413 too-large        a bound of the settings is exceeded
    └── Unavailable          503 unavailable      an engine we depend on does not answer

A domain's own errors derive from one of these and set `code`. The message names the fact, gives the
numbers and says what to do next; `facts` are the same numbers for a program.
"""

from typing import ClassVar, TypeAlias

Fact: TypeAlias = str | int | float | bool | None


class AIAError(Exception):
    """Root of every error that AIA raises on purpose; `status` is its HTTP status (RFC 9457)."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal"
    title: ClassVar[str] = "Something went wrong inside AIA"

    def __init__(self, detail: str, /, **facts: Fact) -> None:
        super().__init__(detail)
        self.detail = detail
        self.facts = facts


class Invalid(AIAError):
    status = 422
    code = "invalid"
    title = "The value cannot be used"


class Unauthenticated(AIAError):
    status = 401
    code = "unauthenticated"
    title = "No valid credentials"


class Forbidden(AIAError):
    status = 403
    code = "forbidden"
    title = "Not allowed"


class NotFound(AIAError):
    status = 404
    code = "not-found"
    title = "Not found"


class Conflict(AIAError):
    status = 409
    code = "conflict"
    title = "The current state does not allow it"


class TooLarge(AIAError):
    status = 413
    code = "too-large"
    title = "A bound is exceeded"


class Unavailable(AIAError):
    status = 503
    code = "unavailable"
    title = "A service AIA depends on does not answer"
