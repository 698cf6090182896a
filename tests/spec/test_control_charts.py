"""Which months are charted, where their limits lie, and which rules fire where."""

from datetime import date

import pandas as pd
import pytest

from analysis.control_charts import (
    MINIMUM_POINTS,
    Month,
    TooFew,
    monthly,
    p_chart,
    xmr_chart,
    xmr_of_months,
)
from analysis.funnel import COMPLETENESS
from measures.days import day_number


def chart(values):
    """Return the XmR chart of numbers drawn in a row."""
    numbers = [float(value) for value in values.split()]
    return xmr_chart(numbers, [str(n) for n in range(1, len(numbers) + 1)])


def fired(found):
    """Return the labels of the points by rule and side."""
    return {
        (signal.rule.code, signal.side): " ".join(
            found.points[place].label for place in signal.points
        )
        for signal in found.signals
    }


def test_nothing_fires_while_values_only_go_up_and_down():
    assert fired(chart("5 6 5 7 5 6 5 7 6 5 6 5")) == {}


def test_a_point_outside_the_limits_and_the_steps_to_it_and_from_it():
    found = chart("5 6 5 6 5 6 5 20 5 6 5 6 5 6 5")
    assert fired(found) == {
        ("outside", "above"): "8",
        ("large_step", "rising"): "8",
        ("large_step", "falling"): "9",
    }


def test_eight_in_a_row_on_one_side_and_not_seven():
    seven = chart("6 4 6 4 6 4 6 6 6 6 6 6 4 4 6 4 4 4 4")
    assert ("run_of_eight", "above") not in fired(seven)
    eight = chart("1 7 1 7 1 7 5 6 5 6 5 6 5 1 7 1 7 1 7 1")
    assert fired(eight)["run_of_eight", "above"] == "6 7 8 9 10 11 12 13"


def test_a_point_on_the_centre_ends_the_row():
    broken = chart("1 9 1 9 6 7 6 7 5 7 6 7 6 3 4 3 4 3 4 3")
    assert broken.centre == pytest.approx(5.05)
    on_centre = chart("1 9 1 9 6 7 6 7 5 7 6 7 6 3 4 3 4 3 4 2")
    assert on_centre.centre == 5
    assert ("run_of_eight", "above") not in fired(on_centre)


def test_six_in_a_row_rising_and_not_five():
    five = chart("5 5 2 3 4 5 6 2 5 5 5 5 5 5")
    assert ("trend_of_six", "rising") not in fired(five)
    six = chart("5 5 2 3 4 5 6 7 2 5 5 5 5 5")
    assert fired(six)["trend_of_six", "rising"] == "3 4 5 6 7 8"


def test_six_in_a_row_falling_and_an_equal_value_ends_the_fall():
    falling = chart("5 7 6 5 4 3 2 5 5 5 5 5")
    assert fired(falling)["trend_of_six", "falling"] == "2 3 4 5 6 7"
    broken = chart("5 7 6 5 5 4 3 2 5 5 5 5")
    assert ("trend_of_six", "falling") not in fired(broken)


def test_two_of_three_more_than_two_thirds_of_the_way_to_a_limit():
    found = chart("5 6 5 6 5 6 9 8 9 5 6 5 6 5 6 5")
    two_thirds = found.centre + (found.points[0].upper - found.centre) * 2 / 3
    assert 8 < two_thirds < 9 < found.points[0].upper
    assert fired(found)["two_of_three", "above"] == "7 9"


def test_all_values_equal_have_limits_at_the_centre_and_no_signal():
    found = chart("5 5 5 5 5 5 5 5 5 5 5 5")
    assert (found.points[0].lower, found.centre, found.points[0].upper) == (5, 5, 5)
    assert fired(found) == {}


def test_every_rule_has_a_source_and_says_what_it_is():
    for rule in chart("5 6 " * 6).rules:
        assert rule.source.citation and rule.sentence.endswith(".")


@pytest.mark.parametrize("points", [0, 1, MINIMUM_POINTS - 1])
def test_refused_with_too_few_points(points):
    assert chart("5 " * points) == TooFew(needed=12, found=points)


