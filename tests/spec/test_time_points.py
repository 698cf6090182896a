"""When a score counts: each window at its edges, and one past them."""

from pathlib import Path

import pytest

from measures.registry import TIMEPOINTS
from tests.factories import baselines, read_scores, scores, write_practice


def test_baseline_is_the_last_complete_form_at_or_before_infusion_1(
    migrated_sqlite_url,
):
    table = """
        course | infusions | phq9
        -------+-----------+------------------------------------
        a      | 0         | -9: 21, -2: 18, 1: 9
        b      | 0         | -2: 18, 0 10:00: 17, 0 10:01: 9
        c      | 0         | -2: 18, -1: incomplete
        d      | 0         | -1: incomplete
        e      | 0         | 1: 9
        f      | 0         |
    """
    assert baselines(migrated_sqlite_url, table) == {
        "a": 18,
        "b": 17,  # at the minute of infusion 1
        "c": 18,  # the later form is incomplete
        "d": None,
        "e": None,
        "f": None,
    }


def test_baseline_is_at_most_30_days_old(migrated_sqlite_url):
    table = """
        course | infusions | phq9
        -------+-----------+---------------------
        a      | 0         | -29: 20
        b      | 0         | -30 00:00: 20
        c      | 0         | -31 23:59: 20
        d      | 0         | -40: 20, -30: 19
        e      | 0         |
    """
    assert baselines(migrated_sqlite_url, table) == {
        "a": 20,
        "b": 20,
        "c": None,
        "d": 19,
        "e": None,
    }


def test_day_1_is_12_to_48_hours_after_infusion_1_to_the_minute(migrated_sqlite_url):
    table = """
        course | infusions | phq9
        -------+-----------+-----------------------------
        a      | 0         | 0 21:59: 9
        b      | 0         | 0 22:00: 9
        c      | 0         | 2 10:00: 9
        d      | 0         | 2 10:01: 9
        e      | 0         | 1: 9, 2 10:00: 8, 2 10:01: 7
        f      | 0         | 1: incomplete
        g      | 0         |
    """
    assert scores(migrated_sqlite_url, "day_1", table) == {
        "a": None,
        "b": 9,
        "c": 9,
        "d": None,
        "e": 8,
        "f": None,
        "g": None,
    }


def test_a_score_taken_just_before_the_next_infusion_belongs_to_the_one_before(
    migrated_url,
):
    table = """
        course | infusions | phq9
        -------+-----------+------------------------------
        a      | 0, 3      | 0 10:00: 20, 3 09:59: 9
        b      | 0, 3      | 0 10:00: 20, 3 10:00: 9
        c      | 0, 3      | 0 10:00: 20, 3 10:01: 9
        d      | 0, 3      | 0 10:00: 20, 0 10:01: 9
        e      | 0, 3      | 1: 12, 2: 9
        f      | 0, 3      | 1: 12, 2: incomplete
        g      | 0, 3      |
    """
    assert scores(migrated_url, "after_infusion_1", table) == {
        "a": 9,
        "b": 9,  # at the same minute as infusion 2: before it
        "c": None,  # one minute after: belongs to infusion 2
        "d": 9,  # one minute after infusion 1, at the same minute it is the baseline
        "e": 9,
        "f": 12,
        "g": None,
    }


def test_a_score_after_infusion_k_is_at_most_14_days_old(migrated_sqlite_url):
    table = """
        course | infusions | phq9
        -------+-----------+---------------
        a      | 0, 3      | 17 23:59: 9
        b      | 0, 3      | 18 00:00: 9
        c      | 0, 3      | 3 10:00: 9
        d      | 0, 3      | 3 10:01: 9
        e      | 0         | 9: 9
        f      | 0, 3      |
    """
    assert scores(migrated_sqlite_url, "after_infusion_2", table) == {
        "a": 9,
        "b": None,
        "c": None,
        "d": 9,
        "e": None,  # infusion 2 was not given
        "f": None,
    }


def test_end_of_induction_is_14_days_and_ends_at_the_next_infusion(
    migrated_sqlite_url,
):
    table = """
        course | infusions            | phq9
        -------+----------------------+--------------------
        a      | 0, 3, 7              | 21 23:59: 9
        b      | 0, 3, 7              | 22 00:00: 9
        c      | 0, 3, 7              | 7 10:00: 9
        d      | 0, 3, 7              | 7 10:01: 9
        e      | 0, 3, 7, 18          | 18 10:00: 9
        f      | 0, 3, 7, 18          | 18 10:01: 9
        g      | 0, 3, 7, 8 maintenance | 8 10:00: 9, 9: 5
        h      | 0, 3, 7              |
    """
    assert scores(migrated_sqlite_url, "end_of_induction", table) == {
        "a": 9,
        "b": None,
        "c": None,  # at the minute of the last induction infusion: before it
        "d": 9,
        "e": 9,  # at the minute of the infusion after the induction: before it
        "f": None,
        "g": 9,
        "h": None,
    }


