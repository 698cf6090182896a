"""Safety of the chosen courses: what is counted, and the records behind it.

Alerts are those of the whole practice, whatever was chosen: none is ever left out.
"""

from dataclasses import dataclass
from datetime import datetime, time, timedelta

import pandas as pd

from analysis.columns import conform
from analysis.months import Month
from analysis.occurrences import Occurrence
from analysis.safety import (
    ANSWERED,
    INFUSION_READINGS,
    ITEM_9_FORMS,
    WITHDRAWN,
    AlertFlow,
    Deterioration,
    Item9Answers,
    Item9Month,
    Resolution,
    adverse_events,
    alert_flow,
    blood_pressure_excursions,
    deterioration,
    dissociation_levels,
    item_9_answers,
    item_9_by_month,
    item_9_resolution,
)
from data import moments, safety_frames
from data.tables import ADVERSE_EVENTS, DISSOCIATION
from measures.blood_pressure import BLOOD_PRESSURE_RULES
from measures.criteria import Criterion
from measures.days import day_date
from measures.registry import MEASURES, default_criterion
from measures.timepoints import DEFAULT_TIMEPOINT
from views.results.counts.recut import Practice


@dataclass(frozen=True, eq=False)
class SafetyRecords:
    """The records that safety is told from, each read once."""

    item_9: pd.DataFrame
    """Forms with item 9 of the chosen courses, up to the as-of day."""
    alerts: pd.DataFrame
    """Every alert of the practice."""
    infusions: pd.DataFrame
    """Infusions of the chosen courses, up to the as-of day."""
    courses: pd.DataFrame
    """The chosen courses."""
    latest: pd.DataFrame
    """Their last complete score of the measure."""
    criterion: Criterion
    """Of a reliable change; read backwards, of getting worse."""
    recall_window: str
    item_9_elsewhere: int
    """Forms with item 9 of courses that were not chosen, or have no infusion yet."""
    infusions_elsewhere: int
    as_of_day: int
    as_of_second: int
    """The end of that day; today: now."""


@dataclass(frozen=True)
class Safety:
    """What is counted of the records."""

    item_9: Item9Answers
    item_9_months: tuple[Item9Month, ...]
    resolution: Resolution
    alerts: AlertFlow
    infusions: int
    adverse_events: tuple[Occurrence, ...]
    dissociation: tuple[Occurrence, ...]
    blood_pressure: tuple[Occurrence, ...]
    """By rule, in the order of ``measures.blood_pressure``."""
    deterioration: Deterioration
    item_9_elsewhere: int
    infusions_elsewhere: int


def safety_records(
    practice: Practice, measure: str, *, recall_window: str | None = None
) -> SafetyRecords:
    """Read what safety is told from.

    Parameters
    ----------
    practice
        The chosen courses.
    measure
        Code; who got worse is told by its latest score.
    recall_window
        Code; None for the measure's own.
    """
    window = recall_window or MEASURES[measure].default_recall_window.code
    as_of_day = practice.selection.as_of_day
    courses = practice.courses(measure, DEFAULT_TIMEPOINT.code, window)
    connection = practice.connection
    # Typed once: every count would do so again, which takes most of its time.
    forms = conform(safety_frames.item_9_frame(connection), ITEM_9_FORMS)
    readings = safety_frames.infusion_readings_frame(connection)
    infusions = _until(conform(readings, INFUSION_READINGS), as_of_day)
    forms = _until(forms, as_of_day)
    latest = safety_frames.latest_scores_frame(
        connection, measure=measure, recall_window=window, as_of_day=as_of_day
    )
    of_chosen = _of(forms, courses)
    infusions_of_chosen = _of(infusions, courses)
    return SafetyRecords(
        item_9=of_chosen,
        alerts=safety_frames.alerts_frame(connection),
        infusions=infusions_of_chosen,
        courses=courses,
        latest=_of(latest, courses),
        criterion=default_criterion(measure, "change"),
        recall_window=window,
        item_9_elsewhere=len(forms) - len(of_chosen),
        infusions_elsewhere=len(infusions) - len(infusions_of_chosen),
        as_of_day=as_of_day,
        as_of_second=_end_of(as_of_day),
    )


def safety(records: SafetyRecords, *, confidence: float = 0.95) -> Safety:
    """Count the records.

    Parameters
    ----------
    records
        From `safety_records`.
    confidence
        Coverage of every interval, between 0 and 1.
    """
    asked = {"as_of_day": records.as_of_day, "confidence": confidence}
    given = records.infusions
    sure = {"confidence": confidence}
    return Safety(
        item_9=item_9_answers(records.item_9, **asked),
        item_9_months=item_9_by_month(records.item_9, **asked),
        resolution=item_9_resolution(records.item_9, **asked),
        alerts=alert_flow(
            records.alerts,
            as_of_day=records.as_of_day,
            as_of_second=records.as_of_second,
        ),
        infusions=len(given),
        adverse_events=adverse_events(given, ADVERSE_EVENTS, **sure),
        dissociation=dissociation_levels(given, DISSOCIATION, **sure),
        blood_pressure=tuple(
            blood_pressure_excursions(given, rule, **sure)
            for rule in BLOOD_PRESSURE_RULES.values()
        ),
        deterioration=deterioration(
            records.courses, records.latest, records.criterion, **asked
        ),
        item_9_elsewhere=records.item_9_elsewhere,
        infusions_elsewhere=records.infusions_elsewhere,
    )


def alerts_in_month(alerts: pd.DataFrame, month: Month) -> dict[str, pd.DataFrame]:
    """Return the alerts behind a month of `alert_flow`, by the words for each number.

    Parameters
    ----------
    alerts
        As `analysis.safety.classify_alerts` returns them.
    month
        Of the flow.
    """
    counted = alerts[alerts["state"] != WITHDRAWN]
    answered = counted[counted["state"] == ANSWERED]
    begun = counted[counted["opened_day"] <= month.last_day]
    over = (begun["state"] == ANSWERED) & (begun["closed_day"] <= month.last_day)
    return {
        "Opened": counted[_within(counted["opened_day"], month)],
        "Answered": answered[_within(answered["closed_day"], month)],
        "Open at the end": begun[~over],
    }


def _within(days: pd.Series, month: Month) -> pd.Series:
    return days.between(month.first_day, month.last_day)


def _until(rows: pd.DataFrame, as_of_day: int) -> pd.DataFrame:
    return rows[rows["day"] <= as_of_day]


def _of(rows: pd.DataFrame, courses: pd.DataFrame) -> pd.DataFrame:
    return rows[rows["course_id"].isin(courses["course_id"])]


def _end_of(day: int) -> int:
    """Return the last second of a day at the practice, or the present one."""
    midnight = datetime.combine(day_date(day) + timedelta(days=1), time.min)
    last = int(moments.aware(midnight).timestamp()) - 1
    return min(last, int(moments.utc_now().timestamp()))
