from math import inf, sqrt
from statistics import mean, variance

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import kstest, t

from analysis.columns import COURSES, INDICATIONS, SCORES_AFTER
from analysis.imputation import (
    TooFew,
    draw_totals,
    due_courses,
    imputed_rate,
    pooled_proportion,
    with_last_score,
)
from analysis.outcomes import classify, outcome_rate
from measures.registry import CRITERIA, TIMEPOINTS
from tests.course_tables import USUAL


RESPONSE = CRITERIA["phq9_response_50"]
PHQ9_CRITERIA = [c for c in CRITERIA.values() if c.measure == "phq9"]
ASKED = {"eligible_at_least": 10, "as_of_day": 60}

COURSE = st.fixed_dictionaries(
    {
        "indication": st.sampled_from(INDICATIONS),
        "induction_infusions": st.integers(4, 7),
        "baseline": st.integers(8, 27),
        "total": st.none() | st.integers(0, 27),
        "score_day": st.integers(28, 62),
        "due_day": st.integers(44, 62),
    }
)
SCORE = st.fixed_dictionaries(
    {
        "course_id": st.integers(0, 50),
        "day": st.integers(0, 50),
        "total": st.integers(0, 27),
    }
)
SOME_COURSES = st.lists(COURSE, min_size=30, max_size=50).map(
    lambda rows: [
        {**USUAL, **row, "course_id": i, "patient_id": f"p{i}"}
        for i, row in enumerate(rows)
    ]
)
SOME_SCORES = st.lists(SCORE, max_size=60)


def course_frame(rows):
    return pd.DataFrame(rows, columns=[c.name for c in COURSES.columns])


def score_frame(rows):
    return pd.DataFrame(rows, columns=[c.name for c in SCORES_AFTER.columns])


def impute(courses, scores, criterion=RESPONSE, **more):
    return imputed_rate(
        course_frame(courses),
        score_frame(scores),
        criterion,
        timepoint="weeks_2_4",
        imputations=10,
        **ASKED,
        **more,
    )


def last_score_by_looking(course, scores, timepoint):
    """Look at one score after another; slow and obvious."""
    measured = course["total"] is not None and course["score_day"] <= 60
    limit = (course["score_day"] if measured else course["due_day"]) - 1
    point = TIMEPOINTS[timepoint]
    opens = course["first_day"] + point.from_days
    if point.anchor == "last induction infusion":
        opens += course["induction_days"]
    if point.anchor != "infusion k":
        limit = min(limit, opens - 1 if point.from_days else opens)
    found = None
    for score in scores:
        if score["course_id"] != course["course_id"] or score["day"] > limit:
            continue
        rank = (score["day"], score["total"])
        found = rank if found is None else max(found, rank)
    return None if found is None else found[1]


@settings(max_examples=40)
@given(SOME_COURSES, SOME_SCORES, st.sampled_from(list(TIMEPOINTS)))
def test_the_last_score_agrees_with_looking_at_one_after_another(
    courses, scores, timepoint
):
    due = due_courses(classify(course_frame(courses), **ASKED))
    seen = with_last_score(due, score_frame(scores), timepoint)
    expected = {
        course["course_id"]: last_score_by_looking(course, scores, timepoint)
        for course in courses
        if course["course_id"] in set(due["course_id"])
    }
    found = dict(zip(seen["course_id"], seen["last_score"], strict=True))
    assert {i: None if np.isnan(v) else v for i, v in found.items()} == expected


@settings(max_examples=40)
@given(SOME_COURSES, SOME_SCORES, st.randoms())
def test_the_order_of_rows_does_not_matter(courses, scores, random):
    shuffled = random.sample(courses, len(courses)), random.sample(scores, len(scores))
    assert impute(courses, scores) == impute(*shuffled)


@settings(max_examples=40)
@given(SOME_COURSES, SOME_SCORES, st.sampled_from(PHQ9_CRITERIA), st.integers(0, 12))
def test_it_is_refused_or_lies_between_the_bounds_and_falls_with_the_shift(
    courses, scores, criterion, shift
):
    found = impute(courses, scores, criterion)
    rate = outcome_rate(
        course_frame(courses), criterion, timepoint="weeks_2_4", **ASKED
    )
    if isinstance(found, TooFew):
        assert rate.missing or not rate.due
        assert found.found == rate.measured < found.needed
        return
    worst, best = rate.bounds
    assert worst <= found.rate.estimate <= best
    assert 0 <= found.rate.lower <= found.rate.estimate <= found.rate.upper <= 1
    assert (len(found.measured_ids), len(found.imputed_ids)) == (
        rate.measured,
        rate.missing,
    )
    worse = impute(courses, scores, criterion, shift=shift)
    assert worse.rate.estimate <= found.rate.estimate


def regression(seed, n=40, scale=1.0):
    random = np.random.default_rng(seed)
    x = np.column_stack([np.ones(n), random.normal(18, 4, (n, 2))])
    y = x @ [3, 0.2, 0.4] * scale + random.normal(0, 4 * scale, n)
    return x, y


