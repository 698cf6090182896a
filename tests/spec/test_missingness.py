"""The missing: who they are, and what the rate is if this or that became of them."""

import pytest

from analysis.imputation import TooFew, due_courses, with_last_score
from analysis.missingness import (
    APPROACHES,
    BEST,
    CARRIED,
    FAILURE,
    IMPUTED,
    OBSERVED,
    SHIFTED,
    side_by_side,
    who_is_missing,
)
from analysis.outcomes import classify
from measures.registry import CRITERIA
from tests.course_tables import courses, scores_after


TODAY = 100
ASKED = {"timepoint": "weeks_2_4", "eligible_at_least": 10, "as_of_day": TODAY}
NO_SCORES = """
    course_id | day | total
    ----------+-----+------
    99        | 1   | 5
"""


def last_scores(table, scores, timepoint="weeks_2_4"):
    started = classify(courses(table), eligible_at_least=10, as_of_day=TODAY)
    seen = with_last_score(due_courses(started), scores_after(scores), timepoint)
    known = seen["last_score"].notna()
    totals = seen["last_score"].astype(object).where(known, None)
    return dict(zip(seen["course_id"], totals, strict=True))


def beside(table, scores=NO_SCORES, criterion="phq9_response_50"):
    return side_by_side(
        courses(table), scores_after(scores), CRITERIA[criterion], **ASKED
    )


def counted(result, approach):
    rate = result.of(approach).rate
    return rate.events, rate.n


# Infusion 1 on day 0, the last of the induction on day 14: weeks 2-4 open on day 28.
DUE = """
    course_id | total | score_day | due_day
    ----------+-------+-----------+--------
    1         |       |           | 46
"""


@pytest.mark.parametrize(
    ("day", "last"),
    [(0, 12), (14, 12), (27, 12), (28, None), (50, None)],
)
def test_the_last_score_is_one_before_the_window_opens(day, last):
    scores = f"""
        course_id | day   | total
        ----------+-------+------
        1         | {day} | 12
    """
    assert last_scores(DUE, scores) == {1: last}


def test_the_last_score_is_the_latest_and_of_two_on_one_day_the_higher():
    scores = """
        course_id | day | total
        ----------+-----+------
        1         | 20  | 9
        1         | 20  | 11
        1         | 20  | 10
        1         | 7   | 18
    """
    assert last_scores(DUE, scores) == {1: 11}


def test_where_the_window_opens_with_the_infusion_that_day_may_hold_the_last_score():
    scores = """
        course_id | day | total
        ----------+-----+------
        1         | 7   | 15
        1         | 14  | 12
        1         | 15  | 3
    """
    assert last_scores(DUE, scores, "end_of_induction") == {1: 12}


def test_after_a_numbered_infusion_it_is_the_last_before_the_score_or_the_due_day():
    table = """
        course_id | total | score_day | due_day
        ----------+-------+-----------+--------
        1         |       |           | 7
        2         | 8     | 7         | 8
    """
    scores = """
        course_id | day | total
        ----------+-----+------
        1         | 3   | 15
        1         | 7   | 12
        2         | 3   | 14
        2         | 7   | 8
    """
    assert last_scores(table, scores, "after_infusion_2") == {1: 15, 2: 14}


FIVE = """
    course_id | baseline | total | score_day | due_day
    ----------+----------+-------+-----------+--------
    1         | 20       | 8     | 30        | 46
    2         | 20       | 12    | 30        | 46
    3         | 20       |       |           | 46
    4         | 20       |       |           | 46
    5         | 20       |       |           | 46
    6         | 20       |       |           | 101
    7         | 9        |       |           | 46
    8         | 20       | 3     | 101       | 46
"""
EARLIER = """
    course_id | day | total
    ----------+-----+------
    1         | 20  | 15
    2         | 20  | 5
    3         | 20  | 9
    4         | 20  | 11
    7         | 20  | 2
"""


def test_five_answers_to_what_became_of_the_missing():
    found = beside(FIVE, EARLIER)
    assert (found.due, found.measured, found.missing) == (6, 2, 4)
    assert counted(found, OBSERVED) == (1, 2)
    assert counted(found, CARRIED) == (2, 6)
    assert counted(found, FAILURE) == (1, 6)
    assert counted(found, BEST) == (5, 6)
    assert found.of(IMPUTED).rate == found.of(SHIFTED).rate == TooFew(20, 2)


def test_every_number_names_its_courses():
    found = beside(FIVE, EARLIER)
    events = {e.approach.code: set(e.event_ids) for e in found.estimates}
    assert events == {
        "observed": {1},
        "last_observation": {1, 3},
        "failure": {1},
        "best": {1, 3, 4, 5, 8},
        "imputed": set(),
        "imputed_worse": set(),
    }
    assert set(found.of(OBSERVED).course_ids) == {1, 2}
    assert set(found.of(CARRIED).course_ids) == {1, 2, 3, 4, 5, 8}
    assert set(found.missing_ids) == {3, 4, 5, 8}


