import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.stats import CensoredData, ecdf

from analysis.by_infusion import (
    Attendance,
    attendance_by_infusion,
    courses_by_attendance,
    ever_by_infusion,
    responding_now_by_infusion,
)
from analysis.columns import COURSES, COURSES_BY_INFUSION, SCORES_AFTER, empty
from analysis.durability import median_interval
from analysis.ever import (
    Reached,
    eligible_courses,
    ever_within,
    first_times,
    product_limit,
    scores_within,
    time_until,
)
from measures.registry import CRITERIA
from tests.course_tables import USUAL, courses, courses_by_infusion, scores_after


RESPONSE = CRITERIA["phq9_response_50"]
ASKED = {"eligible_at_least": 10, "as_of_day": 100, "recall_window": "two_weeks"}

# At a baseline of 20 a total of 10 is a response and 11 is not.
RELAPSE_AND_DROP_OUT = """
    course_id | infusion | total | score_day | due_day
    ----------+----------+-------+-----------+--------
    1         | 1        | 10    | 3         | 3
    1         | 2        | 15    | 6         | 6
    1         | 3        | 16    | 9         | 9
    2         | 1        | 18    | 3         | 3
    2         | 2        | 11    | 6         | 6
    2         | 3        | 8     | 9         | 9
    3         | 1        | 19    | 3         | 3
    3         | 2        |       |           | 20
    3         | 3        |       |           | 20
    4         | 1        |       |           | 3
    4         | 2        | 12    | 6         | 6
    4         | 3        |       |           | 101
"""


def test_responding_now_can_fall_and_says_who_was_measured_each_time():
    rates = responding_now_by_infusion(
        courses_by_infusion(RELAPSE_AND_DROP_OUT), RESPONSE, **ASKED
    )
    now = {k: (r.events, r.measured, r.due, r.not_due) for k, r in rates.items()}
    assert now == {1: (1, 3, 4, 0), 2: (0, 3, 4, 0), 3: (1, 2, 3, 1)}
    assert [r.timepoint for r in rates.values()] == [
        "after_infusion_1",
        "after_infusion_2",
        "after_infusion_3",
    ]


def test_ever_responded_only_rises_and_says_who_was_at_risk():
    curve = ever_by_infusion(
        courses_by_infusion(RELAPSE_AND_DROP_OUT), RESPONSE, **ASKED
    )
    steps = [(s.time, s.at_risk, s.events, round(s.estimate, 4)) for s in curve.steps]
    # Course 1 has responded, course 3 has left, course 4 is unmeasured at first.
    assert steps == [(1, 4, 1, 0.25), (2, 2, 0, 0.25), (3, 1, 1, 1.0)]
    assert (curve.eligible, curve.measured, curve.events) == (4, 4, 2)
    assert (curve.unit, curve.criterion) == ("infusions", "phq9_response_50")


def test_ever_by_infusion_ends_with_the_last_infusion_anybody_was_measured_after():
    curve = ever_by_infusion(
        courses_by_infusion("""
            course_id | infusion | total | score_day | due_day
            ----------+----------+-------+-----------+--------
            1         | 1        |       |           | 3
            1         | 2        | 15    | 6         | 6
            1         | 3        |       |           | 9
            2         | 1        |       |           | 3
            2         | 2        |       |           | 6
            2         | 3        | 4     | 101       | 9
        """),
        RESPONSE,
        **ASKED,
    )
    assert [(s.time, s.at_risk) for s in curve.steps] == [(1, 1), (2, 1)]
    assert (curve.eligible, curve.measured, curve.events) == (2, 1, 0)


def test_ever_by_infusion_leaves_out_the_ineligible_and_those_not_started():
    curve = ever_by_infusion(
        courses_by_infusion("""
            course_id | infusion | baseline | first_day | total | score_day
            ----------+----------+----------+-----------+-------+----------
            1         | 1        | 10       | 0         | 5     | 3
            2         | 1        | 9        | 0         | 4     | 3
            3         | 1        |          | 0         | 4     | 3
            4         | 1        | 20       | 101       | 4     | 3
        """),
        RESPONSE,
        **ASKED,
    )
    assert (curve.eligible, curve.measured, curve.events) == (1, 1, 1)


