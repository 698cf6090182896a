"""What is recorded already, held against the rows of a file."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Table, select

from data.exchange.chunks import chunks
from data.exchange.problems import CONFLICT, Problem
from data.exchange.rows import FormRow, InfusionRow, Row
from data.moments import local_day
from data.tables import assessment, infusion


Key = tuple[Any, ...]

_SOURCES: dict[type, tuple[Table, tuple[str, ...], str]] = {
    FormRow: (assessment, ("measure", "recall_window"), "completed"),
    InfusionRow: (infusion, (), "started"),
}


@dataclass(frozen=True)
class Kept:
    """The records of some patients, every version of them, in all their courses."""

    versions: dict[Key, list[Any]] = field(default_factory=lambda: defaultdict(list))
    """By kind, record number and identity; corrected and withdrawn ones too."""
    days: set[Key] = field(default_factory=set)
    """Kind, record number and day of every current record."""
    days_without_time: set[Key] = field(default_factory=set)

    def has(self, row: Row) -> bool:
        """Whether the row was recorded once, whatever became of it since.

        So a file that is imported again does not bring back what was corrected.
        """
        versions = self.versions.get((type(row), row.record_number, *row.identity), ())
        return any(row.agrees_with(version) for version in versions)

    def problem(self, row: Row) -> Problem | None:
        """Return why a row that is not there cannot be added beside what is, if so."""
        versions = self.versions.get((type(row), row.record_number, *row.identity), ())
        if any(version.state == "current" for version in versions):
            return _problem(
                row,
                f"this {row.what} is recorded already, with other contents",
                "the same contents; to change what is recorded, correct it on the "
                "patient's page",
            )
        days = self.days_without_time if row.moment.time_known else self.days
        if days and (type(row), row.record_number, *row.day_identity) in days:
            return _problem(
                row,
                f"this {row.what} may be the one that is recorded on the same day: one "
                "of the two has no time",
                "the time of both, or the row left out",
            )
        return None


def kept_in(connection: Connection, courses: dict[type, dict[int, str]]) -> Kept:
    """Return what is recorded in some courses.

    Parameters
    ----------
    connection
        Of the practice.
    courses
        By kind of row: the patient's record number by the id of the course.
    """
    kept = Kept()
    for kind, numbers in courses.items():
        table, names, when = _SOURCES[kind]
        for record in _records(connection, table, numbers):
            number = numbers[record.course_id]
            identity = [getattr(record, name) for name in names]
            minute = getattr(record, f"{when}_minute")
            key = (kind, number, *identity, minute)
            kept.versions[key].append(record)
            if record.state == "current":
                day = local_day(minute, getattr(record, f"{when}_offset"))
                kept.days.add((kind, number, *identity, day))
                if not record.time_known:
                    kept.days_without_time.add((kind, number, *identity, day))
    return kept


def _records(
    connection: Connection, table: Table, course_ids: Iterable[int]
) -> Iterable[Any]:
    for some in chunks(course_ids):
        yield from connection.execute(select(table).where(table.c.course_id.in_(some)))


def _problem(row: Row, fault: str, allowed: str) -> Problem:
    return Problem(row.file, row.row, "", "", fault, allowed, CONFLICT)
