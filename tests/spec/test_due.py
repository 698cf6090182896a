"""From which day a course without a score is missing, and no longer not yet due."""

import pytest

from analysis.outcomes import classify
from data.database import open_database, reading
from data.frames import courses_frame
from measures.registry import CRITERIA
from tests.actors import TESTER
from tests.factories import day, due_days, write_practice


def states(url, table, timepoint, as_of):
    """Return what each course counts as at a time point, asked on a day."""
    ids = write_practice(url, table)
    with reading(open_database(url), TESTER) as connection:
        courses = courses_frame(
            connection,
            measure="phq9",
            recall_window="two_weeks",
            timepoint=timepoint,
            as_of_day=day(as_of),
        )
    classified = classify(
        courses,
        CRITERIA["phq9_response_50"],
        eligible_at_least=10,
        as_of_day=day(as_of),
    )
    found = dict(zip(classified["course_id"], classified["state"], strict=True))
    return {name: found[i] for name, i in ids.items()}


# Everybody has a baseline, and no score after it.
@pytest.mark.parametrize(
    ("timepoint", "first_day_after_the_window"),
    [
        ("day_1", 3),
        ("week_6", 53),
        ("months_4_8", 241),
        ("month_6", 243),
        ("month_12", 426),
    ],
)
def test_a_day_based_time_point_is_due_once_its_window_has_closed(
    migrated_sqlite_url, timepoint, first_day_after_the_window
):
    table = """
        course   | infusions | phq9   | closed
        ---------+-----------+--------+-------
        usual    | 0, 3, 7   | -1: 20 |
        drop-out | 0         | -1: 20 |
        closed   | 0, 3      | -1: 20 | 5
        no form  | 0, 3, 7   |        |
    """
    assert due_days(migrated_sqlite_url, timepoint, table) == {
        "usual": first_day_after_the_window,
        "drop-out": first_day_after_the_window,
        "closed": first_day_after_the_window,
        "no form": None,
    }


def test_weeks_2_4_are_due_32_days_after_the_last_induction_infusion(migrated_url):
    table = """
        course       | infusions            | phq9   | closed
        -------------+----------------------+--------+-------
        usual        | 0, 3, 7              | -1: 20 |
        drop-out     | 0                    | -1: 20 |
        closed       | 0, 3, 7              | -1: 20 | 8
        later phase  | 0, 3, 7, 9 maintenance | -1: 20 |
        booster      | 0, 3, 7, 30          | -1: 20 |
        no induction | 0 maintenance        | -1: 20 |
        no form      | 0, 3, 7              |        |
    """
    assert due_days(migrated_url, "weeks_2_4", table) == {
        "usual": 39,
        "drop-out": 32,
        "closed": 39,
        "later phase": 39,
        "booster": 39,
        "no induction": None,
        "no form": None,
    }


def test_the_end_of_induction_is_due_after_14_days_or_at_the_next_infusion(
    migrated_url,
):
    table = """
        course       | infusions              | phq9   | closed
        -------------+------------------------+--------+-------
        usual        | 0, 3, 7                | -1: 20 |
        drop-out     | 0                      | -1: 20 |
        closed       | 0, 3, 7                | -1: 20 | 8
        later phase  | 0, 3, 7, 9 maintenance | -1: 20 |
        booster      | 0, 3, 7, 18            | -1: 20 |
        late booster | 0, 3, 7, 22            | -1: 20 |
        no induction | 0 maintenance          | -1: 20 |
    """
    assert due_days(migrated_url, "end_of_induction", table) == {
        "usual": 22,
        "drop-out": 15,
        "closed": 22,
        "later phase": 9,
        "booster": 18,
        "late booster": 22,
        "no induction": None,
    }


def test_the_time_after_infusion_2_is_due_at_infusion_3_or_after_14_days(
    migrated_url,
):
    table = """
        course      | infusions        | phq9   | closed
        ------------+------------------+--------+-------
        infusion 3  | 0, 3, 7          | -1: 20 |
        14 days     | 0, 3             | -1: 20 |
        slow        | 0, 3, 18         | -1: 20 |
        closed      | 0, 3             | -1: 20 | 5
        maintenance | 0, 5 maintenance | -1: 20 |
        no form     | 0, 3, 7          |        |
    """
    assert due_days(migrated_url, "after_infusion_2", table) == {
        "infusion 3": 7,
        "14 days": 18,
        "slow": 18,
        "closed": 18,
        "maintenance": 20,
        "no form": None,
    }


def test_a_drop_out_is_due_when_the_induction_ends_before_infusion_k(migrated_url):
    table = """
        course        | infusions                    | phq9   | closed
        --------------+------------------------------+--------+-------
        10 days quiet | 0                            | -1: 20 |
        closed        | 0                            | -1: 20 | 5
        closed late   | 0                            | -1: 20 | 30
        came back     | 0, 40                        | -1: 20 |
        no induction  | 0 maintenance                | -1: 20 |
    """
    assert due_days(migrated_url, "after_infusion_2", table) == {
        "10 days quiet": 11,
        "closed": 5,
        "closed late": 11,
        "came back": 11,  # due as a drop-out then, and that is not taken back
        "no induction": 0,
    }


def test_what_comes_after_the_as_of_day_does_not_make_a_course_due(
    migrated_sqlite_url,
):
    table = """
        course      | infusions       | phq9   | closed
        ------------+-----------------+--------+-------
        infusion 3  | 0, 3, 7         | -1: 20 |
        closed      | 0, 3            | -1: 20 | 7
    """
    asked = {"timepoint": "after_infusion_3", "table": table}
    assert due_days(migrated_sqlite_url, **asked, as_of=6) == {
        "infusion 3": 14,  # 10 days after infusion 2 without another
        "closed": 14,
    }


@pytest.mark.parametrize(
    ("as_of", "expected"),
    [
        # Infusion 3 may still come, and with it another end of induction.
        (5, {"goes on": "not due", "stops": "not due", "later phase": "not due"}),
        (9, {"goes on": "not due", "stops": "not due", "later phase": "event"}),
        (17, {"goes on": "not due", "stops": "not due", "later phase": "event"}),
        (18, {"goes on": "not due", "stops": "event", "later phase": "event"}),
        (22, {"goes on": "missing", "stops": "event", "later phase": "event"}),
    ],
)
def test_no_score_counts_at_the_end_of_an_induction_that_may_go_on(
    migrated_sqlite_url, as_of, expected
):
    table = """
        course      | infusions           | phq9
        ------------+---------------------+---------------
        goes on     | 0, 3, 7             | -1: 20, 4: 9
        stops       | 0, 3                | -1: 20, 4: 9
        later phase | 0, 3, 9 maintenance | -1: 20, 4: 9
    """
    assert states(migrated_sqlite_url, table, "end_of_induction", as_of) == expected


@pytest.mark.parametrize(
    ("as_of", "expected"),
    [
        (37, {"silent": "not due", "early": "not due", "measured": "not due"}),
        (38, {"silent": "not due", "early": "not due", "measured": "event"}),
        (39, {"silent": "missing", "early": "missing", "measured": "event"}),
    ],
)
def test_a_window_open_on_the_as_of_day_is_not_due_unless_there_is_a_score(
    migrated_sqlite_url, as_of, expected
):
    table = """
        course   | infusions | phq9
        ---------+-----------+----------------
        silent   | 0, 3, 7   | -1: 20
        early    | 0, 3, 7   | -1: 20, 20: 9
        measured | 0, 3, 7   | -1: 20, 38: 9
    """
    assert states(migrated_sqlite_url, table, "weeks_2_4", as_of) == expected
