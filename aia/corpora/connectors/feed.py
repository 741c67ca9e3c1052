"""A feed by its address, asked only for what changed (ETag and Last-Modified, RFC 9110)."""

from pathlib import Path
from urllib.parse import urlsplit

from aia.corpora.connectors.model import Connector, ConnectorError, Cursor, Get, PageOf, Service
from aia.corpora.formats.feeds import LAYOUT, feed_rows
from aia.corpora.sources.errors import SourceError
from aia.corpora.sources.model import Context, Limits, Piece, Row


async def page(query: str, cursor: Cursor, service: Service, get: Get) -> PageOf:
    """All entries, or none when the feed has not changed; the cursor is {"etag", "modified"}."""
    url = query if "://" in query else f"{service.base}{query}"
    headers = {"if-none-match": cursor["etag"]} if cursor.get("etag") else {}
    headers |= {"if-modified-since": cursor["modified"]} if cursor.get("modified") else {}
    answer = await get(url, headers)
    if answer.status == 304:
        return PageOf([], cursor, done=True)
    if answer.status != 200:
        raise ConnectorError(f"rss: the service answered {answer.status}")
    following: Cursor = {"etag": answer.headers.get("etag"), "modified": answer.headers.get("last-modified")}
    return PageOf(_entries(url, answer.body), following, done=True)


def _entries(url: str, body: bytes) -> list[Row]:
    piece = Piece(Path(urlsplit(url).hostname or "feed"), body[:65_536], iter([body]))
    rows: list[Row] = []
    try:
        for _, row in feed_rows(piece, Context(Limits(), lambda _line, _what: None)):
            rows.append(row)  # what came before an error is kept
    except SourceError as error:
        if not rows:
            raise ConnectorError(f"rss: {error.told}") from None
    return rows


FEED_BY_URL = Connector("rss", "RSS and Atom by address, rss:https://host/feed", "https://", page, LAYOUT, dict)