def test_without_a_later_score_the_baseline_is_carried_and_that_is_said():
    assert set(beside(FIVE, EARLIER).carried_from_baseline) == {5, 8}


def test_a_measured_course_is_not_changed_by_its_earlier_scores():
    table = """
        course_id | total | score_day | due_day
        ----------+-------+-----------+--------
        1         | 12    | 30        | 46
    """
    scores = """
        course_id | day | total
        ----------+-----+------
        1         | 20  | 2
    """
    assert counted(beside(table, scores), CARRIED) == (0, 1)


def test_nobody_due_gives_no_number_at_all():
    found = beside("""
        course_id | due_day
        ----------+--------
        1         | 101
    """)
    rates = {e.approach.code: e.rate for e in found.estimates}
    assert rates.pop("imputed") == rates.pop("imputed_worse") == TooFew(20, 0)
    assert set(rates.values()) == {None}


def test_every_approach_says_what_it_takes_to_be_true_and_where_that_is_from():
    assert len({a.code for a in APPROACHES}) == len(APPROACHES)
    for approach in APPROACHES:
        assert approach.sentence.endswith(".") and approach.source.citation


EIGHT = """
    course_id | baseline | infusions | clinician | indication | total | score_day | due_day
    ----------+----------+-----------+-----------+------------+-------+-----------+--------
    1         | 14       | 6         | Adler     | depression | 8     | 30        | 46
    2         | 16       | 6         | Adler     | depression | 12    | 30        | 46
    3         | 18       | 8         | Baker     | ptsd       | 9     | 30        | 46
    4         | 20       | 8         | Baker     | depression | 9     | 30        | 46
    5         | 20       | 6         | Baker     | ptsd       |       |           | 46
    6         | 24       | 6         | Baker     | ptsd       |       |           | 46
    7         | 24       | 6         | Adler     | ptsd       |       |           | 101
    8         | 9        | 6         | Adler     | ptsd       |       |           | 46
"""  # noqa: E501 a clinician reads the whole row


@pytest.fixture
def who():
    scores = """
        course_id | day | total
        ----------+-----+------
        1         | 20  | 10
        2         | 20  | 10
        5         | 20  | 19
    """
    return who_is_missing(courses(EIGHT), scores_after(scores), measure="phq9", **ASKED)


def mean(who, characteristic):
    return next(m for m in who.means if m.characteristic == characteristic)


def share(who, value):
    return next(s for s in who.shares if s.value == value)


def test_only_those_who_were_due_are_compared(who):
    assert (who.started, who.due, who.measured, who.missing) == (8, 6, 4, 2)
    assert set(who.measured_ids) == {1, 2, 3, 4}
    assert set(who.missing_ids) == {5, 6}


def test_means_of_the_missing_stand_beside_those_of_the_measured(who):
    baseline = mean(who, "baseline")
    assert (baseline.measured.n, baseline.measured.mean) == (4, 17)
    assert (baseline.missing.n, baseline.missing.mean) == (2, 22)
    assert baseline.difference == 5
    assert baseline.lower < 5 < baseline.upper
    assert mean(who, "infusions").difference == -1


def test_a_mean_names_the_courses_that_are_in_it(who):
    change = mean(who, "change up to the last score before the window")
    assert (change.measured.course_ids, change.measured.mean) == ((1, 2), -5)
    assert (change.missing.course_ids, change.missing.mean) == ((5,), -1)
    assert change.difference == 4


def test_no_interval_is_made_from_one_course_or_from_no_spread(who):
    change = mean(who, "change up to the last score before the window")
    assert change.lower is change.upper is None
    same = mean(who, "induction infusions")
    assert (same.difference, same.lower, same.upper) == (0, None, None)


def test_shares_of_the_missing_stand_beside_those_of_the_measured(who):
    ptsd = share(who, "ptsd")
    assert (ptsd.measured.events, ptsd.measured.n) == (1, 4)
    assert (ptsd.missing.events, ptsd.missing.n) == (2, 2)
    assert ptsd.difference.estimate == 0.75
    assert (ptsd.missing_here.events, ptsd.missing_here.n) == (2, 3)
    assert ptsd.course_ids == (3, 5, 6)


def test_clinicians_stand_in_alphabetical_order_not_by_their_missing(who):
    assert [s.value for s in who.shares] == ["Adler", "Baker", "depression", "ptsd"]
    adler, baker = share(who, "Adler"), share(who, "Baker")
    assert (adler.missing_here.events, adler.missing_here.n) == (0, 2)
    assert (baker.missing_here.events, baker.missing_here.n) == (2, 4)
