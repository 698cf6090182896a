"""A course's own schedule: kept, refused, met by an infusion; and its days."""

import pytest
from sqlalchemy import func, select

from data.actors import CLINICIAN, LEAD
from data.assessments import add_assessment, void_assessment
from data.audit_search import search_audit
from data.errors import NotAllowed, RecordError
from data.infusions import add_infusion, void_infusion
from data.moments import day_number, today
from data.patients import close_course, get_course, open_course
from data.schedule import (
    FURTHEST_DAYS,
    CourseSchedule,
    change_schedule,
    get_course_days,
    get_schedule,
    list_course_days,
)
from data.tables import course_schedule
from tests.actors import BY, acting, with_role
from tests.factories import (
    add_course,
    at,
    calendar_day,
    day,
    form,
    given,
    phq9,
    practice,
    write_practice,
)


TODAY = day_number(today())
NOTHING_OWN = CourseSchedule()
OWN = CourseSchedule(
    before_each_infusion=False,
    day_after_first=True,
    weeks_after_induction=(1, 2, 6),
    maintenance_days=60,
    next_infusion_day=TODAY + 3,
)


@pytest.fixture
def connection(migrated_url):
    with practice(migrated_url) as connection:
        yield connection


@pytest.fixture
def course_id(connection):
    return add_course(connection)


def told(connection):
    return [
        (e.who, e.action, e.subject, e.patient_id)
        for e in search_audit(connection, limit=1)
    ]


def test_a_course_that_chose_nothing_follows_the_practice(connection, course_id):
    assert get_schedule(connection, course_id) == NOTHING_OWN


def test_what_a_course_wants_is_kept_and_audited(connection, course_id):
    change_schedule(connection, course_id, OWN)
    assert get_schedule(connection, course_id) == OWN
    patient_id = get_course(connection, course_id).patient_id
    subject = f"schedule of course {course_id}"
    assert told(connection) == [(f"manage.py ({BY})", "change", subject, patient_id)]
    row = connection.execute(select(course_schedule)).one()
    assert (row.changed_by, row.weeks_after_induction) == (BY, "1,2,6")


def test_one_part_may_differ_and_none_is_not_the_same_as_the_practices(
    connection, course_id
):
    without_weeks = CourseSchedule(weeks_after_induction=())
    change_schedule(connection, course_id, without_weeks)
    assert get_schedule(connection, course_id) == without_weeks


def test_going_back_to_the_practices_leaves_nothing(connection, course_id):
    change_schedule(connection, course_id, OWN)
    change_schedule(connection, course_id, NOTHING_OWN)
    assert get_schedule(connection, course_id) == NOTHING_OWN
    assert connection.scalar(select(func.count()).select_from(course_schedule)) == 0


def test_the_same_again_changes_nothing(connection, course_id):
    change_schedule(connection, course_id, OWN)
    before = len(search_audit(connection, limit=99))
    change_schedule(connection, course_id, OWN)
    assert len(search_audit(connection, limit=99)) == before


@pytest.mark.parametrize(
    ("own", "refusal"),
    [
        ({"maintenance_days": 6}, "6 are impossible; allowed: 7 to 180"),
        ({"maintenance_days": 181}, "181 are impossible"),
        ({"weeks_after_induction": (4, 2)}, "Weeks '4,2' are not allowed"),
        ({"weeks_after_induction": (0,)}, "whole weeks from 1 to 52, rising"),
        ({"next_infusion_day": TODAY - 1}, "Next infusion planned for"),
        ({"next_infusion_day": TODAY + FURTHEST_DAYS + 1}, "allowed: "),
    ],
)
def test_what_is_impossible_is_refused_and_nothing_changes(
    connection, course_id, own, refusal
):
    change_schedule(connection, course_id, OWN)
    with pytest.raises(RecordError, match=refusal):
        change_schedule(connection, course_id, CourseSchedule(**own))
    assert get_schedule(connection, course_id) == OWN


def test_a_plan_of_today_and_of_a_year_ahead_is_taken(connection, course_id):
    for planned in (TODAY, TODAY + FURTHEST_DAYS):
        change_schedule(
            connection, course_id, CourseSchedule(next_infusion_day=planned)
        )
        assert get_schedule(connection, course_id).next_infusion_day == planned


def test_no_infusion_is_planned_in_a_closed_course(connection, course_id):
    close_course(connection, course_id, closed=today(), reason="Moved")
    with pytest.raises(RecordError, match="closed, so no infusion can be planned"):
        change_schedule(connection, course_id, OWN)


# A plan and the infusions.


def plan(connection, course_id, planned):
    """Plan as on an earlier day."""
    connection.execute(
        course_schedule.insert().values(
            course_id=course_id,
            next_infusion_day=planned,
            changed_at=at("0").replace(tzinfo=None),
            changed_by=BY,
        )
    )


