"""What is recorded already, held against the rows of a file."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Table, select

from data.exchange.chunks import chunks
from data.exchange.problems import Problem
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
    """The records of some courses, every version of them."""

    versions: dict[Key, list[Any]] = field(default_factory=lambda: defaultdict(list))
    """By kind, course and identity; corrected and withdrawn ones too."""
    times_known: dict[Key, bool] = field(default_factory=dict)
    """Whether the times of a day's current records are known, by kind and course."""

    def has(self, course_id: int, row: Row) -> bool:
        """Whether the row was recorded once, whatever became of it since.

        So a file that is imported again does not bring back what was corrected.
        """
        return any(row.agrees_with(version) for version in self._of(course_id, row))

    def problem(self, course_id: int, row: Row) -> Problem | None:
        """Return why the row cannot be added beside what stands, if so."""
        if any(version.state == "current" for version in self._of(course_id, row)):
            return _problem(
                row,
                f"this {row.what} is recorded already, with other contents",
                "the same contents; to change what is recorded, correct it on the "
                "patient's page",
            )
        day = (type(row), course_id, *row.day_identity)
        if day in self.times_known and not (
            row.moment.time_known and self.times_known[day]
        ):
            return _problem(
                row,
                f"this {row.what} may be the one that is recorded on the same day: one "
                "of the two has no time",
                "the time of both, or the row left out",
            )
        return None

    def _of(self, course_id: int, row: Row) -> list[Any]:
        return self.versions.get((type(row), course_id, *row.identity), [])


def kept_in(connection: Connection, course_ids: dict[type, set[int]]) -> Kept:
    """Return what is recorded in some courses.

    Parameters
    ----------
    connection
        Of the practice.
    course_ids
        Courses by kind of row.
    """
    kept = Kept()
    for kind, ids in course_ids.items():
        table, names, when = _SOURCES[kind]
        for record in _records(connection, table, ids):
            identity = [getattr(record, name) for name in names]
            minute = getattr(record, f"{when}_minute")
            key = (kind, record.course_id, *identity, minute)
            kept.versions[key].append(record)
            if record.state == "current":
                day = local_day(minute, getattr(record, f"{when}_offset"))
                key = (kind, record.course_id, *identity, day)
                known = kept.times_known.get(key, True) and record.time_known
                kept.times_known[key] = known
    return kept


def _records(
    connection: Connection, table: Table, course_ids: Iterable[int]
) -> Iterable[Any]:
    for some in chunks(course_ids):
        yield from connection.execute(select(table).where(table.c.course_id.in_(some)))


def _problem(row: Row, fault: str, allowed: str) -> Problem:
    return Problem(row.file, row.row, "", "", fault, allowed)
