"""What a rate means: who counts, on which day, and what becomes of the missing."""

import pytest

from analysis.outcomes import classify, one_course_per_patient, outcome_rate
from measures.criteria import PCL5_ELIGIBILITY, PHQ9_ELIGIBILITY
from measures.registry import CRITERIA
from tests.course_tables import courses


TODAY = 100


def states(table, criterion="phq9_response_50", as_of_day=TODAY):
    classified = classify(
        courses(table),
        CRITERIA[criterion],
        eligible_at_least=PHQ9_ELIGIBILITY.at_least,
        as_of_day=as_of_day,
    )
    return dict(zip(classified["course_id"], classified["state"], strict=True))


def rate(table, criterion="phq9_response_50", as_of_day=TODAY):
    return outcome_rate(
        courses(table),
        CRITERIA[criterion],
        timepoint="weeks_2_4",
        eligible_at_least=PHQ9_ELIGIBILITY.at_least,
        as_of_day=as_of_day,
        recall_window="two_weeks",
    )


def test_a_course_is_eligible_from_the_lowest_baseline_that_counts():
    table = """
        course_id | baseline | total | score_day | due_day
        ----------+----------+-------+-----------+--------
        1         | 11       | 5     | 40        | 50
        2         | 10       | 5     | 40        | 50
        3         | 9        | 4     | 40        | 50
        4         |          | 4     | 40        | 50
    """
    assert states(table) == {
        1: "event",
        2: "event",
        3: "not eligible",
        4: "no baseline",
    }


def test_who_is_measured_before_the_window_closes_is_counted_and_told_apart():
    table = """
        course_id | baseline | total | score_day | due_day
        ----------+----------+-------+-----------+--------
        1         | 20       | 5     | 90        | 100
        2         | 20       | 5     | 90        | 101
        3         | 20       | 15    | 90        | 101
        4         | 20       |       |           | 101
        5         | 8        | 4     | 90        | 101
    """
    found = rate(table)
    assert (found.due, found.measured, found.early) == (3, 3, 2)


def test_response_is_half_of_the_baseline_lost_or_more():
    table = """
        course_id | baseline | total | score_day | due_day
        ----------+----------+-------+-----------+--------
        1         | 20       | 9     | 40        | 50
        2         | 20       | 10    | 40        | 50
        3         | 20       | 11    | 40        | 50
        4         | 21       | 10    | 40        | 50
        5         | 21       | 11    | 40        | 50
        6         | 20       |       |           | 50
    """
    assert states(table) == {
        1: "event",
        2: "event",
        3: "no event",
        4: "event",
        5: "no event",
        6: "missing",
    }


@pytest.mark.parametrize(
    ("criterion", "at_4", "at_5", "at_6"),
    [
        ("phq9_remission_lt5", "event", "no event", "no event"),
        ("phq9_remission_le5", "event", "event", "no event"),
    ],
)
def test_the_two_remission_rules_differ_at_5_points(criterion, at_4, at_5, at_6):
    table = """
        course_id | total | score_day | due_day
        ----------+-------+-----------+--------
        4         | 4     | 40        | 50
        5         | 5     | 40        | 50
        6         | 6     | 40        | 50
        7         |       |           | 50
    """
    assert states(table, criterion) == {4: at_4, 5: at_5, 6: at_6, 7: "missing"}


def test_a_course_without_a_score_is_missing_from_the_day_it_is_due():
    table = """
        course_id | total | score_day | due_day
        ----------+-------+-----------+--------
        1         |       |           | 99
        2         |       |           | 100
        3         |       |           | 101
        4         |       |           |
    """
    assert states(table, as_of_day=100) == {
        1: "missing",
        2: "missing",
        3: "not due",
        4: "not due",
    }


def test_a_score_in_a_window_still_open_counts_at_once():
    table = """
        course_id | total | score_day | due_day
        ----------+-------+-----------+--------
        1         | 8     | 99        | 120
        2         | 8     | 100       | 120
        3         | 8     | 101       | 120
        4         | 8     | 100       |
        5         |       |           | 120
    """
    assert states(table, as_of_day=100) == {
        1: "event",
        2: "event",
        3: "not due",
        4: "event",
        5: "not due",
    }


def test_a_score_given_after_the_as_of_day_was_missing_on_that_day():
    table = """
        course_id | total | score_day | due_day
        ----------+-------+-----------+--------
        1         | 8     | 101       | 90
        2         | 8     | 100       | 90
        3         |       |           | 90
    """
    assert states(table, as_of_day=100) == {1: "missing", 2: "event", 3: "missing"}


