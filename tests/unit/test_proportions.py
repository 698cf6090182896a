import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from analysis.proportions import (
    newcombe_difference,
    wilson_interval,
    wilson_proportion,
)


COUNTS = st.integers(1, 5000).flatmap(
    lambda n: st.tuples(st.integers(0, n), st.just(n))
)
CONFIDENCES = st.floats(0.01, 0.999)


@given(COUNTS, CONFIDENCES)
def test_agrees_with_scipy(counts, confidence):
    ours = wilson_proportion(*counts, confidence)
    theirs = binomtest(*counts).proportion_ci(confidence, method="wilson")
    assert ours.lower == pytest.approx(theirs.low, abs=1e-12)
    assert ours.upper == pytest.approx(theirs.high, abs=1e-12)


@given(COUNTS, CONFIDENCES)
def test_interval_contains_the_estimate_and_stays_between_0_and_1(counts, confidence):
    p = wilson_proportion(*counts, confidence)
    assert 0 <= p.lower <= p.estimate <= p.upper <= 1


@given(COUNTS)
def test_events_and_their_absence_mirror_each_other(counts):
    events, n = counts
    met, not_met = wilson_proportion(events, n), wilson_proportion(n - events, n)
    assert met.lower == pytest.approx(1 - not_met.upper, abs=1e-12)


@given(st.integers(1, 300))
def test_bounds_rise_with_every_further_event(n):
    lower, upper = wilson_interval(np.arange(n + 1), n)
    assert (np.diff(lower) > 0).all()
    assert (np.diff(upper) > 0).all()


@given(COUNTS, st.integers(2, 20))
def test_more_courses_with_the_same_share_give_a_narrower_interval(counts, times):
    events, n = counts
    few, many = (
        wilson_proportion(events, n),
        wilson_proportion(times * events, times * n),
    )
    assert many.upper - many.lower < few.upper - few.lower


@pytest.mark.parametrize("n", [1, 2, 10, 1000])
def test_bounds_are_exactly_0_without_events_and_exactly_1_with_only_events(n):
    assert wilson_proportion(0, n).lower == 0.0
    assert wilson_proportion(n, n).upper == 1.0


@given(st.lists(COUNTS, max_size=5))
def test_many_at_once_are_the_same_as_one_at_a_time(counts):
    lower, upper = wilson_interval([e for e, _ in counts], [n for _, n in counts])
    one_by_one = [wilson_proportion(*c) for c in counts]
    assert lower.tolist() == [p.lower for p in one_by_one]
    assert upper.tolist() == [p.upper for p in one_by_one]


def test_large_counts_do_not_overflow():
    p = wilson_proportion(4_000_000_000, 8_000_000_000)
    assert p.lower == pytest.approx(0.49998904, abs=1e-8)


def test_a_proportion_says_how_it_was_made():
    p = wilson_proportion(12, 20, confidence=0.9)
    assert (p.events, p.n, p.estimate) == (12, 20, 0.6)
    assert (p.confidence, p.method) == (0.9, "Wilson score")


@pytest.mark.parametrize(
    ("events", "n", "confidence", "message"),
    [
        (-1, 5, 0.95, "events must be 0 or more; got -1."),
        (6, 5, 0.95, "events must not be more than n; got 6 of 5."),
        (0, 0, 0.95, "n must be 1 or more; got 0."),
        (2.5, 5, 0.95, "events must be whole numbers; got .*2.5.*"),
        (2.0, 5, 0.95, "events must be whole numbers; got .*2.0.*"),
        (True, 5, 0.95, "events must be whole numbers; got .*True.*"),
        (1, float("nan"), 0.95, "n must be whole numbers; got .*nan.*"),
        (1, 5, 0, "confidence must be between 0 and 1; got 0."),
        (1, 5, 1, "confidence must be between 0 and 1; got 1."),
        (1, 5, 95, "confidence must be between 0 and 1; got 95."),
    ],
)
def test_refuses_impossible_counts_in_plain_words(events, n, confidence, message):
    with pytest.raises(ValueError, match=f"^{message}$"):
        wilson_proportion(events, n, confidence)


def test_refuses_one_impossible_count_among_many_by_its_value():
    with pytest.raises(ValueError, match="got 7 of 6"):
        wilson_interval([1, 7, 3], [5, 6, 2])


@given(COUNTS, COUNTS)
def test_a_difference_lies_in_its_interval_and_between_minus_1_and_1(first, second):
    d = newcombe_difference(wilson_proportion(*first), wilson_proportion(*second))
    assert -1 <= d.lower <= d.estimate <= d.upper <= 1


@given(COUNTS, COUNTS)
def test_a_difference_taken_the_other_way_round_changes_its_sign(first, second):
    p, q = wilson_proportion(*first), wilson_proportion(*second)
    one, other = newcombe_difference(p, q), newcombe_difference(q, p)
    assert (one.estimate, one.lower) == pytest.approx((-other.estimate, -other.upper))


def test_a_difference_says_how_it_was_made():
    p = wilson_proportion(1, 2, confidence=0.9)
    d = newcombe_difference(p, p)
    assert (d.confidence, d.method) == (0.9, "Newcombe hybrid score")


def test_refuses_the_difference_of_two_confidences():
    with pytest.raises(ValueError, match=r"same confidence; got 0.95 and 0.9\."):
        newcombe_difference(wilson_proportion(1, 2), wilson_proportion(1, 2, 0.9))