ROWS = st.lists(
    st.tuples(st.integers(1, 8), st.integers(1, 5), st.none() | st.integers(0, 27)),
    unique_by=lambda row: row[:2],
    max_size=25,
)


def by_infusion(rows):
    frame = pd.DataFrame(
        [
            {
                **USUAL,
                "course_id": course,
                "patient_id": str(course),
                "infusion": k,
                "total": total,
                "score_day": k,
            }
            for course, k, total in rows
        ],
        columns=[c.name for c in COURSES_BY_INFUSION.columns],
    )
    return frame


@given(ROWS)
def test_ever_by_infusion_agrees_with_counting_course_by_course(rows):
    curve = ever_by_infusion(by_infusion(rows), RESPONSE, **ASKED)
    left = 1.0
    for step in curve.steps:
        at_risk = events = 0
        for course in {course for course, _, _ in rows}:
            totals = {k: t for c, k, t in rows if c == course and t is not None}
            responded = [k for k, total in totals.items() if total <= 10]
            if not totals or max(totals) < step.time:
                continue
            if responded and min(responded) < step.time:
                continue
            at_risk += 1
            events += bool(responded) and min(responded) == step.time
        left *= 1 - events / at_risk
        assert (step.at_risk, step.events) == (at_risk, events)
        assert step.estimate == pytest.approx(1 - left)


@given(ROWS)
def test_ever_never_falls_and_lies_in_its_limits(rows):
    steps = ever_by_infusion(by_infusion(rows), RESPONSE, **ASKED).steps
    estimates = [step.estimate for step in steps]
    assert estimates == sorted(estimates)
    for step in steps:
        if step.lower is not None:
            assert 0 <= step.lower <= step.estimate <= step.upper <= 1


SIX_WEEKS = courses("""
    course_id | first_day | baseline
    ----------+-----------+---------
    1         | 10        | 20
    2         | 10        | 20
    3         | 10        | 20
    4         | 10        | 20
    5         | 10        | 9
    6         | 10        |
    7         | 101       | 20
""")


def within(table, **asked):
    return ever_within(SIX_WEEKS, scores_after(table), RESPONSE, **(ASKED | asked))


def test_ever_within_six_weeks_counts_day_42_and_not_day_43():
    curve = within("""
        course_id | day | total
        ----------+-----+------
        1         | 52  | 10
        2         | 53  | 10
        3         | 51  | 11
        4         | 53  | 5
        5         | 20  | 2
        6         | 20  | 2
    """)
    assert (curve.eligible, curve.measured, curve.events) == (4, 2, 1)
    assert [(s.time, s.at_risk, s.events) for s in curve.steps] == [
        (41, 2, 0),
        (42, 1, 1),
    ]


def test_ever_within_follows_to_the_first_response_not_to_the_last_score():
    curve = within("""
        course_id | day | total
        ----------+-----+------
        1         | 13  | 10
        1         | 40  | 20
        2         | 20  | 18
        2         | 30  | 9
        2         | 35  | 4
    """)
    assert [(s.time, s.events, s.estimate) for s in curve.steps] == [
        (3, 1, 0.5),
        (20, 1, 1.0),
    ]


def test_ever_within_sees_no_score_after_the_as_of_day():
    table = """
        course_id | day | total
        ----------+-----+------
        1         | 29  | 18
        1         | 31  | 4
    """
    assert within(table, as_of_day=30).events == 0
    assert within(table, as_of_day=31).events == 1


def test_an_incomplete_form_is_no_look():
    curve = within("""
        course_id | day | total
        ----------+-----+------
        1         | 20  | 18
        1         | 30  |
        2         | 30  |
    """)
    assert (curve.measured, [step.time for step in curve.steps]) == (1, [10])


def test_the_step_that_holds_is_the_last_at_or_before_a_time():
    curve = within("""
        course_id | day | total
        ----------+-----+------
        1         | 13  | 10
        2         | 50  | 18
    """)
    assert curve.at(2) is None
    assert [curve.at(time).time for time in (3, 39, 40, 42)] == [3, 3, 40, 40]


def test_a_score_dated_the_day_before_in_another_time_zone_counts_as_day_0():
    curve = within("""
        course_id | day | total
        ----------+-----+------
        1         | 9   | 10
    """)
    assert [step.time for step in curve.steps] == [0]


