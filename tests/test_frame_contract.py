"""Every frame of ``data.frames`` is what ``analysis`` and the pages ask for."""

import pandas as pd
import pytest

from analysis.columns import COURSES, COURSES_BY_INFUSION, SCORES_AFTER, conform, empty
from data import frames
from data.assessments import add_assessment, correct_assessment, void_assessment
from data.infusions import add_infusion
from data.patients import add_patient, open_course
from tests.factories import (
    at,
    calendar_day,
    day,
    given,
    phq9,
    practice,
    write_practice,
)


PHQ9 = {"measure": "phq9", "recall_window": "two_weeks"}
TABLE = """
    course | infusions              | phq9                     | pcl5
    -------+------------------------+--------------------------+---------
    a      | 0, 3, 7                | -1: 20, 3: 14, 25: 9     | -1: 50
    b      | 0                      | -1: incomplete           |
    c      | 0 maintenance          | -1: 20, 5: incomplete    |
    d      |                        | -1: 20                   |
"""

CONTRACTS = {
    "courses": (
        COURSES,
        lambda c, **asked: frames.courses_frame(
            c, **PHQ9, timepoint="weeks_2_4", **asked
        ),
    ),
    "courses by infusion": (
        COURSES_BY_INFUSION,
        lambda c, **asked: frames.courses_by_infusion_frame(c, **PHQ9, **asked),
    ),
    "scores after": (
        SCORES_AFTER,
        lambda c, **asked: frames.scores_after_frame(c, **PHQ9, **asked),
    ),
}

# The frames of the pages: no estimate is made from them, so columns are enough.
COLUMNS = {
    "caseload_frame": [
        "patient_id",
        "record_number",
        "given_name",
        "family_name",
        "birth_date",
        "course_id",
        "indication",
        "clinician",
        "closed_day",
        "infusions",
        "induction_infusions",
        "last_day",
        "open_alerts",
    ],
    "latest_course_scores_frame": [
        "patient_id",
        "course_id",
        "measure",
        "recall_window",
        "day",
        "total",
        "item_9",
        "before_start",
    ],
    "baselines_frame": [
        "course_id",
        "measure",
        "recall_window",
        "baseline_id",
        "baseline",
        "baseline_day",
    ],
}


def test_every_frame_has_a_contract_here():
    made = {name for name in vars(frames) if name.endswith("_frame")} - {"read_frame"}
    contracted = {"courses_frame", "courses_by_infusion_frame", "scores_after_frame"}
    assert made == contracted | set(COLUMNS)


@pytest.mark.parametrize("name", CONTRACTS)
@pytest.mark.parametrize("as_of_day", [None, day(30)], ids=["stored", "as of"])
def test_a_frame_conforms_with_rows_and_without(migrated_url, name, as_of_day):
    spec, frame = CONTRACTS[name]
    with practice(migrated_url) as connection:
        without = conform(frame(connection, as_of_day=as_of_day), spec)
    write_practice(migrated_url, TABLE)
    with practice(migrated_url) as connection:
        rows = conform(frame(connection, as_of_day=as_of_day), spec)
    names = [column.name for column in spec.columns]
    assert without.empty
    assert not rows.empty
    assert sorted(rows.columns) == sorted(names)
    pd.testing.assert_series_equal(
        without.dtypes[names], rows.dtypes[names], check_names=False
    )
    pd.testing.assert_frame_equal(without[names], empty(spec), check_index_type=False)


@pytest.mark.parametrize("name", COLUMNS)
def test_a_page_frame_has_its_columns_with_rows_and_without(migrated_url, name):
    frame = getattr(frames, name)
    with practice(migrated_url) as connection:
        without = frame(connection)
    write_practice(migrated_url, TABLE)
    with practice(migrated_url) as connection:
        rows = frame(connection)
    assert without.empty
    assert not rows.empty
    assert list(without.columns) == list(rows.columns) == COLUMNS[name]


def test_courses_are_those_with_an_infusion_whatever_was_asked(migrated_sqlite_url):
    ids = write_practice(migrated_sqlite_url, TABLE)
    with practice(migrated_sqlite_url) as connection:
        frame = CONTRACTS["courses"][1](connection)
    rows = frame.set_index("course_id")
    assert sorted(rows.index) == sorted(ids[name] for name in "abc")
    a = rows.loc[ids["a"]]
    assert (a["first_day"], a["baseline"], a["total"]) == (day(0), 20, 9)
    assert a["score_day"] == day(25)
    assert (a["infusions"], a["induction_infusions"], a["induction_days"]) == (3, 3, 7)
    b = rows.loc[ids["b"]]
    assert b[["baseline", "total", "due_day"]].isna().all()


