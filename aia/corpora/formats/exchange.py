"""The data dump of Stack Exchange: `Posts.xml` (and `Comments.xml`), a `row` element for each post, streamed."""

import re
from collections.abc import Iterator, Mapping

from aia.corpora.formats.markup import plain
from aia.corpora.sources.model import Context, Head, Layout, NumberedRow, Piece, Row, Source
from aia.corpora.sources.xml_events import Start, events

LAYOUT = Layout(
    extra={"title": "title", "votes": "votes", "product": "product", "answered": "answered"},
)
QUESTION = "1"


def exchange_rows(piece: Piece, context: Context) -> Iterator[NumberedRow]:
    """Questions and comments; answers are left out, as they do not ask. `product` is the first tag."""
    site = _site(piece)
    for event in events(piece, context.limits.record_bytes_max):
        if isinstance(event, Start) and event.name == "row":
            kind = event.attributes.get("PostTypeId")
            if kind in {None, QUESTION}:
                yield event.line, _row(event.attributes, site)


def _row(post: Mapping[str, str], site: str) -> Row:
    title, body = post.get("Title", ""), plain(post.get("Body") or post.get("Text") or "")
    tags = re.findall(r"[^<>|]+", post.get("Tags", ""))
    return {
        "id": post.get("Id"),
        "text": "\n\n".join(filter(None, (title, body))),
        "date": post.get("CreationDate"),
        "author": post.get("OwnerUserId") or post.get("UserId") or post.get("OwnerDisplayName"),
        "source": site,
        "title": title or None,
        "votes": post.get("Score"),
        "product": tags[0] if tags else None,
        "answered": "yes" if post.get("AcceptedAnswerId") else "no",
    }


def _site(piece: Piece) -> str:
    """The dump of a site is a folder or archive named like it: `superuser.com/Posts.xml`."""
    return next((part for part in reversed(piece.name.parts[:-1]) if "." in part.strip(".")), "stackexchange")


def _like_exchange(head: Head) -> int:
    start = head.data[:4096]
    return 95 if b"<posts" in start or (b"<comments" in start and b"<row " in start) else 0


EXCHANGE = Source(
    "stackexchange", "Stack Exchange data dumps: Posts.xml, Comments.xml", _like_exchange, exchange_rows, LAYOUT
)
