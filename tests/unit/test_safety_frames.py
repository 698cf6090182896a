"""The frames of safety hold what was recorded, alike on both kinds of database."""

import pandas as pd
import pytest
from sqlalchemy import update

from analysis.columns import conform, empty
from analysis.safety import (
    ALERTS,
    INFUSION_READINGS,
    ITEM_9_FORMS,
    LATEST_SCORES,
    alert_flow,
    classify_item_9,
)
from data import safety_frames
from data.alerts import close_alert, list_alerts, list_waits, note_seen
from data.assessments import add_assessment, correct_assessment, void_assessment
from data.infusions import add_infusion, correct_infusion, void_infusion
from data.moments import utc_now
from data.tables import alert
from tests.factories import (
    START,
    add_course,
    at,
    day,
    given,
    phq9,
    practice,
    write_practice,
)


PHQ9 = {"measure": "phq9", "recall_window": "two_weeks"}
CONTRACTS = {
    "item_9_frame": (ITEM_9_FORMS, {}),
    "alerts_frame": (ALERTS, {}),
    "infusion_readings_frame": (INFUSION_READINGS, {}),
    "latest_scores_frame": (LATEST_SCORES, PHQ9),
}
SECOND_0 = int(START.timestamp())


def answers(item_9):
    return (1,) * 8 + (item_9,)


def add(connection, course_id, facts):
    return add_assessment(connection, course_id=course_id, facts=facts)


def test_every_frame_has_a_contract_here():
    made = {name for name in vars(safety_frames) if name.endswith("_frame")}
    assert made - {"read_frame"} == set(CONTRACTS)


@pytest.mark.parametrize("name", CONTRACTS)
def test_a_frame_conforms_with_rows_and_without(migrated_url, name):
    spec, asked = CONTRACTS[name]
    frame = getattr(safety_frames, name)
    with practice(migrated_url) as connection:
        without = frame(connection, **asked)
        course_id = add_course(connection)
        add_infusion(connection, course_id=course_id, facts=given(at("0")))
        add(connection, course_id, phq9(at("1"), answers=answers(2)))
        found = frame(connection, **asked)
    names = [column.name for column in spec.columns]
    assert list(without.columns) == list(found.columns) == names
    pd.testing.assert_frame_equal(
        conform(without, spec), empty(spec), check_index_type=False
    )
    assert len(conform(found, spec)) == 1


def test_item_9_is_that_of_the_forms_that_stand(migrated_url):
    with practice(migrated_url) as connection:
        course_id = add_course(connection)
        add(connection, course_id, phq9(at("1"), answers=answers(0)))
        wrong = add(connection, course_id, phq9(at("2"), answers=answers(3)))
        right = phq9(at("2"), answers=answers(1))
        correct_assessment(connection, wrong, facts=right, reason="Typo")
        mistake = add(connection, course_id, phq9(at("3"), answers=answers(3)))
        void_assessment(connection, mistake, reason="Wrong patient")
        add(connection, course_id, phq9(at("4"), answers=answers(None)))
        add(connection, course_id, phq9(at("5"), 12))
        found = safety_frames.item_9_frame(connection)
    told = classify_item_9(found, as_of_day=day(9)).set_index("day")["answer"]
    assert told.to_dict() == {
        day(1): "zero",
        day(2): "positive",
        day(4): "left out",
        day(5): "only a total",
    }


def test_an_alert_has_its_moments_in_seconds_and_its_days_where_the_form_was(
    migrated_url,
):
    opened = START.replace(hour=2, tzinfo=None)
    with practice(migrated_url) as connection:
        course_id = add_course(connection)
        west = at("1").fromisoformat("2023-12-31T20:00:00-05:00")
        add(connection, course_id, phq9(west, answers=answers(2)))
        connection.execute(
            update(alert).values(
                opened_at=opened,
                seen_at=opened.replace(minute=30),
                seen_by="Dr Lee",
                closed_at=opened.replace(hour=5, second=7),
                closed_by="Dr Lee",
                action="referred",
            )
        )
        (row,) = conform(safety_frames.alerts_frame(connection), ALERTS).itertuples()
    # At 02:00 UTC it is still the evening before, five hours west.
    assert (row.opened_second, row.opened_day) == (SECOND_0 + 7200, day(-1))
    assert row.seen_second == SECOND_0 + 9000
    assert (row.closed_second, row.closed_day) == (SECOND_0 + 18_007, day(0))
    assert (row.action, row.by_mistake, row.course_id) == ("referred", 0, course_id)


