"""Outcomes at a glance: for each indication, who started and what became of them."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.columns import INDICATIONS
from analysis.outcomes import (
    EVENT,
    MEASURED,
    Coverage,
    OutcomeRate,
    classify,
    coverage_of,
    measured_early,
    rate_of,
)
from analysis.proportions import Proportion, wilson_proportion
from measures.criteria import Criterion
from measures.registry import MEASURES, default_criterion, usual_measures
from measures.timepoints import INDUCTION


ON_PROTOCOL = "on protocol"
OFF_PROTOCOL = "off protocol"
STILL_IN_INDUCTION = "still in induction"

PROTOCOL_STATES = (ON_PROTOCOL, OFF_PROTOCOL, STILL_IN_INDUCTION)

RESPONDED = "responded"
REMITTED = "remitted"
IMPROVED = "improved"
WORSE = "worse"

RESULTS = (RESPONDED, REMITTED, IMPROVED, WORSE)
"""What is told of the measured; each is a column of `courses_at_a_glance`."""

# Days, and so quarters, are counted from the start of this year.
EPOCH_YEAR = 1970
QUARTERS_PER_YEAR = 4
MONTHS_PER_QUARTER = 3


@dataclass(frozen=True)
class ReadBackwards(Criterion):
    """A rule on the points lost, met by as many points gained."""

    def met(self, baseline: object, total: object) -> object:
        """Return whether the total lies as far above the baseline."""
        return super().met(total, baseline)


def reliably_worse(measure: str) -> Criterion:
    """Return the default change criterion of a measure, read the other way."""
    change = default_criterion(measure, "change")
    return ReadBackwards(
        code=f"{change.code}_worse",
        measure=measure,
        kind=change.kind,
        name=f"{change.points} points higher",
        sentence=(
            f"The {MEASURES[measure].name} total is at least {change.points} points "
            "higher than at baseline."
        ),
        source=change.source,
        points=change.points,
        reason="As many points as count as reliably improved, the other way.",
    )


def glance_criteria(measure: str) -> dict[str, Criterion]:
    """Return the criterion of each of `RESULTS`: the measure's defaults."""
    return {
        RESPONDED: default_criterion(measure, "response"),
        REMITTED: default_criterion(measure, "remission"),
        IMPROVED: default_criterion(measure, "change"),
        WORSE: reliably_worse(measure),
    }


@dataclass(frozen=True)
class Glance(Coverage):
    """Courses of one indication: started, on protocol, measured, and what became."""

    indication: str | None
    """None: every course, whatever the indication."""
    usual: bool
    """Whether courses for this are usually followed by this measure."""
    on_protocol: Proportion | None
    """Of the started whose induction can no longer change it; None without any."""
    still_in_induction: int
    """Started, and may still be on protocol; in neither number of the share."""
    responded: OutcomeRate
    remitted: OutcomeRate
    improved: OutcomeRate
    worse: OutcomeRate
    no_room_to_worsen: int
    """Measured, from a baseline too high to rise by as many points as count."""


@dataclass(frozen=True)
class Quarter:
    """Courses that started in one calendar quarter."""

    year: int
    quarter: int
    """1 to 4."""
    first_day: int
    """Day number; as ``last_day``, which is included."""
    last_day: int
    ended: bool
    """Whether the quarter was over before the day it is asked on."""
    rate: OutcomeRate

    @property
    def complete(self) -> bool:
        """Whether it is over, and every eligible course of it was due.

        Until then more courses, or more scores, may still come.
        """
        return self.ended and self.rate.not_due == 0


def at_a_glance(
    courses: pd.DataFrame,
    *,
    measure: str,
    timepoint: str,
    eligible_at_least: int,
    as_of_day: int,
    recall_window: str = "",
    confidence: float = 0.95,
) -> tuple[Glance, ...]:
    """Return all courses together, and then those of each indication that has any.

    Each rate is counted by the measure's default criterion. The courses behind every
    number are rows of `courses_at_a_glance`, asked the same way.

    Parameters
    ----------
    courses
        One row per course; columns `analysis.columns.COURSES`, cut at ``timepoint``.
        One course per patient is the caller's choice.
    measure, timepoint, recall_window
        Codes of what the frame holds; they are handed on in the result.
    eligible_at_least, as_of_day, confidence
        As for `analysis.outcomes.outcome_rate`.
    """
    rows = courses_at_a_glance(
        courses,
        measure=measure,
        eligible_at_least=eligible_at_least,
        as_of_day=as_of_day,
    )
    asked = {
        "timepoint": timepoint,
        "recall_window": recall_window,
        "eligible_at_least": eligible_at_least,
        "as_of_day": as_of_day,
        "confidence": confidence,
    }
    return tuple(
        _glance(group, indication, measure, asked)
        for indication, group in _by_indication(rows)
    )


def courses_at_a_glance(
    courses: pd.DataFrame, *, measure: str, eligible_at_least: int, as_of_day: int
) -> pd.DataFrame:
    """Return the courses started by the day, and what `at_a_glance` counts of each.

    Parameters
    ----------
    courses, measure, eligible_at_least, as_of_day
        As for `at_a_glance`.

    Returns
    -------
    pandas.DataFrame
        The columns of ``analysis.columns.COURSES``; ``state``, of which ``measured``
        are those with a score; ``protocol``, one of `PROTOCOL_STATES`; a column of
        True and False for each of `RESULTS`, False unless measured; and
        ``room_to_worsen``, whether the measure reaches high enough above the baseline.
    """
    rows = classify(courses, eligible_at_least=eligible_at_least, as_of_day=as_of_day)
    measured = rows["state"] == MEASURED
    baseline, total = rows["baseline"], rows["total"]
    criteria = glance_criteria(measure)
    highest = MEASURES[measure].highest_total
    results = {
        name: measured & np.asarray(criterion.met(baseline, total), dtype=bool)
        for name, criterion in criteria.items()
    }
    return rows.assign(
        protocol=protocol_states(rows, as_of_day),
        **results,
        room_to_worsen=highest - baseline >= criteria[WORSE].points,
    )


