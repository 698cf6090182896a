"""Month after month: whether a number moves more than it does by itself.

XmR charts take each month's value as it is; p-charts know of how many courses a
month's share is. A rule that fires says that a month, or a row of them, is unusual
beside the others; not why, and not that anything was done well or badly.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.lib.stride_tricks import sliding_window_view

from analysis.columns import Column, FrameSpec, conform
from analysis.funnel import RATE, SHARES
from analysis.outcomes import MEASURED, NOT_DUE, STATES
from measures.definition import Source
from measures.sources import (
    NELSON_1984,
    SHEWHART_1931,
    WESTERN_ELECTRIC_1956,
    WHEELER_1992,
)


XMR = "XmR"
P_CHART = "p-chart"

MINIMUM_POINTS = 12
"""This project's own: with fewer, the limits are mostly chance themselves."""

EXPECTED_AT_LEAST = 5
"""This project's own: with fewer events, or courses without, expected in a month its
p-chart limits are rough, because they are those of the normal approximation."""

XMR_LIMIT = 2.66
"""Mean moving ranges from the mean to a limit: 3 / 1.128, rounded as in print."""

MOVING_RANGE_LIMIT = 3.268
"""Mean moving ranges up to the limit of a moving range."""

ABOVE = "above"
BELOW = "below"
RISING = "rising"
FALLING = "falling"


@dataclass(frozen=True)
class Rule:
    """A pattern that is rare while only chance is at work."""

    code: str
    name: str
    sentence: str
    source: Source


OUTSIDE = Rule(
    "outside", "Outside the limits", "A point lies outside the limits.", SHEWHART_1931
)
TWO_OF_THREE = Rule(
    "two_of_three",
    "Two of three near a limit",
    "Of three points in a row, two or three lie more than two thirds of the way from "
    "the centre to a limit, on the same side.",
    WESTERN_ELECTRIC_1956,
)
RUN_OF_EIGHT = Rule(
    "run_of_eight",
    "Eight in a row on one side",
    "Eight or more points in a row lie on the same side of the centre; a point on the "
    "centre ends the row.",
    WESTERN_ELECTRIC_1956,
)
TREND_OF_SIX = Rule(
    "trend_of_six",
    "Six in a row rising or falling",
    "Six or more points in a row each lie above the one before, or each below it.",
    NELSON_1984,
)
LARGE_STEP = Rule(
    "large_step",
    "A large step",
    "The step from the point before is larger than the limit of the moving ranges.",
    WHEELER_1992,
)

RULES = {
    XMR: (OUTSIDE, TWO_OF_THREE, RUN_OF_EIGHT, TREND_OF_SIX, LARGE_STEP),
    # Thirds of the limits mean something where a month's shares are spread evenly to
    # both sides; those of a few courses are not.
    P_CHART: (OUTSIDE, RUN_OF_EIGHT, TREND_OF_SIX),
}
"""The rules that each chart is asked."""


MONTH_COURSES = FrameSpec(
    "MONTH_COURSES",
    (
        Column("course_id", "int64"),
        Column("first_day", "int64"),
        Column("state", "str", allowed=(*STATES, MEASURED)),
    ),
    one_row_per=("course_id",),
)
"""Courses as `analysis.outcomes.classify` left them."""


@dataclass(frozen=True)
class TooFew:
    """Too few months with anybody to count, so there is no chart."""

    needed: int
    found: int


