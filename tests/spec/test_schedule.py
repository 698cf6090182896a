"""What is due when: every rule at its first and last day, and one day beside it.

A row is a course on a day. Infusions are in the induction unless ``m`` stands behind;
forms are days of a PHQ-9. What is due reads ``what day``, with ``!`` once that day has
passed; the numbers are of the infusion or of the weeks.
"""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.schedule import (
    FORM,
    INFUSION,
    LOOK_BACK_DAYS,
    REASONS,
    CourseFacts,
    Due,
    Schedule,
    due_of,
    week_window,
)
from measures.timepoints import INDUCTION, WEEKS_2_4


INFUSIONS_6 = "0, 4, 7, 11, 14, 18"
"""An induction by protocol; day 18 is its last."""


def told(table, kinds=(INFUSION, FORM), **schedule):
    """Return what is due in each drawn row, beside what is expected."""
    header, _, *lines = table.strip().splitlines()
    names = [cell.strip() for cell in header.split("|")]
    rows = [
        dict(zip(names, (cell.strip() for cell in line.split("|")), strict=True))
        for line in lines
    ]
    found = [due_in(row, kinds, **schedule) for row in rows]
    return found, [row["due"] for row in rows]


def due_in(row, kinds, **schedule):
    planned = row.get("planned")
    schedule |= {"next_infusion_day": int(planned) if planned else None}
    course = drawn(row["infusions"], row.get("forms", ""), row.get("closed", ""))
    found = due_of(course, Schedule(**schedule), int(row["today"]))
    return ", ".join(in_words(d) for d in found if d.kind in kinds) or "nothing"


def drawn(infusions, forms, closed=""):
    cells = re.findall(r"(\d+)( m)?", infusions)
    days = [int(day) for day, _ in cells]
    induction = [int(day) for day, later in cells if not later]
    return CourseFacts(
        measures=("phq9",),
        infusions=len(days),
        induction_infusions=len(induction),
        first_day=days[0] if days else None,
        previous_day=days[-2] if len(days) > 1 else None,
        last_day=days[-1] if days else None,
        last_induction_day=induction[-1] if induction else None,
        closed_day=int(closed) if closed else None,
        forms={"phq9": [int(day) for day in re.findall(r"\d+", forms)]},
    )


def in_words(due):
    number = "" if due.number is None else f" {due.number}"
    return f"{due.why}{number} on {due.day}{'!' if due.overdue else ''}"


# Infusions.


def test_while_the_induction_goes_on_the_next_infusion_is_expected_4_days_later():
    found, expected = told(
        """
        infusions             | today | due
        ----------------------+-------+---------------------------
                              | 0     | nothing
        0                     | 0     | expected infusion 2 on 4
        0                     | 4     | expected infusion 2 on 4
        0                     | 5     | expected infusion 2 on 4!
        0                     | 10    | expected infusion 2 on 4!
        0                     | 11    | nothing
        0, 4, 7               | 8     | expected infusion 4 on 11
        0, 4, 7, 11, 14       | 15    | expected infusion 6 on 18
        0, 4, 7, 11, 14, 18   | 19    | nothing
        0, 4 m                | 5     | nothing
        """,
        kinds=[INFUSION],
    )
    assert found == expected


def test_the_days_between_are_the_practices_choice():
    found, expected = told(
        """
        infusions | today | due
        ----------+-------+-------------------------
        0         | 1     | expected infusion 2 on 2
        """,
        kinds=[INFUSION],
        induction_gap_days=2,
    )
    assert found == expected


def test_a_planned_infusion_is_due_on_its_day_until_one_was_given():
    found, expected = told(
        """
        infusions           | planned | today | due
        --------------------+---------+-------+--------------------------
                            | 3       | 0     | planned infusion 1 on 3
        0                   | 2       | 1     | planned infusion 2 on 2
        0                   | 6       | 5     | planned infusion 2 on 6
        0                   | 6       | 7     | planned infusion 2 on 6!
        0, 6                | 6       | 7     | expected infusion 3 on 10
        0, 5                | 6       | 5     | planned infusion 3 on 6
        0, 4, 7, 11, 14, 18 | 40      | 39    | planned infusion 7 on 40
        0, 30 m             | 60      | 61    | planned infusion 3 on 60!
        0, 30 m             |         | 61    | nothing
        """,
        kinds=[INFUSION],
    )
    assert found == expected