def protocol_states(courses: pd.DataFrame, as_of_day: int) -> pd.Series:
    """Return whether each course's induction was the protocol's.

    On protocol: six induction infusions, the last at most 21 days after the first. A
    course with fewer may still be, while there are days left, no infusion was given
    after induction, and the last is no longer ago than a gap within induction. Whether
    such a course was closed is not known here.

    Parameters
    ----------
    courses
        Columns of ``analysis.columns.COURSES``.
    as_of_day
        The day on which the question is asked.
    """
    given, all_given = courses["induction_infusions"], courses["infusions"]
    days, since_first = courses["induction_days"], as_of_day - courses["first_day"]
    as_planned = (given == INDUCTION.protocol_infusions) & (
        days <= INDUCTION.protocol_days
    )
    going_on = (
        (given < INDUCTION.protocol_infusions)
        & (given == all_given)
        & (since_first < INDUCTION.protocol_days)
        & (since_first - days <= INDUCTION.maximum_gap_days)
    )
    states = np.select(
        [as_planned, going_on], [ON_PROTOCOL, STILL_IN_INDUCTION], default=OFF_PROTOCOL
    )
    return pd.Series(states, index=courses.index, dtype="str")


def by_quarter(
    courses: pd.DataFrame,
    criterion: Criterion,
    *,
    timepoint: str,
    eligible_at_least: int,
    as_of_day: int,
    recall_window: str = "",
    confidence: float = 0.95,
) -> tuple[Quarter, ...]:
    """Return a rate for each calendar quarter of infusion 1, the earliest first.

    From the quarter of the first course to that of the day it is asked on; a quarter
    in which none started is there, with nobody in it.

    Parameters
    ----------
    courses, criterion, timepoint, eligible_at_least, as_of_day, recall_window
        As for `analysis.outcomes.outcome_rate`.
    confidence
        Coverage of the intervals, between 0 and 1.
    """
    rows = classify(
        courses, criterion, eligible_at_least=eligible_at_least, as_of_day=as_of_day
    )
    if rows.empty:
        return ()
    numbers = _quarter_numbers(rows["first_day"].to_numpy())
    last = int(_quarter_numbers(np.array([as_of_day]))[0])
    by_number = dict(list(rows[["state", "due_day"]].groupby(numbers)))
    nobody = rows.iloc[:0]
    asked = {
        "timepoint": timepoint,
        "measure": criterion.measure,
        "recall_window": recall_window,
        "eligible_at_least": eligible_at_least,
        "as_of_day": as_of_day,
        "confidence": confidence,
    }
    return tuple(
        _quarter(number, by_number.get(number, nobody), criterion, asked)
        for number in range(int(numbers.min()), last + 1)
    )


def _quarter(
    number: int, rows: pd.DataFrame, criterion: Criterion, asked: dict[str, object]
) -> Quarter:
    coverage = coverage_of(rows["state"], **asked)
    first_day, after = _first_day(number), _first_day(number + 1)
    return Quarter(
        year=EPOCH_YEAR + number // QUARTERS_PER_YEAR,
        quarter=number % QUARTERS_PER_YEAR + 1,
        first_day=first_day,
        last_day=after - 1,
        ended=after <= coverage.as_of_day,
        rate=rate_of(
            coverage,
            criterion,
            events=int((rows["state"] == EVENT).sum()),
            early=measured_early(rows, coverage.as_of_day),
            confidence=asked["confidence"],
        ),
    )


def _quarter_numbers(days: np.ndarray) -> np.ndarray:
    """Return how many quarters lie between the start of 1970 and each day's."""
    months = days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    return months // MONTHS_PER_QUARTER


def _first_day(quarter: int) -> int:
    first = np.datetime64(MONTHS_PER_QUARTER * quarter, "M").astype("datetime64[D]")
    return int(first.astype(np.int64))


def _by_indication(rows: pd.DataFrame) -> Iterator[tuple[str | None, pd.DataFrame]]:
    yield None, rows
    for indication in INDICATIONS:
        group = rows[rows["indication"] == indication]
        if len(group):
            yield indication, group


def _glance(
    rows: pd.DataFrame, indication: str | None, measure: str, asked: dict[str, object]
) -> Glance:
    confidence = asked["confidence"]
    coverage = coverage_of(rows["state"], measure=measure, **asked)
    early = measured_early(rows, coverage.as_of_day)
    rates = {
        name: rate_of(
            coverage,
            criterion,
            events=int(rows[name].sum()),
            early=early,
            confidence=confidence,
        )
        for name, criterion in glance_criteria(measure).items()
    }
    on, off = (int((rows["protocol"] == p).sum()) for p in (ON_PROTOCOL, OFF_PROTOCOL))
    measured = rows["state"] == MEASURED
    return Glance(
        **vars(coverage),
        indication=indication,
        usual=indication is None or measure in usual_measures(indication),
        on_protocol=_share(on, on + off, confidence),
        still_in_induction=len(rows) - on - off,
        **rates,
        no_room_to_worsen=int((measured & ~rows["room_to_worsen"]).sum()),
    )


def _share(events: int, n: int, confidence: float) -> Proportion | None:
    return wilson_proportion(events, n, confidence) if n else None
