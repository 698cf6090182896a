"""When a clinician or a site lies outside what chance around one target leaves."""

import pandas as pd
import pytest

from analysis.columns import empty
from analysis.funnel import (
    COMPLETENESS,
    MINIMUM_UNITS,
    UNITS,
    TooFew,
    dispersion,
    exact_limits,
    funnel,
)


def courses(table):
    """Return a course for each count in the table; ``.`` is no unit recorded."""
    header, _, *lines = table.strip().splitlines()
    states = [cell.strip() for cell in header.split("|")][1:]
    rows = []
    for line in lines:
        unit, *counts = [cell.strip() for cell in line.split("|")]
        for state, count in zip(states, counts, strict=True):
            rows += [("" if unit == "." else unit, state)] * int(count or 0)
    frame = pd.DataFrame(rows, columns=["unit", "state"])
    return frame.assign(course_id=range(1, len(frame) + 1))


SIX_CLINICIANS = """
    unit   | event | no event | missing | not due
    -------+-------+----------+---------+--------
    Young  | 20    | 20       | 0       | 3
    Adams  | 19    | 21       | 5       |
    baker  | 21    | 19       |         |
    Clark  | 5     | 35       | 2       |
    Davis  | 2     | 2        |         |
    Evans  | 31    | 9        |         |
    Frank  |       |          | 4       | 1
    .      | 3     | 1        |         |
"""


def where(found):
    return {u.unit: (u.side, u.outside) for u in found.units}


def test_a_unit_is_outside_where_chance_around_the_target_hardly_goes():
    found = funnel(courses(SIX_CLINICIANS))
    assert (found.target.events, found.target.n) == (98, 204)
    assert where(found) == {
        "Adams": (None, None),
        "baker": (None, None),
        "Clark": ("below", 0.998),
        "Davis": (None, None),
        "Evans": ("above", 0.998),
        "Young": (None, None),
    }


def test_units_stand_in_alphabetical_order_and_have_no_rank():
    found = funnel(courses(SIX_CLINICIANS))
    names = [u.unit for u in found.units]
    assert names == ["Adams", "baker", "Clark", "Davis", "Evans", "Young"]
    assert not any("rank" in name for name in vars(found.units[0]))


def test_who_is_missing_is_said_of_each_unit():
    found = funnel(courses(SIX_CLINICIANS))
    assert {
        u.unit: (u.share.events, u.share.n, u.due, u.missing) for u in found.units
    } == {
        "Adams": (19, 40, 45, 5),
        "baker": (21, 40, 40, 0),
        "Clark": (5, 40, 42, 2),
        "Davis": (2, 4, 4, 0),
        "Evans": (31, 40, 40, 0),
        "Young": (20, 40, 40, 0),
    }


def test_a_unit_with_nobody_measured_is_named_and_not_drawn_at_0():
    assert funnel(courses(SIX_CLINICIANS)).nobody_counted == ("Frank",)


def test_courses_without_a_unit_are_given_and_not_in_the_target():
    found = funnel(courses(SIX_CLINICIANS))
    assert found.no_unit_ids == (220, 221, 222, 223)
    assert found.target.n == sum(u.share.n for u in found.units)


def test_the_courses_behind_a_unit_are_given():
    clark = funnel(courses(SIX_CLINICIANS)).units[2]
    assert (len(clark.course_ids), len(clark.event_ids)) == (40, 5)
    assert set(clark.event_ids) < set(clark.course_ids)


def test_completeness_counts_the_missing_too():
    found = funnel(courses(SIX_CLINICIANS), counted=COMPLETENESS)
    assert (found.target.events, found.target.n) == (204, 215)
    assert {u.unit: (u.share.events, u.share.n) for u in found.units}["Frank"] == (0, 4)
    assert where(found)["Frank"] == ("below", 0.998)


@pytest.mark.parametrize("units", [0, 1, MINIMUM_UNITS - 1])
def test_refused_with_too_few_units(units):
    rows = courses(SIX_CLINICIANS)
    some = rows[rows["unit"].isin(["Adams", "Clark", "Evans", "Young"][:units])]
    assert funnel(some) == TooFew(needed=5, found=units)


def test_refused_without_any_course():
    assert funnel(empty(UNITS)) == TooFew(needed=5, found=0)


@pytest.mark.parametrize("state", ["event", "no event"])
def test_no_unit_is_outside_where_all_had_the_event_or_nobody_had(state):
    rows = courses(SIX_CLINICIANS)
    found = funnel(rows[rows["state"] == state].assign(state="event"))
    assert set(where(found).values()) == {(None, None)}
    assert {limit.upper for u in found.units for limit in u.limits} == {None}


def test_a_unit_is_outside_where_a_count_as_far_out_has_under_half_of_the_rest():
    # Of 20 courses at one half, 5 or fewer have the event with probability 0.0207,
    # 6 or fewer with 0.0577; so 5 is outside 95 %, and 6 inside. From 15 up likewise.
    lower, upper = exact_limits([20], 0.5, 0.95)
    assert 5 < 20 * lower[0] < 6
    assert 14 < 20 * upper[0] < 15


def test_a_few_courses_cannot_lie_outside_at_all():
    lower, upper = exact_limits([3, 5], 0.5, 0.95)
    assert pd.isna([*lower, *upper]).all()


def test_the_limits_are_widened_where_the_units_lie_further_apart_than_by_chance():
    apart = dispersion([5, 15, 6, 14, 5, 15, 6, 14, 5, 15], [20] * 10)
    alike = dispersion([9, 10, 11, 10, 9, 10, 11, 10, 10, 10], [20] * 10)
    assert (round(apart.factor, 2), apart.widened) == (4.28, True)
    assert (round(alike.factor, 2), alike.widened) == (0.08, False)
    assert round(apart.threshold, 2) == 1.89


def test_one_unit_that_is_different_does_not_widen_the_limits():
    counts = [10, 9, 11, 10, 9, 11, 10, 9, 11, 20]
    assert not dispersion(counts, [20] * 10).widened


def test_the_dispersion_is_not_judged_with_few_units():
    assert dispersion([5, 15] * 4 + [5], [20] * 9) is None
    assert funnel(courses(SIX_CLINICIANS)).dispersion is None
