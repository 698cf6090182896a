"""Practices drawn as text, and records with defaults: a test states what matters to it.

One row is one course. Day 0 is 1 January 2024, UTC; infusions are at 10:00 and forms at
09:00, before the infusion of the same day, unless a time is given:

    course | infusions              | phq9
    -------+------------------------+------------------------------
    a      | 0, 3 15:30, 7          | -1: 20, 3 15:30: 14, 20: 9
    b      | 0 induction, 5 maintenance | -1: 20, 20: incomplete

A form's column is its measure, or measure and recall window (``pcl5 past_week``). A
number is a total without answers; ``incomplete`` a form with its last item unanswered.
A column ``closed`` holds the day on which a course was closed.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import Connection

from data.assessments import AssessmentFacts, add_assessment
from data.database import open_database, writing
from data.frames import courses_frame
from data.infusions import InfusionFacts, add_infusion
from data.patients import add_patient, close_course, open_course
from measures.days import day_number
from measures.registry import MEASURES
from tests.actors import TESTER


START = datetime(2024, 1, 1, tzinfo=UTC)
OPENED = -60

MOMENT = re.compile(r"(-?\d+)(?: (\d\d):(\d\d))?")


def at(text: str, usual_hour: int = 9) -> datetime:
    """Return a moment from ``DAY`` or ``DAY HH:MM``."""
    found = MOMENT.fullmatch(text.strip())
    assert found, f"{text!r} is not DAY or DAY HH:MM"
    days, hours, minutes = found.groups()
    return START + timedelta(
        days=int(days), hours=int(hours or usual_hour), minutes=int(minutes or 0)
    )


def calendar_day(number: int) -> date:
    """Return the calendar day of day ``number``."""
    return (START + timedelta(days=number)).date()


def day(number: int) -> int:
    """Return what the tables and frames hold for day ``number``."""
    return day_number(calendar_day(number))


def rows(table: str) -> list[dict[str, str]]:
    """Return the rows of a text table."""
    header, _, *lines = table.strip().splitlines()
    names = _cells(header)
    return [dict(zip(names, _cells(line), strict=True)) for line in lines]


def given(moment: datetime, **facts: object) -> InfusionFacts:
    """Return the facts of an infusion."""
    return InfusionFacts(started_at=moment, **{"dose_mg_per_kg": 0.5, **facts})


def form(
    measure: str, moment: datetime, total: int | str | None = None, **facts: object
) -> AssessmentFacts:
    """Return the facts of a form: its total alone, or with ``answers``."""
    if total == "incomplete":
        facts["answers"] = (1,) * (MEASURES[measure].item_count - 1) + (None,)
    elif total is not None:
        facts["total"] = int(total)
    window = facts.pop("recall_window", None)
    return AssessmentFacts(
        measure=measure,
        recall_window=window or MEASURES[measure].default_recall_window.code,
        completed_at=moment,
        **facts,
    )


def phq9(moment: datetime, total: int | str | None = None, **facts: object):
    """Return the facts of a PHQ-9."""
    return form("phq9", moment, total, **facts)


@contextmanager
def practice(url: str) -> Iterator[Connection]:
    """Yield a connection that keeps what is written through it."""
    engine = open_database(url)
    try:
        with writing(engine, TESTER) as connection:
            yield connection
    finally:
        engine.dispose()


def add_course(connection: Connection, name: str = "a", **facts: object) -> int:
    """Add a patient with one course and return the course's id."""
    patient_id = add_patient(connection, record_number=name)
    return open_course(
        connection,
        patient_id=patient_id,
        **{"indication": "depression", "opened": calendar_day(OPENED), **facts},
    )


def write_practice(url: str, table: str) -> dict[str, int]:
    """Write every course of a text table and return their ids by name."""
    with practice(url) as connection:
        return {row["course"]: _write_course(connection, row) for row in rows(table)}


def scores(
    url: str, timepoint: str, table: str, **asked: object
) -> dict[str, int | None]:
    """Write the practice and return the score of each course at a time point."""
    return read_scores(url, write_practice(url, table), timepoint, **asked)


def read_scores(
    url: str,
    ids: dict[str, int],
    timepoint: str,
    *,
    column: str = "total",
    measure: str = "phq9",
    recall_window: str | None = None,
    as_of: int | None = None,
) -> dict[str, int | None]:
    """Return one column of the courses' frame, by name of the course."""
    window = recall_window or MEASURES[measure].default_recall_window.code
    with practice(url) as connection:
        frame = courses_frame(
            connection,
            measure=measure,
            recall_window=window,
            timepoint=timepoint,
            as_of_day=None if as_of is None else day(as_of),
        )
    values = frame[column].astype(object).where(frame[column].notna(), None)
    found = dict(zip(frame["course_id"], values, strict=True))
    return {name: found[i] for name, i in ids.items() if i in found}


def baselines(url: str, table: str, **asked: object) -> dict[str, int | None]:
    """Write the practice and return the baseline of each started course."""
    return scores(url, "day_1", table, column="baseline", **asked)


def due_days(
    url: str, timepoint: str, table: str, **asked: object
) -> dict[str, int | None]:
    """Write the practice and return the first day on which each course is due."""
    found = scores(url, timepoint, table, column="due_day", **asked)
    return {k: None if v is None else int(v) - day(0) for k, v in found.items()}


def inductions(url: str, table: str) -> dict[str, int]:
    """Write the practice and return how many infusions each induction has."""
    return scores(url, "day_1", table, column="induction_infusions")


def _write_course(connection: Connection, row: dict[str, str]) -> int:
    course_id = add_course(connection, row["course"])
    for column, cell in row.items():
        if column == "infusions":
            _write_infusions(connection, course_id, cell)
        elif column.split(" ")[0] in MEASURES:
            _write_forms(connection, course_id, column, cell)
    if row.get("closed"):
        closed = calendar_day(int(row["closed"]))
        close_course(connection, course_id, closed=closed, reason="Ended")
    return course_id


def _write_infusions(connection: Connection, course_id: int, cell: str) -> None:
    for entry in _entries(cell):
        moment, phase = re.fullmatch(r"([-\d: ]+?)(?: ([a-z]+))?", entry).groups()
        facts = given(at(moment, usual_hour=10), phase=phase)
        add_infusion(connection, course_id=course_id, facts=facts)


def _write_forms(
    connection: Connection, course_id: int, column: str, cell: str
) -> None:
    measure, _, window = column.partition(" ")
    for entry in _entries(cell):
        moment, total = entry.rsplit(": ", 1)
        facts = form(measure, at(moment), total, recall_window=window or None)
        add_assessment(connection, course_id=course_id, facts=facts)


def _entries(cell: str) -> list[str]:
    return [entry.strip() for entry in cell.split(",") if entry.strip()]


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.split("|")]