def drawn_one_by_one(x, y, new, *, imputations, seed, shift, highest_total):
    """Draw with the textbook's formula for one imputation after another."""
    n, k = x.shape
    inverse = np.linalg.inv(x.T @ x)
    fitted = inverse @ x.T @ y
    residual = sum((y[i] - x[i] @ fitted) ** 2 for i in range(n))
    # A root of the inverse; which of its roots does not matter to the distribution.
    root = np.linalg.inv(np.linalg.cholesky(x.T @ x)).T
    random = np.random.default_rng(seed)
    chi_square = random.chisquare(n - k, imputations)
    around = random.standard_normal((imputations, k))
    noise = random.standard_normal((imputations, len(new)))
    completed = []
    for i in range(imputations):
        sigma = sqrt(residual / chi_square[i])
        beta = fitted + sigma * root @ around[i]
        totals = [new[j] @ beta + sigma * noise[i, j] + shift for j in range(len(new))]
        completed.append([min(max(round(x), 0), highest_total) for x in totals])
    return np.array(completed)


@pytest.mark.parametrize("shift", [0, 6])
def test_the_draws_are_the_textbook_s(shift):
    x, y = regression(1)
    new = x[:7] + 1
    asked = {"imputations": 30, "seed": 3, "shift": shift, "highest_total": 27}
    assert (
        draw_totals(x, y, new, **asked) == drawn_one_by_one(x, y, new, **asked)
    ).all()


def test_the_draws_have_the_distribution_that_theory_gives_a_new_observation():
    """Student's t about the prediction, when points are too fine to be rounded."""
    x, y = regression(2, n=12, scale=1e5)
    new = np.array([[1, 20, 15]])
    drawn = draw_totals(x, y + 1e8, new, highest_total=10**9, imputations=40_000)
    inverse = np.linalg.inv(x.T @ x)
    fitted = inverse @ x.T @ (y + 1e8)
    freedom = len(x) - 3
    sigma = sqrt(np.sum((y + 1e8 - x @ fitted) ** 2) / freedom)
    predictive = t(
        freedom,
        loc=(new @ fitted).item(),
        scale=sigma * sqrt(1 + (new @ inverse @ new.T).item()),
    )
    assert kstest(drawn.ravel(), predictive.cdf).statistic < 0.01


@given(st.integers(0, 1000), st.integers(-30, 30))
@settings(max_examples=25)
def test_drawn_totals_are_whole_and_within_the_range_of_the_measure(seed, shift):
    x, y = regression(seed)
    drawn = draw_totals(x, y, x, highest_total=27, shift=shift, imputations=5)
    assert (drawn == np.round(drawn)).all()
    assert drawn.min() >= 0 and drawn.max() <= 27


COUNTS = st.integers(1, 300).flatmap(
    lambda n: st.tuples(
        st.lists(st.integers(0, n), min_size=2, max_size=30), st.just(n)
    )
)


def pooled_by_hand(events, n):
    """Pool with Rubin's rules as they are written, one share after another."""
    shares = [e / n for e in events]
    m, within = len(shares), mean(q * (1 - q) / n for q in shares)
    between = variance(shares)
    growth = (1 + 1 / m) * between / within if within else 0
    freedom = (m - 1) * (1 + 1 / growth) ** 2 if growth > 1e-12 else inf
    return mean(shares), within, between, growth, freedom


@given(COUNTS)
def test_pooling_agrees_with_rubins_rules_as_written(counted):
    events, n = counted
    found = pooled_proportion(events, n)
    expected = pooled_by_hand(events, n)
    assert (
        found.estimate,
        found.within,
        found.between,
        found.relative_increase,
    ) == pytest.approx(expected[:4], abs=1e-9)
    if found.relative_increase > 1e-6:
        assert found.degrees_of_freedom == pytest.approx(expected[4], rel=1e-6)


@given(COUNTS, st.sampled_from([0.8, 0.95, 0.99]))
def test_the_limits_solve_the_equation_that_defines_them(counted, confidence):
    """(share - limit)² = t² · (1 + growth) · limit · (1 - limit) / n."""
    events, n = counted
    found = pooled_proportion(events, n, confidence)
    quantile = t.ppf(0.5 + confidence / 2, found.degrees_of_freedom)
    c = quantile**2 * (1 + found.relative_increase) / n
    q = found.estimate
    limits = sorted(np.roots([1 + c, -2 * q - c, q**2]).real)
    assert [found.lower, found.upper] == pytest.approx(limits, abs=1e-6)


@given(COUNTS)
def test_the_interval_is_never_narrower_than_with_everybody_measured(counted):
    events, n = counted
    found = pooled_proportion(events, n)
    same = pooled_proportion([events[0], events[0]], n)
    if found.estimate == same.estimate:
        assert found.upper - found.lower >= same.upper - same.lower - 1e-12
    assert 0 <= found.missing_information <= 1
    assert found.monte_carlo_error == pytest.approx(sqrt(found.between / len(events)))
