import warnings
from collections import Counter

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import ttest_ind

from analysis.columns import COURSES, INDICATIONS, SCORES_AFTER, empty
from analysis.imputation import TooFew
from analysis.missingness import (
    APPROACHES,
    BEST,
    CARRIED,
    FAILURE,
    OBSERVED,
    side_by_side,
    who_is_missing,
)
from analysis.outcomes import outcome_rate
from measures.registry import CRITERIA
from tests.course_tables import USUAL


PHQ9_CRITERIA = [c for c in CRITERIA.values() if c.measure == "phq9"]
RESPONSE = CRITERIA["phq9_response_50"]
ASKED = {"timepoint": "weeks_2_4", "eligible_at_least": 10, "as_of_day": 60}
COURSE = st.fixed_dictionaries(
    {
        "first_day": st.integers(0, 5),
        "indication": st.sampled_from(INDICATIONS),
        "clinician": st.sampled_from(["", "x", "y"]),
        "infusions": st.integers(1, 9),
        "induction_infusions": st.integers(0, 8),
        "baseline": st.none() | st.integers(5, 27),
        "total": st.none() | st.integers(0, 27),
        "score_day": st.integers(33, 63),
        "due_day": st.none() | st.integers(40, 63),
    }
)
SCORE = st.fixed_dictionaries(
    {
        "course_id": st.integers(0, 25),
        "day": st.integers(0, 30),
        "total": st.integers(0, 27),
    }
)
SOME_COURSES = st.lists(COURSE, max_size=25).map(
    lambda rows: [
        {**USUAL, **row, "course_id": i, "patient_id": f"p{i}"}
        for i, row in enumerate(rows)
    ]
)
SOME_SCORES = st.lists(SCORE, max_size=40)


def course_frame(rows):
    return pd.DataFrame(rows, columns=[c.name for c in COURSES.columns])


def score_frame(rows):
    return pd.DataFrame(rows, columns=[c.name for c in SCORES_AFTER.columns])


def who(courses, scores):
    return who_is_missing(
        course_frame(courses), score_frame(scores), measure="phq9", **ASKED
    )


def beside(courses, scores, criterion):
    return side_by_side(course_frame(courses), score_frame(scores), criterion, **ASKED)


def due_by_looking(courses, scores):
    """Give each due course as measured or missing, with its last score if any."""
    for course in courses:
        if course["baseline"] is None or course["baseline"] < 10:
            continue
        measured = course["total"] is not None and course["score_day"] <= 60
        if not measured and (course["due_day"] is None or course["due_day"] > 60):
            continue
        end = course["score_day"] if measured else course["due_day"]
        opens = course["first_day"] + course["induction_days"] + 14
        earlier = [
            (score["day"], score["total"])
            for score in scores
            if score["course_id"] == course["course_id"]
            and score["day"] < min(opens, end)
        ]
        yield course, measured, max(earlier)[1] if earlier else None


@settings(max_examples=30)
@given(SOME_COURSES, SOME_SCORES, st.sampled_from(PHQ9_CRITERIA))
def test_counts_agree_with_counting_one_course_after_another(
    courses, scores, criterion
):
    expected, baselines = Counter(), []
    for course, measured, last in due_by_looking(courses, scores):
        baseline, total = course["baseline"], course["total"]
        carried = baseline if last is None else last
        met = measured and bool(criterion.met(baseline, total))
        expected[OBSERVED] += met
        expected[FAILURE] += met
        expected[BEST] += met or not measured
        expected[CARRIED] += met if measured else criterion.met(baseline, carried)
        if not measured and last is None:
            baselines.append(course["course_id"])
    found = beside(courses, scores, criterion)
    for approach in (OBSERVED, CARRIED, FAILURE, BEST):
        estimate = found.of(approach)
        assert len(estimate.event_ids) == expected[approach]
        n = len(estimate.course_ids)
        assert n == (found.measured if approach is OBSERVED else found.due)
        if n:
            assert (estimate.rate.events, estimate.rate.n) == (expected[approach], n)
        else:
            assert estimate.rate is None
    assert sorted(found.carried_from_baseline) == baselines