def test_a_course_that_started_after_the_as_of_day_is_not_counted():
    table = """
        course_id | first_day | due_day
        ----------+-----------+--------
        1         | 99        | 150
        2         | 100       | 150
        3         | 101       | 150
        4         | 100       |
    """
    assert states(table, as_of_day=100) == {1: "not due", 2: "not due", 4: "not due"}


FIFTEEN = """
    course_id | baseline | total | score_day | due_day
    ----------+----------+-------+-----------+--------
    1         | 20       | 4     | 40        | 50
    2         | 20       | 10    | 40        | 50
    3         | 20       | 10    | 40        | 50
    4         | 20       | 11    | 40        | 50
    5         | 20       | 19    | 40        | 50
    6         | 20       |       |           | 50
    7         | 20       |       |           | 100
    8         | 20       | 3     | 101       | 50
    9         | 20       |       |           | 101
    10        | 20       |       |           |
    11        | 9        | 2     | 40        | 50
    12        | 9        |       |           | 50
    13        |          | 2     | 40        | 50
    14        |          |       |           | 50
    15        |          |       |           |
"""


def test_a_rate_says_who_started_who_was_due_and_who_was_measured():
    r = rate(FIFTEEN)
    assert (r.started, r.no_baseline, r.not_eligible, r.eligible) == (15, 3, 2, 10)
    assert (r.not_due, r.due, r.missing, r.measured, r.events) == (2, 8, 3, 5, 3)


def test_the_missing_are_left_out_counted_as_failures_or_shown_as_bounds():
    r = rate(FIFTEEN)
    assert (r.observed.events, r.observed.n, r.observed.estimate) == (3, 5, 0.6)
    assert (r.nonresponse.events, r.nonresponse.n) == (3, 8)
    assert r.bounds == (3 / 8, 6 / 8)
    assert (r.completeness.events, r.completeness.n) == (5, 8)


def test_a_rate_says_what_was_asked():
    r = rate(FIFTEEN, "phq9_remission_lt5")
    assert (r.measure, r.criterion) == ("phq9", "phq9_remission_lt5")
    assert (r.timepoint, r.recall_window) == ("weeks_2_4", "two_weeks")
    assert (r.eligible_at_least, r.as_of_day) == (10, TODAY)
    assert (r.observed.confidence, r.observed.method) == (0.95, "Wilson score")


def test_nobody_measured_gives_no_rate_and_bounds_from_nothing_to_all():
    r = rate("""
        course_id | total | due_day
        ----------+-------+--------
        1         |       | 50
        2         |       | 50
        3         |       | 101
    """)
    assert r.observed is None
    assert (r.nonresponse.estimate, r.nonresponse.lower) == (0, 0)
    assert r.bounds == (0, 1)


def test_nobody_due_gives_no_number_at_all():
    r = rate("""
        course_id | total | due_day
        ----------+-------+--------
        1         |       | 101
        2         |       |
    """)
    assert (r.eligible, r.not_due, r.due) == (2, 2, 0)
    assert r.observed is r.nonresponse is r.bounds is r.completeness is None


def test_the_pcl5_needs_31_at_baseline_and_a_fall_of_30_percent():
    table = """
        course_id | baseline | total | score_day
        ----------+----------+-------+----------
        1         | 50       | 34    | 40
        2         | 50       | 35    | 40
        3         | 50       | 36    | 40
        4         | 31       | 21    | 40
        5         | 30       | 10    | 40
        6         |          | 10    | 40
    """
    classified = classify(
        courses(table),
        CRITERIA["pcl5_response_30"],
        eligible_at_least=PCL5_ELIGIBILITY.at_least,
        as_of_day=TODAY,
    )
    assert dict(zip(classified["course_id"], classified["state"], strict=True)) == {
        1: "event",
        2: "event",
        3: "no event",
        4: "event",
        5: "not eligible",
        6: "no baseline",
    }


def test_one_course_per_patient_is_the_one_that_started_first():
    table = """
        course_id | patient_id | first_day | baseline
        ----------+------------+-----------+---------
        1         | a          | 30        | 20
        2         | a          | 20        |
        3         | b          | 10        | 20
        5         | c          | 10        | 20
        4         | c          | 10        | 20
    """
    first = one_course_per_patient(courses(table))
    assert first["course_id"].tolist() == [2, 3, 4]