def test_refuses_a_score_from_before_the_course():
    with pytest.raises(ValueError, match="course 2 has a score 2 days before infusion"):
        within("""
            course_id | day | total
            ----------+-----+------
            1         | 10  | 10
            2         | 8   | 10
        """)


def test_no_rows_give_no_steps():
    none = ever_by_infusion(empty(COURSES_BY_INFUSION), RESPONSE, **ASKED)
    assert (none.eligible, none.measured, none.steps, none.at(6)) == (0, 0, (), None)
    assert (
        responding_now_by_infusion(empty(COURSES_BY_INFUSION), RESPONSE, **ASKED) == {}
    )
    without = ever_within(empty(COURSES), empty(SCORES_AFTER), RESPONSE, **ASKED)
    assert (without.eligible, without.steps) == (0, ())
    assert product_limit([], []).steps == ()


OBSERVATIONS = st.lists(st.tuples(st.integers(0, 12), st.booleans()), min_size=1)


@given(OBSERVATIONS, st.floats(0.1, 0.99))
@pytest.mark.filterwarnings(
    "ignore:The confidence interval is undefined:RuntimeWarning"
)
def test_product_limit_agrees_with_scipy(observations, confidence):
    durations, observed = map(np.array, zip(*observations, strict=True))
    assume(observed.any())
    ours = product_limit(durations, observed, confidence=confidence)
    theirs = ecdf(CensoredData.right_censored(durations, ~observed)).sf
    limits = theirs.confidence_interval(confidence, method="log-log")
    for step in ours.steps:
        assert step.estimate == pytest.approx(float(theirs.evaluate(step.time)))
        if step.lower is None:
            assert step.estimate in (0, 1)
        else:
            assert step.lower == pytest.approx(float(limits.low.evaluate(step.time)))
            assert step.upper == pytest.approx(float(limits.high.evaluate(step.time)))


def test_the_median_is_the_first_time_with_half_or_fewer_left():
    assert product_limit([1, 2, 3, 4], [True] * 4).median == 2
    assert product_limit([1, 2, 3, 4], [True, False, False, False]).median is None


@pytest.mark.parametrize("n", range(2, 120, 2))
def test_exactly_half_is_half_whatever_rounding_makes_of_the_product(n):
    curve = product_limit(range(1, n + 1), [True] * n)
    assert curve.median == n // 2


@pytest.mark.parametrize(
    ("durations", "observed", "message"),
    [
        ([1, -2], [True, True], "durations must be 0 or more; got -2."),
        ([1, float("nan")], [True, True], "durations must be 0 or more; got nan."),
        ([1, 2], [True], r"the same length; got shapes \(2,\) and \(1,\)."),
    ],
)
def test_refuses_impossible_durations(durations, observed, message):
    with pytest.raises(ValueError, match=message):
        product_limit(durations, observed)


def test_refuses_a_confidence_that_is_a_percentage():
    with pytest.raises(ValueError, match="got 95"):
        product_limit([1], [True], confidence=95)


# Who went on, who had stopped.

# As of day 100: course 1 had all six, 2 stopped after three, 3 is on its way after
# four, 4 stopped after two and was given a third as a booster, 5 is not eligible.
WENT_ON = """
    course_id | infusion | infusions | induction_infusions | baseline | total | score_day | due_day
    ----------+----------+-----------+---------------------+----------+-------+-----------+--------
    1         | 3        | 6         | 6                   | 20       | 10    | 9         | 9
    1         | 6        | 6         | 6                   | 20       |       |           | 30
    2         | 3        | 3         | 3                   | 20       | 18    | 9         | 9
    2         | 6        | 3         | 3                   | 20       |       |           | 20
    3         | 3        | 4         | 4                   | 20       |       |           | 95
    3         | 6        | 4         | 4                   | 20       |       |           |
    4         | 3        | 3         | 2                   | 20       |       |           | 20
    4         | 6        | 3         | 2                   | 20       |       |           | 20
    5         | 3        | 6         | 6                   | 9        | 4     | 9         | 9
    6         | 3        | 3         | 3                   | 20       |       |           | 101
    6         | 6        | 3         | 3                   | 20       |       |           |
"""  # noqa: E501
COUNTED = {"eligible_at_least": 10, "as_of_day": 100}


