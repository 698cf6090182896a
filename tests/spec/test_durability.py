"""How long it lasts: who is followed, from when, to when, and what counts as lost.

Day 0 is the last induction infusion. The tables of `tests.follow_up_tables`.
"""

import pytest

from analysis.durability import (
    STARTING_FORM,
    TooFew,
    booster_intervals,
    booster_rows,
    durability,
    follow,
    risk_table,
)
from measures.durability import KINDS, LOSS_RULES, loss_rules_of
from measures.registry import CRITERIA, MEASURES
from tests.follow_up_tables import followed


TODAY = 400
RESPONSE = {"phq9": "phq9_response_50", "pcl5": "pcl5_response_30"}


def asked(rule, criterion=None, as_of_day=TODAY, **more):
    chosen = LOSS_RULES[rule]
    return {
        "rule": chosen,
        "criterion": CRITERIA[criterion or RESPONSE[chosen.measure]],
        "eligible_at_least": {"phq9": 10, "pcl5": 31}[chosen.measure],
        "as_of_day": as_of_day,
        **more,
    }


def states(table, rule="phq9_response_lost", **more):
    """Return the state of each course, with the days between which it was lost."""
    found = follow(*followed(table), **asked(rule, **more))
    return {row.course_id: words(row) for row in found.itertuples()}


def words(row):
    if row.state == "lost":
        return f"lost, after {row.last_without:.0f}, seen {row.event_day:.0f}"
    if row.state == "still":
        unconfirmed = ", unconfirmed" if row.unconfirmed else ""
        return f"still on {row.last_without:.0f}{unconfirmed}"
    return row.state


def result(table, rule="phq9_response_lost", **more):
    return durability(*followed(table), **asked(rule, **more))


def test_response_is_lost_on_the_first_form_that_is_no_longer_half():
    assert states("""
        course | baseline | end   | later
        -------+----------+-------+------------------------
        1      | 20       | 5: 8  | 20: 10, 40: 11, 60: 5
        2      | 20       | 5: 8  | 20: 10, 40: 9
        3      | 20       | 0: 10 | 3: 12
        4      | 21       | 5: 10 | 20: 11
    """) == {
        1: "lost, after 20, seen 40",
        2: "still on 40",
        3: "lost, after 0, seen 3",
        4: "lost, after 5, seen 20",
    }


def test_only_those_who_met_the_criterion_at_the_end_of_induction_are_followed():
    assert states("""
        course | baseline | end   | later
        -------+----------+-------+-------
        1      | 20       | 5: 10 | 20: 3
        2      | 20       | 5: 11 | 20: 3
        3      | 20       |       | 20: 3
        4      | 9        | 5: 2  | 20: 3
        5      |          | 5: 2  | 20: 3
        6      | 20       | 5: 10 |
    """) == {
        1: "still on 20",
        2: "not reached",
        3: "missing",
        4: "not eligible",
        5: "no baseline",
        6: "not seen again",
    }


def test_those_not_measured_and_those_not_seen_again_are_counted_apart():
    d = result("""
        course | baseline | end   | later
        -------+----------+-------+---------------
        1      | 20       | 5: 9  | 20: 3
        2      | 20       | 5: 9  | 20: 3, 40: 15
        3      | 20       | 5: 9  |
        4      | 20       | 5: 12 | 20: 3
        5      | 20       |       |
        6      | 9        | 5: 2  |
    """)
    c = d.coverage
    assert (c.started, c.eligible, c.due, c.measured, c.missing) == (6, 5, 5, 4, 1)
    assert (c.timepoint, c.completeness.estimate) == ("end_of_induction", 0.8)
    assert (d.reached, d.not_seen_again, d.followed, d.events) == (3, 1, 2, 1)
    assert d.course_ids == (1, 2)


def test_back_at_10_on_one_form_or_on_two_in_a_row():
    table = """
        course | baseline | end  | later
        -------+----------+------+-------------------------------
        1      | 24       | 5: 8 | 20: 9, 40: 10, 60: 9
        2      | 24       | 5: 8 | 20: 9, 40: 10, 60: 11, 80: 3
        3      | 24       | 5: 8 | 20: 12, 40: 9, 60: 12, 80: 12
        4      | 24       | 5: 8 | 20: 9, 40: 10
        5      | 24       | 5: 8 | 20: 10
        6      | 24       | 5: 8 | 20: 9
    """
    assert states(table, "phq9_relapse_10") == {
        1: "lost, after 20, seen 40",
        2: "lost, after 20, seen 40",
        3: "lost, after 5, seen 20",
        4: "lost, after 20, seen 40",
        5: "lost, after 5, seen 20",
        6: "still on 20",
    }
    assert states(table, "phq9_relapse_10_twice") == {
        1: "still on 60",
        2: "lost, after 20, seen 40",
        3: "lost, after 40, seen 60",
        # Nothing confirms the last form: it is known only up to the one before.
        4: "still on 20, unconfirmed",
        5: "still on 5, unconfirmed",
        6: "still on 20",
    }
    assert result(table, "phq9_relapse_10_twice").unconfirmed == 2
    assert result(table, "phq9_relapse_10").unconfirmed == 0


