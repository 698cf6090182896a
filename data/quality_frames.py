"""What quality measures are counted from: courses with whose they are, and totals."""

from functools import cache

import pandas as pd
from sqlalchemy import Connection, Select, bindparam, case, func, select

from data.actors import Right, require
from data.course_scores import NEVER_DAY
from data.frames import NOT_RECORDED, read_frame
from data.moments import MINUTES_PER_DAY, day_number
from data.tables import assessment, course, infusion, patient


COURSE_COLUMNS = (
    "course_id",
    "patient_id",
    "birth_day",
    "indication",
    "first_minute",
    "first_day",
    "infusions",
    "closed_day",
)


def quality_courses_frame(
    connection: Connection, *, as_of_day: int | None = None
) -> pd.DataFrame:
    """Return every course, started or not, with what the record knows of its patient.

    Parameters
    ----------
    connection
        Where to read.
    as_of_day
        Only infusions given, and courses closed, by the end of this day. None:
        everything recorded.

    Returns
    -------
    pandas.DataFrame
        Columns ``course_id``, ``patient_id``, ``birth_day``, ``indication``,
        ``first_minute`` and ``first_day`` of infusion 1, ``infusions`` and
        ``closed_day``; missing where there is none. Why a course was closed is in
        the practice's own words, so a death is not among them.
    """
    require(connection, Right.READ_OUTCOMES)
    rows = connection.execute(_courses_select(), {"as_of_day": _or_never(as_of_day)})
    found = pd.DataFrame(
        [
            (course_id, whose, born and day_number(born), *rest)
            for course_id, whose, born, *rest in rows
        ],
        columns=COURSE_COLUMNS,
    )
    return found.astype(
        dict.fromkeys(("birth_day", "first_minute", "first_day", "closed_day"), float)
    )


def quality_forms_frame(
    connection: Connection,
    *,
    measure: str,
    recall_window: str,
    as_of_day: int | None = None,
) -> pd.DataFrame:
    """Return every current form with a total, in the order of completion.

    Parameters
    ----------
    connection
        Where to read.
    measure, recall_window
        Codes; forms of other recall windows are not looked at.
    as_of_day
        Only forms completed by the end of this day. None: every one.

    Returns
    -------
    pandas.DataFrame
        Columns ``form_id``, ``course_id``, ``minute``, ``day`` and ``total``, complete
        or stated; a form with an unanswered item has none and is not here.
    """
    require(connection, Right.READ_OUTCOMES)
    asked = {
        "measure": measure,
        "recall_window": recall_window,
        "as_of_day": _or_never(as_of_day),
    }
    return read_frame(connection, _forms_select(), asked)


def _or_never(as_of_day: int | None) -> int:
    return NEVER_DAY if as_of_day is None else as_of_day


@cache
def _courses_select() -> Select:
    day = (infusion.c.started_minute + infusion.c.started_offset) // MINUTES_PER_DAY
    given = (
        select(
            infusion.c.course_id,
            func.min(infusion.c.started_minute).label("first_minute"),
            func.min(day).label("first_day"),
            func.count().label("infusions"),
        )
        .where(infusion.c.state == "current", day <= bindparam("as_of_day"))
        .group_by(infusion.c.course_id)
        .subquery("given")
    )
    closed = case((course.c.closed_day <= bindparam("as_of_day"), course.c.closed_day))
    return (
        select(
            course.c.id,
            course.c.patient_id,
            patient.c.birth_date,
            func.coalesce(course.c.indication, NOT_RECORDED),
            given.c.first_minute,
            given.c.first_day,
            func.coalesce(given.c.infusions, 0),
            closed,
        )
        .join_from(course, patient, patient.c.id == course.c.patient_id)
        .outerjoin(given, given.c.course_id == course.c.id)
        .order_by(course.c.id)
    )


@cache
def _forms_select() -> Select:
    day = (
        assessment.c.completed_minute + assessment.c.completed_offset
    ) // MINUTES_PER_DAY
    return (
        select(
            assessment.c.id.label("form_id"),
            assessment.c.course_id,
            assessment.c.completed_minute.label("minute"),
            day.label("day"),
            assessment.c.total,
        )
        .where(
            assessment.c.state == "current",
            assessment.c.total.is_not(None),
            assessment.c.measure == bindparam("measure"),
            assessment.c.recall_window == bindparam("recall_window"),
            day <= bindparam("as_of_day"),
        )
        .order_by(assessment.c.completed_minute, assessment.c.id)
    )
