"""What safety is told from: answers to item 9, alerts, readings, latest scores."""

from functools import cache

import pandas as pd
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Select,
    bindparam,
    case,
    cast,
    extract,
    func,
    select,
)

from data.actors import Right, require
from data.alerts import ENTERED_BY_MISTAKE
from data.course_scores import NEVER_DAY
from data.frames import read_frame
from data.moments import MINUTES_PER_DAY
from data.tables import VITAL_COLUMNS, alert, assessment, course, infusion
from measures.registry import MEASURES


_SECONDS_PER_MINUTE = 60


def item_9_frame(connection: Connection) -> pd.DataFrame:
    """Return every form that stands of a measure with item 9.

    Returns
    -------
    pandas.DataFrame
        The columns of ``analysis.safety.ITEM_9_FORMS``.
    """
    require(connection, Right.READ_OUTCOMES)
    return read_frame(connection, _item_9_select())


def alerts_frame(connection: Connection) -> pd.DataFrame:
    """Return every alert, whatever became of it and of its form.

    Days are calendar days where the form was completed.

    Returns
    -------
    pandas.DataFrame
        The columns of ``analysis.safety.ALERTS``.
    """
    require(connection, Right.READ_OUTCOMES)
    return read_frame(connection, _alerts_select())


def infusion_readings_frame(connection: Connection) -> pd.DataFrame:
    """Return every infusion that stands with its readings and adverse events.

    Of an adverse event in words only that there is one: not the words.

    Returns
    -------
    pandas.DataFrame
        The columns of ``analysis.safety.INFUSION_READINGS``.
    """
    require(connection, Right.READ_OUTCOMES)
    return read_frame(connection, _readings_select())


def latest_scores_frame(
    connection: Connection,
    *,
    measure: str,
    recall_window: str,
    as_of_day: int | None = None,
) -> pd.DataFrame:
    """Return the last complete score after infusion 1 of every course that has one.

    Parameters
    ----------
    connection
        Where to read.
    measure, recall_window
        Codes; forms of other recall windows are not looked at.
    as_of_day
        Only what had happened by the end of this day. None: everything recorded.

    Returns
    -------
    pandas.DataFrame
        The columns of ``analysis.safety.LATEST_SCORES``.
    """
    require(connection, Right.READ_OUTCOMES)
    asked = {
        "measure": measure,
        "recall_window": recall_window,
        "as_of_day": NEVER_DAY if as_of_day is None else as_of_day,
    }
    return read_frame(connection, _latest_select(), asked)


def seconds(moment: ColumnElement) -> ColumnElement[int]:
    """Return the whole seconds since 1970 of a moment in UTC, on every database."""
    return cast(extract("epoch", moment), BigInteger)


def day_there(moment: ColumnElement, offset: ColumnElement) -> ColumnElement[int]:
    """Return the day number of a moment in UTC, so many minutes east of it."""
    return (seconds(moment) // _SECONDS_PER_MINUTE + offset) // MINUTES_PER_DAY


def form_day() -> ColumnElement[int]:
    """Return the calendar day on which a form was completed."""
    return (
        assessment.c.completed_minute + assessment.c.completed_offset
    ) // MINUTES_PER_DAY


def infusion_day() -> ColumnElement[int]:
    """Return the calendar day on which an infusion started."""
    return (infusion.c.started_minute + infusion.c.started_offset) // MINUTES_PER_DAY


@cache
def _item_9_select() -> Select:
    asked = [m.code for m in MEASURES.values() if m.suicide_item is not None]
    return (
        select(
            assessment.c.id.label("assessment_id"),
            assessment.c.course_id,
            course.c.patient_id,
            assessment.c.completed_minute.label("minute"),
            form_day().label("day"),
            assessment.c.item_9,
            case((assessment.c.answers.is_not(None), 1), else_=0).label(
                "answers_received"
            ),
        )
        .join(course, course.c.id == assessment.c.course_id)
        .where(assessment.c.state == "current", assessment.c.measure.in_(asked))
        .order_by(assessment.c.id)
    )


@cache
def _alerts_select() -> Select:
    offset = assessment.c.completed_offset
    return (
        select(
            alert.c.id.label("alert_id"),
            alert.c.assessment_id,
            assessment.c.course_id,
            course.c.patient_id,
            seconds(alert.c.opened_at).label("opened_second"),
            seconds(alert.c.seen_at).label("seen_second"),
            seconds(alert.c.closed_at).label("closed_second"),
            day_there(alert.c.opened_at, offset).label("opened_day"),
            day_there(alert.c.closed_at, offset).label("closed_day"),
            func.coalesce(alert.c.action, "").label("action"),
            case((alert.c.action == ENTERED_BY_MISTAKE, 1), else_=0).label(
                "by_mistake"
            ),
        )
        .join_from(alert, assessment, assessment.c.id == alert.c.assessment_id)
        .join(course, course.c.id == assessment.c.course_id)
        .order_by(alert.c.id)
    )


@cache
def _readings_select() -> Select:
    in_words = func.trim(func.coalesce(infusion.c.adverse_events, "")) != ""
    return (
        select(
            infusion.c.id.label("infusion_id"),
            infusion.c.course_id,
            course.c.patient_id,
            infusion_day().label("day"),
            *(infusion.c[name] for name in VITAL_COLUMNS),
            func.coalesce(infusion.c.dissociation, "").label("dissociation"),
            func.coalesce(infusion.c.adverse_event_codes, "").label(
                "adverse_event_codes"
            ),
            case((in_words, 1), else_=0).label("in_words"),
        )
        .join(course, course.c.id == infusion.c.course_id)
        .where(infusion.c.state == "current")
        .order_by(infusion.c.id)
    )


@cache
def _latest_select() -> Select:
    started = (
        select(
            infusion.c.course_id,
            func.min(infusion.c.started_minute).label("first_minute"),
        )
        .where(
            infusion.c.state == "current",
            infusion_day() <= bindparam("as_of_day"),
        )
        .group_by(infusion.c.course_id)
        .subquery("started")
    )
    of_course = {"partition_by": assessment.c.course_id}
    minute = assessment.c.completed_minute
    complete = case((assessment.c.total.is_not(None), minute))
    since = (
        select(
            assessment.c.course_id,
            assessment.c.id,
            form_day().label("day"),
            assessment.c.total,
            minute,
            func.max(complete).over(**of_course).label("last_complete"),
            func.max(minute).over(**of_course).label("last"),
        )
        .join_from(assessment, started, started.c.course_id == assessment.c.course_id)
        .where(
            assessment.c.state == "current",
            assessment.c.measure == bindparam("measure"),
            assessment.c.recall_window == bindparam("recall_window"),
            minute > started.c.first_minute,
            form_day() <= bindparam("as_of_day"),
        )
        .subquery("since")
    )
    return (
        select(
            since.c.course_id,
            since.c.id.label("assessment_id"),
            since.c.day,
            since.c.total,
            case((since.c.last > since.c.last_complete, 1), else_=0).label(
                "incomplete_since"
            ),
        )
        # One form at most: no two that stand are of the same minute.
        .where(since.c.completed_minute == since.c.last_complete)
        .order_by(since.c.course_id)
    )
