"""Quality measures: who is in the denominator, who met the rule, and who was left out.

Every patient, or course where the measure counts courses, gets one state. The missing
stay in the denominator where the owner says so, which is all of them.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.columns import INDICATIONS, Column, FrameSpec, conform, empty
from analysis.proportions import Proportion, wilson_proportion
from measures.quality_measures import (
    EXCLUSIONS,
    FinishedCourseMeasure,
    FollowUpMeasure,
    Period,
    QualityMeasure,
    months_later,
)
from measures.registry import CRITERIA
from measures.timepoints import BASELINE


MET = "met"
NOT_MET = "not met"
MISSING = "missing"
OPEN = "window open"
EXCLUDED = "excluded"
TOO_YOUNG = "too young"
AGE_UNKNOWN = "age not recorded"
OTHER_INDICATION = "not for depression"
INDICATION_UNKNOWN = "indication not recorded"
NO_START = "no start score"
START_TOO_LOW = "start too low"

DENOMINATOR = (MET, NOT_MET, MISSING)
APART = (
    OPEN,
    TOO_YOUNG,
    AGE_UNKNOWN,
    OTHER_INDICATION,
    INDICATION_UNKNOWN,
    NO_START,
    START_TOO_LOW,
)
STATES = (*DENOMINATOR, EXCLUDED, *APART)

MONTHS_PER_YEAR = 12

QUALITY_COURSES = FrameSpec(
    "QUALITY_COURSES",
    (
        Column("course_id", "int64"),
        Column("patient_id", "str"),
        Column("birth_day", "float64"),
        Column("indication", "str", allowed=INDICATIONS),
        Column("first_minute", "float64"),
        Column("first_day", "float64"),
        Column("infusions", "int64", lowest=0),
        Column("closed_day", "float64"),
    ),
    one_row_per=("course_id",),
)
"""Every course, started or not.

``first_minute`` and ``first_day`` of infusion 1, missing before it; ``birth_day`` and
``closed_day`` missing where there is none.
"""

QUALITY_FORMS = FrameSpec(
    "QUALITY_FORMS",
    (
        Column("form_id", "int64"),
        Column("course_id", "int64"),
        Column("minute", "int64"),
        Column("day", "int64"),
        Column("total", "int64", lowest=0),
    ),
    one_row_per=("form_id",),
)
"""Every form with a total, complete or stated, of one measure and recall window.

``minute`` puts the forms of a day in order.
"""

QUALITY_EXCLUSIONS = FrameSpec(
    "QUALITY_EXCLUSIONS",
    (
        Column("patient_id", "str"),
        Column("code", "str", allowed=tuple(EXCLUSIONS)),
        Column("day", "float64"),
    ),
)
"""What the practice said of patients: codes of ``EXCLUSIONS``.

``day`` is the first on which it was so; missing where that is not known, and then it
excludes.
"""

_ROW = (
    "course_id",
    "patient_id",
    "index_id",
    "index_day",
    "index_total",
    "opens_day",
    "closes_day",
    "follow_up_id",
    "follow_up_day",
    "follow_up_total",
)
"""Columns of a row, before its ``state`` and ``reason``; the index of a finished
course is its start."""


@dataclass(frozen=True)
class Group:
    """The rows of one state; where patients are counted, each patient once."""

    state: str
    patient_ids: tuple[str, ...]
    course_ids: tuple[int, ...]
    """The course of each patient's index form, or each course that is counted."""
    reason: str = ""
    """Code of the exclusion."""

    @property
    def n(self) -> int:
        """How many are in it."""
        return len(self.course_ids)


@dataclass(frozen=True)
class QualityResult:
    """A quality measure of the practice: counts with the patients behind each."""

    measure: str
    version: str
    unit: str
    period: Period
    index_period: Period
    """Days on which the index may fall, or the course be closed."""
    as_of_day: int
    in_effect: bool | None
    """Whether this version is the one for this period; None where that was not
    read."""
    provisional: bool
    """Whether more may still enter, or a window is still open."""
    denominator: Group
    numerator: Group
    missing: Group
    """In the denominator, without a follow-up."""
    excluded: tuple[Group, ...]
    """By reason, in the order of the definition."""
    apart: tuple[Group, ...]
    """In neither the denominator nor the exclusions, by state; none is empty."""
    rate: Proportion | None
    """As the owner counts: the missing did not meet the rule. None if nobody is in
    the denominator."""
    followed_up: Proportion | None
    """Those with a follow-up, of the denominator."""
    observed: Proportion | None
    """The rate among those with a follow-up alone: not the owner's."""
    bounds: tuple[float, float] | None
    """The rate, had every missing one failed, or met the rule."""


