"""Tables to frames, with the columns that the analysis asks for."""

from collections.abc import Sequence
from functools import cache

import numpy as np
import pandas as pd
from sqlalchemy import (
    Connection,
    Select,
    Subquery,
    and_,
    bindparam,
    case,
    func,
    select,
)

from data.actors import Right, require
from data.course_scores import NEVER_DAY, progress_select, scores_select
from data.moments import MINUTES_PER_DAY, today
from data.scope import check_course, within_reach
from data.tables import (
    alert,
    assessment,
    course,
    course_progress,
    course_scores,
    infusion,
    patient,
)
from measures.days import day_number
from measures.registry import TIMEPOINTS
from measures.timepoints import DAY_1, END_OF_INDUCTION, INFUSION_K


NOT_RECORDED = "not recorded"


def courses_frame(
    connection: Connection,
    *,
    measure: str,
    recall_window: str,
    timepoint: str,
    as_of_day: int | None = None,
) -> pd.DataFrame:
    """Return every started course with baseline and score at one time point.

    Parameters
    ----------
    connection
        Where to read.
    measure, recall_window, timepoint
        Codes; scores of other recall windows are not looked at.
    as_of_day
        Only what had happened by the end of this day. None: everything recorded,
        from the stored scores.

    Returns
    -------
    pandas.DataFrame
        The columns of ``analysis.columns.COURSES``; a course without any form of this
        measure and window has no baseline. A course has no score at the end of
        induction before that window is over: another infusion may still follow.
    """
    require(connection, Right.READ_OUTCOMES)
    asked = {
        "measure": measure,
        "recall_window": recall_window,
        "timepoint": timepoint,
        "as_of_day": as_of_day,
    }
    found = read_frame(connection, _courses_select(as_of_day is not None), asked)
    if timepoint == END_OF_INDUCTION.code:
        day = day_number(today()) if as_of_day is None else as_of_day
        found.loc[found["due_day"] > day, ["score_day", "total"]] = None
    return found


def courses_by_infusion_frame(
    connection: Connection,
    *,
    measure: str,
    recall_window: str,
    as_of_day: int | None = None,
) -> pd.DataFrame:
    """Return a row per started course and numbered infusion, with the score after it.

    Returns
    -------
    pandas.DataFrame
        The columns of ``analysis.columns.COURSES_BY_INFUSION``. Courses without any
        form of this measure and window have no rows.
    """
    require(connection, Right.READ_OUTCOMES)
    asked = {"measure": measure, "recall_window": recall_window, "as_of_day": as_of_day}
    frame = read_frame(connection, _by_infusion_select(as_of_day is not None), asked)
    numbers = {
        t.code: t.infusion for t in TIMEPOINTS.values() if t.anchor == INFUSION_K
    }
    return frame.assign(infusion=frame["timepoint"].map(numbers)).drop(
        columns="timepoint"
    )


def scores_after_frame(
    connection: Connection,
    *,
    measure: str,
    recall_window: str,
    as_of_day: int | None = None,
) -> pd.DataFrame:
    """Return every complete score after infusion 1 of its course.

    Returns
    -------
    pandas.DataFrame
        The columns of ``analysis.columns.SCORES_AFTER``.
    """
    require(connection, Right.READ_OUTCOMES)
    day = (
        assessment.c.completed_minute + assessment.c.completed_offset
    ) // MINUTES_PER_DAY
    progress = _started()
    query = (
        select(assessment.c.course_id, day.label("day"), assessment.c.total)
        .join_from(assessment, progress, progress.c.course_id == assessment.c.course_id)
        .where(
            assessment.c.state == "current",
            assessment.c.total.is_not(None),
            assessment.c.measure == measure,
            assessment.c.recall_window == recall_window,
            assessment.c.completed_minute > progress.c.first_minute,
            day <= (NEVER_DAY if as_of_day is None else as_of_day),
        )
    )
    return read_frame(connection, query)


def _started() -> Subquery:
    return (
        select(
            infusion.c.course_id,
            func.min(infusion.c.started_minute).label("first_minute"),
        )
        .where(infusion.c.state == "current")
        .group_by(infusion.c.course_id)
        .subquery("started")
    )


