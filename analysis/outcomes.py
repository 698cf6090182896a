"""How many courses met a criterion at a time point, and how sure that is."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.columns import COURSES, conform
from analysis.proportions import Proportion, wilson_proportion
from measures.criteria import Criterion


NO_BASELINE = "no baseline"
NOT_ELIGIBLE = "not eligible"
NOT_DUE = "not due"
MISSING = "missing"
EVENT = "event"
NO_EVENT = "no event"
MEASURED = "measured"

STATES = (NO_BASELINE, NOT_ELIGIBLE, NOT_DUE, MISSING, EVENT, NO_EVENT)


@dataclass(frozen=True)
class Coverage:
    """What was asked of the courses, who was due, and who was measured."""

    started: int
    no_baseline: int
    eligible: int
    not_due: int
    due: int
    measured: int
    completeness: Proportion | None
    """Measured among all who were due; None when nobody was."""
    timepoint: str
    measure: str
    recall_window: str
    eligible_at_least: int
    as_of_day: int

    @property
    def not_eligible(self) -> int:
        """Courses whose baseline is known and too low."""
        return self.started - self.no_baseline - self.eligible

    @property
    def missing(self) -> int:
        """Courses that were due and not measured."""
        return self.due - self.measured


@dataclass(frozen=True)
class OutcomeRate(Coverage):
    """Courses that met a criterion at a time point; never one number alone."""

    criterion: str
    events: int
    observed: Proportion | None
    """Events among the measured; None when nobody was."""
    nonresponse: Proportion | None
    """Events among all who were due, the missing counted as no event."""
    bounds: tuple[float, float] | None
    """Share of all who were due, had every missing course failed, or met it."""
    early: int = 0
    """Of the measured, those whose window is still open; like them and not measured,
    a course would not be due yet."""


def outcome_rate(
    courses: pd.DataFrame,
    criterion: Criterion,
    *,
    timepoint: str,
    eligible_at_least: int,
    as_of_day: int,
    recall_window: str = "",
    confidence: float = 0.95,
) -> OutcomeRate:
    """Return how many courses met the criterion, of those measured and of those due.

    Parameters
    ----------
    courses
        One row per course; columns `analysis.columns.COURSES`, cut at ``timepoint``
        on the criterion's measure. Courses that started after ``as_of_day`` are left
        out. One course per patient is the caller's choice: see
        `one_course_per_patient`.
    criterion
        The rule that makes an event.
    timepoint, recall_window
        Codes of what the frame holds; they are handed on in the result.
    eligible_at_least
        Lowest baseline that counts, in points.
    as_of_day
        The day on which the question is asked; later scores are not seen.
    confidence
        Coverage of the intervals, between 0 and 1.

    Returns
    -------
    OutcomeRate
        Counts, and fractions between 0 and 1; None where there is nobody to divide
        by.

    Raises
    ------
    ValueError
        If the frame does not hold what ``COURSES`` asks for.
    """
    classified = classify(
        courses, criterion, eligible_at_least=eligible_at_least, as_of_day=as_of_day
    )
    states = classified["state"]
    coverage = coverage_of(
        states,
        confidence=confidence,
        timepoint=timepoint,
        measure=criterion.measure,
        recall_window=recall_window,
        eligible_at_least=eligible_at_least,
        as_of_day=as_of_day,
    )
    return rate_of(
        coverage,
        criterion,
        events=int((states == EVENT).sum()),
        early=measured_early(classified, as_of_day),
        confidence=confidence,
    )


def rate_of(
    coverage: Coverage,
    criterion: Criterion,
    *,
    events: int,
    early: int,
    confidence: float,
) -> OutcomeRate:
    """Return the rate of courses that were counted already.

    Parameters
    ----------
    coverage
        Of the courses.
    criterion
        The rule that makes an event.
    events, early
        Of the measured, who met it, and whose window is still open.
    confidence
        Coverage of the intervals, between 0 and 1.
    """
    return OutcomeRate(
        **vars(coverage),
        criterion=criterion.code,
        events=events,
        observed=_share(events, coverage.measured, confidence),
        nonresponse=_share(events, coverage.due, confidence),
        bounds=_bounds(events, coverage),
        early=early,
    )


def measured_early(classified: pd.DataFrame, as_of_day: int) -> int:
    """Return how many of classified courses are measured in a window still open."""
    measured = classified["state"].isin((MEASURED, EVENT, NO_EVENT))
    return int((measured & (classified["due_day"] > as_of_day)).sum())


def classify(
    courses: pd.DataFrame,
    criterion: Criterion | None = None,
    *,
    eligible_at_least: int,
    as_of_day: int,
) -> pd.DataFrame:
    """Return the courses started by the day, with the ``state`` that counts each.

    The courses behind any number of an `OutcomeRate` are the rows in that state.
    Without a criterion, those with a score are ``measured``.

    Parameters
    ----------
    courses
        One row per course; columns `analysis.columns.COURSES`.
    criterion, eligible_at_least, as_of_day
        As for `outcome_rate`.
    """
    started = conform(courses, COURSES)
    started = started[started["first_day"] <= as_of_day]
    baseline, total = started["baseline"], started["total"]
    measured = total.notna() & (started["score_day"] <= as_of_day)
    state = np.select(
        [
            baseline.isna(),
            baseline < eligible_at_least,
            measured,
            started["due_day"] <= as_of_day,
        ],
        [NO_BASELINE, NOT_ELIGIBLE, MEASURED, MISSING],
        default=NOT_DUE,
    )
    if criterion is not None:
        met = np.asarray(criterion.met(baseline, total), dtype=bool)
        outcome = np.where(met, EVENT, NO_EVENT)
        state = np.where(state == MEASURED, outcome, state)
    return started.assign(state=pd.Series(state, index=started.index, dtype="str"))


def one_course_per_patient(courses: pd.DataFrame) -> pd.DataFrame:
    """Return each patient's first started course; of two on one day, the lower id.

    "First" means first among the rows handed over: choose courses before this, not
    after, or a patient whose first course was not chosen drops out.

    Parameters
    ----------
    courses
        Columns ``course_id``, ``patient_id``, ``first_day``; one row per course, or
        one per course and infusion, of which all rows of the first course stay.
    """
    if courses["patient_id"].is_unique:
        return courses
    first = courses.sort_values(["first_day", "course_id"]).drop_duplicates(
        "patient_id"
    )
    return courses[courses["course_id"].isin(first["course_id"])]


def select_courses(
    courses: pd.DataFrame,
    *,
    indication: str | None = None,
    clinician: str | None = None,
    first_day_from: int | None = None,
    first_day_to: int | None = None,
) -> pd.DataFrame:
    """Return the courses that agree with every limit given.

    Parameters
    ----------
    courses
        Columns ``indication``, ``clinician``, ``first_day``.
    indication, clinician
        The exact value; an indication of "both" is one of its own.
    first_day_from, first_day_to
        Day numbers of infusion 1, both included.
    """
    chosen = pd.Series(True, index=courses.index)
    if indication is not None:
        chosen &= courses["indication"] == indication
    if clinician is not None:
        chosen &= courses["clinician"] == clinician
    if first_day_from is not None:
        chosen &= courses["first_day"] >= first_day_from
    if first_day_to is not None:
        chosen &= courses["first_day"] <= first_day_to
    return courses[chosen]


def coverage_of(states: pd.Series, *, confidence: float, **asked: object) -> Coverage:
    """Count the states of `classify` into who was eligible, due and measured."""
    counted = states.value_counts()
    count = {state: int(counted.get(state, 0)) for state in (*STATES, MEASURED)}
    measured = count[EVENT] + count[NO_EVENT] + count[MEASURED]
    due = measured + count[MISSING]
    return Coverage(
        started=len(states),
        no_baseline=count[NO_BASELINE],
        eligible=due + count[NOT_DUE],
        not_due=count[NOT_DUE],
        due=due,
        measured=measured,
        completeness=_share(measured, due, confidence),
        **asked,
    )


def _share(events: int, n: int, confidence: float) -> Proportion | None:
    return wilson_proportion(events, n, confidence) if n else None


def _bounds(events: int, coverage: Coverage) -> tuple[float, float] | None:
    if not coverage.due:
        return None
    return (
        events / coverage.due,
        (events + coverage.missing) / coverage.due,
    )
