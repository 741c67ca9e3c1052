"""Which field holds the text, the date, the id and the author: by name first, then by content."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from aia.corpora.sources.dates import DateOrder, DateReader, looks_written
from aia.corpora.sources.errors import SourceError
from aia.corpora.sources.model import Layout

Row: TypeAlias = Mapping[str, Any]

_TEXT = (
    "text consumer_complaint_narrative narrative body content review review_text comment complaint message post "
    "verbatim feedback comments full_text review_body review_content user_comment "
    "description selftext query question summary title sentence tweet"
).split()
_DATE = (
    "date date_received created_at created created_date timestamp time posted_at published published_at "
    "date_posted review_date datetime at submission_date submitted_at ts epoch updated_at batch_index decimal_year"
).split()
_ID = (
    "id complaint_id review_id reviewid post_id issue_id comment_id document_id doc_id uuid guid key number url"
).split()
_AUTHOR = (
    "author user username user_name reviewer reviewer_name author_name screen_name user_screen_name handle nickname "
    "author_id user_id reviewer_id customer customer_id by login"
).split()
_SOURCE = "source subreddit store platform site channel feed repository repo".split()
EXTRA: Mapping[str, tuple[str, ...]] = {
    "company": ("company", "company_name", "organisation", "organization", "vendor", "brand"),
    "product": ("product", "product_name", "app", "app_name", "package_name", "app_id"),
    "issue": ("issue", "category", "sub_issue"),
    "rating": ("rating", "stars", "star_rating", "review_rating", "app_rating", "overall_rating"),
    "version": ("version", "app_version", "app_version_name", "review_created_version"),
    "response": (
        "company_response_to_consumer",
        "company_response",
        "developer_reply_text",
        "reply_content",
        "company_reply",
    ),
    "disputed": ("consumer_disputed", "disputed"),
    "timely": ("timely_response", "timely"),
    "state": ("state", "country", "territory"),
    "votes": ("votes", "points", "ups", "thumbs_up", "thumbs_up_count", "likes", "score"),
    "answered": ("answered", "accepted_answer_id"),
    "language": ("language", "lang", "reviewer_language"),
    "title": ("title", "subject", "headline", "review_title"),
    "url": ("url", "link", "permalink", "html_url", "review_link"),
}
"""Our word for what an input may tell besides text, date, id, author and source: its words, best first."""
EXTRA_LENGTH_MAX = 300
_SHARE_MIN = 0.6
_MEAN_LENGTH_MIN = 15
_WRITTEN_SHARE_MIN = 0.9
_OTHER_DATES = re.compile(r"birth|expir|\bdob\b|reply|replied|respon|answer|updat|modif|close|resolv|end")
"""Names of dates of something else than when a text was written: taken last, those of births never."""
_HANDLES_MIN, _HANDLES_MAX = 0.2, 0.98


def normalised(name: str) -> str:
    """`Complaint narrative`, `ComplaintNarrative` and `complaint_narrative` are one name."""
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name.strip())
    return re.sub(r"[^a-z0-9]+", "_", parted.lower()).strip("_")


def names_in(rows: Sequence[Row]) -> list[str]:
    """Every field name of the rows, in order of first appearance."""
    return list(dict.fromkeys(name for row in rows for name in row))


def find_text(rows: Sequence[Row]) -> str | None:
    named = _by_name(rows, _TEXT, lambda value: isinstance(value, str) and len(value.split()) >= 1, 0.05)
    if named is not None:
        return named
    best, length = None, float(_MEAN_LENGTH_MIN)
    for name in names_in(rows):
        values = [row[name] for row in rows if isinstance(row.get(name), str) and row[name].strip()]
        mean = sum(map(len, values)) / len(values) if values else 0.0
        wordy = sum(" " in value.strip() for value in values) >= _SHARE_MIN * max(len(values), 1)
        if wordy and mean > length and len(set(values)) >= len(values) / 2:
            best, length = name, mean
    return best


def find_date(rows: Sequence[Row]) -> str | None:
    """By the names that dates have, then by names that speak of a date or time, then by what stands in a column."""
    reader = DateReader(DateOrder.MONTH_FIRST)  # any order: only whether it is a date matters here
    names = sorted(
        (name for name in names_in(rows) if not re.search(r"birth|^dob$", normalised(name))),
        key=lambda name: _OTHER_DATES.search(normalised(name)) is not None,
    )
    found = _by_name(rows, _DATE, lambda value: reader.read(value) is not None, _SHARE_MIN)
    if found is not None:
        return found
    speaking = [
        normalised(n) for n in names if re.search(r"(^|_)(date|time|created|posted|published)(_|$)", normalised(n))
    ]
    found = _by_name(rows, speaking, lambda value: reader.read(value) is not None, _SHARE_MIN)
    return found or next((name for name in names if _written_as_dates([row.get(name) for row in rows])), None)


def _written_as_dates(values: Sequence[Any]) -> bool:
    told = [value for value in values if _is_told(value)]
    return len(told) >= _SHARE_MIN * len(values) and (
        sum(map(looks_written, told)) >= max(1.0, _WRITTEN_SHARE_MIN * len(told))
    )


def find_id(rows: Sequence[Row]) -> str | None:
    """A field that names each row differently."""
    for name in _candidates(rows, _ID):
        values = [str(row[name]) for row in rows if _is_told(row.get(name))]
        if len(values) == len(rows) and len(set(values)) >= 0.9 * len(values):
            return name
    return None


def find_author(rows: Sequence[Row]) -> str | None:
    found = _by_name(rows, _AUTHOR, _is_told, _SHARE_MIN)
    return found or next((name for name in _candidates(rows, ["name"]) if _holds_handles(rows, name)), None)


def _holds_handles(rows: Sequence[Row], name: str) -> bool:
    """A `name` may be that of a product or a company: handles are single words, many of them, and some come again."""
    values = [value for row in rows if isinstance(value := row.get(name), str) and value.strip()]
    words = sum(" " not in value.strip() for value in values)
    share = len(set(values)) / max(len(values), 1)
    return min(len(values), words) >= 0.9 * len(rows) and _HANDLES_MIN <= share <= _HANDLES_MAX


def find_source(rows: Sequence[Row]) -> str | None:
    return _by_name(rows, _SOURCE, lambda value: isinstance(value, str) and 0 < len(value) <= 200, _SHARE_MIN)


def find_extra(rows: Sequence[Row], taken: Iterable[str | None]) -> dict[str, str]:
    """Our word to the input's field, for those fields of `EXTRA` that the input has and nothing else uses."""
    used = set(taken)
    found: dict[str, str] = {}
    for word, wanted in EXTRA.items():
        name = next((name for name in _candidates(rows, wanted) if name not in used), None)
        if name is not None:
            found[word] = name
    return found


