"""Dates as people write them; what cannot be told for sure is no date, and is counted."""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum

_ISO = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T ].*)?", re.ASCII)
_COMPACT = re.compile(r"(?:19|20)\d{6}(?:T.*)?", re.ASCII)
_YEAR_MONTH = re.compile(r"(\d{4})[-/](\d{1,2})", re.ASCII)
_NAME_YEAR = re.compile(r"([A-Za-z]{3,9})\.?,?[ -](\d{4})", re.ASCII)
_WEEKDAY = re.compile(
    r"(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?\.?,? ", re.ASCII | re.IGNORECASE
)
_TRIPLE = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4}|\d{2})(?:[ T,].*)?", re.ASCII)
_VERSION = re.compile(r"\d+\.\d+\.\d{1,3}", re.ASCII)
_EPOCH = re.compile(r"\d{9,10}(?:\.\d+)?|\d{12,13}", re.ASCII)
_SERIAL_DIGITS = 5
_SERIAL = re.compile(r"\d{5}(?:\.\d+)?", re.ASCII)
_SERIALS = range(32_874, 73_051)
"""Days of spreadsheets from 1990 to 2099: a shorter span than other forms have, as many things are counted so."""
_SERIAL_ZERO = date(1899, 12, 30)
"""Day 0 of ECMA-376's 1900 date system (part 1, 18.17.4.1), as it is of days after February 1900."""
_DECIMAL_YEAR = re.compile(r"(19\d\d|20\d\d)\.(0|00|25|5|50|75)", re.ASCII)
_DAY_NAME = re.compile(
    r"(\d{1,2})(?:st|nd|rd|th|\.)?[ -]([A-Za-z]{3,9})\.?,?[ -](\d{4}|\d\d(?![\d:]))(?:[ T,].*)?", re.ASCII
)
_NAME_DAY = re.compile(r"([A-Za-z]{3,9})\.? (\d{1,2})(?:st|nd|rd|th)?,? (\d{4})(?:[ T,].*)?", re.ASCII)
_MONTH_NAMES = "jan feb mar apr may jun jul aug sep oct nov dec"
_MONTHS = {name: number for number, name in enumerate(_MONTH_NAMES.split(), 1)}
_YEARS = range(1970, 2100)


class DateOrder(StrEnum):
    """How 03/04/2024 is meant."""

    DAY_FIRST = "day-first"
    MONTH_FIRST = "month-first"


@dataclass(frozen=True, slots=True)
class DateReader:
    """Reads a column's dates; `order` None leaves ambiguous ones undated."""

    order: DateOrder | None

    def read(self, value: object) -> date | None:
        """The day a value names, or None."""
        if isinstance(value, bool) or value is None:
            return None
        if isinstance(value, float) and 1970 <= value < 2100:
            return _day(int(value), 1 + int(12 * (value % 1)), 1)  # a decimal year: 2021.5 is its middle
        if isinstance(value, float) and _SERIALS.start <= value < _SERIALS.stop:
            value = int(value)
        if isinstance(value, int | float):
            value = f"{value:.0f}"
        text = _WEEKDAY.sub("", str(value).strip()[:60], count=1)
        try:
            return self._parse(text)
        except (ValueError, OverflowError, OSError):
            return None

    def _parse(self, text: str) -> date | None:
        if match := _ISO.fullmatch(text):
            return _day(int(match[1]), int(match[2]), int(match[3]))
        if match := _DECIMAL_YEAR.fullmatch(text):
            return _day(int(match[1]), 1 + int(12 * float(f"0.{match[2]}")), 1)
        if _COMPACT.fullmatch(text):
            return _day(int(text[:4]), int(text[4:6]), int(text[6:8]))
        if match := _TRIPLE.fullmatch(text):
            return self._triple(int(match[1]), int(match[2]), int(match[3]))
        if _EPOCH.fullmatch(text) or _SERIAL.fullmatch(text):
            return _counted(text)
        if match := _DAY_NAME.fullmatch(text):
            return _day(_whole_year(int(match[3])), _MONTHS.get(match[2][:3].lower(), 0), int(match[1]))
        if match := _NAME_DAY.fullmatch(text):
            return _day(int(match[3]), _MONTHS.get(match[1][:3].lower(), 0), int(match[2]))
        if match := _YEAR_MONTH.fullmatch(text):
            return _day(int(match[1]), int(match[2]), 1)
        if match := _NAME_YEAR.fullmatch(text):
            return _day(int(match[2]), _MONTHS.get(match[1][:3].lower(), 0), 1)
        return _checked(parsedate_to_datetime(text).date())

    def _triple(self, first: int, second: int, year: int) -> date | None:
        year = _whole_year(year)
        if first > 12:
            return _day(year, second, first)
        if second > 12 or first == second:
            return _day(year, first, second)
        if self.order is None:
            return None
        day, month = (first, second) if self.order is DateOrder.DAY_FIRST else (second, first)
        return _day(year, month, day)


def _counted(text: str) -> date | None:
    """The day of so many seconds or milliseconds since 1970, or of a spreadsheet's day number."""
    whole = text.partition(".")[0]
    if len(whole) == _SERIAL_DIGITS:
        return _SERIAL_ZERO + timedelta(days=int(whole)) if int(whole) in _SERIALS else None
    seconds = float(text) / (1000 if len(text) > 11 and "." not in text else 1)
    return _checked(datetime.fromtimestamp(seconds, UTC).date())


def looks_written(value: object) -> bool:
    """Whether a text is a date by its form alone; 8.9.20 may be a version, and 20150224 a number."""
    if not isinstance(value, str):
        return False
    text = _WEEKDAY.sub("", value.strip()[:60], count=1)
    if any(form.fullmatch(text) for form in (_ISO, _TRIPLE, _DAY_NAME, _NAME_DAY)):
        return _VERSION.fullmatch(text) is None
    return len(text) < len(value.strip()) <= 60 and DateReader(None).read(value) is not None


def _whole_year(year: int) -> int:
    return year + (2000 if year < 70 else 1900 if year < 100 else 0)


def _day(year: int, month: int, day: int) -> date | None:
    return _checked(date(year, month, day))


def _checked(day: date) -> date | None:
    return day if day.year in _YEARS else None


def order_of(values: Iterable[object]) -> DateOrder | None:
    """Which order a column uses, told by its unambiguous dates; None when nothing or both say so."""
    return one_of(orders_in(values))


def one_of(orders: Collection[DateOrder]) -> DateOrder | None:
    return next(iter(orders)) if len(orders) == 1 else None


def orders_in(values: Iterable[object]) -> set[DateOrder]:
    """The orders that unambiguous dates are in."""
    seen: set[DateOrder] = set()
    for value in values:
        match = _TRIPLE.fullmatch(str(value).strip()[:60]) if isinstance(value, str) else None
        if match:
            first, second = int(match[1]), int(match[2])
            if first > 12 >= second:
                seen.add(DateOrder.DAY_FIRST)
            elif second > 12 >= first:
                seen.add(DateOrder.MONTH_FIRST)
    return seen
