"""Exports of platforms with columns of their own: Reddit, Google Play, App Store, and the CFPB's complaints."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from aia.corpora.formats.rows import csv_rows, header_of, json_lines
from aia.corpora.sources.dates import DateOrder
from aia.corpora.sources.model import Context, Head, Layout, NumberedRow, Piece, Row, Source

_REMOVED = frozenset({"", "[removed]", "[deleted]", "[ Removed by Reddit ]"})


def reddit_rows(piece: Piece, context: Context) -> Iterator[NumberedRow]:
    """Submissions (title and selftext) and comments (body) as Pushshift writes them."""
    for number, row in json_lines(piece, context):
        yield number, _reddit(row)


def _reddit(row: Mapping[str, Any]) -> Row:
    parts = [row.get(name) for name in ("title", "selftext", "body")]
    said = [part for part in parts if isinstance(part, str) and part.strip() not in _REMOVED]
    removed = any(row.get(name) in _REMOVED - {""} for name in ("selftext", "body"))
    author = row.get("author")
    subreddit = row.get("subreddit")
    return {
        "id": row.get("name") or row.get("id"),
        "text": None if removed and "body" in row else "\n\n".join(said),
        "date": row.get("created_utc"),
        "author": None if author in {"[deleted]", "AutoModerator"} else author,
        "source": f"r/{subreddit}" if isinstance(subreddit, str) else None,
        "title": row.get("title"),
        "votes": row.get("score"),
        "url": row.get("permalink"),
    }


def _first_object(head: Head) -> Mapping[str, Any]:
    try:
        value = json.loads(head.first)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _like_reddit(head: Head) -> int:
    names = _first_object(head).keys() if head.first.startswith("{") else frozenset()
    told = "subreddit" in names and "created_utc" in names
    return 90 if told and ({"selftext", "title"} <= set(names) or "body" in names) else 0


CFPB = Layout(
    text="Consumer complaint narrative",
    date="Date received",
    id="Complaint ID",
    author=None,
    source=None,
    extra={
        "company": "Company",
        "product": "Product",
        "issue": "Issue",
        "response": "Company response to consumer",
        "disputed": "Consumer disputed?",
        "timely": "Timely response?",
        "state": "State",
    },
    date_order=DateOrder.MONTH_FIRST,
    fingerprint_of="CFPB complaints",
)
_CFPB_COLUMNS = frozenset(
    "date received|product|sub-product|issue|sub-issue|consumer complaint narrative|company public response|company|"
    "state|zip code|tags|consumer consent provided?|submitted via|date sent to company|company response to consumer|"
    "timely response?|consumer disputed?|complaint id".split("|")
)
_CFPB_COLUMNS_MIN = 12

GOOGLE_PLAY = Layout(
    text="Review Text",
    date="Review Submit Date and Time",
    id="Review Link",
    author=None,
    source=None,
    extra={
        "product": "Package Name",
        "rating": "Star Rating",
        "version": "App Version Name",
        "title": "Review Title",
        "response": "Developer Reply Text",
        "language": "Reviewer Language",
        "url": "Review Link",
    },
    fingerprint_of="Google Play",
)
APP_STORE = Layout(extra={n: n for n in ("product", "rating", "version", "title", "state", "response")})
_APP_STORE_NAMES: Mapping[str, tuple[str, ...]] = {
    "id": ("review id", "id"),
    "date": ("date", "updated", "review date", "last modified"),
    "author": ("author", "nickname", "user name", "username", "reviewer nickname"),
    "title": ("title", "review title"),
    "body": ("review", "content", "body", "review text"),
    "rating": ("rating", "star rating", "stars"),
    "version": ("version", "app version"),
    "product": ("app name", "app", "app id", "apple id"),
    "state": ("territory", "country", "storefront", "store front"),
    "response": ("developer response", "response"),
}


def app_store_rows(piece: Piece, context: Context) -> Iterator[NumberedRow]:
    """Reviews of Apple's store in the column names that App Store Connect and its exporters use."""
    for number, row in csv_rows(piece, context):
        yield number, _app_store(row)


def _app_store(row: Mapping[str, Any]) -> Row:
    by_name = {name.strip().lower(): value for name, value in row.items()}
    found: Row = {
        word: next((by_name[name] for name in names if by_name.get(name)), None)
        for word, names in _APP_STORE_NAMES.items()
    }
    body, title = found.pop("body"), found["title"]
    text = body if body and title and body.startswith(title) else "\n\n".join(filter(None, (title, body)))
    return found | {"text": text, "source": "App Store"}


def _like_cfpb(head: Head) -> int:
    return 95 if len(header_of(head) & _CFPB_COLUMNS) >= _CFPB_COLUMNS_MIN else 0


def _like_google_play(head: Head) -> int:
    return (
        95 if {"review text", "star rating", "package name", "review submit date and time"} <= header_of(head) else 0
    )


def _like_app_store(head: Head) -> int:
    header = header_of(head)
    reviewed = header & {"review", "content", "body", "review text"} and header & {"rating", "star rating", "stars"}
    apple = header & {"territory", "storefront", "store front", "reviewer nickname", "nickname", "apple id"}
    return 90 if reviewed and apple else 0


REDDIT_EXPORT = Source(
    "reddit",
    "Reddit exports: submissions and comments as JSON Lines, as Pushshift writes them",
    _like_reddit,
    reddit_rows,
    Layout(extra={"title": "title", "votes": "votes", "url": "url"}),
)
CFPB_EXPORT = Source(
    "cfpb", "the CFPB's complaint export as published: CSV of 18 columns", _like_cfpb, csv_rows, CFPB
)
GOOGLE_PLAY_EXPORT = Source(
    "google-play", "review reports of the Google Play Console: CSV", _like_google_play, csv_rows, GOOGLE_PLAY
)
APP_STORE_EXPORT = Source(
    "app-store", "review exports of the App Store: CSV", _like_app_store, app_store_rows, APP_STORE
)
