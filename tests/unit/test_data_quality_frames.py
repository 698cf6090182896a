"""The frames of data quality hold every version, alike on both kinds of database."""

import pandas as pd
import pytest

from analysis.columns import conform, empty
from analysis.data_quality import FORM_VERSIONS, INFUSION_DAYS, forms_of
from data import data_quality_frames
from data.assessments import add_assessment, correct_assessment, void_assessment
from data.infusions import add_infusion, void_infusion
from tests.factories import START, add_course, at, day, given, phq9, practice


CONTRACTS = {
    "form_versions_frame": FORM_VERSIONS,
    "infusion_days_frame": INFUSION_DAYS,
}


def add(connection, course_id, facts):
    return add_assessment(connection, course_id=course_id, facts=facts)


def test_every_frame_has_a_contract_here():
    made = {name for name in vars(data_quality_frames) if name.endswith("_frame")}
    assert made - {"read_frame"} == set(CONTRACTS)


@pytest.mark.parametrize("name", CONTRACTS)
def test_a_frame_conforms_with_rows_and_without(migrated_url, name):
    spec, frame = CONTRACTS[name], getattr(data_quality_frames, name)
    with practice(migrated_url) as connection:
        without = frame(connection)
        course_id = add_course(connection)
        add_infusion(connection, course_id=course_id, facts=given(at("0")))
        add(connection, course_id, phq9(at("1"), 9))
        found = frame(connection)
    names = [column.name for column in spec.columns]
    assert list(without.columns) == list(found.columns) == names
    pd.testing.assert_frame_equal(
        conform(without, spec), empty(spec), check_index_type=False
    )
    assert len(conform(found, spec)) == 1


def test_every_version_is_there_and_one_form_comes_of_them(migrated_url):
    with practice(migrated_url) as connection:
        course_id = add_course(connection)
        typed = add(connection, course_id, phq9(at("2"), answers=(1,) * 9))
        again = phq9(at("1"), answers=(1,) * 8 + (None,))
        right = correct_assessment(connection, typed, facts=again, reason="Typo")
        mistake = add(connection, course_id, phq9(at("3"), 12, source="import"))
        void_assessment(connection, mistake, reason="Wrong patient")
        found = conform(
            data_quality_frames.form_versions_frame(connection), FORM_VERSIONS
        )
    columns = ["state", "answers_received", "complete", "imported"]
    told = found.set_index("assessment_id")[columns].T.to_dict("list")
    assert told == {
        typed: ["superseded", 1, 1, 0],
        right: ["current", 1, 0, 0],
        mistake: ["void", 0, 1, 1],
    }
    forms = forms_of(found).set_index("assessment_id")
    assert forms["first_id"].to_dict() == {right: typed, mistake: mistake}
    assert forms["day"].to_dict() == {right: day(1), mistake: day(3)}


def test_the_day_of_recording_is_the_day_where_the_form_was_completed(
    migrated_url, monkeypatch
):
    late = START.replace(day=3, hour=22, tzinfo=None)
    monkeypatch.setattr("data.assessments.now_stamp", lambda: late)
    with practice(migrated_url) as connection:
        course_id = add_course(connection)
        for zone in ("-05:00", "+00:00", "+05:00"):
            moment = at("0").fromisoformat(f"2024-01-01T12:00:00{zone}")
            add(connection, course_id, phq9(moment, 9))
        found = data_quality_frames.form_versions_frame(connection)
    assert found["day"].tolist() == [day(0)] * 3
    assert found["recorded_day"].tolist() == [day(2), day(2), day(3)]


def test_infusions_are_those_that_stand_with_the_indication(migrated_url):
    with practice(migrated_url) as connection:
        first = add_course(connection, "a")
        other = add_course(connection, "b", indication=None)
        add_infusion(connection, course_id=first, facts=given(at("0")))
        mistake = add_infusion(connection, course_id=first, facts=given(at("1")))
        void_infusion(connection, mistake, reason="Wrong patient")
        add_infusion(connection, course_id=other, facts=given(at("5")))
        found = data_quality_frames.infusion_days_frame(connection)
    told = zip(found["course_id"], found["day"], found["indication"], strict=True)
    assert list(told) == [
        (first, day(0), "depression"),
        (other, day(5), "not recorded"),
    ]