def _candidates(rows: Sequence[Row], wanted: Sequence[str]) -> list[str]:
    by_name = {normalised(name): name for name in reversed(names_in(rows))}
    return [by_name[name] for name in wanted if name in by_name]


def _by_name(rows: Sequence[Row], wanted: Sequence[str], fits: Callable[[Any], bool], share_min: float) -> str | None:
    for name in _candidates(rows, wanted):
        if sum(_fits(row.get(name), fits) for row in rows) >= max(1.0, share_min * len(rows)):
            return name
    return None


def _is_told(value: Any) -> bool:
    return value is not None and value != ""


def _fits(value: Any, fits: Callable[[Any], bool]) -> bool:
    return not isinstance(value, dict | list) and fits(value)


def layout_of(path: Path, sample: Sequence[Row], asked: Mapping[str, str | None], *, text_only: bool) -> Layout:
    """What each field of the rows is for: as `asked` (text, date, id, author), else told from the data.

    Raises `SourceError` for an asked field that is not there, and when nothing looks like text.
    """
    names = names_in(sample)
    for option, name in asked.items():
        if name is not None and name not in names:
            raise SourceError.at(path, f"--{option}-field {name!r} is not a field; there are: {_listed(names)}")
    text = asked["text"] or ("text" if text_only else find_text(sample))
    if text is None:
        raise SourceError.at(
            path, f"no field looks like text; there are: {_listed(names)}. Name one with --text-field"
        )
    date = asked["date"] or find_date(sample)
    own_id, author = asked["id"] or find_id(sample), asked["author"] or find_author(sample)
    source = find_source(sample)
    return Layout(text, date, own_id, author, source, find_extra(sample, (text, date, own_id, author, source)))


def _listed(names: Sequence[str]) -> str:
    return ", ".join(repr(name[:40]) for name in names[:20]) + (" and more" if len(names) > 20 else "")
