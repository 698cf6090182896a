"""A practice of any size for measuring: plausible in shape, not in clinical detail."""

from collections.abc import Iterator
from datetime import UTC, datetime

import numpy as np
from sqlalchemy import insert

from data.actors import operator
from data.course_scores import rebuild_course_scores
from data.database import Connection
from data.tables import assessment, course, infusion, patient


BENCHMARK = operator("benchmark")
SEED = 7
FORMS_PER_COURSE = 12
INFUSIONS_PER_COURSE = 7
FIRST_DAY = 19_000
DAY = 1440
ROWS_AT_ONCE = 20_000
ONE_PASS = """
    SELECT count(*), sum(forms) FROM (
        SELECT course_id, measure, recall_window, count(*) AS forms,
               min(total) AS lowest, max(total) AS highest
        FROM assessment WHERE state = 'current' AND total IS NOT NULL
        GROUP BY course_id, measure, recall_window
    ) AS per_course
"""
STAMP = datetime(2026, 1, 1, tzinfo=UTC).replace(tzinfo=None)


def fill(connection: Connection, assessments: int, *, days: int = 1500) -> None:
    """Write a practice with this many forms, PHQ-9 and PCL-5, in date order.

    Courses begin within so many ``days``.
    """
    random = np.random.default_rng(SEED)
    courses = max(1, assessments // FORMS_PER_COURSE)
    starts = FIRST_DAY * DAY + random.integers(0, days * DAY, courses)
    _insert(connection, patient, _patients(courses))
    _insert(connection, course, _courses(starts))
    _insert(connection, infusion, _infusions(starts))
    _insert(connection, assessment, _forms(random, starts))
    rebuild_course_scores(connection)
    if connection.dialect.name == "postgresql":
        # Rows came with their ids; the next id follows the last one.
        for table in (course, infusion, assessment):
            connection.exec_driver_sql(
                f"SELECT setval(pg_get_serial_sequence('{table.name}', 'id'),"
                f" (SELECT max(id) FROM {table.name}))"
            )


def _insert(connection: Connection, table: object, rows: Iterator[dict]) -> None:
    batch: list[dict] = []
    for row in rows:
        batch.append(row)
        if len(batch) == ROWS_AT_ONCE:
            connection.execute(insert(table), batch)
            batch = []
    if batch:
        connection.execute(insert(table), batch)


def _patients(courses: int) -> Iterator[dict]:
    for number in range(courses):
        yield {
            "id": f"{number:016x}",
            "record_number": f"S-{number}",
            "added_at": STAMP,
            "added_by": "benchmark",
        }


def _courses(starts: np.ndarray) -> Iterator[dict]:
    for number, start in enumerate(starts):
        yield {
            "id": number + 1,
            "patient_id": f"{number:016x}",
            "number": 1,
            "indication": "both",
            "clinician": f"Clinician {number % 5}",
            "opened_day": int(start) // DAY - 40,
        }


def _infusions(starts: np.ndarray) -> Iterator[dict]:
    number = 0
    for course_number, start in enumerate(starts):
        for k in range(INFUSIONS_PER_COURSE):
            number += 1
            yield {
                "id": number,
                "course_id": course_number + 1,
                "started_minute": int(start) + k * 3 * DAY,
                "started_offset": 0,
                "time_known": True,
                "route": "IV",
                "recorded_at": STAMP,
                "recorded_by": "benchmark",
            }


def _forms(random: np.random.Generator, starts: np.ndarray) -> Iterator[dict]:
    """Two measures in turn, from before infusion 1 to some weeks after; by date."""
    count = len(starts) * FORMS_PER_COURSE
    course_numbers = np.repeat(np.arange(len(starts)), FORMS_PER_COURSE)
    k = np.tile(np.arange(FORMS_PER_COURSE), len(starts))
    minutes = np.repeat(starts, FORMS_PER_COURSE) + (k // 2) * 9 * DAY - 30
    answers = random.integers(0, 4, (count, 20)).astype(str)
    for number, place in enumerate(np.argsort(minutes, kind="stable"), start=1):
        phq9 = k[place] % 2 == 0
        digits = "".join(answers[place, : 9 if phq9 else 20])
        yield {
            "id": number,
            "course_id": int(course_numbers[place]) + 1,
            "measure": "phq9" if phq9 else "pcl5",
            "recall_window": "two_weeks" if phq9 else "past_month",
            "completed_minute": int(minutes[place]),
            "completed_offset": 0,
            "time_known": True,
            "answers": digits,
            "answered": len(digits),
            "total": sum(map(int, digits)),
            "item_9": int(digits[8]) if phq9 else None,
            "source": "self_report",
            "recorded_at": STAMP,
            "recorded_by": "benchmark",
        }
