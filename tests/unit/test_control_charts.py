from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from analysis.columns import empty
from analysis.control_charts import (
    LARGE_STEP,
    MONTH_COURSES,
    RUN_OF_EIGHT,
    TREND_OF_SIX,
    TWO_OF_THREE,
    Month,
    monthly,
    p_chart,
    xmr_chart,
)
from analysis.outcomes import STATES
from measures.days import day_date


VALUES = st.lists(st.integers(0, 9).map(float), min_size=12, max_size=40)


def chart(values):
    return xmr_chart(values, [str(n) for n in range(len(values))])


def points_of(found, rule):
    return {s.side: set(s.points) for s in found.signals if s.rule == rule}


def windows(values, length):
    return [range(at, at + length) for at in range(len(values) - length + 1)]


@given(VALUES)
def test_runs_agree_with_looking_at_every_eight_points(values):
    found = chart(values)
    above, below = set(), set()
    for window in windows(values, 8):
        if all(values[at] > found.centre for at in window):
            above |= set(window)
        if all(values[at] < found.centre for at in window):
            below |= set(window)
    slow = {"above": above, "below": below}
    assert points_of(found, RUN_OF_EIGHT) == {s: p for s, p in slow.items() if p}


@given(st.lists(st.integers(-1, 3), min_size=11, max_size=40))
def test_trends_agree_with_looking_at_every_six_points(steps):
    values = np.cumsum([0.0, *steps]).tolist()
    rising, falling = set(), set()
    for window in windows(values, 6):
        six = [values[at] for at in window]
        if sorted(set(six)) == six:
            rising |= set(window)
        if sorted(set(six), reverse=True) == six:
            falling |= set(window)
    slow = {"rising": rising, "falling": falling}
    found = points_of(chart(values), TREND_OF_SIX)
    assert found == {side: points for side, points in slow.items() if points}


@given(VALUES)
def test_two_of_three_agrees_with_looking_at_every_three_points(values):
    found = chart(values)
    zone = (found.points[0].upper - found.centre) * 2 / 3
    # A value that lies on the line is beyond it or not by rounding alone.
    assume(all(abs(abs(v - found.centre) - zone) > 1e-9 for v in values))
    slow = {"above": set(), "below": set()}
    for window in windows(values, 3):
        above = {at for at in window if values[at] - found.centre > zone}
        below = {at for at in window if found.centre - values[at] > zone}
        slow["above"] |= above if len(above) >= 2 else set()
        slow["below"] |= below if len(below) >= 2 else set()
    assert points_of(found, TWO_OF_THREE) == {s: p for s, p in slow.items() if p}


@given(VALUES)
def test_upside_down_the_same_points_fire_on_the_other_side(values):
    other = {"above": "below", "below": "above", "rising": "falling"}
    other |= {"falling": "rising"}
    found, turned = chart(values), chart([9 - value for value in values])
    # With a centre or a limit at a value, rounding alone decides on which side it is.
    lines = [found.centre, found.points[0].upper, found.points[0].lower]
    assume(all(abs(v - line) > 1e-9 for v in values for line in lines))
    for rule in found.rules[2:]:
        here = points_of(found, rule)
        assert points_of(turned, rule) == {other[s]: p for s, p in here.items()}


@given(VALUES)
def test_limits_are_the_mean_and_the_mean_moving_range(values):
    found = chart(values)
    steps = [abs(b - a) for a, b in pairwise(values)]
    mean_step = sum(steps) / len(steps)
    assert found.mean_moving_range == pytest.approx(mean_step)
    assert found.points[0].upper - found.centre == pytest.approx(2.66 * mean_step)
    assert [point.moving_range for point in found.points[1:]] == steps


@given(VALUES)
def test_a_large_step_is_over_3_268_mean_moving_ranges(values):
    found = chart(values)
    at = set().union(*points_of(found, LARGE_STEP).values())
    limit = found.moving_range_limit
    slow = {n for n, p in enumerate(found.points) if n and p.moving_range > limit}
    assert at == slow


MONTHS = st.lists(
    st.integers(1, 60).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))),
    min_size=12,
    max_size=30,
)


@given(MONTHS)
def test_no_point_of_a_p_chart_is_outside_a_limit_that_is_not_there(counts):
    months = [Month(str(at), events, n, 0) for at, (events, n) in enumerate(counts)]
    found = p_chart(months)
    outside = {
        at
        for at, point in enumerate(found.points)
        if (point.upper is not None and point.value > point.upper)
        or (point.lower is not None and point.value < point.lower)
    }
    near = any(
        limit is not None and abs(point.value - limit) < 1e-9
        for point in found.points
        for limit in (point.lower, point.upper)
    )
    assume(not near)
    fired = {at for s in found.signals if s.rule.code == "outside" for at in s.points}
    assert fired == outside


ROWS = st.lists(
    st.tuples(st.integers(19_000, 19_900), st.sampled_from(STATES)), max_size=60
)


@given(ROWS)
def test_months_agree_with_counting_one_course_at_a_time(rows):
    frame = pd.DataFrame(rows, columns=["first_day", "state"])
    found = monthly(frame.assign(course_id=range(len(rows))))
    slow = {}
    for number, (day, state) in enumerate(rows):
        label = day_date(day).isoformat()[:7]
        slow.setdefault(label, []).append((number, state))
    assert {m.label for m in found} >= set(slow)
    assert [m.label for m in found] == sorted(m.label for m in found)
    for month in found:
        states = slow.get(month.label, [])
        counted = [n for n, state in states if state in ("event", "no event")]
        assert month.course_ids == tuple(counted)
        assert month.n == len(counted)
        assert month.event_ids == tuple(n for n, state in states if state == "event")
        assert month.not_due == sum(state == "not due" for _, state in states)


def test_no_courses_are_no_months():
    assert monthly(empty(MONTH_COURSES)) == ()


def test_a_missing_value_is_refused():
    with pytest.raises(ValueError, match="none missing"):
        chart([1.0] * 12 + [float("nan")])
