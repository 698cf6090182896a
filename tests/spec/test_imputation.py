"""Multiple imputation: when it is refused, what is drawn, what a shift does."""

import pytest

from analysis.imputation import (
    ASSUMPTIONS,
    REFERENCES,
    ImputedRate,
    TooFew,
    change_in_points,
    imputed_rate,
)
from analysis.outcomes import outcome_rate
from measures.registry import CRITERIA
from tests.course_tables import courses, scores_after


ASKED = {"timepoint": "weeks_2_4", "eligible_at_least": 10, "as_of_day": 100}
HEADER = """
    course_id | baseline | induction_infusions | indication | total | score_day | due_day
    ----------+----------+---------------------+------------+-------+-----------+--------
"""  # noqa: E501 a clinician reads the whole row
SCORES = """
    course_id | day | total
    ----------+-----+------
"""


def practice(measured, missing, indication=lambda number: "depression"):
    """Draw courses that fall by about half; the missing had fallen as far before."""
    rows, last = [], []
    for number in range(1, measured + missing + 1):
        baseline = 12 + number % 12
        total, day = (baseline // 2 + number % 5 - 2, 30), 20
        seen = total if number <= measured else ("", "")
        rows.append(
            f"{number} | {baseline} | 6 | {indication(number)} | "
            f"{seen[0]} | {seen[1]} | 46"
        )
        last.append(f"{number} | {day} | {baseline // 2 + number % 3}")
    return courses(HEADER + "\n".join(rows)), scores_after(SCORES + "\n".join(last))


def impute(frames, criterion="phq9_response_50", **more):
    return imputed_rate(*frames, CRITERIA[criterion], **ASKED, **more)


@pytest.mark.parametrize(
    ("measured", "missing", "refused"),
    [
        (19, 1, TooFew(20, 19)),
        (0, 10, TooFew(20, 0)),
        (0, 0, TooFew(20, 0)),
        (20, 1, None),
        (3, 0, None),
    ],
)
def test_with_fewer_than_20_measured_nothing_is_imputed(measured, missing, refused):
    frames = practice(measured, missing) if measured + missing else nobody()
    found = impute(frames)
    if refused:
        assert found == refused
    else:
        assert len(found.measured_ids) == measured
        assert len(found.imputed_ids) == missing


def nobody():
    table = """
        course_id | due_day
        ----------+--------
        1         | 101
    """
    return courses(table), scores_after(SCORES + "1 | 1 | 5")


@pytest.mark.parametrize(
    ("measured", "used"),
    [
        (20, ("baseline", "last score", "indication ptsd")),
        (24, ("baseline", "last score", "indication ptsd")),
        (25, ("baseline", "last score", "indication ptsd", "indication both")),
    ],
)
def test_every_coefficient_needs_5_measured_or_the_last_predictors_are_left_out(
    measured, used
):
    """An intercept, baseline, last score and two indications: 25 measured."""

    def one_of_three(number):
        return ("depression", "ptsd", "both")[number % 3]

    found = impute(practice(measured, 5, one_of_three))
    assert found.predictors == used
    assert ("indication both" in found.left_out) == (measured < 25)


def test_what_hardly_anybody_measured_has_is_left_out_and_said():
    found = impute(practice(40, 10, lambda n: "ptsd" if n <= 4 else "depression"))
    assert found.predictors == ("baseline", "last score")
    assert found.left_out == (
        "no score after infusion 1",
        "induction infusions",
        "indication ptsd",
    )


def test_with_nobody_missing_it_is_the_observed_rate_with_its_interval():
    frames = practice(40, 0)
    criterion = CRITERIA["phq9_response_50"]
    observed = outcome_rate(frames[0], criterion, **ASKED).observed
    found = impute(frames).rate
    assert (found.events, found.n) == (observed.events, observed.n)
    assert found.lower == pytest.approx(observed.lower, rel=1e-12)
    assert found.upper == pytest.approx(observed.upper, rel=1e-12)
    assert found.missing_information == found.relative_increase == 0


def test_the_missing_widen_the_interval_and_leave_less_information():
    few, many = impute(practice(40, 4)).rate, impute(practice(40, 40)).rate
    assert 0 < few.missing_information < many.missing_information < 1
    assert many.between > few.between > 0


def test_the_answer_lies_between_all_of_the_missing_failing_and_all_succeeding():
    frames = practice(40, 20)
    bounds = outcome_rate(frames[0], CRITERIA["phq9_response_50"], **ASKED).bounds
    assert bounds[0] < impute(frames).rate.estimate < bounds[1]


def test_the_missing_may_be_taken_to_be_worse_by_named_points():
    frames = practice(40, 20)
    as_alike = impute(frames)
    worse = impute(frames, shift=change_in_points("phq9"))
    assert (as_alike.shift, worse.shift) == (0, 6)
    assert worse.rate.estimate < as_alike.rate.estimate


def test_so_much_worse_is_missing_as_failure():
    frames = practice(40, 20)
    rate = outcome_rate(frames[0], CRITERIA["phq9_response_50"], **ASKED)
    assert impute(frames, shift=27).rate.events == rate.events


def test_a_share_of_missing_information_comes_with_how_sure_the_draws_are():
    rate = impute(practice(40, 20)).rate
    assert rate.imputations == 100
    assert 0 < rate.monte_carlo_error < 0.01
    assert rate.degrees_of_freedom > 100
    assert rate.method == "Wilson score, multiple imputation"


def test_the_same_courses_give_the_same_answer_and_another_seed_another():
    frames = practice(40, 20)
    assert impute(frames) == impute(frames)
    assert impute(frames).rate != impute(frames, seed=1).rate


def test_the_courses_behind_it_are_named():
    found = impute(practice(25, 3))
    assert isinstance(found, ImputedRate)
    assert found.measured_ids == tuple(range(1, 26))
    assert found.imputed_ids == (26, 27, 28)


def test_what_it_takes_to_be_true_and_where_that_is_from_is_data():
    assert "missing at random" in ASSUMPTIONS[0]
    assert all(sentence.endswith(".") for sentence in ASSUMPTIONS)
    assert [s.key for s in REFERENCES] == [
        "rubin_1987",
        "lott_reiter_2020",
        "van_buuren_2018",
    ]
