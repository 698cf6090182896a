"""Which infusions are the induction: as recorded, or by gap and number."""

from tests.factories import inductions, scores


def test_a_gap_of_more_than_10_days_ends_the_induction(migrated_url):
    table = """
        course | infusions
        -------+-----------------------
        a      | 0, 10
        b      | 0, 11
        c      | 0, 10, 20, 30
        d      | 0, 10, 21, 24
        e      | 0
        f      |
    """
    assert inductions(migrated_url, table) == {
        "a": 2,
        "b": 1,
        "c": 4,  # the clock restarts with each infusion
        "d": 2,  # what comes after the gap is no longer induction
        "e": 1,
    }


def test_the_gap_is_counted_in_calendar_days(migrated_sqlite_url):
    table = """
        course | infusions
        -------+-------------------
        a      | 0 00:00, 10 23:59
        b      | 0 23:59, 11 00:00
    """
    assert inductions(migrated_sqlite_url, table) == {"a": 2, "b": 1}


def test_at_most_8_infusions_without_a_recorded_phase_are_induction(
    migrated_sqlite_url,
):
    table = """
        course | infusions
        -------+-------------------------------
        a      | 0, 2, 4, 6, 8, 10, 12
        b      | 0, 2, 4, 6, 8, 10, 12, 14
        c      | 0, 2, 4, 6, 8, 10, 12, 14, 16
    """
    assert inductions(migrated_sqlite_url, table) == {"a": 7, "b": 8, "c": 8}


def test_a_recorded_phase_overrides_gap_and_number(migrated_url):
    table = """
        course | infusions
        -------+---------------------------------------------
        a      | 0, 11 induction
        b      | 0, 20 induction, 30
        c      | 0, 20 induction, 31
        d      | 0, 2, 4, 6, 8, 10, 12, 14, 16 induction
        e      | 0, 2, 4, 6, 8, 10, 12, 14, 16 induction, 18
        f      | 0, 3 maintenance
    """
    assert inductions(migrated_url, table) == {
        "a": 2,
        "b": 3,
        "c": 2,
        "d": 9,
        "e": 9,  # the tenth has no recorded phase, and is past the eighth
        "f": 1,
    }


def test_the_first_maintenance_infusion_ends_the_induction_for_good(
    migrated_sqlite_url,
):
    table = """
        course | infusions
        -------+-----------------------------------
        a      | 0, 3 maintenance, 6
        b      | 0, 3 maintenance, 6 induction
        c      | 0 maintenance, 3
        d      | 0 maintenance, 3 induction
    """
    assert inductions(migrated_sqlite_url, table) == {"a": 1, "b": 1, "c": 0, "d": 0}


def test_a_course_without_induction_has_no_score_at_its_end(migrated_sqlite_url):
    table = """
        course | infusions     | phq9
        -------+---------------+------------------
        a      | 0 maintenance | -1: 20, 14: 9
        b      | 0             | -1: 20, 14: 9
    """
    assert scores(migrated_sqlite_url, "weeks_2_4", table) == {"a": None, "b": 9}


def test_the_length_of_an_induction_is_from_its_first_to_its_last_day(
    migrated_sqlite_url,
):
    table = """
        course | infusions
        -------+--------------------------
        a      | 0, 3, 7, 10, 14, 17, 40
        b      | 0, 3
        c      | 0
        d      | 0 maintenance
    """
    found = scores(migrated_sqlite_url, "day_1", table, column="induction_days")
    assert found == {"a": 17, "b": 3, "c": 0, "d": 0}
