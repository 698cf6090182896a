"""What each infusion shows, from what is recorded, and the courses behind it."""

from dataclasses import dataclass

import pandas as pd

from analysis.by_infusion import (
    Attendance,
    attendance_by_infusion,
    courses_by_attendance,
)
from analysis.ever import (
    SIX_WEEKS,
    EverCurve,
    eligible_courses,
    ever_within,
    first_times,
    scores_within,
)
from analysis.outcomes import (
    EVENT,
    NO_EVENT,
    OutcomeRate,
    classify,
)
from measures.criteria import Criterion
from measures.timepoints import DEFAULT_TIMEPOINT
from views.results.counts.recut import Practice, now_and_ever


FOLLOWED_DAYS = SIX_WEEKS

MET = "met"
NOT_MET = "not met"
NOT_SEEN = "not seen"

EVER = (MET, NOT_MET, NOT_SEEN)
"""Whether an eligible course met a criterion on any form that was looked at."""


@dataclass(frozen=True)
class ByInfusion:
    """The eligible courses infusion by infusion, and by days since the first one."""

    now: dict[int, OutcomeRate]
    """By infusion number: of those measured after it."""
    ever: EverCurve
    """By infusion number: having met the criterion at least once."""
    attendance: tuple[Attendance, ...]
    days: EverCurve
    """The same as ``ever``, by days since infusion 1, up to `FOLLOWED_DAYS`."""


def by_infusion(
    practice: Practice,
    criterion: Criterion,
    *,
    recall_window: str | None = None,
    confidence: float = 0.95,
) -> ByInfusion:
    """Return what each infusion shows of the chosen courses.

    Parameters
    ----------
    practice, criterion
        Which courses, and what is to be met.
    recall_window
        Code; None for the measure's own.
    confidence
        Coverage of every interval, between 0 and 1.
    """
    measure = criterion.measure
    asked = _asked(practice, measure)
    now, ever = now_and_ever(
        practice, criterion, recall_window=recall_window, confidence=confidence
    )
    rows = practice.by_infusion(measure, recall_window)
    return ByInfusion(
        now=now,
        ever=ever,
        attendance=attendance_by_infusion(rows, criterion, **asked),
        days=ever_within(
            practice.courses(measure, DEFAULT_TIMEPOINT.code, recall_window),
            practice.scores_after(measure, recall_window),
            criterion,
            days=FOLLOWED_DAYS,
            recall_window=ever.recall_window,
            confidence=confidence,
            **asked,
        ),
    )


def courses_at(
    practice: Practice,
    criterion: Criterion,
    number: int,
    *,
    recall_window: str | None = None,
) -> pd.DataFrame:
    """Return the eligible courses at one infusion number, as the analysis has them."""
    rows = courses_by_attendance(
        practice.by_infusion(criterion.measure, recall_window),
        criterion,
        **_asked(practice, criterion.measure),
    )
    rows = rows[rows["infusion"] == number]
    return rows.sort_values(["first_day", "course_id"])


def courses_ever(
    practice: Practice, criterion: Criterion, *, recall_window: str | None = None
) -> pd.DataFrame:
    """Return the eligible courses, and whether each met the criterion on any form.

    Returns
    -------
    pandas.DataFrame
        Columns of ``analysis.columns.COURSES_BY_INFUSION`` at the first form that met
        the criterion, or else at the last form, or else at infusion 1; ``state``; and
        ``ever``, one of `EVER`.
    """
    rows = courses_by_attendance(
        practice.by_infusion(criterion.measure, recall_window),
        criterion,
        **_asked(practice, criterion.measure),
    )
    kinds = {EVENT: MET, NO_EVENT: NOT_MET}
    rows = rows.assign(ever=rows["state"].map(kinds).fillna(NOT_SEEN))
    order = rows["ever"].map(EVER.index)
    # The first that met it; without one, the last look.
    place = rows["infusion"].where(rows["ever"] == MET, -rows["infusion"])
    place = place.where(rows["ever"] != NOT_SEEN, rows["infusion"])
    rows = rows.assign(_order=order, _place=place)
    rows = rows.sort_values(["first_day", "course_id", "_order", "_place"])
    return rows.drop_duplicates("course_id").drop(columns=["_order", "_place"])


def courses_within(
    practice: Practice, criterion: Criterion, *, recall_window: str | None = None
) -> pd.DataFrame:
    """Return the eligible courses, and when each first met the criterion.

    Returns
    -------
    pandas.DataFrame
        Columns of ``analysis.columns.COURSES``; ``state``; ``time``, days from
        infusion 1 to the first form that met the criterion or else to the last one,
        missing without any; and ``ever``, one of `EVER`.
    """
    measure = criterion.measure
    asked = _asked(practice, measure)
    courses = practice.courses(measure, DEFAULT_TIMEPOINT.code, recall_window)
    started = classify(eligible_courses(courses, **asked), criterion, **asked)
    seen = scores_within(
        started,
        practice.scores_after(measure, recall_window),
        as_of_day=asked["as_of_day"],
        days=FOLLOWED_DAYS,
    )
    rows = started.join(first_times(seen, criterion), on="course_id")
    ever = rows["met"].map({True: MET, False: NOT_MET}).fillna(NOT_SEEN)
    return rows.assign(ever=ever).sort_values(["first_day", "course_id"])


def _asked(practice: Practice, measure: str) -> dict[str, int]:
    return {
        "eligible_at_least": practice.selection.lowest_baseline(measure),
        "as_of_day": practice.selection.as_of_day,
    }