def caseload_frame(connection: Connection) -> pd.DataFrame:
    """Return one row per patient: who, the latest course, infusions, open alerts.

    Returns
    -------
    pandas.DataFrame
        Columns ``patient_id``, ``record_number``, ``given_name``, ``family_name``,
        ``birth_date``, ``course_id``, ``indication``, ``clinician``, ``closed_day``,
        ``infusions``, ``induction_infusions``, ``last_day`` (of the last infusion) and
        ``open_alerts``; missing where there is none.
    """
    latest = (
        select(course.c.patient_id, func.max(course.c.number).label("number"))
        .group_by(course.c.patient_id)
        .subquery("latest")
    )
    alerts = (
        select(course.c.patient_id, func.count().label("open_alerts"))
        .join_from(alert, assessment, assessment.c.id == alert.c.assessment_id)
        .join(course, course.c.id == assessment.c.course_id)
        .where(alert.c.closed_at.is_(None))
        .group_by(course.c.patient_id)
        .subquery("alerts")
    )
    query = (
        select(
            patient.c.id.label("patient_id"),
            patient.c.record_number,
            patient.c.given_name,
            patient.c.family_name,
            patient.c.birth_date,
            course.c.id.label("course_id"),
            course.c.indication,
            course.c.clinician,
            course.c.closed_day,
            course_progress.c.infusions,
            course_progress.c.induction_infusions,
            course_progress.c.last_day,
            func.coalesce(alerts.c.open_alerts, 0).label("open_alerts"),
        )
        .outerjoin_from(patient, latest, latest.c.patient_id == patient.c.id)
        .outerjoin(
            course,
            and_(
                course.c.patient_id == patient.c.id, course.c.number == latest.c.number
            ),
        )
        .outerjoin(course_progress, course_progress.c.course_id == course.c.id)
        .outerjoin(alerts, alerts.c.patient_id == patient.c.id)
        .where(within_reach(connection, Right.READ_RECORDS))
        .order_by(patient.c.family_name, patient.c.given_name, patient.c.record_number)
    )
    return read_frame(connection, query, converts=True)


def latest_course_scores_frame(connection: Connection) -> pd.DataFrame:
    """Return every current form of each patient's latest course, the earliest first.

    Returns
    -------
    pandas.DataFrame
        Columns ``patient_id``, ``course_id``, ``measure``, ``recall_window``, ``day``,
        ``total`` (missing when incomplete), ``item_9`` (missing when unanswered, not
        asked or not received) and ``before_start`` (1 where the form was completed
        before infusion 1, or else 0).
    """
    latest = (
        select(course.c.patient_id, func.max(course.c.number).label("number"))
        .group_by(course.c.patient_id)
        .subquery("latest")
    )
    started = _started()
    day = (
        assessment.c.completed_minute + assessment.c.completed_offset
    ) // MINUTES_PER_DAY
    query = (
        select(
            course.c.patient_id,
            course.c.id.label("course_id"),
            assessment.c.measure,
            assessment.c.recall_window,
            day.label("day"),
            assessment.c.total,
            assessment.c.item_9,
            case(
                (assessment.c.completed_minute <= started.c.first_minute, 1), else_=0
            ).label("before_start"),
        )
        .join_from(course, assessment, assessment.c.course_id == course.c.id)
        .outerjoin(started, started.c.course_id == course.c.id)
        .join(
            latest,
            and_(
                latest.c.patient_id == course.c.patient_id,
                latest.c.number == course.c.number,
            ),
        )
        .join(patient, patient.c.id == course.c.patient_id)
        .where(
            assessment.c.state == "current",
            within_reach(connection, Right.READ_RECORDS),
        )
        .order_by(course.c.patient_id, assessment.c.completed_minute)
    )
    return read_frame(connection, query)


def baselines_frame(connection: Connection) -> pd.DataFrame:
    """Return the baseline of every started course within reach, measure and window.

    Returns
    -------
    pandas.DataFrame
        Columns ``course_id``, ``measure``, ``recall_window``, ``baseline_id``,
        ``baseline`` and ``baseline_day``.
    """
    query = select(
        course_scores.c.course_id,
        course_scores.c.measure,
        course_scores.c.recall_window,
        course_scores.c.baseline_id,
        course_scores.c.baseline,
        course_scores.c.baseline_day,
    )
    query = (
        query.join(course, course.c.id == course_scores.c.course_id)
        .join(patient, patient.c.id == course.c.patient_id)
        .where(
            course_scores.c.timepoint == DAY_1.code,
            course_scores.c.baseline_id.is_not(None),
            within_reach(connection, Right.READ_RECORDS),
        )
    )
    return read_frame(connection, query)


