import pandas as pd
import pytest

from analysis.change_shape import ANSWERS, answer_changes
from analysis.columns import conform, empty
from data.answer_frames import answers_frame
from data.assessments import add_assessment, correct_assessment, void_assessment
from data.frames import courses_frame
from data.infusions import add_infusion
from measures.registry import MEASURES
from tests.factories import (
    add_course,
    at,
    day,
    form,
    given,
    phq9,
    practice,
    write_practice,
)


CUT = {"measure": "phq9", "recall_window": "two_weeks", "timepoint": "weeks_2_4"}
BAD, FAIR, GOOD = (3,) * 9, (2,) * 9, (1,) * 9


def course(connection, name, *forms, infusion=True):
    course_id = add_course(connection, name)
    if infusion:
        add_infusion(connection, course_id=course_id, facts=given(at("0")))
    ids = [
        add_assessment(connection, course_id=course_id, facts=facts) for facts in forms
    ]
    return course_id, ids


def answers(connection, **asked):
    frame = conform(answers_frame(connection, **(CUT | asked)), ANSWERS)
    return {row.course_id: tuple(row)[2:] for row in frame.itertuples()}


def test_answers_are_those_of_the_baseline_and_of_the_score(migrated_url):
    with practice(migrated_url) as connection:
        both, _ = course(
            connection,
            "both",
            phq9(at("-9"), answers=(0,) * 9),
            phq9(at("-1"), answers=BAD),
            phq9(at("16"), answers=FAIR),
            phq9(at("20"), answers=GOOD),
            phq9(at("50"), answers=BAD),
        )
        total_only, _ = course(
            connection,
            "total only",
            phq9(at("-1"), 20),
            phq9(at("20"), answers=(1, 0, 2, 3, 1, 0, 2, 3, 0)),
        )
        no_score, _ = course(connection, "no score", phq9(at("-1"), answers=BAD))
        incomplete, _ = course(
            connection,
            "incomplete",
            phq9(at("-1"), answers=BAD),
            phq9(at("20"), answers=(1,) * 8 + (None,)),
        )
        course(connection, "no form")
        course(
            connection,
            "not started",
            phq9(at("-1"), answers=BAD),
            infusion=False,
        )
        found = answers(connection)
    assert found == {
        both: ("333333333", "111111111"),
        total_only: ("", "102310230"),
        no_score: ("333333333", ""),
        incomplete: ("333333333", ""),
    }


def test_an_earlier_day_sees_only_what_had_happened(migrated_url):
    with practice(migrated_url) as connection:
        course_id, _ = course(
            connection,
            "a",
            phq9(at("-1"), answers=BAD),
            phq9(at("16"), answers=FAIR),
            phq9(at("20"), answers=GOOD),
        )
        by_day = {
            number: answers(connection, as_of_day=day(number))
            for number in (-1, 0, 15, 16, 19, 20)
        }
    seen = {number: found.get(course_id) for number, found in by_day.items()}
    bad = "3" * 9
    assert seen == {
        -1: None,
        0: (bad, ""),
        15: (bad, ""),
        16: (bad, "2" * 9),
        19: (bad, "2" * 9),
        20: (bad, "1" * 9),
    }


def test_a_corrected_form_has_its_new_answers_and_a_withdrawn_one_none(
    migrated_sqlite_url,
):
    with practice(migrated_sqlite_url) as connection:
        course_id, (first, score) = course(
            connection,
            "a",
            phq9(at("-1"), answers=BAD),
            phq9(at("20"), answers=GOOD),
        )
        right = phq9(at("-1"), answers=FAIR)
        correct_assessment(connection, first, facts=right, reason="Typo")
        void_assessment(connection, score, reason="Wrong patient")
        found = answers(connection)
    assert found == {course_id: ("222222222", "")}


def test_other_measures_and_recall_windows_are_not_looked_at(migrated_sqlite_url):
    week = {"measure": "pcl5", "recall_window": "past_week"}
    with practice(migrated_sqlite_url) as connection:
        course_id, _ = course(
            connection,
            "a",
            form("pcl5", at("-1"), answers=(4,) * 20),
            form("pcl5", at("-2"), recall_window="past_week", answers=(3,) * 20),
            form("pcl5", at("20"), recall_window="past_week", answers=(2,) * 20),
        )
        assert answers(connection) == {}
        assert answers(connection, **week) == {course_id: ("3" * 20, "2" * 20)}
        month = {"measure": "pcl5", "recall_window": "past_month"}
        assert answers(connection, **month) == {course_id: ("4" * 20, "")}


@pytest.mark.parametrize("as_of_day", [None, day(30)], ids=["stored", "as of"])
def test_the_frame_conforms_with_rows_and_without(migrated_url, as_of_day):
    with practice(migrated_url) as connection:
        without = conform(
            answers_frame(connection, **CUT, as_of_day=as_of_day), ANSWERS
        )
        course(connection, "a", phq9(at("-1"), answers=BAD))
        rows = conform(answers_frame(connection, **CUT, as_of_day=as_of_day), ANSWERS)
    pd.testing.assert_frame_equal(without, empty(ANSWERS), check_index_type=False)
    assert list(rows.columns) == [c.name for c in ANSWERS.columns]
    assert len(rows) == 1


def test_answers_add_up_to_the_totals_of_the_same_cut(migrated_sqlite_url):
    write_practice(
        migrated_sqlite_url,
        """
        course | infusions | phq9
        -------+-----------+-------------------------------
        total  | 0         | -1: 20, 20: 8
        part   | 0         | -1: incomplete, 20: incomplete
        """,
    )
    with practice(migrated_sqlite_url) as connection:
        for number in range(4):
            course(
                connection,
                f"answered {number}",
                phq9(at("-1"), answers=(3, 2, 3, 2, 3, 2, 3, number, 1)),
                phq9(at("20"), answers=(number, 2, 1, 0, 0, 1, number, 0, 0)),
            )
        courses = courses_frame(connection, **CUT)
        found = answers_frame(connection, **CUT)
    pairs = courses.merge(found, on="course_id", how="left").set_index("course_id")
    answered = pairs[pairs["answers"].fillna("") != ""]
    assert len(answered) == 4
    for row in answered.itertuples():
        assert sum(map(int, row.baseline_answers)) == row.baseline
        assert sum(map(int, row.answers)) == row.total
    changes = answer_changes(
        courses,
        found,
        measure=MEASURES["phq9"],
        timepoint="weeks_2_4",
        eligible_at_least=10,
        as_of_day=day(60),
    )
    assert (changes.measured, changes.answered) == (5, 4)
    assert len(changes.without_answers) == 1
