"""Outcomes at a glance, from what is recorded: its numbers and the courses in them."""

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from analysis.glance import (
    IMPROVED,
    OFF_PROTOCOL,
    ON_PROTOCOL,
    REMITTED,
    RESPONDED,
    STILL_IN_INDUCTION,
    WORSE,
    Glance,
    Quarter,
    at_a_glance,
    by_quarter,
    courses_at_a_glance,
)
from analysis.outcomes import MEASURED, MISSING, NO_BASELINE, NOT_DUE, NOT_ELIGIBLE
from measures.criteria import Criterion
from views.results.counts.recut import Practice, courses_behind


Chosen = pd.Series
"""True for each course that is in a number."""


@dataclass(frozen=True)
class Counted:
    """A number of a glance: how it is told, and which courses are in it."""

    code: str
    count: Callable[[Glance], int]
    courses: Callable[[pd.DataFrame], Chosen]
    """Of rows of `courses_of`."""


def glance(
    practice: Practice,
    measure: str,
    timepoint: str,
    *,
    recall_window: str,
    confidence: float = 0.95,
) -> tuple[Glance, ...]:
    """Return all chosen courses together, and those of each indication.

    Parameters
    ----------
    practice
        The chosen courses.
    measure, timepoint, recall_window
        Codes.
    confidence
        Coverage of every interval, between 0 and 1.
    """
    return at_a_glance(
        practice.courses(measure, timepoint, recall_window),
        measure=measure,
        timepoint=timepoint,
        recall_window=recall_window,
        eligible_at_least=practice.selection.lowest_baseline(measure),
        as_of_day=practice.selection.as_of_day,
        confidence=confidence,
    )


def courses_of(practice: Practice, glance: Glance) -> pd.DataFrame:
    """Return the courses that a glance counts, as `analysis.glance` classifies them."""
    courses = practice.courses(glance.measure, glance.timepoint, glance.recall_window)
    rows = courses_at_a_glance(
        courses,
        measure=glance.measure,
        eligible_at_least=glance.eligible_at_least,
        as_of_day=glance.as_of_day,
    )
    if glance.indication is not None:
        rows = rows[rows["indication"] == glance.indication]
    return rows.sort_values(["first_day", "course_id"])


def quarters(
    practice: Practice,
    criterion: Criterion,
    timepoint: str,
    *,
    recall_window: str,
    confidence: float = 0.95,
) -> tuple[Quarter, ...]:
    """Return the rate of the chosen courses by the quarter of their infusion 1."""
    measure = criterion.measure
    return by_quarter(
        practice.courses(measure, timepoint, recall_window),
        criterion,
        timepoint=timepoint,
        recall_window=recall_window,
        eligible_at_least=practice.selection.lowest_baseline(measure),
        as_of_day=practice.selection.as_of_day,
        confidence=confidence,
    )


def courses_of_rate(
    practice: Practice,
    criterion: Criterion,
    timepoint: str,
    *,
    recall_window: str,
    quarter: Quarter | None = None,
) -> pd.DataFrame:
    """Return the courses behind a rate with the ``state`` of each.

    Parameters
    ----------
    practice, criterion, timepoint, recall_window
        As of the rate.
    quarter
        Only the courses that started in it; None for every one.
    """
    rows = courses_behind(practice, criterion, timepoint, recall_window=recall_window)
    if quarter is not None:
        rows = rows[rows["first_day"].between(quarter.first_day, quarter.last_day)]
    return rows.sort_values(["first_day", "course_id"])


def _in_state(*states: str) -> Callable[[pd.DataFrame], Chosen]:
    return lambda rows: rows["state"].isin(states)


def _in_protocol(state: str) -> Callable[[pd.DataFrame], Chosen]:
    return lambda rows: rows["protocol"] == state


def _with_result(name: str) -> Callable[[pd.DataFrame], Chosen]:
    return lambda rows: rows[name]


def _no_room(rows: pd.DataFrame) -> Chosen:
    return (rows["state"] == MEASURED) & ~rows["room_to_worsen"]


def on_protocol(glance: Glance) -> int:
    """Return how many courses kept to the protocol."""
    return glance.on_protocol.events if glance.on_protocol else 0


def off_protocol(glance: Glance) -> int:
    """Return how many courses did not keep to it, and no longer can."""
    return glance.on_protocol.n - glance.on_protocol.events if glance.on_protocol else 0


NUMBERS = (
    Counted("started", lambda g: g.started, lambda rows: rows["course_id"].notna()),
    Counted("on_protocol", on_protocol, _in_protocol(ON_PROTOCOL)),
    Counted("off_protocol", off_protocol, _in_protocol(OFF_PROTOCOL)),
    Counted(
        "still_in_induction",
        lambda g: g.still_in_induction,
        _in_protocol(STILL_IN_INDUCTION),
    ),
    Counted("no_baseline", lambda g: g.no_baseline, _in_state(NO_BASELINE)),
    Counted("not_eligible", lambda g: g.not_eligible, _in_state(NOT_ELIGIBLE)),
    Counted("eligible", lambda g: g.eligible, _in_state(NOT_DUE, MISSING, MEASURED)),
    Counted("not_due", lambda g: g.not_due, _in_state(NOT_DUE)),
    Counted("due", lambda g: g.due, _in_state(MEASURED, MISSING)),
    Counted("missing", lambda g: g.missing, _in_state(MISSING)),
    Counted("measured", lambda g: g.measured, _in_state(MEASURED)),
    Counted("responded", lambda g: g.responded.events, _with_result(RESPONDED)),
    Counted("remitted", lambda g: g.remitted.events, _with_result(REMITTED)),
    Counted("improved", lambda g: g.improved.events, _with_result(IMPROVED)),
    Counted("worse", lambda g: g.worse.events, _with_result(WORSE)),
    Counted("no_room_to_worsen", lambda g: g.no_room_to_worsen, _no_room),
)
"""Every number of a glance, in the order in which courses come through."""
