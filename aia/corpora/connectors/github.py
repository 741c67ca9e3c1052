"""GitHub issues by its REST API: oldest change first, so that a kept cursor goes on with what changed since.

The next page is asked for by the newest change seen, not by number: pages shift while issues change.
"""

import re
from collections.abc import Mapping
from typing import Any, cast
from urllib.parse import quote, urlencode

from aia.corpora.connectors.answers import json_of
from aia.corpora.connectors.model import Connector, ConnectorError, Cursor, Get, PageOf, Service
from aia.corpora.sources.model import Layout, Row

PAGE = 100
LAYOUT = Layout(extra={"title": "title", "votes": "votes", "url": "url", "product": "product", "issue": "issue"})
_REPOSITORY = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,38}/[A-Za-z0-9._-]{1,100}")


async def page(query: str, cursor: Cursor, service: Service, get: Get) -> PageOf:
    """A page of issues, pull requests left out; the cursor is {"since": time, "page": number within it}."""
    if not _REPOSITORY.fullmatch(query):
        raise ConnectorError(f"github: {query[:80]!r} is no repository: use github:owner/name")
    number = int(cursor.get("page", 1))
    asked = {"state": "all", "sort": "updated", "direction": "asc", "per_page": str(PAGE), "page": str(number)}
    asked |= {"since": str(cursor["since"])} if cursor.get("since") else {}
    headers = {"accept": "application/vnd.github+json", "x-github-api-version": "2022-11-28"}
    headers |= {"authorization": f"Bearer {service.token}"} if service.token else {}
    answer = await get(f"{service.base}/repos/{quote(query)}/issues?{urlencode(asked)}", headers)
    if answer.status in {403, 429} and answer.headers.get("x-ratelimit-remaining") == "0":
        raise ConnectorError("github: the hour's requests are used up: set AIA_GITHUB_TOKEN, or try later")
    issues = [issue for issue in cast("list[Any]", json_of(answer, "github", list)) if isinstance(issue, dict)]
    changed = [issue["updated_at"] for issue in issues if isinstance(issue.get("updated_at"), str)]
    rows = [_row(issue, query) for issue in issues if "pull_request" not in issue]
    since = max([*changed, str(cursor.get("since", ""))])
    moved = since != cursor.get("since")
    return PageOf(rows, {"since": since, "page": 1 if moved else number + 1}, done=len(issues) < PAGE)


def again(cursor: Cursor) -> Cursor:
    return {"since": cursor["since"]} if cursor.get("since") else {}


def _row(issue: Mapping[str, Any], repository: str) -> Row:
    title, body = str(issue.get("title") or ""), str(issue.get("body") or "")
    user, reactions, labels = issue.get("user"), issue.get("reactions"), issue.get("labels")
    named = [label.get("name") for label in labels if isinstance(label, dict)] if isinstance(labels, list) else []
    return {
        "id": f"{repository}#{issue.get('number')}",
        "text": "\n\n".join(filter(None, (title, body.replace("\r\n", "\n").strip()))),
        "date": issue.get("created_at"),
        "author": user.get("login") if isinstance(user, dict) else None,
        "source": f"github:{repository}",
        "title": title,
        "votes": reactions.get("+1") if isinstance(reactions, dict) else None,
        "url": issue.get("html_url"),
        "product": repository,
        "issue": ", ".join(str(name) for name in named if name) or None,
    }


GITHUB = Connector(
    "github", "issues of a repository, github:owner/name", "https://api.github.com", page, LAYOUT, again
)
