"""What became of each course between baseline and score, and on which items."""

import pytest

from analysis.change_shape import (
    Boundary,
    answer_changes,
    change_regions,
    every_criterion,
    regions_of,
    stated_boundaries,
    waterfall,
)
from measures.criteria import PCL5_ELIGIBILITY, PHQ9_ELIGIBILITY
from measures.registry import CRITERIA, MEASURES, default_criterion
from measures.sources import PROJECT
from tests.answer_tables import answers
from tests.course_tables import courses


PHQ9 = {
    "timepoint": "weeks_2_4",
    "eligible_at_least": PHQ9_ELIGIBILITY.at_least,
    "as_of_day": 100,
}
PCL5 = PHQ9 | {"eligible_at_least": PCL5_ELIGIBILITY.at_least}


def test_a_waterfall_goes_from_the_greatest_rise_to_the_greatest_fall():
    table = """
        course_id | baseline | total | score_day | due_day
        ----------+----------+-------+-----------+--------
        1         | 20       | 10    | 40        | 50
        2         | 10       | 12    | 40        | 50
        3         | 16       | 12    | 40        | 50
        4         | 20       | 20    | 40        | 50
        5         | 10       | 0     | 40        | 50
        6         | 9        | 0     | 40        | 50
        7         | 20       |       |           | 50
        8         | 20       |       |           | 101
        9         |          | 5     | 40        | 50
    """
    found = waterfall(courses(table), default_criterion("phq9", "response"), **PHQ9)
    drawn = found.rows[["course_id", "change", "percent", "state"]]
    assert drawn.values.tolist() == [
        [2, 2, 20, "no event"],
        [4, 0, 0, "no event"],
        [3, -4, -25, "no event"],
        [1, -10, -50, "event"],
        [5, -10, -100, "event"],
    ]
    assert (found.lower, found.unchanged, found.higher) == (3, 1, 1)
    assert (found.measured, found.missing, found.not_due) == (5, 1, 1)


def test_nothing_can_be_lost_of_a_baseline_of_0():
    table = """
        course_id | baseline | total | score_day
        ----------+----------+-------+----------
        1         | 0        | 3     | 40
        2         | 4        | 3     | 40
    """
    response = default_criterion("phq9", "response")
    asked = PHQ9 | {"eligible_at_least": 0}
    found = waterfall(courses(table), response, **asked)
    assert found.rows["course_id"].tolist() == [2]
    assert found.without_percent == (1,)
    assert (found.measured, found.lower, found.higher) == (2, 1, 1)


REGIONS = """
    course_id | baseline | total | score_day | became
    ----------+----------+-------+-----------+--------------
    1         | 16       | 9     | 40        | recovered
    2         | 16       | 10    | 40        | improved
    3         | 15       | 9     | 40        | recovered
    4         | 14       | 9     | 40        | unchanged
    5         | 20       | 14    | 40        | improved
    6         | 20       | 15    | 40        | unchanged
    7         | 20       | 25    | 40        | unchanged
    8         | 20       | 26    | 40        | deteriorated
    9         | 10       | 4     | 40        | recovered
    10        | 9        | 0     | 40        |
    11        |          | 0     | 40        |
    12        | 20       |       |           |
"""


def test_a_phq_9_is_reliably_better_from_6_points_and_recovered_below_10():
    found = change_regions(courses(REGIONS), measure="phq9", **PHQ9)
    by_rule = {regions.boundary.code: regions for regions in found.by_boundary}
    expected = {name: () for name in OUTCOMES}
    for line in REGIONS.strip().splitlines()[2:]:
        course_id, *_, became = (cell.strip() for cell in line.split("|"))
        if became:
            expected[became] += (int(course_id),)
    regions = by_rule["phq9_change_6"].regions
    assert {r.outcome: r.course_ids for r in regions} == expected
    assert found.cutoff.code == "phq9_below_10"
    assert [r.share.n for r in regions] == [found.measured] * 4 == [9] * 4


OUTCOMES = ("recovered", "improved", "unchanged", "deteriorated")


