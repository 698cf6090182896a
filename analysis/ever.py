"""Having met a criterion at least once: it can only rise, and is not responding now."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from analysis.columns import COURSES, SCORES_AFTER, conform
from analysis.proportions import normal_quantile
from measures.criteria import Criterion


KAPLAN_MEIER = "Kaplan-Meier, log-log limits"
DAYS = "days"
INFUSIONS = "infusions"
SIX_WEEKS = 42


@dataclass(frozen=True)
class Step:
    """An estimate from one time on, until the next step."""

    time: float
    at_risk: int
    events: int
    estimate: float
    lower: float | None
    """None, as ``upper``, while the estimate is exactly 0 or 1."""
    upper: float | None


_ROUNDING = 1e-9
"""A product of shares that is exactly a half may come out a little above."""


@dataclass(frozen=True)
class ProductLimit:
    """Share still without the event, step by step."""

    steps: tuple[Step, ...]
    confidence: float
    method: str = KAPLAN_MEIER

    @property
    def median(self) -> float | None:
        """First time at which half or fewer are left; None if it is not reached."""
        return next((s.time for s in self.steps if s.estimate <= 0.5 + _ROUNDING), None)


@dataclass(frozen=True)
class EverCurve:
    """Share of courses that met the criterion at least once by each time.

    ``measured`` of the ``eligible`` had a score that could show it; the others are
    not in the estimate.
    """

    unit: str
    """``days`` since infusion 1, or ``infusions``."""
    eligible: int
    measured: int
    events: int
    steps: tuple[Step, ...]
    confidence: float
    method: str
    criterion: str
    measure: str
    recall_window: str
    eligible_at_least: int
    as_of_day: int

    def at(self, time: float) -> Step | None:
        """Return the step that holds at this time, or None before the first.

        Its own time says how far back the last look was.
        """
        return next((s for s in reversed(self.steps) if s.time <= time), None)


@dataclass(frozen=True)
class Reached:
    """When a share of the courses had met a criterion at least once."""

    share: float
    time: float | None
    """None, as ``lower`` and ``upper``, if it was not reached."""
    lower: float | None
    upper: float | None


def product_limit(
    durations: ArrayLike,
    event_observed: ArrayLike,
    *,
    timeline: ArrayLike = (),
    confidence: float = 0.95,
) -> ProductLimit:
    """Return the Kaplan-Meier estimate of the share still without the event.

    Not to be trusted where those who leave differ from those who stay: a course that
    stops because it does not help is censored as if it might yet have helped.

    Parameters
    ----------
    durations
        Shape (n,), 0 or more: time of the event, or of the last look without it.
    event_observed
        Shape (n,): true if the event was seen at that time, false if not.
    timeline
        Further times for which a step is wanted; without, the distinct durations.
    confidence
        Coverage of the limits at each time, between 0 and 1.

    Returns
    -------
    ProductLimit
        ``at_risk`` are those with a duration of at least the step's time. Limits are
        on the log-log scale, with Greenwood's variance.

    References
    ----------
    Kaplan & Meier 1958, J Am Stat Assoc 53:457-481. Limits: exponential Greenwood, as
    `scipy.stats.ecdf` and R's ``survfit(conf.type = "log-log")``.

    Examples
    --------
    >>> curve = product_limit([1, 2, 2, 3], [True, True, False, False])
    >>> [(step.time, step.at_risk, round(step.estimate, 2)) for step in curve.steps]
    [(1, 4, 0.75), (2, 3, 0.5), (3, 1, 0.5)]
    """
    times, observed = _durations(durations, event_observed)
    asked = np.asarray(timeline, dtype=times.dtype)
    asked = asked[asked <= times.max()] if times.size else times
    grid = np.union1d(times, asked)
    at_risk = times.size - np.searchsorted(np.sort(times), grid, side="left")
    events = _count_at(np.sort(times[observed]), grid)
    estimate = np.cumprod(1 - events / at_risk)
    lower, upper = _log_log_limits(estimate, events, at_risk, confidence)
    known = (column.tolist() for column in (grid, at_risk, events, estimate))
    rows = zip(*known, _or_none(lower), _or_none(upper), strict=True)
    return ProductLimit(tuple(Step(*row) for row in rows), confidence)


def ever_within(
    courses: pd.DataFrame,
    scores: pd.DataFrame,
    criterion: Criterion,
    *,
    eligible_at_least: int,
    as_of_day: int,
    days: int = SIX_WEEKS,
    recall_window: str = "",
    confidence: float = 0.95,
) -> EverCurve:
    """Return the share that met the criterion at least once, by days since infusion 1.

    Each course is followed to its first score that meets the criterion, or to its
    last complete score, up to ``days``.

    Parameters
    ----------
    courses
        One row per course; columns `analysis.columns.COURSES`, of any time point.
    scores
        Columns `analysis.columns.SCORES_AFTER`; scores of other courses are ignored.
    criterion, eligible_at_least, as_of_day, recall_window, confidence
        As for `analysis.outcomes.outcome_rate`.
    days
        How long to follow, in days, the last one included.
    """
    started = eligible_courses(conform(courses, COURSES), eligible_at_least, as_of_day)
    return ever_curve(
        scores_within(started, scores, as_of_day=as_of_day, days=days),
        criterion,
        unit=DAYS,
        eligible=len(started),
        recall_window=recall_window,
        eligible_at_least=eligible_at_least,
        as_of_day=as_of_day,
        confidence=confidence,
    )


def time_until(curve: EverCurve, share: float = 0.5) -> Reached:
    """Return when a share of the courses had met the criterion, with its interval.

    Parameters
    ----------
    curve
        Its limits at each time give the interval.
    share
        Between 0 and 1; a half for the median.

    References
    ----------
    Brookmeyer & Crowley 1982, Biometrics 38:29-41, with the log-log limits.
    """
    steps = curve.steps
    upper = (s.time for s in steps if s.upper is not None and s.upper >= share)
    lower = (s.time for s in steps if s.lower is not None and s.lower >= share)
    return Reached(
        share=share,
        time=next((s.time for s in steps if s.estimate >= share - _ROUNDING), None),
        lower=next(upper, None),
        upper=next(lower, None),
    )


def scores_within(
    started: pd.DataFrame, scores: pd.DataFrame, *, as_of_day: int, days: int
) -> pd.DataFrame:
    """Return the scores that `ever_within` follows, with the ``time`` of each.

    Parameters
    ----------
    started
        Eligible courses, columns `analysis.columns.COURSES`.
    scores, as_of_day, days
        As for `ever_within`.
    """
    seen = conform(scores, SCORES_AFTER)
    seen = seen.loc[seen["day"] <= as_of_day, ["course_id", "day", "total"]]
    seen = seen.merge(started[["course_id", "first_day", "baseline"]], on="course_id")
    seen = seen.assign(time=_days_since_infusion_1(seen))
    return seen[seen["total"].notna() & (seen["time"] <= days)]


def eligible_courses(
    courses: pd.DataFrame, eligible_at_least: int, as_of_day: int
) -> pd.DataFrame:
    """Return the rows of courses started by the day with a high enough baseline."""
    return courses[
        (courses["first_day"] <= as_of_day) & (courses["baseline"] >= eligible_at_least)
    ]


def ever_curve(
    measured: pd.DataFrame,
    criterion: Criterion,
    *,
    timeline: ArrayLike = (),
    confidence: float,
    **asked: object,
) -> EverCurve:
    """Return the curve of first times at which the criterion was met.

    Parameters
    ----------
    measured
        One row per complete score; columns ``course_id``, ``time`` (whole),
        ``baseline``, ``total``.
    criterion, timeline, confidence
        As for `ever_within` and `product_limit`.
    asked
        The remaining fields of `EverCurve`, handed on.
    """
    followed = first_times(measured, criterion)
    curve = product_limit(
        followed["time"], followed["met"], timeline=timeline, confidence=confidence
    )
    return EverCurve(
        measured=len(followed),
        events=int(followed["met"].sum()),
        steps=tuple(_complement(step) for step in curve.steps),
        confidence=curve.confidence,
        method=curve.method,
        criterion=criterion.code,
        measure=criterion.measure,
        **asked,
    )


def first_times(measured: pd.DataFrame, criterion: Criterion) -> pd.DataFrame:
    """Return when each course first met the criterion, or was last seen without.

    Parameters
    ----------
    measured, criterion
        As for `ever_curve`.

    Returns
    -------
    pandas.DataFrame
        Index ``course_id``; columns ``time``, ``met``.
    """
    met = np.asarray(criterion.met(measured["baseline"], measured["total"]), dtype=bool)
    last = measured.groupby("course_id")["time"].max()
    first = measured[met].groupby("course_id")["time"].min().reindex(last.index)
    time = first.fillna(last).astype("int64")
    return pd.DataFrame({"time": time, "met": first.notna()})


def _durations(
    durations: ArrayLike, event_observed: ArrayLike
) -> tuple[np.ndarray, np.ndarray]:
    times = np.asarray(durations)
    observed = np.asarray(event_observed).astype(bool)
    if times.shape != observed.shape or times.ndim != 1:
        raise ValueError(
            "durations and event_observed must have the same length; "
            f"got shapes {times.shape} and {observed.shape}."
        )
    wrong = ~(times >= 0)
    if wrong.any():
        raise ValueError(f"durations must be 0 or more; got {times[wrong][0]}.")
    return times, observed


def _count_at(ordered: np.ndarray, grid: np.ndarray) -> np.ndarray:
    up_to = np.searchsorted(ordered, grid, side="right")
    return up_to - np.searchsorted(ordered, grid, side="left")


def _log_log_limits(
    estimate: np.ndarray, events: np.ndarray, at_risk: np.ndarray, confidence: float
) -> tuple[np.ndarray, np.ndarray]:
    z = normal_quantile(confidence)
    # At an estimate of exactly 0 or 1 the formula divides by 0 and has no answer.
    with np.errstate(divide="ignore", invalid="ignore"):
        greenwood = np.cumsum(events / (at_risk * (at_risk - events)))
        width = z * np.sqrt(greenwood) / np.abs(np.log(estimate))
        lower, upper = estimate ** np.exp(width), estimate ** np.exp(-width)
    known = (estimate > 0) & (estimate < 1)
    return np.where(known, lower, np.nan), np.where(known, upper, np.nan)


def _or_none(values: np.ndarray) -> list[float | None]:
    return [None if np.isnan(value) else value for value in values.tolist()]


def _complement(step: Step) -> Step:
    lower = None if step.upper is None else 1 - step.upper
    upper = None if step.lower is None else 1 - step.lower
    return Step(step.time, step.at_risk, step.events, 1 - step.estimate, lower, upper)


def _days_since_infusion_1(scores: pd.DataFrame) -> pd.Series:
    days = scores["day"] - scores["first_day"]
    # A later score can have the calendar day before, in a time zone further west.
    early = days < -1
    if early.any():
        raise ValueError(
            f"SCORES_AFTER: course {scores.loc[early, 'course_id'].iloc[0]} has a "
            f"score {-days[early].iloc[0]} days before infusion 1; allowed: none."
        )
    return days.clip(lower=0)