# Forms around infusions.


def test_a_form_is_due_with_the_next_infusion_and_counts_from_2_days_before():
    found, expected = told(
        """
        infusions | forms | planned | today | due
        ----------+-------+---------+-------+---------------------------------------------------------------
                  |       | 5       | 4     | planned infusion 1 on 5, before the next infusion 1 on 5
                  | 2     | 5       | 4     | planned infusion 1 on 5, before the next infusion 1 on 5
                  | 3     | 5       | 4     | planned infusion 1 on 5
                  | 5     | 5       | 5     | planned infusion 1 on 5
                  | 3     | 5       | 6     | planned infusion 1 on 5!, before the next infusion 1 on 5!
                  | 4     | 5       | 6     | planned infusion 1 on 5!
        0         | 0     | 2       | 2     | planned infusion 2 on 2, before the next infusion 2 on 2
        0         | 0, 1  | 2       | 2     | planned infusion 2 on 2
        0         | 0     |         | 1     | expected infusion 2 on 4, before the next infusion 2 on 4
        """,  # noqa: E501
        weeks_after_induction=(),
    )
    assert found == expected


def test_an_infusion_given_without_its_form_is_told_for_2_days():
    found, expected = told(
        """
        infusions        | forms | today | due
        -----------------+-------+-------+----------------------------------
        0, 30 m          |       | 30    | before the last infusion 2 on 30, maintenance on 30
        0, 30 m          | 20    | 30    | before the last infusion 2 on 30, maintenance on 50
        0, 30 m          | 20    | 32    | before the last infusion 2 on 30!, maintenance on 50
        0, 30 m          | 20    | 33    | maintenance on 50
        0, 30 m          | 28    | 31    | maintenance on 58
        0, 30 m          | 30    | 31    | maintenance on 60
        0, 30 m          | 31    | 31    | before the last infusion 2 on 30!, maintenance on 61
        0, 28 m, 30 m    | 28    | 30    | before the last infusion 3 on 30, maintenance on 58
        0, 28 m, 30 m    | 29    | 30    | maintenance on 59
        """,  # noqa: E501
        weeks_after_induction=(),
    )
    assert found == expected


def test_a_practice_may_do_without_forms_before_infusions():
    found, expected = told(
        """
        infusions | forms | today | due
        ----------+-------+-------+-------------------------
        0         |       | 0     | expected infusion 2 on 4
        """,
        before_each_infusion=False,
    )
    assert found == expected


def test_a_day_after_the_first_infusion_if_wanted():
    table = """
        infusions | forms | closed | today | due
        ----------+-------+--------+-------+----------------------------------
        0         | 0     |        | 0     | day after infusion 1 on 1, {next}
        0         | 0     |        | 1     | day after infusion 1 on 1, {next}
        0         | 0     |        | 2     | day after infusion 1 on 1!, {next}
        0         | 0     |        | 3     | {next}
        0         | 1     |        | 1     | {next}
        0         | 2     |        | 2     | {next}
        0         | 0     | 1      | 2     | day after infusion 1 on 1!
        """.replace("{next}", "expected infusion 2 on 4")
    asked = WITHOUT_FORMS | {"day_after_first": True}
    found, expected = told(table, **asked)
    assert found == expected
    found, _ = told(table, **WITHOUT_FORMS)
    assert not any("day after" in words for words in found)


# After the induction.


