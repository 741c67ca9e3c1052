"""Hacker News by Algolia's search (`search_by_date`): stories and comments of a query, newest first.

It gives at most 1,000 hits of a query however one pages, so we go back in time: the next page asks for what is
older than the oldest seen. When a run comes again it asks for what is newer than the newest it has.
"""

from collections.abc import Mapping
from typing import Any, cast
from urllib.parse import quote, urlencode

from aia.corpora.connectors.answers import json_of
from aia.corpora.connectors.model import Connector, ConnectorError, Cursor, Get, PageOf, Service
from aia.corpora.formats.markup import plain
from aia.corpora.sources.model import Layout, Row

HITS = 100
LAYOUT = Layout(extra={"title": "title", "votes": "votes", "url": "url"})


async def page(query: str, cursor: Cursor, service: Service, get: Get) -> PageOf:
    """One page of hits; the cursor is {"before": seconds, "after": seconds}."""
    if not query.strip():
        raise ConnectorError("hn: needs a query, e.g. hn:invoice export")
    bounds = [f"created_at_i<{cursor['before']}"] if "before" in cursor else []
    bounds += [f"created_at_i>{cursor['after']}"] if "after" in cursor else []
    asked = {"query": query, "tags": "(story,comment)", "hitsPerPage": str(HITS)}
    asked |= {"numericFilters": ",".join(bounds)} if bounds else {}
    answer = await get(f"{service.base}/api/v1/search_by_date?{urlencode(asked, quote_via=quote)}", {})
    hits = cast("dict[str, Any]", json_of(answer, "hn", dict)).get("hits")
    if not isinstance(hits, list):
        raise ConnectorError("hn: the answer has no list of hits")
    found = [hit for hit in cast("list[Any]", hits) if isinstance(hit, dict)]
    times = [hit["created_at_i"] for hit in found if isinstance(hit.get("created_at_i"), int)]
    if not times:
        return PageOf([], None, done=True)
    # The oldest second is asked again, as it may have more hits; once it was, we go below it.
    oldest = min(times) + 1
    before = oldest if oldest < int(cursor.get("before", oldest + 1)) else min(times)
    following = cursor | {"before": before, "newest": max([*times, int(cursor.get("newest", 0))])}
    return PageOf([_row(hit) for hit in found], following, done=len(found) < HITS)


def again(cursor: Cursor) -> Cursor:
    newest = int(cursor.get("newest", 0)) or cursor.get("after")
    return {"after": newest} if newest else {}


def _row(hit: Mapping[str, Any]) -> Row:
    title = hit.get("title") or ""
    body = plain(str(hit.get("story_text") or hit.get("comment_text") or ""))
    return {
        "id": f"hn-{hit.get('objectID')}",
        "text": "\n\n".join(filter(None, (str(title), body))),
        "date": hit.get("created_at"),
        "author": hit.get("author"),
        "source": "Hacker News",
        "title": title or hit.get("story_title"),
        "votes": hit.get("points"),
        "url": f"https://news.ycombinator.com/item?id={hit.get('objectID')}",
    }


HACKER_NEWS = Connector(
    "hn", "Hacker News: stories and comments of a query, hn:QUERY", "https://hn.algolia.com", page, LAYOUT, again
)