COURSES = """
    course_id | started    | state
    ----------+------------+-------------
    1         | 2025-11-30 | event
    2         | 2025-12-01 | event
    3         | 2025-12-31 | no event
    4         | 2025-12-31 | missing
    5         | 2025-12-05 | not eligible
    6         | 2026-02-01 | missing
    7         | 2026-02-28 | no baseline
    8         | 2026-03-01 | no event
    9         | 2026-03-02 | not due
"""


def courses(table):
    header, _, *lines = table.strip().splitlines()
    names = [cell.strip() for cell in header.split("|")]
    rows = [[cell.strip() for cell in line.split("|")] for line in lines]
    frame = pd.DataFrame(rows, columns=names)
    days = [day_number(date.fromisoformat(day)) for day in frame["started"]]
    return frame.assign(course_id=frame["course_id"].astype(int), first_day=days)


def test_months_are_those_of_infusion_1_and_none_between_is_left_out():
    months = monthly(courses(COURSES))
    assert [(m.label, m.events, m.n, m.not_due) for m in months] == [
        ("2025-11", 1, 1, 0),
        ("2025-12", 1, 2, 0),
        ("2026-01", 0, 0, 0),
        ("2026-02", 0, 0, 0),
        ("2026-03", 0, 1, 1),
    ]
    assert (months[1].course_ids, months[1].event_ids) == ((2, 3), (2,))


def test_completeness_by_month_counts_the_missing_among_the_due():
    months = monthly(courses(COURSES), counted=COMPLETENESS)
    assert [(m.label, m.events, m.n) for m in months] == [
        ("2025-11", 1, 1),
        ("2025-12", 2, 3),
        ("2026-01", 0, 0),
        ("2026-02", 0, 1),
        ("2026-03", 1, 1),
    ]


def months(drawn):
    """Return months such as ``6/20``; ``+1`` for one that still has time."""
    made = []
    for number, cell in enumerate(drawn.split(), start=1):
        counts, _, not_due = cell.partition("+")
        events, n = counts.split("/")
        made.append(Month(f"month {number}", int(events), int(n), int(not_due or 0)))
    return made


YEAR = "6/20 7/20 5/20 6/20 8/20 6/20 5/20 6/20 7/20 6/20 4/20 6/20"


def test_a_p_chart_has_three_sigma_limits_for_each_months_own_number():
    found = p_chart(months(YEAR + " 36/120"))
    assert found.centre == pytest.approx(0.3)
    small, large = found.points[0], found.points[-1]
    assert (small.lower, small.upper) == (None, pytest.approx(0.6074, abs=5e-5))
    assert (large.lower, large.upper) == (
        pytest.approx(0.1745, abs=5e-5),
        pytest.approx(0.4255, abs=5e-5),
    )
    assert fired(found) == {}


def test_a_month_outside_its_own_limits_fires():
    found = p_chart(months(YEAR + " 15/20"))
    assert fired(found) == {("outside", "above"): "month 13"}


def test_months_without_anybody_or_still_with_time_are_named_and_not_charted():
    found = p_chart(months(YEAR + " 0/0 6/20 5/9+2 0/0+3"))
    assert len(found.points) == 13
    assert found.without_courses == ("month 13",)
    assert found.not_complete == ("month 15", "month 16")
    assert xmr_of_months(months(YEAR + " 0/0 6/20")).without_courses == ("month 13",)


def test_a_month_without_anybody_is_not_a_month_at_0():
    found = xmr_of_months(months(YEAR + " 0/0 6/20"))
    assert min(point.value for point in found.points) == 0.2


@pytest.mark.parametrize("draw", [p_chart, xmr_of_months])
def test_eleven_months_that_can_be_charted_are_refused(draw):
    eleven = YEAR.rsplit(" ", 1)[0]
    assert draw(months(eleven + " 0/0 3/9+1")) == TooFew(needed=12, found=11)


def test_limits_of_months_of_which_few_are_expected_are_marked_rough():
    found = p_chart(months(YEAR.replace("6/20", "3/10", 1)))
    assert [point.rough for point in found.points[:2]] == [True, False]


def test_an_xmr_chart_of_shares_has_no_limit_beyond_0_or_1():
    found = xmr_of_months(months("1/10 9/10 " * 6))
    assert (found.points[0].lower, found.points[0].upper) == (None, None)
