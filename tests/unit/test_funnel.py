import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, mstats

from analysis.funnel import (
    LEVELS,
    MINIMUM_UNITS,
    dispersion,
    exact_limits,
    funnel,
    ratio_limits,
)
from analysis.outcomes import STATES


TARGETS = st.floats(0.01, 0.99)
SIZES = st.integers(1, 400)


def outside(n, target, level):
    lower, upper = exact_limits([n], target, level)
    counts = np.arange(n + 1)
    return counts / n < lower[0], counts / n > upper[0]


@given(SIZES, TARGETS, st.sampled_from(LEVELS))
def test_just_the_counts_are_outside_whose_own_tail_is_rarer(n, target, level):
    below, above = outside(n, target, level)
    tail, chance = (1 - level) / 2, binom.pmf(np.arange(n + 1), n, target).tolist()
    assert below.tolist() == [sum(chance[: k + 1]) < tail for k in range(n + 1)]
    assert above.tolist() == [sum(chance[k:]) < tail for k in range(n + 1)]


@given(SIZES, TARGETS, st.sampled_from(LEVELS))
def test_by_chance_a_unit_lies_outside_no_more_often_than_said(n, target, level):
    below, above = outside(n, target, level)
    chance = binom.pmf(np.arange(n + 1), n, target)
    assert chance[below].sum() < (1 - level) / 2
    assert chance[above].sum() < (1 - level) / 2


@given(SIZES, TARGETS, st.sampled_from(LEVELS))
def test_events_and_their_absence_have_mirrored_limits(n, target, level):
    lower, upper = exact_limits([n], target, level)
    mirrored_lower, mirrored_upper = exact_limits([n], 1 - target, level)
    np.testing.assert_allclose(lower, 1 - mirrored_upper, atol=1e-9)
    np.testing.assert_allclose(upper, 1 - mirrored_lower, atol=1e-9)


@given(SIZES, TARGETS)
def test_the_outer_limits_lie_further_out(n, target):
    (inner_lower, inner_upper), (lower, upper) = (
        exact_limits([n], target, level) for level in LEVELS
    )
    assert np.isnan(lower[0]) or lower[0] < inner_lower[0] < target
    assert np.isnan(upper[0]) or upper[0] > inner_upper[0] > target


def test_with_many_courses_the_limits_are_nearly_those_of_the_normal():
    lower, upper = exact_limits([100_000], 0.4, 0.95)
    spread = 1.959964 * np.sqrt(0.4 * 0.6 / 100_000)
    np.testing.assert_allclose(
        [*lower, *upper], [0.4 - spread, 0.4 + spread], atol=2e-5
    )


@pytest.mark.parametrize("target", [0.0, 1.0])
def test_no_limits_where_nobody_or_everybody_has_the_event(target):
    assert np.isnan(exact_limits([1, 50], target, 0.95)).all()


@given(st.lists(st.tuples(st.integers(0, 60), SIZES), min_size=10, max_size=40))
def test_the_dispersion_agrees_with_scipy_winsorising(counts):
    n = np.array([size + 60 for _, size in counts])
    events = np.array([e for e, _ in counts])
    found = dispersion(events, n)
    if not events.any():
        assert found is None
        return
    share = events.sum() / n.sum()
    z = (events / n - share) / np.sqrt(share * (1 - share) / n)
    pulled_in = mstats.winsorize(z, limits=(0.1, 0.1))
    assert found.factor == pytest.approx(float(np.mean(np.asarray(pulled_in) ** 2)))


UNIT_STATES = st.lists(
    st.tuples(st.sampled_from(["", *"ABCDEFG"]), st.sampled_from(STATES)), max_size=80
)


@given(UNIT_STATES)
def test_agrees_with_counting_one_course_at_a_time(rows):
    frame = pd.DataFrame(rows, columns=["unit", "state"]).assign(
        course_id=range(len(rows))
    )
    slow = {}
    for number, (unit, state) in enumerate(rows):
        if unit and state in ("event", "no event"):
            slow.setdefault(unit, []).append((number, state == "event"))
    found = funnel(frame)
    if len(slow) < MINIMUM_UNITS:
        assert found.found == len(slow)
        return
    assert [u.unit for u in found.units] == sorted(slow)
    for unit in found.units:
        assert unit.course_ids == tuple(number for number, _ in slow[unit.unit])
        assert unit.event_ids == tuple(n for n, event in slow[unit.unit] if event)
        assert (unit.share.events, unit.share.n) == (
            len(unit.event_ids),
            len(unit.course_ids),
        )


def spread_units(shares, n=20):
    return pd.DataFrame(
        [
            (f"unit {number:02}", "event" if place < share else "no event")
            for number, share in enumerate(shares)
            for place in range(n)
        ],
        columns=["unit", "state"],
    ).assign(course_id=range(len(shares) * n))


def test_widened_limits_are_further_from_the_target_by_the_root_of_the_factor():
    found = funnel(spread_units([40, 60, 38, 62, 40, 60, 38, 62, 40, 60], n=100))
    exact, _ = exact_limits([100], 0.5, 0.95)
    widened = found.units[0].limits[0].lower
    by = found.dispersion.factor**0.5
    assert found.dispersion.widened
    assert 0.5 - widened == pytest.approx((0.5 - exact[0]) * by)
    assert {u.outside for u in found.units} == {None}


def test_limits_are_never_narrowed():
    found = funnel(spread_units([10] * 9 + [11]))
    lower, _ = exact_limits([20], 101 / 200, 0.95)
    assert found.dispersion.factor < 1
    assert found.units[0].limits[0].lower == pytest.approx(lower[0])


def test_the_curves_run_to_the_largest_unit_and_pass_through_its_limits():
    found = funnel(spread_units([8, 9, 10, 11, 12]))
    for at_level, curve in enumerate(found.curves):
        assert curve.n[0] == 1 and curve.n[-1] == 20
        assert curve.limits[-1] == found.units[0].limits[at_level]


def test_units_expected_outside_by_chance_are_counted_by_the_binomial():
    found = funnel(spread_units([8, 9, 10, 11, 12]))
    below, above = outside(20, 0.5, 0.95)
    chance = binom.pmf(np.arange(21), 20, 0.5)[below | above].sum()
    assert found.curves[0].expected_outside == pytest.approx(5 * chance)


def test_ratio_limits_come_closer_with_a_larger_expected_count():
    lower, upper = ratio_limits([0.5, 1, 5, 50, 5000], 0.998)
    assert (np.diff(lower) > 0).all() and (np.diff(upper) < 0).all()
