"""What each infusion shows: responding now, and ever responded. Two curves."""

import pandas as pd

from analysis.columns import COURSES_BY_INFUSION, conform
from analysis.ever import INFUSIONS, EverCurve, eligible_courses, ever_curve
from analysis.outcomes import OutcomeRate, outcome_rate
from measures.criteria import Criterion
from measures.timepoints import after_infusion


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
