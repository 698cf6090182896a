"""The forms of one course as points: change, place among infusions, recall overlap."""

from datetime import datetime, timedelta, timezone

import pytest

from analysis.trajectory import (
    AFTER,
    BEFORE,
    COMPLETE,
    INCOMPLETE,
    TOTAL_ONLY,
    Place,
    course_trajectories,
    place_of,
    remission_limit,
    response_limit,
)
from measures.registry import CRITERIA, MEASURES
from tests.trajectories import Infusion, Started, at, form, infusions


def phq9(forms, given=(), baseline=None):
    baselines = {("phq9", "two_weeks"): baseline} if baseline else {}
    return course_trajectories(forms, given, baselines)["phq9"]


PARTIAL = (3, 3, None, 2, 2, 0, 0, 1, None)


def test_change_is_the_total_minus_the_baseline_in_points_and_percent():
    forms = [form(1, 0, 20), form(2, 7, 12), form(3, 14, 23)]
    points = phq9(forms, infusions(0), baseline=1).points
    assert [(p.change, p.percent) for p in points] == [
        (None, None),
        (-8, -40.0),
        (3, 15.0),
    ]


def test_a_form_before_the_baseline_has_no_change_and_no_status():
    forms = [form(1, -20, 25), form(2, 0, 20), form(3, 7, 10)]
    before, baseline, after = phq9(forms, infusions(0), baseline=2).points
    assert (before.change, before.status) == (None, None)
    assert (baseline.is_baseline, baseline.status) == (True, None)
    assert after.status.code == "response"


def test_without_a_baseline_only_remission_is_told():
    low, high = phq9([form(1, 7, 4), form(2, 9, 12)], infusions(0)).points
    assert (low.change, low.status.code) == (None, "remission")
    assert high.status.reason == "no baseline"


def test_an_incomplete_form_is_the_range_of_its_possible_totals():
    point = phq9([form(1, 7, None, answers=PARTIAL)], infusions(0)).points[0]
    assert (point.kind, point.total) == (INCOMPLETE, None)
    assert (point.lowest, point.highest, point.answered) == (11, 17, 7)
    assert (point.change, point.status) == (None, None)


def test_a_total_without_answers_counts_and_is_marked():
    points = phq9(
        [form(1, 0, 20, answers=None), form(2, 7, 9)], infusions(0), baseline=1
    ).points
    assert [p.kind for p in points] == [TOTAL_ONLY, COMPLETE]
    assert points[0].answered is None
    assert points[1].change == -11


@pytest.mark.parametrize(
    ("day", "hour", "expected"),
    [
        (-3, 9, Place(BEFORE, 1, 3)),
        (0, 9, Place(BEFORE, 1, 0)),
        (0, 10, Place(BEFORE, 1, 0)),
        (0, 11, Place(AFTER, 1, 0)),
        (2, 9, Place(AFTER, 1, 2)),
        (3, 9, Place(BEFORE, 2, 0)),
        (3, 10, Place(BEFORE, 2, 0)),
        (8, 9, Place(AFTER, 2, 5)),
    ],
)
def test_a_form_belongs_before_the_infusion_of_its_day_or_after_the_last(
    day, hour, expected
):
    assert place_of(at(day, hour), infusions(0, 3)) == expected


def test_without_an_infusion_a_form_has_no_place():
    assert place_of(at(0), []) is None
    assert phq9([form(1, 0, 20)]).status.reason == "no infusion yet"


def test_days_are_counted_on_the_local_calendar():
    new_york = timezone(timedelta(hours=-5))
    started = datetime(2026, 3, 2, 22, tzinfo=new_york)
    completed = datetime(2026, 3, 3, 7, tzinfo=new_york)
    given = [Infusion(1, Started(started))]
    assert place_of(completed, given) == Place(AFTER, 1, 1)


@pytest.mark.parametrize(
    ("day", "hour", "overlaps"),
    [
        (0, 10, None),
        (0, 11, 1),
        (7, 9, 1),
        (14, 9, 1),
        (14, 10, None),
        (15, 9, None),
    ],
)
def test_two_weeks_reach_back_before_an_infusion_of_less_than_two_weeks_ago(
    day, hour, overlaps
):
    points = phq9([form(1, day, 20, hour=hour)], infusions(0)).points
    assert points[0].overlaps == overlaps


def test_only_the_last_infusion_before_the_form_counts_for_the_overlap():
    points = phq9([form(1, 20, 9)], infusions(0, 18)).points
    assert points[0].overlaps == 2