def quality_rows(
    measure: FollowUpMeasure | FinishedCourseMeasure,
    courses: pd.DataFrame,
    forms: pd.DataFrame,
    *,
    period: Period,
    as_of_day: int,
    exclusions: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Return a row per patient, or course, that the measure looks at, with its state.

    Parameters
    ----------
    measure
        The definition.
    courses, forms
        Columns `QUALITY_COURSES` and `QUALITY_FORMS`; forms of the definition's
        instrument. Courses of every indication, and forms of every course.
    period
        The measurement period.
    as_of_day
        The day on which the question is asked; what came later is not seen.
    exclusions
        Columns `QUALITY_EXCLUSIONS`; None where nothing was asked. Codes that this
        measure does not exclude for change nothing.

    Returns
    -------
    pandas.DataFrame
        Columns ``course_id``, ``patient_id``, ``index_id``, ``index_day``,
        ``index_total``, ``opens_day``, ``closes_day``, ``follow_up_id``,
        ``follow_up_day``, ``follow_up_total``, ``state`` and ``reason``; ordered by
        patient and course.
    """
    known = conform(courses, QUALITY_COURSES)
    seen = conform(forms, QUALITY_FORMS)
    seen = seen[seen["day"] <= as_of_day].sort_values(["minute", "form_id"])
    if isinstance(measure, FollowUpMeasure):
        said = empty(QUALITY_EXCLUSIONS) if exclusions is None else exclusions
        rows = _followed(
            measure,
            known,
            seen,
            period=period,
            as_of_day=as_of_day,
            exclusions=conform(said, QUALITY_EXCLUSIONS),
        )
    else:
        rows = _finished(measure, known, seen, period=period, as_of_day=as_of_day)
    rows = rows.sort_values(["patient_id", "course_id"], ignore_index=True)
    return rows[[*_ROW, "state", "reason"]]


def summarise(
    measure: FollowUpMeasure | FinishedCourseMeasure,
    rows: pd.DataFrame,
    *,
    period: Period,
    as_of_day: int,
    confidence: float = 0.95,
) -> QualityResult:
    """Return the counts and rates of the rows that `quality_rows` gave.

    Parameters
    ----------
    measure, period, as_of_day
        As for `quality_rows`.
    rows
        What it returned.
    confidence
        Coverage of the intervals, between 0 and 1.

    Returns
    -------
    QualityResult
        Counts with ids, and fractions between 0 and 1.
    """
    group = {state: _group(rows, state) for state in STATES}
    denominator = _group(rows, *DENOMINATOR)
    n, met, missing = denominator.n, group[MET].n, group[MISSING].n
    index_period = _index_period(measure, period)
    return QualityResult(
        measure=measure.code,
        version=measure.version,
        unit=measure.unit,
        period=period,
        index_period=index_period,
        as_of_day=as_of_day,
        in_effect=_in_effect(measure, period),
        provisional=group[OPEN].n > 0 or as_of_day <= index_period.last_day,
        denominator=denominator,
        numerator=group[MET],
        missing=group[MISSING],
        excluded=_by_reason(measure, rows[rows["state"] == EXCLUDED]),
        apart=tuple(group[state] for state in APART if group[state].n),
        rate=_share(met, n, confidence),
        followed_up=_share(n - missing, n, confidence),
        observed=_share(met, n - missing, confidence),
        bounds=(met / n, (met + missing) / n) if n else None,
    )


def _followed(
    measure: FollowUpMeasure,
    courses: pd.DataFrame,
    forms: pd.DataFrame,
    *,
    period: Period,
    as_of_day: int,
    exclusions: pd.DataFrame,
) -> pd.DataFrame:
    whose = courses[["course_id", "patient_id", "birth_day", "indication"]]
    forms = forms.merge(whose, on="course_id")
    rows = _indexed(measure, forms, period)
    rows = rows.merge(_last_in_window(rows, forms), on="patient_id", how="left")
    reason = _reasons(measure, rows, exclusions)
    state = np.select(
        [
            rows["indication"] == "not recorded",
            ~rows["indication"].isin(measure.index.indications),
            rows["birth_day"].isna(),
            _younger(rows, measure.index.age_at_least),
            reason != "",
            rows["closes_day"] >= as_of_day,
        ],
        [
            INDICATION_UNKNOWN,
            OTHER_INDICATION,
            AGE_UNKNOWN,
            TOO_YOUNG,
            EXCLUDED,
            OPEN,
        ],
        default=_outcome(measure, rows),
    )
    return rows.assign(state=state, reason=np.where(state == EXCLUDED, reason, ""))


def _indexed(
    measure: FollowUpMeasure, forms: pd.DataFrame, period: Period
) -> pd.DataFrame:
    """Return each patient's index form, one for depression before any other."""
    asked = measure.index.days(period)
    high = forms[
        forms["day"].between(asked.first_day, asked.last_day)
        & (forms["total"] >= measure.index.at_least)
    ]
    other = ~high["indication"].isin(measure.index.indications)
    # The sort is stable: within both kinds the forms stay in order of time.
    index = high.assign(other=other).sort_values("other", kind="stable")
    index = index.drop_duplicates("patient_id").rename(
        columns={"form_id": "index_id", "day": "index_day", "total": "index_total"}
    )
    windows = {day: measure.window.days(day) for day in index["index_day"].unique()}
    return index.assign(
        opens_day=index["index_day"].map({d: w.first_day for d, w in windows.items()}),
        closes_day=index["index_day"].map({d: w.last_day for d, w in windows.items()}),
    ).drop(columns=["minute", "other"])


def _last_in_window(rows: pd.DataFrame, forms: pd.DataFrame) -> pd.DataFrame:
    """Return the last form of each patient in the window, whatever its course."""
    windows = rows[["patient_id", "opens_day", "closes_day"]]
    inside = forms.merge(windows, on="patient_id")
    inside = inside[inside["day"].between(inside["opens_day"], inside["closes_day"])]
    return _as_follow_up(inside.drop_duplicates("patient_id", keep="last"))[
        ["patient_id", "follow_up_id", "follow_up_day", "follow_up_total"]
    ]


def _as_follow_up(forms: pd.DataFrame) -> pd.DataFrame:
    return forms.rename(
        columns={
            "form_id": "follow_up_id",
            "day": "follow_up_day",
            "total": "follow_up_total",
        }
    )


def _younger(rows: pd.DataFrame, years: int) -> pd.Series:
    days = rows["birth_day"].dropna().unique()
    of_age = {day: months_later(int(day), MONTHS_PER_YEAR * years) for day in days}
    return rows["index_day"] < rows["birth_day"].map(of_age)


def _reasons(
    measure: FollowUpMeasure, rows: pd.DataFrame, exclusions: pd.DataFrame
) -> np.ndarray:
    """Return the code of the first exclusion of each row's patient, or nothing."""
    order = {condition.code: n for n, condition in enumerate(measure.exclusions)}
    said = exclusions[exclusions["code"].isin(order)]
    said = said.merge(rows[["patient_id", "closes_day"]], on="patient_id")
    said = said[~(said["day"] > said["closes_day"])]
    first = said.assign(order=said["code"].map(order)).sort_values("order")
    first = first.drop_duplicates("patient_id")
    code = dict(zip(first["patient_id"], first["code"], strict=True))
    reasons = [code.get(patient_id, "") for patient_id in rows["patient_id"]]
    return np.array(reasons, dtype=object)


def _outcome(
    measure: FollowUpMeasure | FinishedCourseMeasure, rows: pd.DataFrame
) -> np.ndarray:
    start, end = rows["index_total"], rows["follow_up_total"]
    met = end.notna().to_numpy()
    for code in measure.criteria:
        met = met & np.asarray(CRITERIA[code].met(start, end), dtype=bool)
    return np.select([end.isna(), met], [MISSING, MET], default=NOT_MET)


def _finished(
    measure: FinishedCourseMeasure,
    courses: pd.DataFrame,
    forms: pd.DataFrame,
    *,
    period: Period,
    as_of_day: int,
) -> pd.DataFrame:
    closed = courses["closed_day"]
    finished = courses[
        closed.between(period.first_day, min(period.last_day, as_of_day))
        & (courses["infusions"] >= measure.contacts_at_least)
    ]
    within = forms.merge(finished, on="course_id")
    before = within["minute"] <= within["first_minute"]
    recent = within["day"] >= within["first_day"] - BASELINE.at_most_days
    start = within[before & recent].rename(
        columns={"form_id": "index_id", "day": "index_day", "total": "index_total"}
    )
    end = _as_follow_up(within[~before & (within["day"] <= within["closed_day"])])
    rows = finished.assign(
        opens_day=finished["first_day"], closes_day=finished["closed_day"]
    )
    for forms_of, prefix in ((start, "index"), (end, "follow_up")):
        names = [f"{prefix}_id", f"{prefix}_day", f"{prefix}_total"]
        last = forms_of.drop_duplicates("course_id", keep="last")
        rows = rows.merge(last[["course_id", *names]], on="course_id", how="left")
    lowest = measure.start_at_least or 0
    state = np.select(
        [rows["index_total"].isna(), rows["index_total"] < lowest],
        [NO_START, START_TOO_LOW],
        default=_outcome(measure, rows),
    )
    return rows.assign(state=state, reason="")


def _index_period(
    measure: FollowUpMeasure | FinishedCourseMeasure, period: Period
) -> Period:
    if isinstance(measure, FollowUpMeasure):
        return measure.index.days(period)
    return period


def _in_effect(measure: QualityMeasure, period: Period) -> bool | None:
    version = measure.in_effect
    if version is None:
        return None
    return version == period


def _group(rows: pd.DataFrame, *states: str, reason: str = "") -> Group:
    chosen = rows[rows["state"].isin(states)]
    return Group(
        states[0] if len(states) == 1 else "denominator",
        tuple(chosen["patient_id"].tolist()),
        tuple(chosen["course_id"].tolist()),
        reason,
    )


def _by_reason(measure: QualityMeasure, excluded: pd.DataFrame) -> tuple[Group, ...]:
    groups = (
        _group(
            excluded[excluded["reason"] == condition.code],
            EXCLUDED,
            reason=condition.code,
        )
        for condition in measure.exclusions
    )
    return tuple(group for group in groups if group.n)


def _share(events: int, n: int, confidence: float) -> Proportion | None:
    return wilson_proportion(events, n, confidence) if n else None