def test_who_is_at_the_limit_at_the_start_has_nothing_to_lose():
    table = """
        course | baseline | end   | later
        -------+----------+-------+--------
        1      | 24       | 5: 12 | 20: 13
        2      | 24       | 5: 9  | 20: 13
        3      | 10       | 5: 5  | 20: 10
    """
    assert states(table, "phq9_relapse_10") == {
        1: "there already",
        2: "lost, after 5, seen 20",
        3: "lost, after 5, seen 20",
    }
    # The patient's page: a relapse is no response any more, and 10 or more.
    assert states(table, "phq9_relapse_no_response") == {
        1: "there already",
        2: "lost, after 5, seen 20",
        3: "lost, after 5, seen 20",
    }
    assert result(table, "phq9_relapse_10").there_already == 1


def test_a_response_from_a_high_baseline_can_be_back_at_10_and_still_a_response():
    table = """
        course | baseline | end  | later
        -------+----------+------+-----------------
        1      | 27       | 5: 9 | 20: 10, 40: 13
        2      | 27       | 5: 9 | 20: 10, 40: 14
    """
    assert states(table, "phq9_relapse_10") == {
        1: "lost, after 5, seen 20",
        2: "lost, after 5, seen 20",
    }
    assert states(table, "phq9_relapse_no_response") == {
        1: "still on 40",
        2: "lost, after 20, seen 40",
    }


def test_the_pcl5_is_back_at_31_or_at_33():
    table = """
        course | baseline | end   | later
        -------+----------+-------+----------------------
        1      | 50       | 5: 30 | 20: 30, 40: 31, 60: 33
        2      | 50       | 5: 32 | 20: 32, 40: 33
        3      | 32       | 5: 20 | 20: 33
        4      | 60       | 5: 40 | 20: 43
    """
    assert states(table, "pcl5_relapse_31") == {
        1: "lost, after 20, seen 40",
        2: "there already",
        3: "lost, after 5, seen 20",
        4: "there already",
    }
    # From a baseline below 33 there is no way back to it.
    assert states(table, "pcl5_relapse_33") == {
        1: "lost, after 40, seen 60",
        2: "lost, after 20, seen 40",
        3: "never there",
        4: "there already",
    }
    assert states(table, "pcl5_response_lost") == {
        1: "still on 60",
        2: "still on 40",
        3: "lost, after 5, seen 20",
        4: "lost, after 5, seen 20",
    }


def test_remission_can_be_what_had_to_be_met():
    assert states(
        """
        course | baseline | end  | later
        -------+----------+------+-------
        1      | 20       | 5: 4 | 20: 9
        2      | 20       | 5: 5 | 20: 9
        """,
        criterion="phq9_remission_lt5",
    ) == {1: "still on 20", 2: "not reached"}


def test_followed_regardless_of_boosters_or_to_the_first_of_them():
    table = """
        course | baseline | end  | later                | boosters
        -------+----------+------+----------------------+---------
        1      | 20       | 5: 8 | 20: 9, 40: 15        | 30
        2      | 20       | 5: 8 | 20: 9, 40: 15        | 40
        3      | 20       | 5: 8 | 20: 9, 40: 15        |
        4      | 20       | 5: 8 | 40: 15               | 30, 60
    """
    regardless = result(table)
    assert (regardless.followed, regardless.events, regardless.boosted) == (4, 4, 3)
    # A form on the day of the booster comes before it: it counts.
    assert states(table, until_booster=True) == {
        1: "still on 20",
        2: "lost, after 20, seen 40",
        3: "lost, after 20, seen 40",
        4: "not seen again",
    }
    until = result(table, until_booster=True)
    assert (until.followed, until.events, until.boosted) == (3, 2, 2)


def test_what_is_after_the_as_of_day_is_not_seen():
    table = """
        course | baseline | end  | later         | boosters
        -------+----------+------+---------------+---------
        1      | 20       | 5: 8 | 20: 9, 40: 15 | 39
        2      | 20       | 5: 8 | 40: 15        |
    """
    assert states(table, as_of_day=39) == {1: "still on 20", 2: "not seen again"}
    assert states(table, as_of_day=40)[1] == "lost, after 20, seen 40"
    assert result(table, as_of_day=38).boosted == 0


