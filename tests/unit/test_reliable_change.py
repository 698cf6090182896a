import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.reliable_change import (
    HIGHER_IS_BETTER,
    LOWER_IS_BETTER,
    OUTCOMES,
    classify_change,
    cutoff_c,
    reliable_change_threshold,
    standard_error,
)


POINTS = st.lists(st.integers(0, 80), min_size=1, max_size=30)


def test_standard_error_is_the_sd_shrunk_by_the_unreliable_share():
    assert standard_error(10, 0.84) == pytest.approx(4)


def test_threshold_is_z_times_the_error_of_a_difference():
    threshold = reliable_change_threshold(10, 0.84, 0.95)
    assert threshold == pytest.approx(1.959964 * math.sqrt(2) * 4)


def test_a_perfectly_reliable_measure_makes_any_change_reliable():
    assert reliable_change_threshold(10, 1) == 0


def test_the_cutoff_is_equally_many_sd_from_both_groups():
    c = cutoff_c(mean_clinical=40, sd_clinical=8, mean_norm=10, sd_norm=4)
    assert (40 - c) / 8 == pytest.approx((c - 10) / 4)


def test_what_became_of_a_course_at_each_limit_and_one_past_it():
    # baseline, total -> with a threshold of 10 points and a cut-off of 20
    table = {
        (30, 19): "recovered",
        (30, 20): "unchanged",
        (31, 20): "improved",
        (31, 19): "recovered",
        (20, 9): "improved",
        (19, 8): "improved",
        (25, 35): "unchanged",
        (25, 36): "deteriorated",
        (25, 25): "unchanged",
    }
    baseline, total = zip(*table, strict=True)
    found = classify_change(baseline, total, threshold=10, cutoff=20)
    assert found.tolist() == list(table.values())


def test_where_a_score_is_missing_the_outcome_is_missing():
    found = classify_change([25, math.nan, 40], [math.nan, 25, 5], threshold=10)
    assert found.isna().tolist() == [True, True, False]


def test_without_a_cutoff_nobody_is_called_recovered():
    assert classify_change([60], [0], threshold=10).tolist() == ["improved"]


@given(POINTS, st.integers(-80, 80), st.integers(1, 30), st.integers(0, 80))
def test_where_higher_is_better_everything_is_mirrored(baseline, shift, limit, cutoff):
    before = np.array(baseline)
    after = before + shift
    lower = classify_change(
        before, after, threshold=limit, cutoff=cutoff, direction=LOWER_IS_BETTER
    )
    higher = classify_change(
        -before, -after, threshold=limit, cutoff=-cutoff, direction=HIGHER_IS_BETTER
    )
    assert lower.tolist() == higher.tolist()
    assert set(lower) <= set(OUTCOMES)


def test_no_courses_give_no_outcomes():
    assert classify_change([], [], threshold=10, cutoff=20).tolist() == []


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: standard_error(-1, 0.8), "sd must be 0 or more; got -1."),
        (lambda: standard_error(5, 1.1), "reliability must be 0 to 1; got 1.1."),
        (lambda: standard_error(5, -0.1), "reliability must be 0 to 1; got -0.1."),
        (lambda: reliable_change_threshold(5, 0.8, 95), "between 0 and 1; got 95."),
        (lambda: cutoff_c(20, 0, 10, 5), "sd_clinical must be above 0; got 0."),
        (lambda: cutoff_c(20, 5, 10, 0), "sd_norm must be above 0; got 0."),
        (
            lambda: classify_change([1], [1], threshold=1, direction="down"),
            "direction must be one of lower is better, higher is better; got down.",
        ),
    ],
)
def test_refuses_what_cannot_be(call, message):
    with pytest.raises(ValueError, match=message):
        call()