@pytest.mark.parametrize(("infusion_on", "left"), [("4", day(5)), ("5", None)])
def test_an_infusion_on_the_planned_day_or_later_meets_the_plan(
    connection, course_id, infusion_on, left
):
    plan(connection, course_id, day(5))
    add_infusion(connection, course_id=course_id, facts=given(at(infusion_on)))
    assert get_schedule(connection, course_id).next_infusion_day == left


def test_a_plan_is_back_once_its_infusion_was_withdrawn(connection, course_id):
    plan(connection, course_id, day(5))
    infusion = add_infusion(connection, course_id=course_id, facts=given(at("6")))
    assert get_schedule(connection, course_id).next_infusion_day is None
    void_infusion(connection, infusion, reason="Other patient")
    assert get_schedule(connection, course_id).next_infusion_day == day(5)


def test_a_plan_that_was_missed_stays_while_something_else_is_changed(
    connection, course_id
):
    plan(connection, course_id, day(5))
    changed = CourseSchedule(maintenance_days=60, next_infusion_day=day(5))
    change_schedule(connection, course_id, changed)
    assert get_schedule(connection, course_id) == changed


def test_an_infusion_is_not_planned_for_a_day_that_had_one(connection, course_id):
    facts = given(at("0").replace(year=2024))
    add_infusion(connection, course_id=course_id, facts=facts)
    given_today = given(at(f"{TODAY - day(0)} 00:00"))
    add_infusion(connection, course_id=course_id, facts=given_today)
    with pytest.raises(RecordError, match="An infusion was given on"):
        change_schedule(connection, course_id, CourseSchedule(next_infusion_day=TODAY))


# The days.


def test_a_course_comes_with_its_days(migrated_url):
    table = """
        course | infusions           | phq9                    | pcl5
        -------+---------------------+-------------------------+---------
        a      | 0, 3, 7             | -1: 20, 5: 14, 7: 9     | -1: 50
        b      | 0, 30 maintenance   | -1: incomplete          |
        c      |                     |                         |
    """
    ids = write_practice(migrated_url, table)
    with practice(migrated_url) as connection:
        found = {c.course_id: c for c in list_course_days(connection, since_day=day(3))}
    a, b, c = (found[ids[name]] for name in "abc")
    assert (a.infusions, a.induction_infusions) == (3, 3)
    assert (a.first_day, a.previous_day, a.last_day) == (day(0), day(3), day(7))
    assert {m: sorted(days) for m, days in a.forms.items()} == {
        "phq9": [day(5), day(7)],
        "pcl5": [day(-1)],
    }
    assert a.last_form_day == day(7)
    assert (b.induction_infusions, b.last_induction_day) == (1, day(0))
    assert (b.previous_day, b.forms) == (None, {"phq9": [day(-1)]})
    assert (c.infusions, c.first_day, c.last_form_day, c.forms) == (0, None, None, {})
    assert a.schedule == NOTHING_OWN


def test_withdrawn_forms_are_not_among_the_days(connection, course_id):
    voided = add_assessment(connection, course_id=course_id, facts=phq9(at("5"), 9))
    add_assessment(connection, course_id=course_id, facts=form("pcl5", at("4"), 9))
    void_assessment(connection, voided, reason="Other patient")
    (found,) = list_course_days(connection, since_day=day(0))
    assert found.forms == {"pcl5": [day(4)]}


def test_of_each_patient_the_latest_course_with_what_it_wants(connection, course_id):
    patient_id = get_course(connection, course_id).patient_id
    latest = open_course(
        connection, patient_id=patient_id, indication="ptsd", opened=calendar_day(9)
    )
    change_schedule(connection, latest, OWN)
    (found,) = list_course_days(connection, since_day=0)
    assert (found.course_id, found.indication, found.schedule) == (latest, "ptsd", OWN)
    first = get_course_days(connection, course_id, since_day=0)
    assert (first.course_id, first.schedule) == (course_id, NOTHING_OWN)


def test_a_plan_that_was_met_is_not_among_the_days(connection, course_id):
    plan(connection, course_id, day(5))
    add_infusion(connection, course_id=course_id, facts=given(at("5")))
    (found,) = list_course_days(connection, since_day=0)
    assert found.schedule.next_infusion_day is None


# Who may.


def test_a_course_of_another_site_is_not_there(connection, course_id):
    with acting(connection, with_role(CLINICIAN, sites=())):
        assert list_course_days(connection, since_day=0) == []
        with pytest.raises(RecordError, match=f"There is no course {course_id}"):
            get_schedule(connection, course_id)


def test_a_lead_reads_and_changes_nothing(connection, course_id):
    with acting(connection, with_role(LEAD)):
        assert get_schedule(connection, course_id) == NOTHING_OWN
        with pytest.raises(NotAllowed):
            change_schedule(connection, course_id, OWN)
