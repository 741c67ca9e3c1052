"""Reading a service's answer: garbage is a clear error, never a crash."""

import json
from typing import Any

from aia.corpora.connectors.model import ConnectorError, Got


def json_of(answer: Got, name: str, kind: type[Any]) -> Any:
    """The JSON of an answer of status 200; raises `ConnectorError` for anything else."""
    if answer.status != 200:
        raise ConnectorError(f"{name}: the service answered {answer.status}: {_short(answer.body)}")
    try:
        value = json.loads(answer.body)
    except (ValueError, RecursionError):
        raise ConnectorError(f"{name}: the service answered what is not JSON: {_short(answer.body)}") from None
    if not isinstance(value, kind):
        raise ConnectorError(f"{name}: the service answered a JSON {type(value).__name__}")
    return value


def _short(body: bytes) -> str:
    return "".join(c for c in body[:120].decode("utf-8", "replace") if c.isprintable())
