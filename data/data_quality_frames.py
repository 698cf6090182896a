"""What the quality of the record is told from: versions of forms, days of infusions."""

from functools import cache

import pandas as pd
from sqlalchemy import Connection, Select, case, func, select

from data.actors import Right, require
from data.frames import NOT_RECORDED, read_frame
from data.safety_frames import day_there, form_day, infusion_day
from data.tables import assessment, course, infusion


_IMPORT = "import"


def form_versions_frame(connection: Connection) -> pd.DataFrame:
    """Return every version of every form, corrected and withdrawn ones too.

    ``recorded_day`` is the calendar day where the form was completed.

    Returns
    -------
    pandas.DataFrame
        The columns of ``analysis.data_quality.FORM_VERSIONS``.
    """
    require(connection, Right.READ_OUTCOMES)
    return read_frame(connection, _versions_select())


def infusion_days_frame(connection: Connection) -> pd.DataFrame:
    """Return the day of every infusion that stands, with its course.

    Returns
    -------
    pandas.DataFrame
        The columns of ``analysis.data_quality.INFUSION_DAYS``.
    """
    require(connection, Right.READ_OUTCOMES)
    return read_frame(connection, _infusions_select())


@cache
def _versions_select() -> Select:
    recorded = day_there(assessment.c.recorded_at, assessment.c.completed_offset)

    def whether(condition: object, name: str) -> object:
        return case((condition, 1), else_=0).label(name)

    return (
        select(
            assessment.c.id.label("assessment_id"),
            assessment.c.course_id,
            course.c.patient_id,
            assessment.c.measure,
            form_day().label("day"),
            recorded.label("recorded_day"),
            assessment.c.state,
            assessment.c.corrects_id,
            whether(assessment.c.answers.is_not(None), "answers_received"),
            whether(assessment.c.total.is_not(None), "complete"),
            whether(assessment.c.source == _IMPORT, "imported"),
        )
        .join(course, course.c.id == assessment.c.course_id)
        .order_by(assessment.c.id)
    )


@cache
def _infusions_select() -> Select:
    return (
        select(
            infusion.c.id.label("infusion_id"),
            infusion.c.course_id,
            course.c.patient_id,
            infusion_day().label("day"),
            func.coalesce(course.c.indication, NOT_RECORDED).label("indication"),
        )
        .join(course, course.c.id == infusion.c.course_id)
        .where(infusion.c.state == "current")
        .order_by(infusion.c.id)
    )
