"""Quality measures of the practice for a period: counted, not worded."""

from dataclasses import dataclass

import pandas as pd

from analysis.quality import QualityResult, quality_rows, summarise
from measures.days import day_date
from measures.quality_measures import (
    QUALITY_MEASURES,
    FinishedCourseMeasure,
    FollowUpMeasure,
    Period,
    calendar_year,
)
from views.results.counts.recut import Practice


@dataclass(frozen=True, eq=False)
class Counted:
    """A quality measure of the practice, and the rows that it counts."""

    result: QualityResult
    rows: pd.DataFrame
    """As `analysis.quality.quality_rows` returns them."""


def quality(
    practice: Practice,
    measure: FollowUpMeasure | FinishedCourseMeasure,
    period: Period,
    *,
    confidence: float = 0.95,
) -> Counted:
    """Return a quality measure with the patients, or courses, that it looks at.

    Parameters
    ----------
    practice
        Its as-of day counts; which courses were chosen does not.
    measure
        From ``QUALITY_MEASURES``.
    period
        The measurement period.
    confidence
        Coverage of every interval, between 0 and 1.
    """
    asked = {"period": period, "as_of_day": practice.selection.as_of_day}
    rows = quality_rows(measure, **practice.quality_records(), **asked)
    return Counted(summarise(measure, rows, **asked, confidence=confidence), rows)


def quality_measures(practice: Practice, period: Period) -> dict[str, Counted]:
    """Return every quality measure by code."""
    return {
        code: quality(practice, measure, period)
        for code, measure in QUALITY_MEASURES.items()
    }


def years(practice: Practice) -> list[int]:
    """Return the calendar years with a form, the newest first; none without a form."""
    days = practice.quality_records()["forms"]["day"]
    if days.empty:
        return []
    first, last = (day_date(int(day)).year for day in (days.min(), days.max()))
    return list(range(last, first - 1, -1))


def usual_year(known: list[int], as_of_day: int) -> int:
    """Return the newest year that was over by a day, or the oldest known."""
    over = (year for year in known if calendar_year(year).last_day <= as_of_day)
    return next(over, known[-1])
