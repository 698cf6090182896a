"""Answers to frames: what was answered at baseline and at one time point."""

from functools import cache

import pandas as pd
from sqlalchemy import Connection, Select, bindparam, func, select

from data.actors import Right, require
from data.course_scores import scores_select
from data.tables import assessment, course_scores


_COLUMNS = ["course_id", "baseline_answers", "answers"]


def answers_frame(
    connection: Connection,
    *,
    measure: str,
    recall_window: str,
    timepoint: str,
    as_of_day: int | None = None,
) -> pd.DataFrame:
    """Return the answers behind the baseline and the score of every started course.

    They are of the very forms whose totals ``data.frames.courses_frame`` holds, asked
    the same way.

    Parameters
    ----------
    connection
        Where to read.
    measure, recall_window, timepoint
        Codes; forms of other recall windows are not looked at.
    as_of_day
        Only what had happened by the end of this day. None: everything recorded,
        from the stored scores.

    Returns
    -------
    pandas.DataFrame
        The columns of ``analysis.change_shape.ANSWERS``: a digit for each item, ``-``
        where it was not answered; empty where there is no form, or only its total.
        Courses without any form of this measure and window have no rows.
    """
    require(connection, Right.READ_OUTCOMES)
    asked = {
        "measure": measure,
        "recall_window": recall_window,
        "timepoint": timepoint,
        "as_of_day": as_of_day,
    }
    result = connection.execute(_answers_select(as_of_day is not None), asked)
    return pd.DataFrame(result.all(), columns=_COLUMNS)


@cache
def _answers_select(as_of: bool) -> Select:
    scores = course_scores
    if as_of:
        scores = scores_select(as_of=True).subquery("course_scores")
    first = assessment.alias("first")
    latest = assessment.alias("latest")
    return (
        select(
            scores.c.course_id,
            func.coalesce(first.c.answers, "").label("baseline_answers"),
            func.coalesce(latest.c.answers, "").label("answers"),
        )
        .select_from(
            scores.outerjoin(first, first.c.id == scores.c.baseline_id).outerjoin(
                latest, latest.c.id == scores.c.assessment_id
            )
        )
        .where(
            scores.c.measure == bindparam("measure"),
            scores.c.recall_window == bindparam("recall_window"),
            scores.c.timepoint == bindparam("timepoint"),
        )
    )