@dataclass(frozen=True)
class Month:
    """Courses by the calendar month of their infusion 1."""

    label: str
    """Such as ``2026-03``."""
    events: int
    n: int
    not_due: int
    """Eligible, unmeasured, and still with time: the month is not complete."""
    course_ids: tuple[int, ...] = ()
    """The courses of ``n``."""
    event_ids: tuple[int, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether no course of the month has time left."""
        return self.not_due == 0


@dataclass(frozen=True)
class Point:
    """One month on a chart."""

    label: str
    value: float
    lower: float | None
    """None where the limit lies beyond what a value can be."""
    upper: float | None
    moving_range: float | None = None
    """Distance from the point before; None on a p-chart and for the first point."""
    month: Month | None = None
    rough: bool = False
    """Whether too few are expected for the limits to be more than rough."""


@dataclass(frozen=True)
class Signal:
    """A rule that fired, and at which points."""

    rule: Rule
    side: str
    """``ABOVE``, ``BELOW``, ``RISING`` or ``FALLING``."""
    points: tuple[int, ...]
    """Positions of every point that takes part, from 0."""


@dataclass(frozen=True)
class ControlChart:
    """Points, the limits that chance leaves them, and what broke which rule."""

    kind: str
    centre: float
    """Mean of the points, or on a p-chart the share of all months together."""
    points: tuple[Point, ...]
    signals: tuple[Signal, ...]
    """Empty where no rule fired; in the order of ``rules``."""
    rules: tuple[Rule, ...]
    """Every rule that was asked."""
    mean_moving_range: float | None = None
    moving_range_limit: float | None = None
    without_courses: tuple[str, ...] = ()
    """Months between the first and the last in which nobody counts; not charted, and
    the points on either side are neighbours."""
    not_complete: tuple[str, ...] = ()
    """Months not charted because courses still have time."""


def monthly(courses: pd.DataFrame, *, counted: str = RATE) -> tuple[Month, ...]:
    """Return every calendar month from the first infusion 1 to the last.

    Parameters
    ----------
    courses
        One row per course; columns `MONTH_COURSES`.
    counted
        ``RATE``, events of the measured; ``COMPLETENESS``, measured of the due.
    """
    rows = conform(courses, MONTH_COURSES).sort_values("course_id")
    if rows.empty:
        return ()
    hits, base = SHARES[counted]
    days = rows["first_day"].to_numpy().astype("datetime64[D]")
    rows = rows.assign(
        month=days.astype("datetime64[M]").astype(np.int64),
        hit=rows["state"].isin(hits),
        counts=rows["state"].isin(base),
        waits=rows["state"] == NOT_DUE,
    )
    in_month = rows.groupby("month")
    counts = in_month[["hit", "counts", "waits"]].sum()
    found = {
        month: (
            rows.loc[rows["counts"], "course_id"],
            rows.loc[rows["hit"], "course_id"],
        )
        for month, rows in in_month
    }
    return tuple(
        _month(month, counts, found)
        for month in range(rows["month"].min(), rows["month"].max() + 1)
    )


def p_chart(months: Iterable[Month]) -> ControlChart | TooFew:
    """Return the monthly share with three-sigma limits for each month's own number.

    Parameters
    ----------
    months
        From `monthly`. Months without anybody, and months in which courses still
        have time, are left out and named.

    Returns
    -------
    ControlChart or TooFew
        Refused with fewer than `MINIMUM_POINTS` months left.

    References
    ----------
    Shewhart 1931: the pooled share p, and p plus and minus 3 * sqrt(p * (1 - p) / n).
    """
    charted, left_out = _chartable(months)
    if len(charted) < MINIMUM_POINTS:
        return TooFew(MINIMUM_POINTS, len(charted))
    events = np.array([month.events for month in charted])
    n = np.array([month.n for month in charted])
    centre = float(events.sum() / n.sum())
    sigma = np.sqrt(centre * (1 - centre) / n)
    points = tuple(
        Point(
            label=month.label,
            value=month.events / month.n,
            lower=_within(centre - 3 * spread),
            upper=_within(centre + 3 * spread),
            month=month,
            rough=month.n * min(centre, 1 - centre) < EXPECTED_AT_LEAST,
        )
        for month, spread in zip(charted, sigma.tolist(), strict=True)
    )
    values = np.array([point.value for point in points])
    return ControlChart(
        kind=P_CHART,
        centre=centre,
        points=points,
        signals=_signals(P_CHART, values, centre, sigma),
        rules=RULES[P_CHART],
        **left_out,
    )


def xmr_of_months(months: Iterable[Month]) -> ControlChart | TooFew:
    """Return the XmR chart of the monthly shares, each month counting the same.

    Parameters
    ----------
    months
        As for `p_chart`; also what it leaves out and when it refuses.
    """
    charted, left_out = _chartable(months)
    shares = [month.events / month.n for month in charted]
    labels = [month.label for month in charted]
    return xmr_chart(shares, labels, shares=True, months=charted, **left_out)


def xmr_chart(
    values: Sequence[float],
    labels: Sequence[str],
    *,
    shares: bool = False,
    months: Sequence[Month] = (),
    **left_out: tuple[str, ...],
) -> ControlChart | TooFew:
    """Return individual values with limits from their mean moving range.

    No moving range is left out of the mean, however large.

    Parameters
    ----------
    values
        Shape (points,), in order of time, none missing.
    labels
        One for each value.
    shares
        Whether values lie between 0 and 1; a limit beyond is then none.
    months
        The month behind each value, where there is one.
    left_out
        Handed on in the result.

    Returns
    -------
    ControlChart or TooFew
        Refused with fewer than `MINIMUM_POINTS` values.

    References
    ----------
    Wheeler and Chambers 1992: mean plus and minus 2.66 mean moving ranges.
    """
    if len(values) < MINIMUM_POINTS:
        return TooFew(MINIMUM_POINTS, len(values))
    numbers = np.asarray(values, dtype=float)
    if not np.isfinite(numbers).all():
        raise ValueError("values must be numbers, none missing.")
    ranges = np.abs(np.diff(numbers))
    centre, mean_range = float(numbers.mean()), float(ranges.mean())
    lower, upper = centre - XMR_LIMIT * mean_range, centre + XMR_LIMIT * mean_range
    if shares:
        lower, upper = _within(lower), _within(upper)
    steps = (None, *ranges.tolist())
    behind = months or (None,) * len(values)
    points = tuple(
        Point(label, value, lower, upper, moving_range=step, month=month)
        for label, value, step, month in zip(
            labels, numbers.tolist(), steps, behind, strict=True
        )
    )
    sigma = np.full(numbers.shape, XMR_LIMIT * mean_range / 3)
    return ControlChart(
        kind=XMR,
        centre=centre,
        points=points,
        signals=_signals(XMR, numbers, centre, sigma)
        + _large_steps(numbers, MOVING_RANGE_LIMIT * mean_range),
        rules=RULES[XMR],
        mean_moving_range=mean_range,
        moving_range_limit=MOVING_RANGE_LIMIT * mean_range,
        **left_out,
    )


def _month(month: int, counts: pd.DataFrame, found: dict) -> Month:
    label = str(np.datetime64(month, "M"))
    if month not in found:
        return Month(label, events=0, n=0, not_due=0)
    of_month, (courses, events) = counts.loc[month], found[month]
    return Month(
        label,
        events=int(of_month["hit"]),
        n=int(of_month["counts"]),
        not_due=int(of_month["waits"]),
        course_ids=tuple(courses.tolist()),
        event_ids=tuple(events.tolist()),
    )


def _chartable(
    months: Iterable[Month],
) -> tuple[list[Month], dict[str, tuple[str, ...]]]:
    months = list(months)
    charted = [month for month in months if month.complete and month.n]
    return charted, {
        "without_courses": tuple(m.label for m in months if m.complete and not m.n),
        "not_complete": tuple(m.label for m in months if not m.complete),
    }


def _within(limit: float) -> float | None:
    return limit if 0 < limit < 1 else None


def _signals(
    kind: str, values: np.ndarray, centre: float, sigma: np.ndarray
) -> tuple[Signal, ...]:
    from_centre = values - centre
    found = []
    for sign, side, direction in ((1, ABOVE, RISING), (-1, BELOW, FALLING)):
        distance = sign * from_centre
        found += [
            (OUTSIDE, side, _in_windows(distance > 3 * sigma, 1, 1)),
            (TWO_OF_THREE, side, _in_windows(distance > 2 * sigma, 3, 2)),
            (RUN_OF_EIGHT, side, _in_windows(distance > 0, 8, 8)),
            (TREND_OF_SIX, direction, _in_trend(sign * values, 6)),
        ]
    order = {rule: place for place, rule in enumerate(RULES[kind])}
    fired = [
        Signal(rule, side, _positions(points))
        for rule, side, points in found
        if rule in order and points.any()
    ]
    return tuple(sorted(fired, key=lambda signal: order[signal.rule]))


def _large_steps(values: np.ndarray, limit: float) -> tuple[Signal, ...]:
    steps = np.diff(values, prepend=values[0])
    found = ((RISING, steps > limit), (FALLING, -steps > limit))
    return tuple(
        Signal(LARGE_STEP, side, _positions(points))
        for side, points in found
        if points.any()
    )


def _in_windows(marked: np.ndarray, length: int, needed: int) -> np.ndarray:
    """Return the marked points that lie in a window with at least so many of them."""
    enough = sliding_window_view(marked, length).sum(axis=1) >= needed
    covered = np.convolve(enough, np.ones(length), mode="full") > 0
    return covered & marked


def _in_trend(values: np.ndarray, points: int) -> np.ndarray:
    """Return the points of every rise that goes through at least so many points."""
    rises = _in_windows(np.diff(values) > 0, points - 1, points - 1)
    return np.append(rises, False) | np.insert(rises, 0, False)


def _positions(points: np.ndarray) -> tuple[int, ...]:
    return tuple(np.flatnonzero(points).tolist())
