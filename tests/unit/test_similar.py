"""Other patients who began alike: who counts, and that nobody is named."""

import pytest

from data.actors import CLINICIAN
from data.assessments import add_assessment
from data.database import open_database, reading, writing
from data.errors import NotAllowed, RecordError
from data.infusions import add_infusion
from data.patients import get_course, open_course
from data.similar import similar_changes
from data.sites import add_site
from data.tables import FIRST_SITE
from tests.actors import TESTER, with_role
from tests.factories import (
    add_course,
    at,
    calendar_day,
    given,
    phq9,
    practice,
    write_practice,
)


def changes(url, course_id, *, actor=TESTER, **asked):
    usual = {
        "measure": "phq9",
        "recall_window": "two_weeks",
        "baselines": (20, 27),
    } | asked
    engine = open_database(url)
    try:
        with reading(engine, actor) as connection:
            return sorted(similar_changes(connection, course_id, **usual))
    finally:
        engine.dispose()


def test_only_those_with_a_like_baseline_and_a_later_score_count(migrated_url):
    ids = write_practice(
        migrated_url,
        """
        course | infusions | phq9
        -------+-----------+--------------------------
        a      | 0, 3, 7   | -1: 20, 2: 12, 5: 8
        b      | 0, 3      | -1: 20, 2: 14, 5: 10
        c      | 0, 3      | -1: 27, 2: 21
        d      | 0         | -1: 22, 2: 18
        low    | 0         | -1: 19, 2: 10
        late   | 0         | -1: 22, 20: 10
        none   | 0         | 2: 10
        """,
    )
    assert changes(migrated_url, ids["a"]) == [
        (1, -6, 2),
        (1, -4, 1),
        (2, -10, 1),
    ]
    assert changes(migrated_url, ids["a"], baselines=(15, 19)) == [(1, -9, 1)]


def test_the_patient_is_not_compared_with_the_own_other_course(migrated_url):
    ids = write_practice(
        migrated_url,
        """
        course | infusions | phq9
        -------+-----------+---------------
        a      | 0         | -1: 20, 2: 12
        b      | 0         | -1: 20, 2: 14
        """,
    )
    with practice(migrated_url) as connection:
        again = second_course(connection, ids["a"])
    assert changes(migrated_url, again) == [(1, -6, 1)]
    # And of the others the first course alone.
    assert changes(migrated_url, ids["b"]) == [(1, -8, 1)]


def second_course(connection, course_id):
    first = get_course(connection, course_id)
    again = open_course(
        connection,
        patient_id=first.patient_id,
        indication="depression",
        opened=calendar_day(80),
    )
    add_assessment(connection, course_id=again, facts=phq9(at("99"), 21))
    add_infusion(connection, course_id=again, facts=given(at("100")))
    add_assessment(connection, course_id=again, facts=phq9(at("101"), 20))
    return again


def test_only_the_same_recorded_indication_counts(migrated_url):
    ids = {}
    with practice(migrated_url) as connection:
        for name, indication in (
            ("a", "depression"),
            ("b", "depression"),
            ("c", "both"),
            ("unknown", None),
            ("unknown too", None),
        ):
            course_id = add_course(connection, name, indication=indication)
            add_assessment(connection, course_id=course_id, facts=phq9(at("-1"), 20))
            add_infusion(connection, course_id=course_id, facts=given(at("0 10:00")))
            add_assessment(connection, course_id=course_id, facts=phq9(at("2"), 15))
            ids[name] = course_id
    assert changes(migrated_url, ids["a"]) == [(1, -5, 1)]
    assert changes(migrated_url, ids["c"]) == []
    assert changes(migrated_url, ids["unknown"]) == []


def test_another_measure_or_window_is_not_mixed_in(migrated_url):
    ids = write_practice(
        migrated_url,
        """
        course | infusions | phq9          | pcl5          | pcl5 past_week
        -------+-----------+---------------+---------------+---------------
        a      | 0         | -1: 20, 2: 12 | -1: 50        | -1: 50
        b      | 0         | -1: 20, 2: 14 | -1: 50, 2: 40 | -1: 50, 2: 30
        """,
    )
    asked = {"measure": "pcl5", "baselines": (40, 60)}
    monthly = changes(migrated_url, ids["a"], recall_window="past_month", **asked)
    weekly = changes(migrated_url, ids["a"], recall_window="past_week", **asked)
    assert (monthly, weekly) == ([(1, -10, 1)], [(1, -20, 1)])


@pytest.fixture
def two_sites(migrated_url):
    """Return a course of the second site; the first site has two patients."""
    write_practice(
        migrated_url,
        """
        course | infusions | phq9
        -------+-----------+---------------
        a      | 0         | -1: 20, 2: 12
        b      | 0         | -1: 20, 2: 14
        """,
    )
    engine = open_database(migrated_url)
    with writing(engine, TESTER) as connection:
        add_site(connection, "South")
    with writing(engine, SOUTH) as connection:
        course_id = add_course(connection, "s")
    engine.dispose()
    return migrated_url, course_id


SOUTH = with_role(CLINICIAN, sites=[FIRST_SITE + 1], name="South")
NORTH = with_role(CLINICIAN, sites=[FIRST_SITE], name="North")


def test_a_clinician_compares_with_the_own_sites_alone(two_sites):
    url, course_id = two_sites
    assert changes(url, course_id, actor=SOUTH) == []
    assert changes(url, course_id) == [(1, -8, 1), (1, -6, 1)]


def test_another_sites_course_is_not_compared_at_all(two_sites):
    url, course_id = two_sites
    with pytest.raises(RecordError, match=f"There is no course {course_id}"):
        changes(url, course_id, actor=NORTH)
    with pytest.raises(NotAllowed):
        changes(url, course_id, actor=with_role("administrator"))