def test_2_and_4_weeks_after_the_last_induction_infusion():
    found, expected = told(
        """
        infusions             | forms  | today | due
        ----------------------+--------+-------+-------------------------------
        0, 4, 7, 11, 14, 18   | 18     | 19    | weeks after induction 2 on 32
        0, 4, 7, 11, 14, 18   | 18, 31 | 32    | weeks after induction 2 on 32
        0, 4, 7, 11, 14, 18   | 18, 32 | 32    | weeks after induction 4 on 46
        0, 4, 7, 11, 14, 18   | 18     | 38    | weeks after induction 2 on 32!
        0, 4, 7, 11, 14, 18   | 18, 38 | 38    | weeks after induction 4 on 46
        0, 4, 7, 11, 14, 18   | 18     | 39    | weeks after induction 4 on 46
        0, 4, 7, 11, 14, 18   | 18, 40 | 49    | weeks after induction 4 on 46!
        0, 4, 7, 11, 14, 18   | 18, 40 | 50    | maintenance on 70
        0, 4, 7, 11, 14, 18   | 18, 49 | 49    | maintenance on 79
        0                     | 0      | 10    | expected infusion 2 on 4!
        0                     | 0      | 11    | weeks after induction 2 on 14
        0, 5 m                | 5      | 6     | weeks after induction 2 on 14
        0, 5, 25 m            | 25     | 26    | weeks after induction 4 on 33
        0 m                   | 0      | 11    | maintenance on 30
        """,
        before_each_infusion=False,
    )
    assert found == expected


def test_a_week_asked_for_within_weeks_2_to_4_counts_for_that_time_point():
    for week in range(2, 5):
        first, last = week_window(0, week)
        assert WEEKS_2_4.from_days <= first <= last <= WEEKS_2_4.to_days


@pytest.mark.parametrize(("week", "window"), [(1, (7, 13)), (5, (35, 41))])
def test_any_other_week_is_open_for_7_days(week, window):
    assert week_window(0, week) == window


# Maintenance.


def test_in_maintenance_a_form_is_due_30_days_after_the_last_one():
    found, expected = told(
        """
        infusions             | forms  | today | due
        ----------------------+--------+-------+------------------------------
        0, 4, 7, 11, 14, 18   | 60     | 61    | maintenance on 90
        0, 4, 7, 11, 14, 18   | 60     | 90    | maintenance on 90
        0, 4, 7, 11, 14, 18   | 60     | 91    | maintenance on 90!
        0, 4, 7, 11, 14, 18   | 60, 91 | 91    | maintenance on 121
        0, 4, 7, 11, 14, 18   |        | 50    | maintenance on 30!
        0, 4, 85 m            | 60     | 88    | maintenance on 90
        """,
    )
    assert found == expected


def test_a_form_of_one_of_the_weeks_takes_the_place_of_one_in_maintenance():
    found, expected = told(
        """
        infusions             | forms  | today | due
        ----------------------+--------+-------+------------------------------------------------------
        0, 4, 7, 11, 14, 18   | 18     | 40    | maintenance on 48, weeks after induction 10 on 88
        0, 4, 7, 11, 14, 18   | 60     | 61    | weeks after induction 10 on 88
        0, 4, 7, 11, 14, 18   | 18     | 90    | weeks after induction 10 on 88!
        """,  # noqa: E501
        weeks_after_induction=(10,),
    )
    assert found == expected


def test_a_closed_course_has_only_follow_ups_while_they_are_open():
    found, expected = told(
        """
        infusions             | forms  | closed | planned | today | due
        ----------------------+--------+--------+---------+-------+-------------------------------
        0, 4                  | 4      | 5      | 8       | 5     | weeks after induction 2 on 18
        0, 4                  | 4      | 5      | 8       | 24    | weeks after induction 2 on 18!
        0, 4                  | 4      | 5      | 8       | 25    | weeks after induction 4 on 32
        0, 4                  | 4      | 5      | 8       | 36    | nothing
                              |        | 5      | 8       | 6     | nothing
        """,  # noqa: E501
    )
    assert found == expected


# Several measures.


def test_what_is_missing_is_told_by_measure():
    course = CourseFacts(
        measures=("phq9", "pcl5"),
        infusions=1,
        induction_infusions=1,
        first_day=0,
        last_day=0,
        last_induction_day=0,
        forms={"phq9": [0]},
    )
    assert due_of(course, Schedule(), 0) == [
        Due(FORM, "before the last infusion", 0, False, ("pcl5",), 1),
        Due(INFUSION, "expected infusion", 4, False, (), 2),
        Due(FORM, "before the next infusion", 4, False, ("phq9", "pcl5"), 2),
    ]


