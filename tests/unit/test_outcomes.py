import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.columns import COURSES, INDICATIONS, empty
from analysis.outcomes import (
    STATES,
    classify,
    one_course_per_patient,
    outcome_rate,
    select_courses,
)
from measures.registry import CRITERIA
from tests.course_tables import USUAL, courses


DAYS = st.integers(-5, 60)
PHQ9_CRITERIA = [c for c in CRITERIA.values() if c.measure == "phq9"]
COURSE = st.fixed_dictionaries(
    {
        "patient_id": st.sampled_from("abcd"),
        "first_day": DAYS,
        "indication": st.sampled_from(INDICATIONS),
        "clinician": st.sampled_from(["", "x", "y"]),
        "baseline": st.none() | st.integers(0, 27),
        "total": st.none() | st.integers(0, 27),
        "score_day": DAYS,
        "due_day": st.none() | DAYS,
    }
)
SOME_COURSES = st.lists(COURSE, max_size=25).map(
    lambda rows: [{**USUAL, **row, "course_id": i} for i, row in enumerate(rows)]
)
QUESTION = st.fixed_dictionaries(
    {"eligible_at_least": st.integers(0, 15), "as_of_day": DAYS}
)


def frame(rows):
    return pd.DataFrame(rows, columns=[c.name for c in COURSES.columns])


def ask(rows, criterion, question):
    return outcome_rate(frame(rows), criterion, timepoint="week_6", **question)


def rate_by_counting(rows, criterion, eligible_at_least, as_of_day):
    """Count one course after another; slow and obvious."""
    count = dict.fromkeys(
        ["started", "no_baseline", "eligible", "not_due", "due", "measured", "events"],
        0,
    )
    for row in rows:
        if row["first_day"] > as_of_day:
            continue
        count["started"] += 1
        if row["baseline"] is None:
            count["no_baseline"] += 1
            continue
        if row["baseline"] < eligible_at_least:
            continue
        count["eligible"] += 1
        if row["total"] is not None and row["score_day"] <= as_of_day:
            count["due"] += 1
            count["measured"] += 1
            if meets(criterion, row["baseline"], row["total"]):
                count["events"] += 1
        elif row["due_day"] is not None and row["due_day"] <= as_of_day:
            count["due"] += 1
        else:
            count["not_due"] += 1
    return count


def meets(criterion, baseline, total):
    if criterion.fall_percent is not None:
        if baseline == 0:
            return False
        if 100 * (baseline - total) < criterion.fall_percent * baseline:
            return False
    if criterion.points is not None and baseline - total < criterion.points:
        return False
    return criterion.highest_total is None or total <= criterion.highest_total


@given(SOME_COURSES, st.sampled_from(PHQ9_CRITERIA), QUESTION)
def test_counts_agree_with_counting_one_course_after_another(rows, criterion, question):
    rate = ask(rows, criterion, question)
    expected = rate_by_counting(rows, criterion, **question)
    assert {name: getattr(rate, name) for name in expected} == expected


@given(SOME_COURSES, st.sampled_from(PHQ9_CRITERIA), QUESTION)
def test_the_courses_behind_every_number_add_up_to_it(rows, criterion, question):
    rate = ask(rows, criterion, question)
    counted = classify(frame(rows), criterion, **question)["state"].value_counts()
    assert [counted.get(state, 0) for state in STATES] == [
        rate.no_baseline,
        rate.not_eligible,
        rate.not_due,
        rate.missing,
        rate.events,
        rate.measured - rate.events,
    ]
    assert counted.sum() == rate.started


@given(SOME_COURSES, st.sampled_from(PHQ9_CRITERIA), QUESTION)
def test_the_shares_stand_in_the_only_possible_order(rows, criterion, question):
    rate = ask(rows, criterion, question)
    if rate.observed:
        worst, best = rate.bounds
        assert rate.nonresponse.estimate == worst <= rate.observed.estimate <= best


