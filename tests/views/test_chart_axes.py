"""Where a moment lies from left to right: by its date, or by the infusion before it."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.factories import rows
from views.chart_axes import DateAxis, InfusionAxis, far_apart, level_path


DAY_0 = datetime(2026, 3, 2)


def day(number):
    return DAY_0 + timedelta(days=float(number))


def infusion_axis(*starts, earliest=-10.0, latest=30.0, first=None, last=None):
    return InfusionAxis(
        first=day(earliest if first is None else first),
        last=day(latest if last is None else last),
        started=tuple(day(n) for n in starts),
        earliest=day(earliest),
        latest=day(latest),
    )


# Infusions on days 0, 10 and 20, the course from day -10 to day 30.
PLACES = """
day | position | what it is
----+----------+----------------------------------------------
-10 | -0.4     | the first form, before infusion 1
-5  | 0.0      | half way to infusion 1
0   | 0.5      | infusion 1
5   | 1.0      | half way between infusions 1 and 2
9.9 | 1.392    | a form shortly before infusion 2 belongs to 1
10  | 1.5      | infusion 2
20  | 2.5      | infusion 3
25  | 3.0      | after the last infusion
30  | 3.4      | the last form
-90 | -0.4     | days asked about before the course
"""


@pytest.mark.parametrize("row", rows(PLACES))
def test_a_moment_lies_around_the_number_of_the_infusion_before_it(row):
    axis = infusion_axis(0, 10, 20)
    assert axis.x(day(row["day"])) == pytest.approx(float(row["position"]))


@given(
    gaps=st.lists(st.integers(1, 90), min_size=1, max_size=12),
    moments=st.lists(st.floats(-20, 1200), min_size=2, max_size=20),
)
def test_order_in_time_is_order_on_the_axis(gaps, moments):
    starts = [sum(gaps[:n]) for n in range(len(gaps))]
    axis = infusion_axis(*starts, earliest=-20, latest=1200)
    places = [axis.position(day(moment)) for moment in sorted(moments)]
    assert places == sorted(places)
    for moment, place in zip(sorted(moments), places, strict=True):
        before = sum(day(start) <= day(moment) for start in starts)
        assert before - 0.5 <= place < before + 0.5


def test_what_lies_outside_the_course_is_not_on_the_infusion_axis():
    axis = infusion_axis(0, 10)
    assert axis.holds(day(-10))
    assert not axis.holds(day(-90))
    assert not axis.holds(day(90))


PARTS = """
from | until | first infusion room | last infusion room
-----+-------+---------------------+-------------------
-10  | 30    | 0                   | 3
2    | 25    | 1                   | 3
12   | 18    | 2                   | 2
-10  | 10    | 0                   | 2
"""


@pytest.mark.parametrize("row", rows(PARTS))
def test_a_part_of_the_infusion_axis_is_whole_rooms(row):
    part = infusion_axis(0, 10, 20, first=row["from"], last=row["until"])
    low, high = part.limits
    first, last = int(row["first infusion room"]), int(row["last infusion room"])
    span = last - first + 1
    assert low == pytest.approx(first - 0.5 - 0.2 * span)
    assert high == pytest.approx(last + 0.5 + 0.05 * span)


def test_many_infusions_are_not_all_named():
    ticks = infusion_axis(*range(0, 200, 5), latest=210).layout()["tickvals"]
    assert ticks[:3] == [0, 3, 6]
    assert len(ticks) <= 14


def test_a_date_axis_has_room_for_words_on_both_sides():
    axis = DateAxis(day(0), day(100))
    assert axis.layout()["range"] == ["2026-02-10T00:00", "2026-06-15T00:00"]
    assert axis.holds(day(-19))
    assert not axis.holds(day(-21))


def test_a_single_moment_still_has_a_range():
    low, high = DateAxis(day(0), day(0)).limits
    assert low < high


def test_only_what_is_far_apart_is_written():
    axis = DateAxis(day(0), day(100))
    moments = [day(n) for n in (0, 1, 2, 50, 51, 100)]
    assert far_apart(axis, moments, 0.1) == [True, False, False, True, False, True]


def test_a_path_has_no_letter_of_a_date_in_it():
    bars = [(day(0), day(1), 7), (day(2), day(3), 9)]
    path = level_path(DateAxis(day(0), day(3)), bars)
    assert path == (
        "M2026-03-02_00:00,7L2026-03-03_00:00,7M2026-03-04_00:00,9L2026-03-05_00:00,9"
    )