TEN = """
    course | baseline | end   | later
    -------+----------+-------+---------------
    1      | 20       | 4: 8  | 10: 15
    2      | 20       | 4: 8  | 20: 15
    3      | 20       | 4: 8  | 20: 15
    4      | 20       | 4: 8  | 20: 9, 30: 15
    5      | 20       | 4: 8  | 20: 9
    6      | 20       | 4: 8  | 20: 9, 40: 9
    7      | 20       | 4: 8  | 20: 9, 40: 9
    8      | 20       | 14: 8 | 50: 15
    9      | 20       | 14: 8 | 50: 9
    10     | 20       | 14: 8 | 50: 9
"""


def estimates(curve):
    return {s.time: (s.at_risk, s.events, round(s.estimate, 3)) for s in curve.steps}


def test_the_event_is_on_the_day_of_the_form_or_on_that_of_the_form_before():
    d = result(TEN)
    assert estimates(d.seen) == {
        0: (10, 0, 1.0),
        10: (10, 1, 0.9),
        20: (9, 2, 0.7),
        30: (6, 1, 0.583),
        40: (5, 0, 0.583),
        50: (3, 1, 0.389),
    }
    assert estimates(d.earliest) == {
        0: (10, 0, 1.0),
        4: (10, 3, 0.7),
        14: (7, 1, 0.6),
        20: (6, 1, 0.5),
        40: (4, 0, 0.5),
        50: (2, 0, 0.5),
    }
    assert (d.seen.median, d.earliest.median) == (50, 20)
    # Of 6, 10, six times 16, 20, 20, 36, 36 and 36 days.
    assert d.days_between_looks == 16


def test_days_can_be_counted_from_the_starting_form():
    d = result(TEN, origin=STARTING_FORM)
    assert estimates(d.seen)[6] == (10, 1, 0.9)
    assert estimates(d.earliest)[0] == (10, 4, 0.6)


def test_a_median_that_is_not_reached_is_none():
    d = result(TEN.replace(": 15", ": 9"))
    assert (d.events, d.seen.median) == (0, None)


def test_the_number_at_risk_on_asked_days():
    table = risk_table(result(TEN).seen, (0, 15, 20, 21, 50, 51))
    assert [(row.day, row.at_risk) for row in table] == [
        (0, 10),
        (15, 9),
        (20, 9),
        (21, 6),
        (50, 3),
        (51, 0),
    ]
    assert [row.step and round(row.step.estimate, 3) for row in table] == [
        1.0,
        0.9,
        0.7,
        0.7,
        0.389,
        None,
    ]


def test_fewer_than_ten_give_no_curve():
    lines = TEN.strip().splitlines()
    d = result("\n".join(lines[:-1]))
    assert d.seen == d.earliest == TooFew(needed=10, found=9)
    assert (d.followed, d.events) == (9, 5)


BOOSTED = """
    course | end  | boosters
    -------+------+-----------
    1      | 5: 8 | 20, 50, 90
    2      | 5: 8 | 30
    3      |      | 40, 60
    4      | 5: 8 | 100
    5      | 5: 8 |
"""


def test_boosters_have_a_row_each_with_the_days_since_the_one_before():
    courses, _, boosters = followed(BOOSTED)
    rows = booster_rows(courses, boosters, as_of_day=TODAY)
    assert rows.values.tolist() == [
        [1, 1, 20, 20],
        [1, 2, 50, 30],
        [1, 3, 90, 40],
        [2, 1, 30, 30],
        [3, 1, 40, 40],
        [3, 2, 60, 20],
        [4, 1, 100, 100],
    ]


def test_booster_intervals_have_a_median_and_quartiles_from_four_on():
    courses, _, boosters = followed(BOOSTED)
    found = booster_intervals(courses, boosters, as_of_day=TODAY)
    assert (found.courses, found.boosted, found.course_ids) == (5, 4, (1, 2, 3, 4))
    first = found.first
    assert (first.n, first.lower, first.median, first.upper) == (4, 27.5, 35.0, 55.0)
    assert found.between == TooFew(needed=4, found=3)
    assert booster_intervals(courses, boosters, as_of_day=99).boosted == 3


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("kind", KINDS)
def test_each_measure_and_kind_has_one_default_rule_first(measure, kind):
    first, *others = loss_rules_of(measure, kind)
    assert first.default
    assert not any(rule.default for rule in others)


@pytest.mark.parametrize("rule", LOSS_RULES.values(), ids=LOSS_RULES)
def test_every_rule_says_what_it_is_and_where_its_limit_was_read(rule):
    assert rule.sentence.endswith(".")
    assert rule.reason.endswith(".")
    assert rule.source.citation
    assert rule.no_longer or rule.at_least
