"""Planned rows to the tables, in bulk, in the caller's transaction."""

import secrets
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from sqlalchemy import Connection, func, insert, literal, select

from data.alerts import ITEM_9
from data.course_scores import rebuild_course_scores, refresh_course_scores
from data.exchange.placing import Place, Plan
from data.exchange.rows import FormRow, InfusionRow
from data.infusions import InfusionFacts
from data.records import now_stamp
from data.tables import alert, assessment, course, infusion, patient


ROWS_AT_ONCE = 10_000

# Above this many courses, deriving every score at once is quicker than one by one.
MOST_COURSES_ONE_BY_ONE = 50

SOURCE = "import"


def write_plan(
    connection: Connection, plan: Plan, *, by: str, tell: Callable[[float], object]
) -> None:
    """Write what was planned, open the alerts, derive the scores.

    Parameters
    ----------
    connection
        The transaction of ``data.database.writing``; the caller keeps the audit.
    plan
        Without problems.
    by
        Who imports.
    tell
        Called with the share of the rows that is written.
    """
    new_courses = _open_courses(connection, plan, by)
    recorded = {"recorded_at": now_stamp(), "recorded_by": by}
    newest = connection.scalar(select(func.max(assessment.c.id))) or 0
    touched: set[int] = set()
    done = 0
    for table, rows in (
        (infusion, _infusion_rows(plan, new_courses)),
        (assessment, _form_rows(plan, new_courses)),
    ):
        for some in _chunks(rows):
            connection.execute(insert(table), [row | recorded for row in some])
            touched.update(row["course_id"] for row in some)
            done += len(some)
            tell(done / len(plan.rows))
    _open_alerts(connection, newest)
    _derive(connection, touched)


def _open_courses(connection: Connection, plan: Plan, by: str) -> dict[str, int]:
    """Add the new patients, open course 1 where there is none, and return the ids."""
    added = {"added_at": now_stamp(), "added_by": by}
    ids = {number: secrets.token_hex(8) for number in plan.new_patients}
    if ids:
        connection.execute(
            insert(patient),
            [
                {"id": ids[number], "record_number": number, **_identity(new), **added}
                for number, new in plan.new_patients.items()
            ],
        )
    ids |= plan.courses_to_open
    if not ids:
        return {}
    rows = [
        {
            "patient_id": patient_id,
            "number": 1,
            "opened_day": plan.first_days[number],
            "indication": getattr(plan.new_patients.get(number), "indication", None),
            "clinician": getattr(plan.new_patients.get(number), "clinician", None),
        }
        for number, patient_id in ids.items()
    ]
    statement = insert(course).returning(course.c.id, sort_by_parameter_order=True)
    return dict(zip(ids, connection.scalars(statement, rows), strict=True))


def _identity(new: Any) -> dict[str, Any]:
    names = ("given_name", "family_name", "birth_date", "sex")
    return {name: getattr(new, name) for name in names}


def _infusion_rows(plan: Plan, new_courses: dict[str, int]) -> Iterator[dict[str, Any]]:
    for place, row in plan.rows:
        if isinstance(row, InfusionRow):
            yield {
                "course_id": _course_id(place, new_courses),
                "started_minute": row.moment.minute,
                "started_offset": row.moment.offset,
                "time_known": row.moment.time_known,
                "phase": row.phase,
                "dose_mg_per_kg": row.dose_mg_per_kg,
                "dose_mg": row.dose_mg,
                "route": row.route or InfusionFacts.route,
                "minutes": row.minutes,
            }


def _form_rows(plan: Plan, new_courses: dict[str, int]) -> Iterator[dict[str, Any]]:
    for place, row in plan.rows:
        if isinstance(row, FormRow):
            yield {
                "course_id": _course_id(place, new_courses),
                "measure": row.measure,
                "recall_window": row.recall_window,
                "completed_minute": row.moment.minute,
                "completed_offset": row.moment.offset,
                "time_known": row.moment.time_known,
                "answers": row.answers,
                "answered": row.answered,
                "total": row.total,
                "item_9": row.item_9,
                "difficulty": row.difficulty,
                "source": SOURCE,
            }


def _course_id(place: Place, new_courses: dict[str, int]) -> int:
    if place.course_id is not None:
        return place.course_id
    return new_courses[place.record_number]


def _open_alerts(connection: Connection, newest: int) -> None:
    """Open the alert of every form after ``newest`` whose item 9 is 1 or more."""
    positive = select(
        assessment.c.id, literal(ITEM_9), literal(now_stamp(), alert.c.opened_at.type)
    ).where(assessment.c.id > newest, assessment.c.item_9 > 0)
    connection.execute(
        insert(alert).from_select(["assessment_id", "kind", "opened_at"], positive)
    )


def _derive(connection: Connection, course_ids: set[int]) -> None:
    if len(course_ids) > MOST_COURSES_ONE_BY_ONE:
        rebuild_course_scores(connection)
        return
    for course_id in sorted(course_ids):
        refresh_course_scores(connection, course_id)


def _chunks(rows: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    some: list[dict[str, Any]] = []
    for row in rows:
        some.append(row)
        if len(some) == ROWS_AT_ONCE:
            yield some
            some = []
    if some:
        yield some