def test_alerts_wait_as_long_as_the_list_of_waits_says(migrated_url):
    with practice(migrated_url) as connection:
        course_id = add_course(connection)
        for number in range(4):
            add(connection, course_id, phq9(at(str(number)), answers=answers(2)))
        mistake = add(connection, course_id, phq9(at("9"), answers=answers(2)))
        first, second, *_ = list_alerts(connection)[1:]
        note_seen(connection, first.patient_id)
        close_alert(connection, first.id, action="referred", note="")
        close_alert(connection, second.id, action="other", note="")
        void_assessment(connection, mistake, reason="Wrong patient")
        connection.execute(update(alert).values(opened_at=START.replace(tzinfo=None)))
        frame = safety_frames.alerts_frame(connection)
        now = int(utc_now().timestamp())
        flow = alert_flow(frame, as_of_day=now // 86_400, as_of_second=now)
        waits = list_waits(connection)
    assert (flow.open, flow.unseen, flow.answered, flow.withdrawn) == (2, 0, 2, 1)
    assert flow.acknowledgement.alerts == len(waits) == 4
    assert sorted(flow.actions) == [("other", 1), ("referred", 1)]
    longest = max(wait.hours for wait in waits)
    assert flow.acknowledgement.longest_hours == pytest.approx(longest, abs=0.01)


def test_readings_are_those_of_the_infusions_that_stand(migrated_url):
    with practice(migrated_url) as connection:
        course_id = add_course(connection)
        full = given(
            at("0"),
            systolic_before=120,
            diastolic_peak=95,
            pulse_after=70,
            dissociation="mild",
            adverse_event_codes=("nausea", "chest pain"),
            adverse_events="  ",
        )
        wrong = add_infusion(connection, course_id=course_id, facts=given(at("1")))
        correct_infusion(connection, wrong, facts=full, reason="Typo")
        mistake = add_infusion(connection, course_id=course_id, facts=given(at("2")))
        void_infusion(connection, mistake, reason="Wrong patient")
        told = given(at("3"), adverse_events="Itching")
        add_infusion(connection, course_id=course_id, facts=told)
        found = conform(
            safety_frames.infusion_readings_frame(connection), INFUSION_READINGS
        )
    first, last = found.to_dict("records")
    assert (first["day"], last["day"]) == (day(0), day(3))
    assert (first["systolic_before"], first["diastolic_peak"]) == (120, 95)
    assert first["pulse_after"] == 70
    assert pd.isna(first["systolic_peak"])
    assert first["dissociation"] == "mild"
    assert first["adverse_event_codes"] == "nausea,chest pain"
    assert (first["in_words"], last["in_words"]) == (0, 1)
    assert (last["dissociation"], last["adverse_event_codes"]) == ("", "")


LATEST = """
    course | infusions | phq9                                          | pcl5
    -------+-----------+-----------------------------------------------+------
    a      | 0, 7      | -1: 20, 3: 14, 25: 9                          | 30: 40
    b      | 0         | -1: 20, 5: 11, 9: incomplete                  |
    c      | 0         | -1: 20, 0 10:00: 19                           |
    d      |           | 5: 3                                          |
    e      | 0         | 4: incomplete                                 |
    f      | 0         | 4: incomplete, 5: 0                           |
"""


def test_the_latest_score_is_the_last_complete_one_after_infusion_1(migrated_url):
    ids = write_practice(migrated_url, LATEST)
    with practice(migrated_url) as connection:
        found = safety_frames.latest_scores_frame(connection, **PHQ9)
        by_day_5 = safety_frames.latest_scores_frame(
            connection, **PHQ9, as_of_day=day(5)
        )
    assert told(found, ids) == {"a": (25, 9, 0), "b": (5, 11, 1), "f": (5, 0, 0)}
    assert told(by_day_5, ids) == {"a": (3, 14, 0), "b": (5, 11, 0), "f": (5, 0, 0)}


def told(frame, ids):
    named = {number: name for name, number in ids.items()}
    return {
        named[row.course_id]: (row.day - day(0), row.total, row.incomplete_since)
        for row in conform(frame, LATEST_SCORES).itertuples()
    }
