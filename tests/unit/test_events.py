"""Marks on a trajectory: taken back with a reason, kept, and told to the audit."""

import pytest
from sqlalchemy import select

from data.actors import CLINICIAN
from data.audit import list_audit_entries
from data.errors import RecordError
from data.events import add_event, list_events, list_withdrawn_events, void_event
from data.patients import get_course
from data.tables import event
from tests.actors import acting, with_role
from tests.factories import add_course, calendar_day, practice


@pytest.fixture
def connection(migrated_url):
    with practice(migrated_url) as connection:
        yield connection


@pytest.fixture
def course_id(connection):
    return add_course(connection)


def add(connection, course_id, day=0, description="Begun"):
    return add_event(
        connection,
        course_id=course_id,
        day=calendar_day(day),
        kind="therapy",
        description=description,
    )


def test_a_mark_that_was_taken_back_is_kept_with_who_and_why(connection, course_id):
    mistaken, right = add(connection, course_id, 3), add(connection, course_id, 5)
    with acting(connection, with_role(CLINICIAN, name="Dr Okafor")):
        void_event(connection, mistaken, reason=" wrong patient ")
    assert [e.id for e in list_events(connection, course_id)] == [right]
    (back,) = list_withdrawn_events(connection, course_id)
    assert (back.event.id, back.withdrawn_by, back.reason) == (
        mistaken,
        "Dr Okafor",
        "wrong patient",
    )
    assert len(connection.execute(select(event)).all()) == 2


def test_taking_back_is_told_to_the_audit(connection, course_id):
    mistaken = add(connection, course_id)
    void_event(connection, mistaken, reason="wrong day")
    *_, told = list_audit_entries(connection)
    patient_id = get_course(connection, course_id).patient_id
    assert (told.action, told.subject, told.patient_id) == (
        "void",
        f"event {mistaken}",
        patient_id,
    )


def test_a_mark_is_not_taken_back_without_a_reason(connection, course_id):
    mark = add(connection, course_id)
    with pytest.raises(RecordError, match="needs a reason"):
        void_event(connection, mark, reason=" ")
    assert [e.id for e in list_events(connection, course_id)] == [mark]


def test_a_mark_is_taken_back_once(connection, course_id):
    mark = add(connection, course_id)
    void_event(connection, mark, reason="wrong day")
    with pytest.raises(RecordError, match="taken back before"):
        void_event(connection, mark, reason="again")
    (back,) = list_withdrawn_events(connection, course_id)
    assert back.reason == "wrong day"


def test_a_mark_that_is_not_there_cannot_be_taken_back(connection, course_id):
    with pytest.raises(RecordError, match="There is no event 999"):
        void_event(connection, 999, reason="wrong day")


def test_marks_of_another_course_stay(connection, course_id):
    other = add_course(connection, "b")
    add(connection, other)
    void_event(connection, add(connection, course_id), reason="wrong day")
    assert len(list_events(connection, other)) == 1
    assert list_withdrawn_events(connection, other) == []
