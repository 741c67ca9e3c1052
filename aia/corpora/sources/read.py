"""Read a corpus: pieces to rows to documents, each row kept or counted with a reason."""

import heapq
import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from hashlib import blake2b
from pathlib import Path
from typing import Any

from aia.core.ids import hash64
from aia.corpora.model import NOT_SAMPLED, Corpus, Document, Reading, RejectedRow, SourceReport
from aia.corpora.sources.columns import EXTRA_LENGTH_MAX, layout_of
from aia.corpora.sources.dates import DateOrder, DateReader, one_of, orders_in
from aia.corpora.sources.errors import SourceError
from aia.corpora.sources.lines import WRONG_ENCODING
from aia.corpora.sources.model import Context, Layout, Limits, NumberedRow, Piece, Row, Unreadable
from aia.corpora.sources.open import Allowance, is_archive, pieces
from aia.corpora.sources.registry import Registry

SAMPLE_ROWS = 1_000
REJECTED_LISTED = 20
ID_LENGTH_MAX = 200
AUTHOR_LENGTH_MAX = 200
SOURCE_LENGTH_MAX = 200
FUTURE_DATE = "date in the future"


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """What the caller knows better than detection, and the bounds.

    A date more than a day after `today` is flagged and not used; None takes dates as they come. With `sampled`
    an input of more than `documents_max` documents is sampled down to them, instead of being refused.
    """

    source: str | None = None
    text_field: str | None = None
    date_field: str | None = None
    id_field: str | None = None
    author_field: str | None = None
    date_order: DateOrder | None = None
    encoding: str | None = None
    skip_malformed: bool = False
    today: date | None = None
    input_bytes_max: int = 4 * 1024**3
    record_bytes_max: int = 1024 * 1024
    documents_max: int = 1_000_000
    sampled: bool = False
    files_max: int = 10_000
    window_bytes_max: int = 2 * 1024**3

    @property
    def limits(self) -> Limits:
        return Limits(self.input_bytes_max, self.record_bytes_max, self.files_max, self.window_bytes_max)


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows of one piece or connector. `layout` None lets the data tell which field holds what."""

    name: Path
    format: str
    rows: Callable[[Context], Iterator[NumberedRow]]
    layout: Layout | None = None
    note: str | None = None
    """Why the rows are not all there are, if so: told with the report."""


@dataclass(frozen=True, slots=True)
class ReadState:
    """What the reading of a file met until it ended, so that a reading of what was added goes on from there.

    `fingerprints` are of texts, `ids` say how often an id was wanted, by its hash; `orders` are those that dates were
    in. `documents` counts texts that were kept, before any are left out as near repeats.
    """

    layout: Layout
    documents: int = 0
    fingerprints: frozenset[bytes] = frozenset()
    ids: Mapping[int, int] = field(default_factory=dict[int, int])
    orders: frozenset[DateOrder] = frozenset()
    rejected: Mapping[str, int] = field(default_factory=dict[str, int])
    changed: Mapping[str, int] = field(default_factory=dict[str, int])
    rows: tuple[RejectedRow, ...] = ()


@dataclass(slots=True)
class _Counts:
    """Counts what is left out or mended in one batch, lists the first of each reason."""

    name: Path
    skip_malformed: bool
    rejected: Counter[str] = field(default_factory=Counter[str])
    changed: Counter[str] = field(default_factory=Counter[str])
    rows: list[RejectedRow] = field(default_factory=list[RejectedRow])

    def reject(self, line: int, reason: str) -> None:
        self.rejected[reason] += 1
        if self.rejected[reason] <= REJECTED_LISTED:
            self.rows.append(RejectedRow(line, reason))

    def malformed(self, line: int, what: str) -> None:
        if not self.skip_malformed:
            raise SourceError.at(
                self.name, f"{what}: mend it, or count and skip such rows with --skip-malformed", line=line
            )
        self.reject(line, "malformed")

    def repaired(self, _: int) -> None:
        self.changed[WRONG_ENCODING] += 1


def read_corpus(path: Path, options: ReadOptions) -> Corpus:
    """The documents of a file, folder or archive; see docs/sources.md for what is read.

    Exact repeats of a text, empty rows and (if asked) malformed rows are left out, counted and listed.
    Raises `SourceError` naming file, line and remedy; of many files one that cannot be read is reported.
    """
    return read_paths([path], options)


def read_paths(paths: Sequence[Path], options: ReadOptions) -> Corpus:
    """The same for several paths as one corpus."""
    reader = Reader(options, single=len(paths) == 1 and _is_one_stream(paths[0]))
    registry = Registry(options.source)
    allowance = Allowance.of(options.limits)
    for path in paths:
        reader.take_path(path, registry, allowance)
    return reader.corpus(corpus_name([path.name or str(path) for path in paths]))


def read_rows(name: str, rows: Iterable[Mapping[str, Any]], options: ReadOptions) -> Corpus:
    """The same for rows that are at hand, such as those of a request; `name` stands for the file."""
    reader = Reader(options, single=True)
    reader.take(Batch(Path(name), "rows", lambda _: ((number, dict(row)) for number, row in enumerate(rows, 1))))
    return reader.corpus(Path(name).name)


def _is_one_stream(path: Path) -> bool:
    """A file that is no archive; a pipe is not opened to find out."""
    return not path.is_dir() and not (path.is_file() and is_archive(path))


def corpus_name(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"


class Reader:
    """Collects the documents of batches. `single`: an error is raised; else it is reported, and the rest goes on."""

    def __init__(self, options: ReadOptions, *, single: bool, met: ReadState | None = None) -> None:
        self._options = options
        self._single = single
        self._before = met
        self._fingerprints = frozenset[bytes]() if met is None else met.fingerprints
        self._orders = set[DateOrder]() if met is None else set(met.orders)
        self._documents: dict[bytes, Document] = {}
        self._sample = _Sample(options.documents_max) if options.sampled else None
        self._ids = Counter[int]({} if met is None else met.ids)
        self._counts: list[_Counts] = []
        self._reports: list[SourceReport] = []
        self._layouts: list[Layout] = []
        self._errors: list[SourceError] = []
        self._base = Path()

    def take_path(self, path: Path, registry: Registry, allowance: Allowance) -> None:
        """Every piece under a path."""
        self._base = path.parent
        try:
            for piece in pieces(path, self._options.limits, allowance):
                self._take_piece(piece, registry)
        except SourceError as error:
            self._failed(path, error)

    def _take_piece(self, piece: Piece | Unreadable, registry: Registry) -> None:
        if isinstance(piece, Unreadable):
            self._failed(piece.name, piece.error)
            return
        try:
            source = registry.source_of(piece, self._options.encoding)
        except SourceError as error:
            self._failed(piece.name, error)
            return
        self.take(Batch(piece.name, source.name, lambda context: source.rows(piece, context), source.layout))

    def take(self, batch: Batch) -> None:
        """All rows of a batch; what was read before an error stays, and is reported with it."""
        counts = _Counts(batch.name, self._options.skip_malformed)
        if self._before is not None:
            counts.rejected.update(self._before.rejected)
            counts.changed.update(self._before.changed)
            counts.rows.extend(self._before.rows)
        repaired = counts.repaired if self._options.skip_malformed else None
        context = Context(self._options.limits, counts.malformed, self._options.encoding, repaired)
        before, error = len(self._documents), None
        lost_before = self._lost()
        if self._sample is not None:
            self._sample.batch = len(self._reports)
        try:
            self._read(batch, batch.rows(context), counts)
        except SourceError as raised:
            error = raised
            self._errors.append(raised)
        self._counts.append(counts)
        if error is None and batch.note is not None:
            error = SourceError.at(batch.name, batch.note)
            self._errors.append(error)
        elif error is not None and batch.note is not None:
            error = SourceError.at(batch.name, batch.note)  # why there are no rows, which comes before that
            self._errors[-1] = error
        kept = len(self._documents) - before + self._lost() - lost_before
        self._report(batch.name, batch.format, kept, counts.rejected, error)
        if error is not None and (self._single or isinstance(error, TooManyDocuments)):
            raise error

    def _failed(self, name: Path, error: SourceError) -> None:
        if self._single or isinstance(error, TooManyDocuments):
            raise error
        self._errors.append(error)
        self._report(name, "", 0, {}, error)

    def _report(
        self, name: Path, kind: str, documents: int, rejected: Mapping[str, int], error: SourceError | None
    ) -> None:
        """Named from the given path on, so that the same input reads the same wherever it lies."""
        shown = name.relative_to(self._base) if name.is_relative_to(self._base) else name
        told = None if error is None else error.told
        self._reports.append(SourceReport(str(shown), kind, documents, dict(sorted(rejected.items())), told))

    def _read(self, batch: Batch, rows: Iterator[NumberedRow], counts: _Counts) -> None:
        sample, rest = _sampled(rows)
        if not sample and self._before is None:
            raise SourceError.at(batch.name, "no rows: give at least one document")
        layout = self._layout(batch, [row for _, row in sample])
        self._layouts.append(layout)
        before = len(self._documents)
        raw_dates: dict[bytes, Any] = {}
        try:
            for fingerprint, document, raw_date in self._kept(batch, itertools.chain(sample, rest), layout, counts):
                self._documents[fingerprint] = document
                raw_dates[fingerprint] = raw_date
                if self._sample is not None and (evicted := self._sample.add(fingerprint)) is not None:
                    del self._documents[evicted]
                    if raw_dates.pop(evicted, raw_dates) is not raw_dates:
                        counts.rejected[NOT_SAMPLED] += 1
        finally:
            self._date(raw_dates, layout, counts)
        if len(self._documents) == before and not self._documents and self._before is None:
            told = ", ".join(f"{count} {reason}" for reason, count in sorted(counts.rejected.items()))
            raise SourceError.at(batch.name, f"no document is left ({told}): check --text-field {layout.text!r}")

    def _layout(self, batch: Batch, sample: list[Row]) -> Layout:
        if self._before is not None:
            return self._before.layout
        if batch.layout is not None:
            return batch.layout
        asked = {name: getattr(self._options, f"{name}_field") for name in ("text", "date", "id", "author")}
        return layout_of(batch.name, sample, asked, text_only=batch.format == "txt")

    def _kept(
        self, batch: Batch, rows: Iterator[NumberedRow], layout: Layout, counts: _Counts
    ) -> Iterator[tuple[bytes, Document, Any]]:
        for line, row in rows:
            text = row.get(layout.text)
            reason = _unusable(text, self._options.record_bytes_max)
            if reason is not None or not isinstance(text, str):
                counts.reject(line, reason or "text is not a string")
                continue
            fingerprint = blake2b(" ".join(text.lower().split()).encode(), digest_size=16).digest()
            if fingerprint in self._documents or fingerprint in self._fingerprints:
                counts.reject(line, "duplicate")
                continue
            if self._sample is not None and not self._sample.admits(fingerprint):
                counts.rejected[NOT_SAMPLED] += 1
                continue
            held = len(self._documents) + (0 if self._before is None else self._before.documents)
            if self._sample is None and held >= self._options.documents_max:
                what = (
                    f"more than {self._options.documents_max} documents: raise AIA_DOCUMENTS_MAX, split it, "
                    "or take a sample of it with --documents-max"
                )
                raise TooManyDocuments.at(batch.name, what, line=line)
            document = Document(
                id=self._unique(self._id(row, layout, batch, line)),
                text=text,
                author=_short(row, layout.author, AUTHOR_LENGTH_MAX),
                source=_short(row, layout.source, SOURCE_LENGTH_MAX) or layout.fingerprint_of or self._said_in(batch),
                fields=_extra(row, layout.extra),
            )
            yield fingerprint, document, row.get(layout.date or "")

    def _said_in(self, batch: Batch) -> str | None:
        """Of several inputs each is a source of its own; of one alone nothing is told."""
        return None if self._single else batch.name.name[:SOURCE_LENGTH_MAX]

    def _id(self, row: Row, layout: Layout, batch: Batch, line: int) -> str:
        found = _short(row, layout.id, ID_LENGTH_MAX)
        if found is not None:
            return found
        return f"row-{line}" if self._single else f"{batch.name.name[:100]}:row-{line}"

    def _unique(self, wanted: str) -> str:
        """An id used before gets the number of its repeat, so that a citation names one document."""
        key = hash64(wanted)
        self._ids[key] += 1
        if self._ids[key] == 1:
            return wanted
        return self._unique(f"{wanted}#{self._ids[key]}")

    def _date(self, raw: Mapping[bytes, Any], layout: Layout, counts: _Counts) -> None:
        """Give the batch's documents their days: the order of day and month is told by all of them together."""
        told = self._options.date_order or layout.date_order
        if told is None:
            self._orders |= orders_in(raw.values())
        reader = DateReader(told or one_of(self._orders))
        last = None if self._options.today is None else self._options.today + timedelta(days=1)
        for place, value in raw.items():
            day = reader.read(value)
            if day is None:
                continue
            d, fields = self._documents[place], self._documents[place].fields
            if last is not None and day > last:
                counts.changed[FUTURE_DATE] += 1
                day, fields = None, {**fields, "future_date": day.isoformat()}
            self._documents[place] = Document(d.id, d.text, day, d.author, d.source, fields)

    def corpus(self, name: str) -> Corpus:
        """What was read; raises the first error when nothing was."""
        if not self._documents and self._before is None:
            if self._errors and (self._single or len(self._errors) == 1):
                raise self._errors[0]
            told = "; ".join(error.detail for error in self._errors[:5]) or "there is no file in it"
            raise SourceError.at(Path(name), f"no document could be read: {told}")
        return Corpus(name, tuple(self._documents.values()), self._reading())

    def _reading(self) -> Reading:
        rejected, changed = Counter[str](), Counter[str]()
        for counts in self._counts:
            rejected.update(counts.rejected)
            changed.update(counts.changed)
        rejected += Counter({NOT_SAMPLED: self._lost()})
        formats = sorted({report.format for report in self._reports if report.format})
        return Reading(
            format=formats[0] if len(formats) == 1 else "mixed",
            text_field=_common(layout.text for layout in self._layouts),
            date_field=_common(layout.date for layout in self._layouts),
            id_field=_common(layout.id for layout in self._layouts),
            author_field=_common(layout.author for layout in self._layouts),
            rejected=dict(sorted(rejected.items())),
            rejected_rows=tuple(itertools.chain.from_iterable(counts.rows for counts in self._counts))[:200],
            undated=sum(document.day is None for document in self._documents.values()),
            source_field=_common(layout.source for layout in self._layouts),
            extra_fields=self._layouts[0].extra if len(self._layouts) == 1 else {},
            changed=dict(sorted(changed.items())),
            sources=() if self._single else tuple(self._sources()),
        )

    def met(self) -> ReadState:
        """All that was met until now; of a reading of one batch."""
        (counts,) = self._counts
        before = self._before
        return ReadState(
            layout=self._layouts[0],
            documents=len(self._documents) + (0 if before is None else before.documents),
            fingerprints=self._fingerprints.union(self._documents),
            ids=self._ids,
            orders=frozenset(self._orders),
            rejected=counts.rejected,
            changed=counts.changed,
            rows=tuple(counts.rows),
        )

    def _lost(self) -> int:
        """Documents of earlier batches that later ones took out of the sample."""
        return 0 if self._sample is None else self._sample.lost.total()

    def _sources(self) -> Iterator[SourceReport]:
        """The reports, without the documents that later ones took out of the sample."""
        for number, report in enumerate(self._reports):
            if self._sample is None or not (lost := self._sample.lost[number]):
                yield report
                continue
            rejected = Counter(report.rejected) + Counter({NOT_SAMPLED: lost})
            kept = report.documents - lost
            yield replace(report, documents=kept, rejected=dict(sorted(rejected.items())))