def baseline_ids(connection: Connection, course_id: int) -> dict[tuple[str, str], int]:
    """Return the baseline assessment's id by measure and recall window."""
    check_course(connection, Right.READ_RECORDS, course_id)
    rows = connection.execute(_BASELINE_IDS, {"course_id": course_id})
    return {(measure, window): baseline_id for measure, window, baseline_id in rows}


def induction_infusions(connection: Connection, course_id: int) -> int:
    """Return how many infusions of a course are in its induction."""
    check_course(connection, Right.READ_RECORDS, course_id)
    return connection.scalar(_INDUCTION, {"course_id": course_id}) or 0


# Put together once: every page of a patient asks them.
_BASELINE_IDS = (
    select(
        course_scores.c.measure,
        course_scores.c.recall_window,
        course_scores.c.baseline_id,
    )
    .where(
        course_scores.c.course_id == bindparam("course_id"),
        course_scores.c.baseline_id.is_not(None),
    )
    .distinct()
)
_INDUCTION = select(course_progress.c.induction_infusions).where(
    course_progress.c.course_id == bindparam("course_id")
)


@cache
def _courses_select(as_of: bool) -> Select:
    progress, scores = _sources(as_of)
    joined = and_(
        scores.c.course_id == progress.c.course_id,
        scores.c.measure == bindparam("measure"),
        scores.c.recall_window == bindparam("recall_window"),
        scores.c.timepoint == bindparam("timepoint"),
    )
    return _courses_query(progress, scores).select_from(
        progress.join(course, course.c.id == progress.c.course_id).outerjoin(
            scores, joined
        )
    )


@cache
def _by_infusion_select(as_of: bool) -> Select:
    progress, scores = _sources(as_of)
    return (
        _courses_query(progress, scores, scores.c.timepoint)
        .select_from(
            scores.join(progress, progress.c.course_id == scores.c.course_id).join(
                course, course.c.id == scores.c.course_id
            )
        )
        .where(
            scores.c.measure == bindparam("measure"),
            scores.c.recall_window == bindparam("recall_window"),
            scores.c.timepoint.like("after_infusion%"),
        )
    )


def _sources(as_of: bool) -> tuple[Subquery, Subquery]:
    """Return progress and scores: the stored tables, or derived for an earlier day."""
    if not as_of:
        return course_progress, course_scores
    return (
        progress_select(as_of=True).subquery("course_progress"),
        scores_select(as_of=True).subquery("course_scores"),
    )


def _courses_query(progress: Subquery, scores: Subquery, *more: object) -> Select:
    span = progress.c.last_induction_day - progress.c.first_day
    return select(
        progress.c.course_id,
        course.c.patient_id,
        progress.c.first_day,
        func.coalesce(course.c.indication, NOT_RECORDED).label("indication"),
        func.coalesce(course.c.clinician, "").label("clinician"),
        progress.c.infusions,
        progress.c.induction_infusions,
        func.coalesce(span, 0).label("induction_days"),
        scores.c.baseline,
        scores.c.total,
        scores.c.score_day,
        scores.c.due_day,
        *more,
    )


def read_frame(
    connection: Connection,
    query: Select,
    asked: dict[str, object] | None = None,
    *,
    converts: bool = False,
) -> pd.DataFrame:
    """Return the rows of a query as a frame, for a function that has asked who may.

    Only where a column ``converts`` (a date) are the rows taken through SQLAlchemy;
    the driver's own tuples of numbers and text take half the time.
    """
    result = connection.execute(query, asked or {})
    names = list(result.keys())
    rows = result.all() if converts else result.cursor.fetchall()
    result.close()
    columns = zip(*rows, strict=True) if rows else ((),) * len(names)
    return pd.DataFrame(dict(zip(names, map(_column, columns), strict=True)))


def _column(values: Sequence[object]) -> np.ndarray | list[object]:
    """Return whole numbers as an array, with NaN where one is missing.

    Handing pandas typed numbers spares it from looking at each one.
    """
    present = next((value for value in values if value is not None), None)
    if not isinstance(present, int):
        return list(values)
    return np.array(values, dtype=float if None in values else np.int64)