@pytest.mark.parametrize(
    ("today", "expected"),
    [
        (89, [(90, ("phq9",))]),
        (99, [(90, ("phq9",))]),
        (100, [(90, ("phq9", "pcl5"))]),
    ],
)
def test_in_maintenance_every_measure_has_its_own_clock(today, expected):
    course = CourseFacts(
        measures=("phq9", "pcl5"),
        infusions=7,
        induction_infusions=6,
        first_day=0,
        last_day=60,
        last_induction_day=18,
        forms={"phq9": [60], "pcl5": [70]},
    )
    found = due_of(course, Schedule(), today)
    assert [(due.day, due.measures) for due in found] == expected


# What holds for every course.


@st.composite
def courses(draw):
    days = sorted(draw(st.sets(st.integers(0, 120), max_size=12)))
    induction = draw(st.integers(0, len(days)))
    return CourseFacts(
        measures=("phq9", "pcl5"),
        infusions=len(days),
        induction_infusions=induction,
        first_day=days[0] if days else None,
        previous_day=days[-2] if len(days) > 1 else None,
        last_day=days[-1] if days else None,
        last_induction_day=days[induction - 1] if induction else None,
        closed_day=draw(st.none() | st.integers(120, 130)),
        forms={"phq9": draw(st.lists(st.integers(0, 120), max_size=9))},
    )


@settings(max_examples=200, deadline=None)
@given(
    course=courses(),
    weeks=st.sets(st.integers(1, 52), max_size=4).map(sorted).map(tuple),
    planned=st.none() | st.integers(100, 160),
    today=st.integers(120, 200),
)
def test_whatever_the_course_what_is_due_can_be_told(course, weeks, planned, today):
    schedule = Schedule(
        day_after_first=True, weeks_after_induction=weeks, next_infusion_day=planned
    )
    found = due_of(course, schedule, today)
    assert [due.day for due in found] == sorted(due.day for due in found)
    for due in found:
        assert due.why in REASONS
        assert due.overdue == (due.day < today)
        assert (due.kind == FORM) == bool(due.measures)
        assert set(due.measures) <= set(course.measures)
    assert len({due.why for due in found}) == len(found)
    # No infusion in maintenance unless somebody planned it.
    infusions = [due for due in found if due.kind == INFUSION]
    if planned is None and course.infusions >= INDUCTION.protocol_infusions:
        assert not infusions


@settings(max_examples=200, deadline=None)
@given(course=courses(), today=st.integers(120, 200))
def test_a_form_of_every_measure_today_leaves_no_form_due_today(course, today):
    # The last infusion's form can only be one of the days before it.
    schedule = Schedule(before_each_infusion=False, day_after_first=True)
    forms = {code: [*course.forms.get(code, ()), today] for code in course.measures}
    asked = CourseFacts(**{**vars(course), "forms": forms})
    due = [due for due in due_of(asked, schedule, today) if due.kind == FORM]
    assert all(due.day > today for due in due)


@settings(max_examples=400, deadline=None)
@given(course=courses(), today=st.integers(120, 140))
def test_what_is_long_ago_decides_nothing_but_the_last_form(course, today):
    since = today - LOOK_BACK_DAYS
    late = {
        code: [day for day in days if day >= since or day == max(days)]
        for code, days in course.forms.items()
    }
    previous = course.previous_day
    known = previous is not None and previous >= since
    less = CourseFacts(
        **{
            **vars(course),
            "forms": late,
            "previous_day": previous if known else None,
        }
    )
    schedule = Schedule(day_after_first=True, weeks_after_induction=(1, 2, 4))
    assert due_of(less, schedule, today) == due_of(course, schedule, today)


WITHOUT_FORMS = {
    "before_each_infusion": False,
    "weeks_after_induction": (),
    "maintenance_days": 1_000,
}