@pytest.mark.parametrize(
    ("rule", "improved", "deteriorated"),
    [("phq9_change_5", (2, 3), (4, 5)), ("phq9_change_6", (3,), (5,))],
)
def test_another_rule_for_reliable_change_moves_courses_to_other_regions(
    rule, improved, deteriorated
):
    table = """
        course_id | baseline | total | score_day
        ----------+----------+-------+----------
        1         | 20       | 16    | 40
        2         | 20       | 15    | 40
        3         | 20       | 14    | 40
        4         | 20       | 25    | 40
        5         | 20       | 26    | 40
    """
    boundary = next(b for b in stated_boundaries("phq9") if b.code == rule)
    found = regions_of(courses(table), boundary, 9.5)
    assert found.of("improved").course_ids == improved
    assert found.of("deteriorated").course_ids == deteriorated
    assert not found.of("recovered").course_ids


def test_a_pcl_5_has_four_stated_rules_and_recovers_at_28():
    table = """
        course_id | baseline | total | score_day
        ----------+----------+-------+----------
        1         | 50       | 28    | 40
        2         | 50       | 29    | 40
        3         | 40       | 28    | 40
    """
    found = change_regions(courses(table), measure="pcl5", **PCL5)
    recovered = {
        regions.boundary.code: regions.of("recovered").course_ids
        for regions in found.by_boundary
    }
    assert recovered == {
        "pcl5_change_15": (1,),
        "pcl5_change_9": (1, 3),
        "pcl5_change_12": (1, 3),
        "pcl5_change_18": (1,),
    }


def test_who_was_below_the_cut_off_at_baseline_cannot_be_called_recovered():
    table = """
        course_id | baseline | total | score_day
        ----------+----------+-------+----------
        1         | 9        | 1     | 40
        2         | 10       | 1     | 40
    """
    asked = PHQ9 | {"eligible_at_least": 5}
    found = change_regions(courses(table), measure="phq9", **asked)
    assert found.began_functional == (1,)
    default = found.by_boundary[0]
    assert default.of("recovered").course_ids == (2,)
    assert default.of("improved").course_ids == (1,)


def test_a_boundary_is_computed_from_the_practices_own_spread_only_with_20_baselines():
    few = change_regions(measured_courses(19), measure="phq9", **PHQ9)
    enough = change_regions(measured_courses(20), measure="phq9", **PHQ9)
    assert [r.why.needed for r in few.refused] == [20, 20]
    assert [r.why.found for r in few.refused] == [19, 19]
    computed = [r.boundary for r in enough.by_boundary if r.boundary.reliability]
    assert not enough.refused
    # 1.96 x square root of 2 x SD x square root of (1 - reliability); the SD of twenty
    # baselines, half of them 20 and half 10, is 5.130.
    assert [(b.reliability, round(b.threshold, 3)) for b in computed] == [
        (0.892, 4.673),
        (0.737, 7.292),
    ]


def test_the_spread_is_of_every_baseline_also_of_those_too_low_or_without_a_score():
    everybody = measured_courses(20, baselines=(20, 4))
    without_a_score = everybody.assign(
        total=everybody["total"].where(everybody["course_id"] < 4)
    )
    found = change_regions(without_a_score, measure="phq9", **PHQ9)
    assert found.measured == 2
    computed = [r.boundary for r in found.by_boundary if r.boundary.reliability]
    assert [(b.sd_n, round(b.sd, 3)) for b in computed] == [(20, 8.208)] * 2


def test_courses_that_all_began_alike_have_no_spread_to_compute_with():
    same = measured_courses(20, baselines=(20, 20))
    found = change_regions(same, measure="phq9", **PHQ9)
    assert {r.why.reason for r in found.refused} == {"every baseline is the same"}


def measured_courses(number, baselines=(20, 10)):
    lines = ["course_id | baseline | total | score_day", "---"]
    lines += [f"{i} | {baselines[i % 2]} | 5 | 40" for i in range(number)]
    return courses("\n".join(lines))


def test_a_change_as_large_as_a_computed_boundary_is_not_reliable():
    boundary = Boundary("b", "B", "B.", PROJECT, threshold=6.0)
    table = """
        course_id | baseline | total | score_day
        ----------+----------+-------+----------
        1         | 20       | 14    | 40
        2         | 20       | 13    | 40
    """
    found = regions_of(courses(table), boundary, None)
    assert found.of("unchanged").course_ids == (1,)
    assert found.of("improved").course_ids == (2,)


FOUR = """
    course_id | baseline | total | score_day
    ----------+----------+-------+----------
    1         | 50       | 20    | 40
    2         | 50       | 30    | 40
    3         | 50       | 40    | 40
    4         | 50       |       |
"""