class _Sample:
    """The documents of the least fingerprints: a uniform sample that no order or repeat of rows changes.

    Bottom-k sampling (Cohen and Kaplan, 2007). Memory is that of `size` fingerprints.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._greatest: list[tuple[int, bytes, int]] = []
        self.batch = 0
        self.lost: Counter[int] = Counter()
        """Documents of each earlier batch that were taken out again."""

    def admits(self, fingerprint: bytes) -> bool:
        full = len(self._greatest) >= self._size
        return not full or int.from_bytes(fingerprint, "big") < -self._greatest[0][0]

    def add(self, fingerprint: bytes) -> bytes | None:
        """Take one that is admitted; the one that leaves for it, if the sample was full."""
        entry = (-int.from_bytes(fingerprint, "big"), fingerprint, self.batch)
        if len(self._greatest) < self._size:
            heapq.heappush(self._greatest, entry)
            return None
        _, evicted, batch = heapq.heapreplace(self._greatest, entry)
        if batch != self.batch:
            self.lost[batch] += 1
        return evicted


class TooManyDocuments(SourceError):
    """The bound of a corpus: nothing more is read, whatever comes after."""

    code = "too-many-documents"
    title = "Too many documents"


def _sampled(rows: Iterator[NumberedRow]) -> tuple[list[NumberedRow], Iterator[NumberedRow]]:
    """The first rows and the rest; an error among the first comes after them, unless there are none."""
    sample: list[NumberedRow] = []
    try:
        sample.extend(itertools.islice(rows, SAMPLE_ROWS))
    except SourceError as error:
        if not sample:
            raise
        return sample, _raising(error)
    return sample, rows


def _raising(error: SourceError) -> Iterator[NumberedRow]:
    raise error
    yield  # pragma: no cover # makes it an iterator


def _common(values: Iterable[str | None]) -> str | None:
    found = set(values)
    return found.pop() if len(found) == 1 else None


def _unusable(text: object, length_max: int) -> str | None:
    """Why a text cannot be kept, or None."""
    if text is None or (isinstance(text, str) and not text.strip()):
        return "no text"
    if not isinstance(text, str):
        return None
    if len(text) > length_max:
        return "text is too long"
    if not _storable(text):
        return "text holds a lone surrogate or zero character"
    return None


def _storable(text: str) -> bool:
    """What neither database nor UTF-8 can keep is refused, as a quotation of it could not be checked."""
    if text.isascii():
        return "\x00" not in text
    return "\x00" not in text and not any("\ud800" <= character <= "\udfff" for character in text)


def _short(row: Row, name: str | None, length_max: int) -> str | None:
    value = row.get(name) if name is not None else None
    text = "" if value is None or isinstance(value, dict | list) else str(value).strip()[:length_max]
    return text if text and _storable(text) else None


def _extra(row: Row, extra: Mapping[str, str]) -> dict[str, str]:
    values = ((word, _short(row, name, EXTRA_LENGTH_MAX)) for word, name in extra.items())
    return {word: value for word, value in values if value is not None}