def test_weeks_2_4_are_14_to_31_days_after_the_last_induction_infusion(migrated_url):
    table = """
        course | infusions   | phq9
        -------+-------------+--------------------------
        a      | 0, 3, 7     | 20 23:59: 9
        b      | 0, 3, 7     | 21 00:00: 9
        c      | 0, 3, 7     | 38 23:59: 9
        d      | 0, 3, 7     | 39 00:00: 9
        e      | 0, 3, 7     | 21: 12, 38: 9, 39: 3
        f      | 0, 3, 7, 30 | 29: 12, 35: 9
        g      | 0, 3, 7     | 30: incomplete
        h      | 0, 3, 7     |
    """
    assert scores(migrated_url, "weeks_2_4", table) == {
        "a": None,  # 13 days
        "b": 9,  # 14 days
        "c": 9,  # 31 days
        "d": None,  # 32 days
        "e": 9,
        "f": 9,  # a booster does not end the window
        "g": None,
        "h": None,
    }


def edges(first: int, last: int) -> str:
    """Draw one course for each edge of a window of whole days after infusion 1."""
    return f"""
        course | infusions | phq9
        -------+-----------+---------------------------
        before | 0, 3, 7   | {first - 1} 23:59: 9
        first  | 0, 3, 7   | {first} 00:00: 9
        last   | 0, 3, 7   | {last} 23:59: 9
        after  | 0, 3, 7   | {last + 1} 00:00: 9
        twice  | 0, 3, 7   | {first}: 12, {last}: 9
        none   | 0, 3, 7   |
    """


@pytest.mark.parametrize(
    ("timepoint", "first", "last"),
    [
        ("week_6", 32, 52),
        ("months_4_8", 120, 240),
        ("month_6", 122, 242),
        ("month_12", 305, 425),
    ],
)
def test_later_time_points_are_whole_days_after_infusion_1(
    migrated_sqlite_url, timepoint, first, last
):
    assert scores(migrated_sqlite_url, timepoint, edges(first, last)) == {
        "before": None,
        "first": 9,
        "last": 9,
        "after": None,
        "twice": 9,
        "none": None,
    }


def test_recall_windows_are_never_mixed(migrated_url):
    table = """
        course | infusions | pcl5            | pcl5 past_week
        -------+-----------+-----------------+----------------
        a      | 0, 3, 7   | -1: 50, 30: 20  | -1: 44, 31: 11
        b      | 0, 3, 7   | -1: 50          | 31: 11
        c      | 0, 3, 7   |                 |
    """
    ids = write_practice(migrated_url, table)
    found = {
        window: read_scores(
            migrated_url, ids, "weeks_2_4", measure="pcl5", recall_window=window
        )
        for window in ("past_month", "past_week", "past_day")
    }
    assert found == {
        "past_month": {"a": 20, "b": None, "c": None},
        "past_week": {"a": 11, "b": 11, "c": None},
        "past_day": {"a": None, "b": None, "c": None},
    }


def test_a_local_calendar_day_counts_not_a_day_of_24_hours(migrated_sqlite_url):
    table = """
        course | infusions        | phq9
        -------+------------------+-------------
        a      | 0, 3, 7 23:59    | 21 00:00: 9
        b      | 0, 3, 7 00:00    | 38 23:59: 9
        c      | 0, 3, 7          |
    """
    assert scores(migrated_sqlite_url, "weeks_2_4", table) == {
        "a": 9,
        "b": 9,
        "c": None,
    }


def test_only_what_had_happened_by_the_as_of_day_is_seen(migrated_url):
    table = """
        course | infusions | phq9
        -------+-----------+----------------------
        a      | 0, 3, 7   | -1: 20, 21: 12, 30: 9
        b      | 0, 3, 7   | -1: 20, 30: 9
        c      | 25        | 24: 20
        d      | 24        | 23: 20
    """
    assert scores(migrated_url, "weeks_2_4", table, as_of=24) == {
        "a": 12,
        "b": None,
        "d": None,  # c had not started
    }


def test_every_time_point_is_tested_here():
    text = Path(__file__).read_text(encoding="utf-8")
    untested = [
        code
        for code, timepoint in TIMEPOINTS.items()
        if f'"{code}"' not in text and timepoint.infusion is None
    ]
    assert untested == []
