"""Planned rows to the tables, in bulk, in the caller's transaction."""

import secrets
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    func,
    insert,
    literal,
    not_,
    or_,
    select,
)

from data.alerts import ITEM_9
from data.course_scores import derive_course_scores, refresh_course_scores
from data.exchange.bulk import insert_many, stored
from data.exchange.chunks import chunks
from data.exchange.placing import Place, Plan
from data.exchange.rows import FormRow, InfusionRow, Row
from data.infusions import InfusionFacts
from data.moments import MINUTES_PER_DAY, to_minutes, utc_now
from data.records import now_stamp, recorder
from data.tables import alert, assessment, course, infusion, patient
from measures.registry import MEASURES


INFUSION_COLUMNS = (
    "course_id",
    "started_minute",
    "started_offset",
    "time_known",
    "phase",
    "dose_mg_per_kg",
    "dose_mg",
    "route",
    "minutes",
    "recorded_at",
    "recorded_by",
)
FORM_COLUMNS = (
    "course_id",
    "measure",
    "recall_window",
    "completed_minute",
    "completed_offset",
    "time_known",
    "answers",
    "answered",
    "total",
    "item_9",
    "difficulty",
    "source",
    "recorded_at",
    "recorded_by",
)

# A course refreshed alone takes two to four times its share of a rebuild of all.
REFRESH_COST = 3

# A left-out item 9 of an older form is no longer asked about: it is of another time.
ASK_WITHIN_DAYS = 90

SOURCE = "import"

Placed = list[tuple[int, Row]]
Values = tuple[Any, ...]


def write_plan(
    connection: Connection, plan: Plan, *, tell: Callable[[float], object]
) -> int:
    """Write what was planned, open the alerts, derive the scores.

    Parameters
    ----------
    connection
        The transaction of ``data.database.writing``; the caller keeps the audit.
    plan
        Without problems.
    tell
        Called with the share of the rows that is written.

    Returns
    -------
    int
        How many item-9 alerts were opened.
    """
    new_courses = _open_courses(connection, plan)
    newest = connection.scalar(select(func.max(assessment.c.id))) or 0
    placed = [(_course_id(place, new_courses), row) for place, row in plan.rows]
    recorded = (
        stored(connection, assessment, "recorded_at", now_stamp()),
        recorder(connection),
    )
    done = 0
    for table, names, rows in (
        (infusion, INFUSION_COLUMNS, _infusion_rows(placed, recorded)),
        (assessment, FORM_COLUMNS, _form_rows(placed, recorded)),
    ):
        for count in insert_many(connection, table, names, rows):
            done += count
            tell(done / len(placed))
    opened = _open_alerts(connection, newest)
    _derive(connection, {course_id for course_id, _ in placed})
    return opened


def _open_courses(connection: Connection, plan: Plan) -> dict[str, int]:
    """Add the new patients, open course 1 where there is none, and return the ids."""
    added = {"added_at": now_stamp(), "added_by": recorder(connection)}
    ids = {number: secrets.token_hex(8) for number in plan.new_patients}
    if ids:
        connection.execute(
            insert(patient),
            [
                {
                    "id": ids[number],
                    "site_id": plan.site_id,
                    "record_number": number,
                    **_identity(new),
                    **added,
                }
                for number, new in plan.new_patients.items()
            ],
        )
    ids |= plan.courses_to_open
    if not ids:
        return {}
    sites = _sites(connection, ids.values())
    rows = [
        {
            "patient_id": patient_id,
            "site_id": sites[patient_id],
            "number": 1,
            "opened_day": plan.first_days[number],
            "indication": getattr(plan.new_patients.get(number), "indication", None),
            "clinician": getattr(plan.new_patients.get(number), "clinician", None),
        }
        for number, patient_id in ids.items()
    ]
    statement = insert(course).returning(course.c.id, sort_by_parameter_order=True)
    return dict(zip(ids, connection.scalars(statement, rows), strict=True))


def _sites(connection: Connection, patient_ids: Iterable[str]) -> dict[str, int]:
    query = select(patient.c.id, patient.c.site_id)
    return {
        patient_id: site_id
        for some in chunks(patient_ids)
        for patient_id, site_id in connection.execute(
            query.where(patient.c.id.in_(some))
        )
    }


def _identity(new: Any) -> dict[str, Any]:
    names = ("given_name", "family_name", "birth_date", "sex")
    return {name: getattr(new, name) for name in names}


def _infusion_rows(placed: Placed, recorded: tuple[Any, ...]) -> Iterator[Values]:
    for course_id, row in placed:
        if isinstance(row, InfusionRow):
            yield (
                course_id,
                *row.moment,
                row.phase,
                row.dose_mg_per_kg,
                row.dose_mg,
                row.route or InfusionFacts.route,
                row.minutes,
                *recorded,
            )


def _form_rows(placed: Placed, recorded: tuple[Any, ...]) -> Iterator[Values]:
    for course_id, row in placed:
        if isinstance(row, FormRow):
            yield (
                course_id,
                row.measure,
                row.recall_window,
                *row.moment,
                row.answers,
                row.answered,
                row.total,
                row.item_9,
                row.difficulty,
                SOURCE,
                *recorded,
            )


def _course_id(place: Place, new_courses: dict[str, int]) -> int:
    if place.course_id is not None:
        return place.course_id
    return new_courses[place.record_number]


def _open_alerts(connection: Connection, newest: int) -> int:
    """Open the alerts of the forms after ``newest``, and return how many.

    Of every form whose item 9 is 1 or more. One that was left out is asked about only
    where there is still somebody to ask: on a form of the last months, without a later
    form on which the patient answered it.
    """
    to_alert = select(
        assessment.c.id, literal(ITEM_9), literal(now_stamp(), alert.c.opened_at.type)
    ).where(
        assessment.c.id > newest,
        or_(assessment.c.item_9 > 0, _left_out_lately()),
    )
    names = ["assessment_id", "kind", "opened_at"]
    connection.execute(insert(alert).from_select(names, to_alert))
    opened = select(func.count()).where(alert.c.assessment_id > newest)
    return connection.scalar(opened)


def _left_out_lately() -> ColumnElement[bool]:
    """Return the condition that item 9 was left out lately and not answered since."""
    asking = [code for code, m in MEASURES.items() if m.suicide_item is not None]
    since = to_minutes(utc_now())[0] - ASK_WITHIN_DAYS * MINUTES_PER_DAY
    later, its_course, own_course = (
        assessment.alias("later"),
        course.alias("course_later"),
        course.alias("course_own"),
    )
    answered_since = (
        select(later.c.id)
        .join_from(later, its_course, its_course.c.id == later.c.course_id)
        .join(own_course, own_course.c.patient_id == its_course.c.patient_id)
        .where(
            own_course.c.id == assessment.c.course_id,
            later.c.state == "current",
            later.c.item_9.is_not(None),
            later.c.completed_minute > assessment.c.completed_minute,
        )
        .correlate(assessment)
        .exists()
    )
    return and_(
        assessment.c.measure.in_(asking),
        assessment.c.answers.is_not(None),
        assessment.c.item_9.is_(None),
        assessment.c.completed_minute >= since,
        not_(answered_since),
    )


def _derive(connection: Connection, course_ids: set[int]) -> None:
    """Derive the scores of these courses, in the way that takes less."""
    everybody = connection.scalar(select(func.count()).select_from(course))
    if REFRESH_COST * len(course_ids) > everybody:
        derive_course_scores(connection)
        return
    for course_id in sorted(course_ids):
        refresh_course_scores(connection, course_id)
