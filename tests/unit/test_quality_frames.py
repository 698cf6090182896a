"""The frames that quality measures are counted from, on both kinds of database."""

from datetime import date

import pandas as pd
import pytest

from analysis.columns import conform, empty
from analysis.quality import QUALITY_COURSES, QUALITY_FORMS
from data.assessments import add_assessment, correct_assessment, void_assessment
from data.infusions import add_infusion, void_infusion
from data.patients import add_patient, close_course, open_course
from data.quality_frames import quality_courses_frame, quality_forms_frame
from measures.days import day_number
from measures.quality_measures import QUALITY_MEASURES, calendar_year
from tests.factories import (
    at,
    calendar_day,
    day,
    form,
    given,
    phq9,
    practice,
    write_practice,
)
from tests.quality_tables import quality_result


PHQ9 = {"measure": "phq9", "recall_window": "two_weeks"}
TABLE = """
    course | infusions | phq9                          | pcl5   | closed
    -------+-----------+-------------------------------+--------+-------
    a      | 0, 3, 7   | -1: 20, 3: 14, 5: incomplete  | -1: 50 | 40
    b      |           | -1: 12                        |        |
"""


def read(url, **asked):
    with practice(url) as connection:
        return (
            quality_courses_frame(connection, **asked),
            quality_forms_frame(connection, **PHQ9, **asked),
        )


def test_the_frames_conform_with_rows_and_without(migrated_url):
    without = read(migrated_url)
    write_practice(migrated_url, TABLE)
    specs = (QUALITY_COURSES, QUALITY_FORMS)
    for spec, none, some in zip(specs, without, read(migrated_url), strict=True):
        names = [column.name for column in spec.columns]
        assert list(none.columns) == list(some.columns) == names
        pd.testing.assert_frame_equal(
            conform(none, spec), empty(spec), check_index_type=False
        )
        assert len(conform(some, spec)) == {"QUALITY_COURSES": 2}.get(spec.name, 3)


def test_a_course_says_whose_it_is_and_when_it_began_and_ended(migrated_url):
    with practice(migrated_url) as connection:
        patient_id = add_patient(
            connection, record_number="R", birth_date=date(1980, 5, 1)
        )
        course_id = open_course(
            connection,
            patient_id=patient_id,
            indication="both",
            opened=calendar_day(0),
        )
        for moment in ("3", "1 15:30", "7"):
            facts = given(at(moment))
            last = add_infusion(connection, course_id=course_id, facts=facts)
        void_infusion(connection, last, reason="Not given")
        close_course(connection, course_id, closed=calendar_day(40), reason="Ended")
    (row,) = read(migrated_url)[0].to_dict("records")
    assert row == {
        "course_id": course_id,
        "patient_id": patient_id,
        "birth_day": day_number(date(1980, 5, 1)),
        "indication": "both",
        "first_minute": day(1) * 1440 + 15 * 60 + 30,
        "first_day": day(1),
        "infusions": 2,
        "closed_day": day(40),
    }


def test_what_was_not_recorded_is_missing_and_not_guessed(migrated_url):
    with practice(migrated_url) as connection:
        patient_id = add_patient(connection, record_number="R")
        open_course(
            connection, patient_id=patient_id, indication=None, opened=calendar_day(0)
        )
    frame = read(migrated_url)[0]
    (row,) = frame.to_dict("records")
    assert (row["indication"], row["infusions"]) == ("not recorded", 0)
    missing = ["birth_day", "first_minute", "first_day", "closed_day"]
    assert frame[missing].isna().all(axis=None)


@pytest.mark.parametrize(
    ("as_of", "infusions", "closed", "totals"),
    [
        (-2, [0, 0], [None, None], []),
        (2, [1, 0], [None, None], [20, 12]),
        (3, [2, 0], [None, None], [20, 12, 14]),
        (39, [3, 0], [None, None], [20, 12, 14]),
        (40, [3, 0], [40, None], [20, 12, 14]),
        (None, [3, 0], [40, None], [20, 12, 14]),
    ],
)
def test_only_what_had_happened_by_the_day_is_seen(
    migrated_url, as_of, infusions, closed, totals
):
    write_practice(migrated_url, TABLE)
    asked = {"as_of_day": None if as_of is None else day(as_of)}
    courses, forms = read(migrated_url, **asked)
    assert courses["infusions"].tolist() == infusions
    ended = [None if pd.isna(c) else int(c) - day(0) for c in courses["closed_day"]]
    assert ended == closed
    assert forms["total"].tolist() == totals


def test_forms_are_the_current_ones_with_a_total_in_order(migrated_url):
    with practice(migrated_url) as connection:
        patient_id = add_patient(connection, record_number="R")
        course_id = open_course(
            connection, patient_id=patient_id, indication=None, opened=calendar_day(0)
        )

        def add(facts):
            return add_assessment(connection, course_id=course_id, facts=facts)

        stated = add(phq9(at("4 17:00"), 11))
        complete = add(phq9(at("4 09:00"), answers=(1,) * 9))
        add(phq9(at("5"), answers=(1,) * 8 + (None,)))
        add(form("pcl5", at("6"), 40))
        wrong = add(phq9(at("7"), 22))
        right = correct_assessment(
            connection, wrong, facts=phq9(at("7"), 2), reason="Typo"
        )
        void_assessment(connection, add(phq9(at("8"), 27)), reason="Wrong patient")
    forms = read(migrated_url)[1]
    assert forms["form_id"].tolist() == [complete, stated, right]
    assert forms["total"].tolist() == [9, 11, 2]
    assert forms["minute"].tolist() == [
        day(4) * 1440 + 9 * 60,
        day(4) * 1440 + 17 * 60,
        day(7) * 1440 + 9 * 60,
    ]


def test_a_measure_is_counted_from_the_record(migrated_url):
    # Day 0 is 1 January 2024, so the index falls in 2024 and the window of 12 months
    # is from day 306 to 426.
    ids = write_practice(
        migrated_url,
        """
        course | infusions | phq9
        -------+-----------+------------------------------
        well   | 0, 3      | -1: 20, 1: 18, 366: 4
        not    | 0, 3      | 1: 18, 366: 5
        gone   | 0, 3      | 1: 18, 366: incomplete
        """,
    )
    with practice(migrated_url) as connection:
        frames = (
            quality_courses_frame(connection).assign(birth_day=0.0),
            quality_forms_frame(connection, **PHQ9),
        )
    found = quality_result(
        QUALITY_MEASURES["mncm_remission_12"],
        *frames,
        period=calendar_year(2024),
        as_of_day=day(500),
    )
    assert found.denominator.n == 3
    assert found.numerator.course_ids == (ids["well"],)
    assert found.missing.course_ids == (ids["gone"],)
