"""What is read of courses after induction: which scores, and which infusions."""

import pandas as pd
import pytest

from analysis.columns import COURSES, conform
from analysis.durability import BOOSTERS, LOOKS
from data.actors import CLINICIAN
from data.assessments import list_assessments, void_assessment
from data.database import open_database, reading
from data.errors import NotAllowed
from data.follow_up import follow_up_frames
from data.frames import courses_frame
from tests.actors import with_role
from tests.factories import day, practice, write_practice


PHQ9 = {"measure": "phq9", "recall_window": "two_weeks"}

# Induction of b ends as recorded, that of c by the gap of 20 days; d is boosters only.
TABLE = """
    course | infusions           | phq9                                      | pcl5
    -------+---------------------+-------------------------------------------+-------
    a      | 0, 3, 7, 30, 60     | -1: 20, 3: 14, 9: 8, 12: 7, 25: 9, 31: 15 | 40: 50
    b      | 0, 3 maintenance, 9 | -1: 20, 2: 8, 3 15:00: 9, 20: 7           |
    c      | 0, 20               | -1: 20, 40: 9                             |
    d      | 0 maintenance, 30   | -1: 20, 20: 9                             |
    e      | 0, 3, 7             | 0: 20, 12 15:00: 9, 25: incomplete, 30: 5 |
    f      |                     | -1: 20, 5: 8                              |
"""


def found(url, table=TABLE, as_of=None):
    """Return looks and boosters by name of the course, in days of the table."""
    ids = write_practice(url, table)
    named = {number: name for name, number in ids.items()}
    with practice(url) as connection:
        read = follow_up_frames(
            connection, **PHQ9, as_of_day=None if as_of is None else day(as_of)
        )
    return tuple(
        [
            (named[row.course_id], row.day - day(0), *rest(row))
            for row in frame.sort_values(["course_id", "minute"]).itertuples()
        ]
        for frame, rest in (
            (read.looks, lambda row: [row.total]),
            (read.boosters, lambda row: []),
        )
    )


def test_looks_are_the_scores_after_the_one_at_the_end_of_induction(migrated_url):
    looks, _ = found(migrated_url)
    assert looks == [
        # 12 counts at the end of induction, and is not a look itself; 9 is before it.
        ("a", 25, 9),
        ("a", 31, 15),
        # Only what is before the next infusion counts there: 2 does, 15:00 does not.
        ("b", 3, 9),
        ("b", 20, 7),
        ("e", 30, 5),
    ]


def test_boosters_are_the_infusions_after_induction(migrated_url):
    _, boosters = found(migrated_url)
    assert boosters == [("a", 30), ("a", 60), ("b", 3), ("b", 9), ("c", 20)]


@pytest.mark.parametrize(
    ("as_of", "looks", "boosters"),
    [
        (24, ["b", "b"], ["b", "b", "c"]),
        (25, ["a", "b", "b"], ["b", "b", "c"]),
        (30, ["a", "b", "b", "e"], ["a", "b", "b", "c"]),
    ],
)
def test_an_earlier_day_sees_what_had_happened_by_then(
    migrated_url, as_of, looks, boosters
):
    seen, given = found(migrated_url, as_of=as_of)
    assert ([row[0] for row in seen], [row[0] for row in given]) == (looks, boosters)


def test_as_of_the_last_day_nothing_differs_from_what_is_stored(migrated_url):
    write_practice(migrated_url, TABLE)
    with practice(migrated_url) as connection:
        stored = follow_up_frames(connection, **PHQ9)
        derived = follow_up_frames(connection, **PHQ9, as_of_day=day(90))
    for name in ("courses", "looks", "boosters"):
        pd.testing.assert_frame_equal(
            in_order(getattr(stored, name)), in_order(getattr(derived, name))
        )


def in_order(frame):
    keys = [name for name in ("course_id", "minute") if name in frame.columns]
    return frame.sort_values(keys, ignore_index=True)


@pytest.mark.parametrize("as_of_day", [None, day(90)], ids=["stored", "as of"])
def test_the_frames_conform_with_rows_and_without(migrated_url, as_of_day):
    specs = {"courses": COURSES, "looks": LOOKS, "boosters": BOOSTERS}
    with practice(migrated_url) as connection:
        without = follow_up_frames(connection, **PHQ9, as_of_day=as_of_day)
    write_practice(migrated_url, TABLE)
    with practice(migrated_url) as connection:
        rows = follow_up_frames(connection, **PHQ9, as_of_day=as_of_day)
        courses = courses_frame(
            connection, **PHQ9, timepoint="end_of_induction", as_of_day=as_of_day
        )
    for name, spec in specs.items():
        nothing = conform(getattr(without, name), spec)
        something = conform(getattr(rows, name), spec)
        assert nothing.empty
        assert not something.empty
        names = [column.name for column in spec.columns]
        assert sorted(something.columns) == sorted(names)
        assert nothing.dtypes[names].tolist() == something.dtypes[names].tolist()
    pd.testing.assert_frame_equal(rows.courses, courses)


def test_a_withdrawn_form_is_not_a_look(migrated_sqlite_url):
    ids = write_practice(migrated_sqlite_url, TABLE)
    with practice(migrated_sqlite_url) as connection:
        (wrong,) = (
            form.id
            for form in list_assessments(connection, ids["a"])
            if form.total == 15
        )
        void_assessment(connection, wrong, reason="Wrong patient")
        looks = follow_up_frames(connection, **PHQ9).looks
    of_a = looks[looks["course_id"] == ids["a"]]
    assert of_a["total"].tolist() == [9]


def test_another_measure_has_its_own_looks_and_the_same_boosters(migrated_sqlite_url):
    write_practice(
        migrated_sqlite_url,
        """
        course | infusions   | phq9           | pcl5                 | pcl5 past_week
        -------+-------------+----------------+----------------------+---------------
        a      | 0, 3, 7, 30 | 9: 8, 40: 7    | -1: 50, 9: 20, 25: 30 | 26: 31
        """,
    )
    with practice(migrated_sqlite_url) as connection:
        read = follow_up_frames(connection, measure="pcl5", recall_window="past_month")
    assert read.looks["total"].tolist() == [30]
    assert read.boosters["day"].tolist() == [day(30)]


def test_a_clinician_may_not_ask(migrated_sqlite_url):
    engine = open_database(migrated_sqlite_url)
    try:
        with (
            reading(engine, with_role(CLINICIAN)) as connection,
            pytest.raises(NotAllowed),
        ):
            follow_up_frames(connection, **PHQ9)
    finally:
        engine.dispose()
