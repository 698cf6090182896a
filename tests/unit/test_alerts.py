"""Item-9 alerts: open until somebody says what was done, and never lost on the way."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from data.actors import CLINICIAN, operator
from data.alerts import close_alert, list_alerts, list_waits, note_seen
from data.assessments import add_assessment, correct_assessment, void_assessment
from data.audit import list_audit_entries
from data.errors import NotAllowed, RecordError
from data.patients import list_courses
from data.records import now_stamp
from data.tables import ALERT_ACTIONS, alert
from tests.actors import TESTER, acting, with_role
from tests.factories import add_course, at, form, phq9, practice


ASSESSED = "risk assessed, no immediate risk"


@pytest.fixture
def connection(migrated_sqlite_url):
    with practice(migrated_sqlite_url) as connection:
        yield connection


@pytest.fixture
def course_id(connection):
    return add_course(connection)


def answered(item_9, day="1"):
    return phq9(at(day), answers=(1,) * 8 + (item_9,))


def add(connection, course_id, facts):
    return add_assessment(connection, course_id=course_id, facts=facts)


def correct(connection, assessment_id, item_9):
    return correct_assessment(
        connection, assessment_id, facts=answered(item_9), reason="Typo"
    )


def close(connection, alert_id, action=ASSESSED, note=""):
    close_alert(connection, alert_id, action=action, note=note)


def open_alerts(connection):
    return [(a.assessment_id, a.item_9) for a in list_alerts(connection)]


def all_alerts(connection):
    return [
        (a.assessment_id, a.action) for a in list_alerts(connection, only_open=False)
    ]


@pytest.mark.parametrize(("item_9", "opened"), [(0, 0), (1, 1), (3, 1), (None, 1)])
def test_an_alert_opens_when_item_9_is_1_or_more_or_left_out(
    migrated_url, item_9, opened
):
    with practice(migrated_url) as connection:
        form_id = add(connection, add_course(connection), answered(item_9))
        assert open_alerts(connection) == [(form_id, item_9)] * opened


def test_an_incomplete_form_opens_an_alert_too(connection, course_id):
    facts = phq9(at("1"), answers=(None,) * 8 + (2,))
    form_id = add(connection, course_id, facts)
    assert open_alerts(connection) == [(form_id, 2)]


def test_a_total_alone_says_nothing_about_item_9(connection, course_id):
    add(connection, course_id, phq9(at("1"), 27))
    add(connection, course_id, form("pcl5", at("1"), answers=(4,) * 20))
    assert all_alerts(connection) == []


def test_the_latest_form_is_listed_first_and_a_patient_can_be_chosen(
    connection, course_id
):
    other = add_course(connection, "b")
    early = add(connection, course_id, answered(1, "1"))
    late = add(connection, other, answered(2, "2"))
    assert open_alerts(connection) == [(late, 2), (early, 1)]
    (theirs,) = list_alerts(
        connection, patient_id=list_alerts(connection)[0].patient_id
    )
    assert theirs.assessment_id == late
    assert list_courses(connection, theirs.patient_id)[0].id == other
    assert theirs.completed_at == at("2")


@pytest.mark.parametrize("action", ALERT_ACTIONS)
def test_an_alert_is_closed_with_what_was_done(connection, course_id, action):
    add(connection, course_id, answered(1))
    (opened,) = list_alerts(connection)
    other = operator("B")
    with acting(connection, other):
        close(connection, opened.id, action, note=" Called. ")
    assert open_alerts(connection) == []
    (closed,) = list_alerts(connection, only_open=False)
    assert (closed.action, closed.note, closed.closed_by) == (action, "Called.", "B")
    assert closed.closed_at is not None
    *_, told = list_audit_entries(connection)
    assert (told.who, told.action) == (other.login, "close")
    assert (told.subject, told.patient_id) == (f"alert {opened.id}", opened.patient_id)


def test_refuses_to_close_an_alert_impossibly(connection, course_id):
    add(connection, course_id, answered(1))
    (opened,) = list_alerts(connection)
    with pytest.raises(RecordError, match=r"Action 'none' is not known; allowed: risk"):
        close(connection, opened.id, "none")
    with (
        acting(connection, None),
        pytest.raises(NotAllowed, match="Nobody is signed in"),
    ):
        close(connection, opened.id)
    assert list_alerts(connection) == [opened]
    close(connection, opened.id)
    with pytest.raises(RecordError, match="closed by somebody else meanwhile"):
        close(connection, opened.id)


@pytest.mark.parametrize(
    ("was", "now"), [(1, 1), (2, 1), (1, 2), (3, 3)], ids=lambda value: str(value)
)
def test_an_open_alert_follows_a_form_that_stays_positive(
    connection, course_id, was, now
):
    old = add(connection, course_id, answered(was))
    new = correct(connection, old, now)
    assert all_alerts(connection) == [(new, None)]
    assert open_alerts(connection) == [(new, now)]


def test_an_open_alert_is_withdrawn_when_the_answer_was_a_mistake(
    connection, course_id
):
    old = add(connection, course_id, answered(2))
    correct(connection, old, 0)
    assert all_alerts(connection) == [(old, "entered by mistake")]


def test_an_alert_opens_when_a_correction_makes_the_answer_positive(
    connection, course_id
):
    old = add(connection, course_id, answered(0))
    new = correct(connection, old, 1)
    assert open_alerts(connection) == [(new, 1)]


@pytest.mark.parametrize("now", [2, 1])
def test_what_was_done_stands_when_the_answer_is_no_worse(connection, course_id, now):
    old = add(connection, course_id, answered(2))
    close(connection, list_alerts(connection)[0].id)
    new = correct(connection, old, now)
    assert open_alerts(connection) == []
    assert all_alerts(connection) == [(new, ASSESSED)]


def test_a_worse_answer_opens_a_new_alert_beside_the_closed_one(connection, course_id):
    old = add(connection, course_id, answered(1))
    close(connection, list_alerts(connection)[0].id)
    new = correct(connection, old, 3)
    assert open_alerts(connection) == [(new, 3)]
    assert sorted(all_alerts(connection)) == [(old, ASSESSED), (new, None)]


def test_an_alert_opens_again_when_a_mistake_is_taken_back(connection, course_id):
    first = add(connection, course_id, answered(2))
    second = correct(connection, first, 0)
    third = correct(connection, second, 2)
    assert open_alerts(connection) == [(third, 2)]


def test_a_withdrawn_form_takes_its_open_alert_with_it(connection, course_id):
    form_id = add(connection, course_id, answered(2))
    void_assessment(connection, form_id, reason="Wrong patient")
    assert all_alerts(connection) == [(form_id, "entered by mistake")]
    note = connection.scalar(select(alert.c.note))
    assert note == "The form was withdrawn."


def test_a_withdrawn_form_keeps_what_was_done_about_it(connection, course_id):
    form_id = add(connection, course_id, answered(2))
    close(connection, list_alerts(connection)[0].id)
    void_assessment(connection, form_id, reason="Wrong patient")
    assert all_alerts(connection) == [(form_id, ASSESSED)]


def test_a_form_left_undone_before_item_9_asks_too(connection, course_id):
    facts = phq9(at("1"), answers=(1,) * 3 + (None,) * 6)
    form_id = add(connection, course_id, facts)
    assert open_alerts(connection) == [(form_id, None)]


def test_a_form_without_such_an_item_asks_nothing(connection, course_id):
    gaps = (1,) * 8 + (None,) * 12
    add(connection, course_id, form("pcl5", at("1"), answers=gaps))
    assert all_alerts(connection) == []


CLINICIAN_A, CLINICIAN_B = (
    replace(with_role(CLINICIAN), name=name) for name in ("Dr A", "Dr B")
)


def test_who_saw_it_first_is_kept_once_and_audited(connection, course_id):
    add(connection, course_id, answered(1))
    (opened,) = list_alerts(connection)
    assert (opened.seen_at, opened.seen_by) == (None, None)
    for who in (CLINICIAN_A, CLINICIAN_B):
        with acting(connection, who):
            note_seen(connection, opened.patient_id)
    (seen,) = list_alerts(connection)
    assert (seen.seen_by, seen.seen_at is None) == ("Dr A", False)
    told = [e for e in list_audit_entries(connection) if e.action == "see"]
    assert [(e.subject, e.patient_id) for e in told] == [
        (f"alert {opened.id}", opened.patient_id)
    ]


def test_seeing_one_patient_sees_no_other_and_nothing_that_is_closed(
    connection, course_id
):
    add(connection, course_id, answered(1, "1"))
    add(connection, add_course(connection, "b"), answered(2, "2"))
    theirs, mine = list_alerts(connection)
    close(connection, mine.id)
    note_seen(connection, mine.patient_id)
    seen = [a.seen_by for a in list_alerts(connection, only_open=False)]
    assert seen == [None, None]
    note_seen(connection, theirs.patient_id)
    assert list_alerts(connection)[0].seen_by == TESTER.name


def opened_hours_ago(connection, alert_id, hours, *, closed_after=None):
    opened = now_stamp() - timedelta(hours=hours)
    values = {"opened_at": opened}
    if closed_after is not None:
        values["closed_at"] = opened + timedelta(hours=closed_after)
    connection.execute(update(alert).where(alert.c.id == alert_id).values(**values))


def test_the_hours_until_somebody_acted_are_kept(connection, course_id):
    add(connection, course_id, answered(1))
    (opened,) = list_alerts(connection)
    opened_hours_ago(connection, opened.id, 30)
    (waiting,) = list_alerts(connection)
    assert waiting.hours_to_action is None
    assert 30 <= waiting.hours_open < 30.1
    close(connection, opened.id)
    opened_hours_ago(connection, opened.id, 30, closed_after=5)
    (closed,) = list_alerts(connection, only_open=False)
    assert (closed.hours_open, closed.hours_to_action) == (5, 5)


def test_how_long_alerts_waited_is_told_without_saying_whose(migrated_url):
    with practice(migrated_url) as connection:
        course_id = add_course(connection)
        for day in ("1", "2", "3"):
            add(connection, course_id, answered(1, day))
        last, middle, first = list_alerts(connection)
        close(connection, first.id, "referred")
        close(connection, middle.id, "entered by mistake")
        opened_hours_ago(connection, first.id, 50, closed_after=2)
        opened_hours_ago(connection, last.id, 26)
        answered_one, waiting = list_waits(connection)
        assert (answered_one.hours, answered_one.answered) == (2, True)
        assert (round(waiting.hours), waiting.answered) == (26, False)
        assert waiting.opened_at > answered_one.opened_at