def changes(table, measure="pcl5", **asked):
    return answer_changes(
        courses(FOUR), answers(table), measure=MEASURES[measure], **(PCL5 | asked)
    )


def test_a_domain_changes_by_the_sum_of_its_items():
    found = changes("""
        course_id | baseline_answers     | answers
        ----------+----------------------+---------------------
        1         | 44444333333332222222 | 22222333333332222222
        2         | 44444444444444444444 | 00000444444444444444
    """)
    intrusion, avoidance = found.domains[:2]
    assert (intrusion.domain.code, intrusion.highest, intrusion.n) == ("B", 20, 2)
    assert (intrusion.baseline_mean, intrusion.score_mean) == (20, 5)
    assert (intrusion.mean, intrusion.course_ids) == (-15, (1, 2))
    assert intrusion.quartiles == (-17.5, -15, -12.5)
    assert (avoidance.mean, avoidance.lower, avoidance.upper) == (0, 0, 0)
    assert [d.domain.code for d in found.domains] == ["B", "C", "D", "E"]
    assert [d.highest for d in found.domains] == [20, 8, 28, 24]


def test_an_item_that_was_not_answered_counts_nowhere_nor_does_its_domain():
    found = changes("""
        course_id | baseline_answers     | answers
        ----------+----------------------+---------------------
        1         | 44444444444444444444 | -4444444444444444444
        2         | 44444444444444444444 | 22224444444444444444
        3         | 4444-444444444444444 | 44444444444444444444
    """)
    intrusion, avoidance, *_ = found.domains
    assert (intrusion.n, intrusion.course_ids, intrusion.mean) == (1, (2,), -8)
    assert (avoidance.n, avoidance.mean) == (3, 0)
    first, second, *_ = found.items
    assert (first.n, first.mean, first.course_ids) == (2, -1, (2, 3))
    assert (second.n, round(second.mean, 3)) == (3, -0.667)
    assert found.items[4].course_ids == (1, 2)


def test_who_moved_on_an_item_moved_by_two_points():
    found = changes("""
        course_id | baseline_answers     | answers
        ----------+----------------------+---------------------
        1         | 33333333333333333333 | 12333333333333333333
        2         | 33333333333333333333 | 03333333333333333333
        3         | 11111111111111111111 | 32111111111111111111
    """)
    first, second, *_ = found.items
    assert (first.better_ids, first.worse_ids) == ((1, 2), (3,))
    assert (first.better.events, first.better.n, first.worse.events) == (2, 3, 1)
    assert (second.better.events, second.worse.events) == (0, 0)


def test_of_whom_only_totals_are_known_are_counted_apart():
    found = changes("""
        course_id | baseline_answers     | answers
        ----------+----------------------+---------------------
        1         | 33333333333333333333 | 12333333333333333333
        2         |                      | 03333333333333333333
        4         | 33333333333333333333 | 00000000000000000000
    """)
    assert (found.measured, found.answered, found.missing) == (3, 1, 0)
    assert found.without_answers == (2, 3)
    assert [change.n for change in (*found.domains, *found.items)] == [1] * 24


def test_items_are_put_in_order_only_with_ten_courses():
    def moved(number):
        lines = ["course_id | baseline_answers | answers", "---"]
        lines += [f"{i} | 333333333 | 223033333" for i in range(number)]
        return answer_changes(
            measured_courses(number),
            answers("\n".join(lines)),
            measure=MEASURES["phq9"],
            **PHQ9,
        ).most_moved()

    few = moved(9)
    assert (few.needed, few.found) == (10, 9)
    assert [change.item.number for change in moved(10)] == [4, 1, 2, 3, 5, 6, 7, 8, 9]


def test_every_criterion_of_the_measure_is_asked_of_the_same_courses():
    rates = every_criterion(courses(REGIONS), measure="phq9", **PHQ9)
    assert {rate.criterion: rate.events for rate in rates} == {
        "phq9_response_50": 1,
        "phq9_response_50_and_le9": 1,
        "phq9_remission_lt5": 1,
        "phq9_remission_le5": 1,
        "phq9_change_6": 5,
        "phq9_change_5": 7,
        "phq9_below_10": 4,
    }
    assert {(r.started, r.due, r.measured) for r in rates} == {(12, 9, 9)}
    assert all(CRITERIA[rate.criterion].measure == "phq9" for rate in rates)
