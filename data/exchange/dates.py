"""Dates as files write them: year first always, another order only as declared."""

import re
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import NamedTuple

from data.exchange.cells import CellFault
from data.exchange.mapping import DATE_ORDERS
from data.exchange.problems import Problem
from data.moments import EARLIEST_DAY, local_day, to_minutes


YEAR_FIRST = "year-month-day"
DAY_FIRST, MONTH_FIRST = DATE_ORDERS

ALLOWED = "YYYY-MM-DD, or YYYY-MM-DD HH:MM"
LAST_MONTH = 12

# Days repeat, moments hardly do: remembering them all costs more than it saves.
MOST_REMEMBERED = 1_000
HOUR_AT = len("YYYY-MM-DD ")

_CLOCK = r"[ T](\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?"
_ZONE = r"(?: ?(?:Z|[+-]\d{2}:?\d{2}))?"
_ISO = re.compile(rf"\d{{4}}-\d{{2}}-\d{{2}}(?:{_CLOCK}{_ZONE})?", re.A)
_OTHER = re.compile(rf"(\d{{1,2}})([/.-])(\d{{1,2}})\2(\d{{4}})(?:{_CLOCK})?", re.A)


class Moment(NamedTuple):
    """When something happened, as the tables keep it."""

    minute: int
    offset: int
    time_known: bool

    @property
    def day(self) -> int:
        """Number of the local calendar day."""
        return local_day(self.minute, self.offset)


@dataclass
class DateColumn:
    """Reads the dates of one column, which all have to be in one order.

    A date without a time is put at ``hour_if_unknown`` of its day.
    """

    file: str
    name: str
    order: str | None
    now: datetime
    hour_if_unknown: int = 0
    _first: tuple[int, str] | None = None
    _seen: dict[str, tuple[str, Moment]] = field(default_factory=dict)
    _undeclared: list[tuple[int, str]] = field(default_factory=list)

    def read(self, row: int, text: str) -> Moment | None:
        """Return the moment; None where only the undeclared order is in question.

        Those are asked about once, by :meth:`questions`.

        Raises
        ------
        CellFault
            If it is not a date, is impossible, or breaks the order of the column.
        """
        if text not in self._seen:
            found = self._parse(row, text.strip())
            if found is None:
                return None
            if len(self._seen) == MOST_REMEMBERED:
                self._seen.clear()
            self._seen[text] = found
        order, moment = self._seen[text]
        if self._first is None:
            self._first = row, order
        if order != self._first[1]:
            raise CellFault(
                f"mixes date orders: row {self._first[0]} is {self._first[1]}",
                "one order in the whole column",
            )
        return moment

    def questions(self) -> list[Problem]:
        """Return what has to be asked about the order of the column."""
        if not self._undeclared:
            return []
        row, text = self._undeclared[0]
        days = _first_row_above_12(self._undeclared, part=0)
        months = _first_row_above_12(self._undeclared, part=1)
        if days and months:
            fault = f"mixes {DAY_FIRST} (row {days}) and {MONTH_FIRST} (row {months})"
            allowed = f"one order in the whole column; best {ALLOWED}"
        else:
            fault = f"may be {DAY_FIRST} or {MONTH_FIRST}{_and_more(self._undeclared)}"
            allowed = (
                f"{ALLOWED}; or in a mapping file: [declare] date_order = "
                f'"{DAY_FIRST}" or "{MONTH_FIRST}"'
            )
        return [Problem(self.file, row, self.name, text, fault, allowed)]

    def _parse(self, row: int, text: str) -> tuple[str, Moment] | None:
        if _ISO.fullmatch(text):
            return YEAR_FIRST, self._moment(_year_first(text))
        other = _OTHER.fullmatch(text)
        if other is None:
            raise CellFault("is not a date", ALLOWED)
        if self.order is None:
            self._undeclared.append((row, text))
            return None
        return self.order, self._moment(_in_order(other, self.order))

    def _moment(self, read: tuple[datetime, bool]) -> Moment:
        moment, time_known = read
        # With a time, the zone can put it a day later than the practice's calendar.
        _refuse_out_of_range(
            moment.date(), self.now.date() + timedelta(days=int(time_known))
        )
        if not time_known:
            moment = moment.replace(hour=self.hour_if_unknown)
        minute, offset = to_minutes(moment)
        if time_known and minute > to_minutes(self.now)[0]:
            raise CellFault("is in the future", "until now")
        return Moment(minute, offset, time_known)


def day_moment(day: date, now: datetime) -> Moment:
    """Return a declared day as the moment of forms whose time is not known.

    Raises
    ------
    CellFault
        If the day is in the future or too early.
    """
    return DateColumn("", "", None, now).read(0, day.isoformat())


def birth_date(text: str, order: str | None) -> date:
    """Return a date without a time.

    Raises
    ------
    CellFault
        If it is not one, or its order was not declared.
    """
    other = _OTHER.fullmatch(text)
    if other and order:
        return _in_order(other, order)[0].date()
    if not _ISO.fullmatch(text):
        raise CellFault("is not a date", "YYYY-MM-DD")
    return _year_first(text)[0].date()


def _year_first(text: str) -> tuple[datetime, bool]:
    one_digit_hour = text[HOUR_AT + 1 : HOUR_AT + 2] == ":"
    padded = f"{text[:HOUR_AT]}0{text[HOUR_AT:]}" if one_digit_hour else text
    day, space, clock = padded.partition(" ")
    try:
        return datetime.fromisoformat(day + space + clock.replace(" ", "")), ":" in text
    except ValueError:
        raise CellFault("is not a date", ALLOWED) from None


def _in_order(found: re.Match[str], order: str) -> tuple[datetime, bool]:
    one, two, year = int(found[1]), int(found[3]), int(found[4])
    day, month = (one, two) if order == DAY_FIRST else (two, one)
    hour, minute = int(found[5] or 0), int(found[6] or 0)
    try:
        return datetime(year, month, day, hour, minute), found[5] is not None
    except ValueError:
        if month > LAST_MONTH >= day > 0:
            raise CellFault(
                f"is not {order}", f"one order in the whole column: {order}"
            ) from None
        raise CellFault("is not a date", order) from None


def _refuse_out_of_range(day: date, latest: date) -> None:
    if day > latest:
        raise CellFault("is in the future", "until now")
    if day < EARLIEST_DAY:
        raise CellFault("is too early", f"from {EARLIEST_DAY}")


def _first_row_above_12(found: list[tuple[int, str]], part: int) -> int | None:
    for row, text in found:
        match = _OTHER.fullmatch(text)
        if match and int(match[1 + 2 * part]) > LAST_MONTH:
            return row
    return None


def _and_more(found: list[tuple[int, str]]) -> str:
    return f" ({len(found):,} rows)" if len(found) > 1 else ""