@settings(max_examples=30)
@given(SOME_COURSES, SOME_SCORES, st.sampled_from(PHQ9_CRITERIA))
def test_the_numbers_of_a_rate_are_the_same_here(courses, scores, criterion):
    rate = outcome_rate(course_frame(courses), criterion, **ASKED)
    found = beside(courses, scores, criterion)
    assert found.of(OBSERVED).rate == rate.observed
    assert found.of(FAILURE).rate == rate.nonresponse
    assert found.completeness == rate.completeness
    if rate.due:
        assert found.of(BEST).rate.estimate == rate.bounds[1]


@settings(max_examples=30)
@given(SOME_COURSES, SOME_SCORES, st.sampled_from(PHQ9_CRITERIA))
def test_every_other_answer_lies_between_worst_and_best(courses, scores, criterion):
    found = beside(courses, scores, criterion)
    worst, best = set(found.of(FAILURE).event_ids), set(found.of(BEST).event_ids)
    for estimate in found.estimates:
        assert worst <= set(estimate.event_ids) <= best or not estimate.course_ids
    assert tuple(e.approach for e in found.estimates) == APPROACHES


@settings(max_examples=30)
@given(SOME_COURSES, SOME_SCORES)
def test_means_and_their_intervals_agree_with_scipy(courses, scores):
    due = list(due_by_looking(courses, scores))
    values = {
        "baseline": [(c["baseline"], m) for c, m, _ in due],
        "induction infusions": [(c["induction_infusions"], m) for c, m, _ in due],
        "infusions": [(c["infusions"], m) for c, m, _ in due],
        "change up to the last score before the window": [
            (last - c["baseline"], m) for c, m, last in due if last is not None
        ],
    }
    for found in who(courses, scores).means:
        measured = [v for v, is_measured in values[found.characteristic] if is_measured]
        missing = [
            v for v, is_measured in values[found.characteristic] if not is_measured
        ]
        assert (found.measured.n, found.missing.n) == (len(measured), len(missing))
        assert len(found.missing.course_ids) == found.missing.n
        if not measured or not missing:
            assert found.difference is found.lower is found.upper is None
            continue
        difference = sum(missing) / len(missing) - sum(measured) / len(measured)
        assert found.difference == pytest.approx(difference)
        spread = len(set(measured)) > 1 or len(set(missing)) > 1
        if min(len(measured), len(missing)) < 2 or not spread:
            assert found.lower is found.upper is None
            continue
        with warnings.catch_warnings():
            # scipy warns of a group that is all alike; its limits are right.
            warnings.simplefilter("ignore", RuntimeWarning)
            test = ttest_ind(missing, measured, equal_var=False)
        limits = test.confidence_interval()
        assert (found.lower, found.upper) == pytest.approx((limits.low, limits.high))


@settings(max_examples=30)
@given(SOME_COURSES, SOME_SCORES)
def test_the_values_of_a_characteristic_share_out_the_due_courses(courses, scores):
    found = who(courses, scores)
    for characteristic in ("clinician", "indication"):
        rows = [s for s in found.shares if s.characteristic == characteristic]
        assert [s.value for s in rows] == sorted({s.value for s in rows})
        ids = sorted(i for s in rows for i in s.course_ids)
        assert ids == sorted(found.measured_ids + found.missing_ids)
        assert sum(s.missing_here.events for s in rows) == found.missing
        for group, n in (("measured", found.measured), ("missing", found.missing)):
            shares = [getattr(s, group) for s in rows]
            if n:
                assert sum(s.events for s in shares) == n
                assert {s.n for s in shares} == {n}
            else:
                assert set(shares) <= {None}


@settings(max_examples=30)
@given(SOME_COURSES, SOME_SCORES, st.floats(0.5, 0.9))
def test_more_confidence_makes_every_interval_wider(courses, scores, less):
    frames = course_frame(courses), score_frame(scores)
    narrow, wide = (
        who_is_missing(*frames, measure="phq9", confidence=c, **ASKED)
        for c in (less, 0.95)
    )
    for one, other in zip(narrow.means, wide.means, strict=True):
        if one.lower is not None:
            assert other.lower < one.lower <= one.upper < other.upper


def test_no_courses_at_all_give_nothing_to_compare():
    frames = empty(COURSES), empty(SCORES_AFTER)
    found = who_is_missing(*frames, measure="phq9", **ASKED)
    assert (found.due, found.shares) == (0, ())
    assert {m.difference for m in found.means} == {None}
    rates = side_by_side(*frames, RESPONSE, **ASKED)
    assert rates.of(OBSERVED).rate is None
    assert rates.imputation == TooFew(20, 0)
