"""What became of courses after induction: their later scores, and their boosters."""

from dataclasses import dataclass
from functools import cache

import pandas as pd
from sqlalchemy import Connection, Select, Subquery, and_, bindparam, func, select

from data.actors import Right, require
from data.course_scores import NEVER_DAY, progress_select, scores_select
from data.frames import courses_frame, read_frame
from data.moments import MINUTES_PER_DAY
from data.tables import (
    assessment,
    course_progress,
    course_scores,
    infusion,
)
from measures.timepoints import END_OF_INDUCTION


@dataclass(frozen=True, eq=False)
class FollowUp:
    """Started courses, and what was recorded of them after induction."""

    courses: pd.DataFrame
    """Columns of ``analysis.columns.COURSES``, at the end of induction."""
    looks: pd.DataFrame
    """Columns of ``analysis.durability.LOOKS``."""
    boosters: pd.DataFrame
    """Columns of ``analysis.durability.BOOSTERS``."""


def follow_up_frames(
    connection: Connection,
    *,
    measure: str,
    recall_window: str,
    as_of_day: int | None = None,
) -> FollowUp:
    """Return every started course, its scores after induction, and its boosters.

    Parameters
    ----------
    connection
        Where to read.
    measure, recall_window
        Codes; scores of other recall windows are not looked at.
    as_of_day
        Only what had happened by the end of this day. None: everything recorded,
        from the stored scores.

    Returns
    -------
    FollowUp
        ``looks`` are the complete scores after the one that counts at the end of
        induction; a course without that one has none. ``boosters`` are the infusions
        after the last of induction, whatever measure was asked for.
    """
    require(connection, Right.READ_OUTCOMES)
    cut = {"measure": measure, "recall_window": recall_window}
    as_of = as_of_day is not None
    until = {"as_of_day": as_of_day if as_of else NEVER_DAY}
    courses = courses_frame(
        connection, **cut, timepoint=END_OF_INDUCTION.code, as_of_day=as_of_day
    )
    looks = read_frame(connection, _looks_select(as_of), cut | until)
    scored = courses.loc[courses["total"].notna(), "course_id"]
    return FollowUp(
        courses=courses,
        looks=looks[looks["course_id"].isin(scored)],
        boosters=read_frame(connection, _boosters_select(as_of), until),
    )


@cache
def _looks_select(as_of: bool) -> Select:
    scores: Subquery = (
        scores_select(as_of=True).subquery("course_scores") if as_of else course_scores
    )
    start = assessment.alias("start")
    day = (
        assessment.c.completed_minute + assessment.c.completed_offset
    ) // MINUTES_PER_DAY
    return (
        select(
            assessment.c.course_id,
            assessment.c.completed_minute.label("minute"),
            day.label("day"),
            assessment.c.total,
        )
        .join_from(scores, start, start.c.id == scores.c.assessment_id)
        .join(
            assessment,
            and_(
                assessment.c.course_id == scores.c.course_id,
                assessment.c.measure == scores.c.measure,
                assessment.c.recall_window == scores.c.recall_window,
                assessment.c.completed_minute > start.c.completed_minute,
            ),
        )
        .where(
            scores.c.timepoint == END_OF_INDUCTION.code,
            scores.c.measure == bindparam("measure"),
            scores.c.recall_window == bindparam("recall_window"),
            assessment.c.state == "current",
            assessment.c.total.is_not(None),
            day <= bindparam("as_of_day"),
        )
    )


@cache
def _boosters_select(as_of: bool) -> Select:
    progress: Subquery = (
        progress_select(as_of=True).subquery("course_progress")
        if as_of
        else course_progress
    )
    number = func.row_number().over(
        partition_by=infusion.c.course_id, order_by=infusion.c.started_minute
    )
    day = (infusion.c.started_minute + infusion.c.started_offset) // MINUTES_PER_DAY
    given = (
        select(
            infusion.c.course_id,
            infusion.c.started_minute.label("minute"),
            day.label("day"),
            number.label("number"),
        )
        .where(infusion.c.state == "current")
        .subquery("given")
    )
    return (
        select(given.c.course_id, given.c.minute, given.c.day)
        .join_from(given, progress, progress.c.course_id == given.c.course_id)
        .where(
            # Induction is the first infusions of a course: its rule never goes back.
            progress.c.induction_infusions > 0,
            given.c.number > progress.c.induction_infusions,
            given.c.day <= bindparam("as_of_day"),
        )
    )
