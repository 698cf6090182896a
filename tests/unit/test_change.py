import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ttest_1samp

from analysis.change import mean_change
from analysis.columns import COURSES, empty
from tests.course_tables import USUAL, courses


POINTS = st.integers(10, 27)


def change(frame, **asked):
    question = {"eligible_at_least": 10, "as_of_day": 100, "recall_window": "two_weeks"}
    return mean_change(frame, measure="phq9", timepoint="week_6", **(question | asked))


def measured(pairs):
    rows = [
        {**USUAL, "course_id": i, "patient_id": str(i), "baseline": b, "total": t}
        for i, (b, t) in enumerate(pairs)
    ]
    frame = pd.DataFrame(rows, columns=[c.name for c in COURSES.columns])
    return frame.assign(score_day=40, due_day=50)


FIVE = """
    course_id | baseline | total | score_day | due_day
    ----------+----------+-------+-----------+--------
    1         | 20       | 8     | 40        | 50
    2         | 10       | 12    | 40        | 50
    3         | 9        | 0     | 40        | 50
    4         |          | 0     | 40        | 50
    5         | 20       | 0     | 101       | 50
"""


def test_the_mean_is_of_the_eligible_with_a_score_and_negative_is_better():
    result = change(courses(FIVE))
    assert (result.started, result.eligible, result.due, result.missing) == (5, 3, 3, 1)
    assert (result.n, result.mean) == (2, -5)
    assert (result.baseline_mean, result.total_mean) == (15, 10)
    assert result.fall_percent == pytest.approx(100 / 3)


def test_a_mean_change_says_what_was_asked():
    result = change(courses(FIVE), confidence=0.9)
    assert (result.measure, result.timepoint) == ("phq9", "week_6")
    assert (result.recall_window, result.as_of_day) == ("two_weeks", 100)
    assert (result.confidence, result.method) == (0.9, "t interval of the mean")


@given(
    st.lists(st.tuples(POINTS, POINTS), min_size=2, max_size=20), st.floats(0.1, 0.99)
)
def test_interval_agrees_with_scipy(pairs, confidence):
    changes = [t - b for b, t in pairs]
    result = change(measured(pairs), confidence=confidence)
    if len(set(changes)) == 1:
        assert (result.lower, result.upper) == (changes[0], changes[0])
    else:
        theirs = ttest_1samp(changes, 0).confidence_interval(confidence)
        assert (result.lower, result.upper) == pytest.approx(tuple(theirs))


def test_one_course_gives_a_mean_without_an_interval():
    result = change(measured([(20, 8)]))
    assert (result.n, result.mean) == (1, -12)
    assert result.sd is result.lower is result.upper is None


@pytest.mark.parametrize("frame", [empty(COURSES), measured([(9, 3)])])
def test_nobody_measured_gives_no_mean_and_no_fall(frame):
    result = change(frame)
    assert (result.n, result.measured) == (0, 0)
    assert result.mean is result.baseline_mean is result.fall_percent is None


def test_a_baseline_of_0_has_no_share_to_lose():
    assert change(measured([(0, 0)]), eligible_at_least=0).fall_percent is None


@pytest.mark.parametrize("pairs", [[], [(20, 8)], [(20, 8), (20, 9)]])
def test_refuses_a_confidence_that_is_a_percentage(pairs):
    with pytest.raises(ValueError, match="between 0 and 1; got 95"):
        change(measured(pairs), confidence=95)