@given(SOME_COURSES, st.sampled_from(PHQ9_CRITERIA), QUESTION, st.randoms())
def test_the_order_of_courses_does_not_matter(rows, criterion, question, random):
    shuffled = random.sample(rows, len(rows))
    assert ask(rows, criterion, question) == ask(shuffled, criterion, question)


@given(SOME_COURSES, QUESTION)
def test_nothing_is_measured_that_had_not_happened_by_the_as_of_day(rows, question):
    classified = classify(frame(rows), **question)
    measured = classified[classified["state"] == "measured"]
    assert (measured[["first_day", "score_day"]] <= question["as_of_day"]).all(
        axis=None
    )


@given(SOME_COURSES)
def test_one_course_per_patient_keeps_each_patient_once(rows):
    first = one_course_per_patient(frame(rows))
    expected = {}
    for row in sorted(rows, key=lambda r: (r["first_day"], r["course_id"])):
        expected.setdefault(row["patient_id"], row["course_id"])
    found = dict(zip(first["patient_id"], first["course_id"], strict=True))
    assert found == expected


def test_one_course_per_patient_keeps_every_infusion_of_the_course():
    one = courses("""
        course_id | patient_id | first_day
        ----------+------------+----------
        1         | a          | 0
        2         | a          | 90
    """)
    rows = pd.concat([one.assign(infusion=k) for k in (1, 2)], ignore_index=True)
    first = one_course_per_patient(rows)
    assert first[["course_id", "infusion"]].to_numpy().tolist() == [[1, 1], [1, 2]]


def test_a_frame_without_rows_gives_zeros_and_no_share():
    rate = ask(
        [], CRITERIA["phq9_response_50"], {"eligible_at_least": 10, "as_of_day": 0}
    )
    assert (rate.started, rate.eligible, rate.due, rate.measured) == (0, 0, 0, 0)
    assert rate.observed is None


@pytest.mark.parametrize("choose", [one_course_per_patient, select_courses])
def test_choosing_among_no_courses_gives_none_and_keeps_the_columns(choose):
    chosen = choose(empty(COURSES))
    assert (len(chosen), list(chosen)) == (0, list(empty(COURSES)))


CHOICE = courses("""
    course_id | first_day | indication   | clinician
    ----------+-----------+--------------+----------
    1         | 10        | depression   | x
    2         | 11        | ptsd         | x
    3         | 12        | both         | y
    4         | 13        | not recorded |
""")


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        ({}, [1, 2, 3, 4]),
        ({"indication": "both"}, [3]),
        ({"indication": "not recorded"}, [4]),
        ({"clinician": "x"}, [1, 2]),
        ({"clinician": ""}, [4]),
        ({"first_day_from": 11}, [2, 3, 4]),
        ({"first_day_to": 12}, [1, 2, 3]),
        ({"first_day_from": 11, "first_day_to": 11, "clinician": "x"}, [2]),
        ({"clinician": "z"}, []),
    ],
)
def test_courses_are_chosen_by_every_limit_given(limits, expected):
    assert select_courses(CHOICE, **limits)["course_id"].tolist() == expected


def test_choosing_and_classifying_leave_the_frame_as_it_was():
    before = CHOICE.copy()
    select_courses(CHOICE, clinician="x")
    classify(CHOICE, eligible_at_least=10, as_of_day=50)
    pd.testing.assert_frame_equal(CHOICE, before)


def test_the_confidence_asked_for_is_the_one_of_every_interval():
    rate = outcome_rate(
        CHOICE.assign(total=[4, 5, 19, np.nan], score_day=20, due_day=20),
        CRITERIA["phq9_response_50"],
        timepoint="week_6",
        eligible_at_least=10,
        as_of_day=50,
        confidence=0.8,
    )
    shares = (rate.observed, rate.nonresponse, rate.completeness)
    assert [share.confidence for share in shares] == [0.8, 0.8, 0.8]
