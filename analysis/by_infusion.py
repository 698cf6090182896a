"""What each infusion shows: responding now, and ever responded. Two curves."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.columns import COURSES_BY_INFUSION, conform
from analysis.ever import INFUSIONS, EverCurve, eligible_courses, ever_curve
from analysis.outcomes import (
    EVENT,
    MISSING,
    NO_EVENT,
    OutcomeRate,
    classify,
    outcome_rate,
)
from measures.criteria import Criterion
from measures.timepoints import after_infusion


GIVEN_MEASURED = "given, measured"
GIVEN_NOT_MEASURED = "given, not measured"
GIVEN_NOT_DUE = "given, not yet due"
STOPPED_BEFORE = "stopped before"
STILL_TO_COME = "still to come"

ATTENDANCE = (
    GIVEN_MEASURED,
    GIVEN_NOT_MEASURED,
    GIVEN_NOT_DUE,
    STOPPED_BEFORE,
    STILL_TO_COME,
)
"""Of each eligible course and infusion number; a course is in one at each number."""


@dataclass(frozen=True)
class Attendance:
    """How far the eligible courses had come at one infusion number."""

    number: int
    measured: int
    not_measured: int
    """Given that infusion, due after it, and no score."""
    not_due: int
    """Given that infusion, and a score may still come."""
    stopped: int
    """Not given it, and the induction was over before it."""
    to_come: int
    """Not given it, and may still be."""

    @property
    def given(self) -> int:
        """Courses that were given this infusion, in the induction or later."""
        return self.measured + self.not_measured + self.not_due

    @property
    def eligible(self) -> int:
        """Every course that is told of; the same at each number."""
        return self.given + self.stopped + self.to_come


def attendance_by_infusion(
    courses_by_infusion: pd.DataFrame,
    criterion: Criterion,
    *,
    eligible_at_least: int,
    as_of_day: int,
) -> tuple[Attendance, ...]:
    """Return how many went on, how many had stopped, and who was measured.

    Parameters
    ----------
    courses_by_infusion, criterion, eligible_at_least, as_of_day
        As for `responding_now_by_infusion`.
    """
    rows = courses_by_attendance(
        courses_by_infusion,
        criterion,
        eligible_at_least=eligible_at_least,
        as_of_day=as_of_day,
    )
    counts = pd.crosstab(rows["infusion"], rows["attendance"])
    counts = counts.reindex(columns=list(ATTENDANCE), fill_value=0)
    return tuple(
        Attendance(int(number), *map(int, row))
        for number, row in zip(counts.index, counts.to_numpy(), strict=True)
    )


def courses_by_attendance(
    courses_by_infusion: pd.DataFrame,
    criterion: Criterion,
    *,
    eligible_at_least: int,
    as_of_day: int,
) -> pd.DataFrame:
    """Return the eligible courses at each infusion number, and how far they had come.

    Parameters
    ----------
    courses_by_infusion, criterion, eligible_at_least, as_of_day
        As for `responding_now_by_infusion`.

    Returns
    -------
    pandas.DataFrame
        The columns of ``analysis.columns.COURSES_BY_INFUSION``; ``state`` after that
        infusion, as of `analysis.outcomes.classify`; and ``attendance``, one of
        `ATTENDANCE`.
    """
    courses = conform(courses_by_infusion, COURSES_BY_INFUSION)
    asked = {"eligible_at_least": eligible_at_least, "as_of_day": as_of_day}
    courses = eligible_courses(courses, **asked)
    rows = classify(courses.iloc[:0], criterion, **asked)
    if len(courses):
        at_each = (part for _, part in courses.groupby("infusion"))
        rows = pd.concat([classify(part, criterion, **asked) for part in at_each])
    given = rows["infusions"] >= rows["infusion"]
    measured = rows["state"].isin((EVENT, NO_EVENT))
    missing = rows["state"] == MISSING
    attendance = np.select(
        [measured, given & missing, given, missing],
        [GIVEN_MEASURED, GIVEN_NOT_MEASURED, GIVEN_NOT_DUE, STOPPED_BEFORE],
        default=STILL_TO_COME,
    )
    return rows.assign(attendance=pd.Series(attendance, index=rows.index, dtype="str"))


def responding_now_by_infusion(
    courses_by_infusion: pd.DataFrame,
    criterion: Criterion,
    *,
    eligible_at_least: int,
    as_of_day: int,
    recall_window: str = "",
    confidence: float = 0.95,
) -> dict[int, OutcomeRate]:
    """Return, for each infusion number, the rate among those measured after it.

    It can fall. Who was measured differs from one infusion to the next, and those
    who go on are not like those who stopped.

    Parameters
    ----------
    courses_by_infusion
        One row per course and infusion; columns
        `analysis.columns.COURSES_BY_INFUSION`.
    criterion, eligible_at_least, as_of_day, recall_window, confidence
        As for `analysis.outcomes.outcome_rate`.
    """
    courses = conform(courses_by_infusion, COURSES_BY_INFUSION)
    return {
        int(number): outcome_rate(
            rows,
            criterion,
            timepoint=after_infusion(int(number)).code,
            eligible_at_least=eligible_at_least,
            as_of_day=as_of_day,
            recall_window=recall_window,
            confidence=confidence,
        )
        for number, rows in courses.groupby("infusion")
    }


def ever_by_infusion(
    courses_by_infusion: pd.DataFrame,
    criterion: Criterion,
    *,
    eligible_at_least: int,
    as_of_day: int,
    recall_window: str = "",
    confidence: float = 0.95,
) -> EverCurve:
    """Return the share that met the criterion at least once, by infusion number.

    Kaplan-Meier with the infusion number as time: a course is at risk at infusion k
    if it had not met the criterion before and has a complete score after infusion k
    or later; it is censored after its last measured infusion. It can only rise.

    Parameters
    ----------
    courses_by_infusion
        One row per course and infusion; columns
        `analysis.columns.COURSES_BY_INFUSION`.
    criterion, eligible_at_least, as_of_day, recall_window, confidence
        As for `analysis.outcomes.outcome_rate`.

    Returns
    -------
    EverCurve
        A step for each infusion number up to the last one that anybody was measured
        after.
    """
    courses = conform(courses_by_infusion, COURSES_BY_INFUSION)
    started = eligible_courses(courses, eligible_at_least, as_of_day)
    known = started["total"].notna() & (started["score_day"] <= as_of_day)
    return ever_curve(
        started[known].rename(columns={"infusion": "time"}),
        criterion,
        timeline=sorted(started["infusion"].unique()),
        unit=INFUSIONS,
        eligible=started["course_id"].nunique(),
        recall_window=recall_window,
        eligible_at_least=eligible_at_least,
        as_of_day=as_of_day,
        confidence=confidence,
    )