def test_what_was_not_recorded_of_a_course_is_said_so(migrated_sqlite_url):
    with practice(migrated_sqlite_url) as connection:
        course_id = open_course(
            connection,
            patient_id=add_patient(connection, record_number="R"),
            indication=None,
            opened=calendar_day(0),
        )
        add_infusion(connection, course_id=course_id, facts=given(at("0")))
        (row,) = CONTRACTS["courses"][1](connection).to_dict("records")
    assert (row["indication"], row["clinician"]) == ("not recorded", "")


def test_scores_after_are_the_complete_ones_after_infusion_1(migrated_sqlite_url):
    write_practice(
        migrated_sqlite_url,
        """
        course | infusions | phq9
        -------+-----------+--------------------------------------------------------
        a      | 0         | -1: 20, 0 10:00: 19, 0 10:01: 18, 5: incomplete, 9: 8
        b      |           | 5: 3
        """,
    )
    with practice(migrated_sqlite_url) as connection:
        found = CONTRACTS["scores after"][1](connection)
        by_day_5 = CONTRACTS["scores after"][1](connection, as_of_day=day(5))
    assert list(zip(found["day"], found["total"], strict=True)) == [
        (day(0), 18),
        (day(9), 8),
    ]
    assert list(by_day_5["total"]) == [18]


def test_each_numbered_infusion_has_its_row(migrated_sqlite_url):
    ids = write_practice(migrated_sqlite_url, TABLE)
    with practice(migrated_sqlite_url) as connection:
        found = CONTRACTS["courses by infusion"][1](connection)
    of_a = found[found["course_id"] == ids["a"]].set_index("infusion")["total"]
    assert sorted(of_a.index) == list(range(1, 11))
    assert of_a.dropna().to_dict() == {1: 14}


def test_the_latest_forms_are_those_that_stand_in_the_latest_course(
    migrated_sqlite_url,
):
    with practice(migrated_sqlite_url) as connection:
        patient_id = add_patient(connection, record_number="R")
        opened = {"patient_id": patient_id, "indication": None}
        first, second = (
            open_course(connection, opened=calendar_day(0), **opened) for _ in range(2)
        )

        def add(course_id, facts):
            return add_assessment(connection, course_id=course_id, facts=facts)

        add(first, phq9(at("1"), 25))
        typed = add(second, phq9(at("2"), 24))
        wrong = add(second, phq9(at("3"), 23))
        add(second, phq9(at("4"), answers=(1,) * 8 + (None,)))
        add(second, phq9(at("5"), answers=(1,) * 8 + (2,)))
        right = phq9(at("2"), 14)
        correct_assessment(connection, typed, facts=right, reason="Typo")
        void_assessment(connection, wrong, reason="Wrong patient")
        found = frames.latest_course_scores_frame(connection)
        caseload = frames.caseload_frame(connection)
    known = found[["day", "total", "item_9"]].astype("float64").fillna(-1)
    assert known.values.tolist() == [
        [day(2), 14, -1],
        [day(4), -1, -1],
        [day(5), 10, 2],
    ]
    # One for item 9 not answered, one for a positive one.
    assert caseload["open_alerts"].tolist() == [2]


def test_baselines_are_by_measure_and_recall_window(migrated_sqlite_url):
    ids = write_practice(migrated_sqlite_url, TABLE)
    with practice(migrated_sqlite_url) as connection:
        found = frames.baselines_frame(connection)
        by_stream = frames.baseline_ids(connection, ids["a"])
    named = {number: name for name, number in ids.items()}
    assert sorted(
        (named[row.course_id], row.measure, row.baseline, row.baseline_day - day(0))
        for row in found.itertuples()
    ) == [("a", "pcl5", 50, -1), ("a", "phq9", 20, -1), ("c", "phq9", 20, -1)]
    of_a = found[found["course_id"] == ids["a"]]
    assert by_stream == {
        (row.measure, row.recall_window): row.baseline_id for row in of_a.itertuples()
    }


def test_the_caseload_has_everyone_with_the_latest_course(migrated_sqlite_url):
    write_practice(migrated_sqlite_url, TABLE)
    with practice(migrated_sqlite_url) as connection:
        add_patient(connection, record_number="new")
        found = frames.caseload_frame(connection).set_index("record_number")
    assert set(found.index) == {"a", "b", "c", "d", "new"}
    assert found["infusions"].fillna(0).to_dict() == {
        "a": 3,
        "b": 1,
        "c": 1,
        "d": 0,
        "new": 0,
    }
    unanswered = {"b": 1, "c": 1}
    for number, alerts in found["open_alerts"].items():
        assert alerts == unanswered.get(number, 0), number