@pytest.mark.parametrize(
    ("window", "overlaps"), [("past_day", None), ("past_week", 1), ("past_month", 1)]
)
def test_a_shorter_recall_window_reaches_back_less_far(window, overlaps):
    forms = [form(1, 2, 40, measure="pcl5", window=window)]
    trajectory = course_trajectories(forms, infusions(0), {})["pcl5"]
    assert trajectory.points[0].overlaps == overlaps


WEEK_AND_MONTH = [
    form(1, 0, 50, measure="pcl5", window="past_month"),
    form(2, 0, 48, measure="pcl5", window="past_week"),
    form(3, 4, 30, measure="pcl5", window="past_week"),
    form(4, 30, 27, measure="pcl5", window="past_month"),
]
BOTH_BASELINES = {("pcl5", "past_month"): 1, ("pcl5", "past_week"): 2}


def test_recall_windows_are_streams_of_their_own_in_the_measures_order():
    found = course_trajectories(WEEK_AND_MONTH, infusions(0), BOTH_BASELINES)["pcl5"]
    ids = {s.recall_window: [p.id for p in s.points] for s in found.streams}
    assert ids == {"past_month": [1, 4], "past_week": [2, 3]}
    assert [s.baseline.total for s in found.streams] == [50, 48]
    assert found.points[2].change == -18


def test_the_stream_of_the_last_form_is_the_current_one():
    found = course_trajectories(WEEK_AND_MONTH, infusions(0), BOTH_BASELINES)["pcl5"]
    assert found.current.recall_window == "past_month"
    earlier = course_trajectories(WEEK_AND_MONTH[:3], infusions(0), BOTH_BASELINES)
    assert earlier["pcl5"].current.recall_window == "past_week"


def test_a_baseline_on_another_recall_window_is_not_compared():
    forms = WEEK_AND_MONTH[:1] + WEEK_AND_MONTH[2:3]
    found = course_trajectories(forms, infusions(0), {("pcl5", "past_month"): 1})
    assert found["pcl5"].status.reason == "other recall window"
    assert found["pcl5"].told is None


def test_what_was_told_last_is_kept_when_the_last_form_is_incomplete():
    forms = [form(1, 0, 20), form(2, 7, 9), form(3, 9, None, answers=PARTIAL)]
    found = phq9(forms, infusions(0), baseline=1)
    assert found.status.reason == "incomplete form"
    assert (found.told.id, found.told.status.code) == (2, "response")


def test_forms_before_infusion_1_alone_say_nothing_yet():
    found = phq9([form(1, -40, 3), form(2, 0, 20)], infusions(0), baseline=2)
    assert found.status.reason == "no later form"
    assert found.told is None


def test_points_are_in_order_of_time_not_of_recording():
    found = phq9([form(3, 0, 20), form(1, 7, 12), form(2, 3, 15)], infusions(0))
    assert [p.id for p in found.points] == [3, 2, 1]
    assert [p.id for p in found.current.points] == [3, 2, 1]


def test_the_order_of_the_records_does_not_matter():
    forms = [form(1, 0, 20), form(2, 7, 12), form(3, 14, 9)]
    given = infusions(0, 3, 7)
    there = course_trajectories(forms, given, {("phq9", "two_weeks"): 1})
    back = course_trajectories(forms[::-1], given[::-1], {("phq9", "two_weeks"): 1})
    assert there == back


def test_a_measure_without_a_form_has_no_trajectory():
    assert list(course_trajectories([form(1, 0, 20)], [], {})) == ["phq9"]
    assert course_trajectories([], infusions(0), {}) == {}


@pytest.mark.parametrize("measure", ["phq9", "pcl5"])
def test_the_response_line_is_the_highest_total_that_is_a_response(measure):
    criterion = next(
        c
        for c in CRITERIA.values()
        if (c.measure, c.kind, c.default) == (measure, "response", True)
    )
    for baseline in range(1, MEASURES[measure].highest_total + 1):
        limit = response_limit(measure, baseline)
        assert criterion.met(baseline, limit)
        assert not criterion.met(baseline, limit + 1)


def test_from_a_baseline_of_0_there_is_no_response_line():
    assert response_limit("phq9", 0) is None
    stream = phq9([form(1, 0, 0)], infusions(0), baseline=1).current
    assert stream.response_limit is None


def test_without_a_baseline_there_is_no_response_line():
    assert phq9([form(1, 7, 12)], infusions(0)).current.response_limit is None


def test_the_remission_line_is_the_default_criterions():
    assert remission_limit("phq9") == 4
    assert remission_limit("pcl5") == 28