def test_each_eligible_course_is_in_one_part_at_each_infusion():
    after_3, after_6 = attendance_by_infusion(
        courses_by_infusion(WENT_ON), RESPONSE, **COUNTED
    )
    assert after_3 == Attendance(
        3, measured=2, not_measured=2, not_due=1, stopped=0, to_come=0
    )
    assert after_6 == Attendance(
        6, measured=0, not_measured=1, not_due=0, stopped=2, to_come=2
    )
    assert (after_3.given, after_3.eligible) == (5, 5)
    assert (after_6.given, after_6.eligible) == (1, 5)


def test_a_booster_is_given_and_a_drop_out_is_not():
    rows = courses_by_attendance(courses_by_infusion(WENT_ON), RESPONSE, **COUNTED)
    told = rows.set_index(["course_id", "infusion"])["attendance"]
    assert told[4, 3] == "given, not measured"
    assert told[4, 6] == "stopped before"
    assert told[3, 6] == "still to come"


@given(ROWS)
def test_who_is_measured_agrees_with_the_rates(rows):
    frame = by_infusion(rows)
    rates = responding_now_by_infusion(frame, RESPONSE, **ASKED)
    for at in attendance_by_infusion(frame, RESPONSE, **COUNTED):
        rate = rates[at.number]
        assert (at.measured, at.eligible) == (rate.measured, rate.eligible)
        assert at.not_measured + at.stopped == rate.missing
        assert at.not_due + at.to_come == rate.not_due


def test_without_courses_there_is_nothing_to_count():
    none = empty(COURSES_BY_INFUSION)
    assert attendance_by_infusion(none, RESPONSE, **COUNTED) == ()
    assert courses_by_attendance(none, RESPONSE, **COUNTED).empty


# The time until a share had met it.


def reached(curve, share=0.5):
    found = time_until(curve, share)
    return found.time, found.lower, found.upper


def test_a_share_is_reached_at_the_first_time_with_as_many():
    curve = ever_by_infusion(
        courses_by_infusion(RELAPSE_AND_DROP_OUT), RESPONSE, **ASKED
    )
    assert [time_until(curve, share).time for share in (0.25, 0.5, 0.75)] == [1, 3, 3]
    assert time_until(curve, 0.25) == Reached(0.25, 1, 1, None)


def test_a_share_that_is_not_reached_has_no_time():
    curve = ever_by_infusion(
        courses_by_infusion("""
            course_id | infusion | total | score_day | due_day
            ----------+----------+-------+-----------+--------
            1         | 1        | 15    | 3         | 3
        """),
        RESPONSE,
        **ASKED,
    )
    assert reached(curve) == (None, None, None)


@given(st.lists(st.tuples(st.integers(1, 30), st.booleans()), min_size=1, max_size=40))
def test_the_median_and_its_interval_are_those_of_the_share_still_without(seen):
    """The interval of `analysis.durability`, which golden tests hold to R's."""
    rows = [
        {**USUAL, "course_id": k, "patient_id": str(k), "due_day": 100}
        for k in range(len(seen))
    ]
    scores = [
        {"course_id": k, "day": day, "total": 10 if met else 18}
        for k, (day, met) in enumerate(seen)
    ]
    curve = ever_within(pd.DataFrame(rows), pd.DataFrame(scores), RESPONSE, **ASKED)
    days, met = zip(*seen, strict=True)
    still = product_limit(days, met)
    assert reached(curve) == (still.median, *median_interval(still))


def test_the_courses_behind_the_days_are_those_of_the_curve():
    started = courses("""
        course_id | total | score_day | due_day
        ----------+-------+-----------+--------
        1         |       |           | 32
        2         |       |           | 32
    """)
    scores = scores_after("""
        course_id | day | total
        ----------+-----+------
        1         | 3   | 18
        1         | 7   | 10
        1         | 9   | 18
        2         | 5   | 18
        2         | 60  | 4
    """)
    asked = {"eligible_at_least": 10, "as_of_day": 100}
    seen = scores_within(
        eligible_courses(started, **asked), scores, as_of_day=100, days=42
    )
    times = first_times(seen, RESPONSE)
    assert times["time"].to_dict() == {1: 7, 2: 5}
    assert times["met"].to_dict() == {1: True, 2: False}
