"""RSS 0.9 to 2.0 (with content:encoded and dc:creator) and Atom (RFC 4287): an item or entry a row."""

from collections.abc import Iterator

from aia.corpora.formats.markup import plain
from aia.corpora.sources.model import Context, Head, Layout, NumberedRow, Piece, Row, Source
from aia.corpora.sources.xml_events import End, Start, events

_ITEMS = frozenset({"item", "entry"})
_FIELDS = {
    "title": "title",
    "guid": "id",
    "id": "id",
    "link": "url",
    "pubdate": "date",
    "published": "date",
    "date": "date",
    "updated": "updated",
    "creator": "author",
    "author": "author",
    "name": "author",
    "encoded": "content",
    "content": "content",
    "description": "summary",
    "summary": "summary",
}
LAYOUT = Layout(extra={"title": "title", "url": "url"})


def feed_rows(piece: Piece, context: Context) -> Iterator[NumberedRow]:
    """Rows of id, text (title and content), date, author, source (the feed's title), title, url."""
    feed = piece.name.name
    found: Row | None = None
    for event in events(piece, context.limits.record_bytes_max):
        match event:
            case Start(name, _, _) if name in _ITEMS:
                found = {}
            case Start("link", attributes, _) if (
                found is not None and attributes.get("rel", "alternate") == "alternate"
            ):
                found.setdefault("url", attributes.get("href"))
            case End(name, _, line) if name in _ITEMS and found is not None:
                yield line, _row(found, feed)
                found = None
            case End("title", text, _) if found is None and text.strip() and feed == piece.name.name:
                feed = " ".join(text.split())
            case End(name, text, _) if found is not None and name in _FIELDS and text.strip():
                if not found.get(_FIELDS[name]):
                    found[_FIELDS[name]] = text.strip()
            case _:
                pass


def _row(found: Row, feed: str) -> Row:
    title = plain(found.get("title") or "")
    body = plain(found.get("content") or found.get("summary") or "")
    text = body if body.startswith(title) else "\n\n".join(filter(None, (title, body)))
    return {
        "id": found.get("id") or found.get("url"),
        "text": text,
        "date": found.get("date") or found.get("updated"),
        "author": found.get("author"),
        "source": feed,
        "title": title,
        "url": found.get("url"),
    }


def _like_feed(head: Head) -> int:
    start = head.data[:4096].lower()
    told = any(mark in start for mark in (b"<rss", b"<feed", b"<rdf:rdf"))
    return 90 if told and head.first.startswith("<") else 0


FEED = Source("rss", "RSS and Atom feeds", _like_feed, feed_rows, LAYOUT)
