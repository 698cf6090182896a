"""Infusions: given once, corrected with a reason, withdrawn with a reason, kept."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from data.actors import CLINICIAN, operator
from data.assessments import add_assessment, history, list_assessments
from data.audit import list_audit_entries
from data.errors import NotAllowed, RecordError
from data.events import add_event, list_events
from data.frames import induction_infusions
from data.infusions import (
    InfusionFacts,
    add_infusion,
    correct_infusion,
    list_infusions,
    void_infusion,
)
from data.moments import today
from data.patients import get_course
from data.tables import infusion
from tests.actors import BY, TESTER, acting, with_role
from tests.factories import add_course, at, calendar_day, given, phq9, practice


@pytest.fixture
def connection(migrated_sqlite_url):
    with practice(migrated_sqlite_url) as connection:
        yield connection


@pytest.fixture
def course_id(connection):
    return add_course(connection)


def add(connection, course_id, facts, **more):
    return add_infusion(connection, course_id=course_id, facts=facts, **more)


def numbers(connection, course_id):
    return [(i.id, i.number) for i in list_infusions(connection, course_id)]


def test_an_infusion_is_kept_with_everything_recorded_of_it(migrated_url):
    facts = InfusionFacts(
        started_at=at("0 10:00"),
        time_known=False,
        phase="induction",
        dose_mg_per_kg=0.5,
        dose_mg=38.5,
        route="IM",
        minutes=40,
        adverse_events="Nausea",
        note="Calm",
        intention="Rest",
        integration_note="Lighter",
    )
    with practice(migrated_url) as connection:
        course_id = add_course(connection)
        add(connection, course_id, facts)
        (kept,) = list_infusions(connection, course_id)
    assert kept.facts == facts
    assert (kept.number, kept.recorded_by) == (1, BY)


def test_infusions_are_numbered_by_when_they_were_given(connection, course_id):
    later = add(connection, course_id, given(at("7 10:00")))
    first = add(connection, course_id, given(at("0 10:00")))
    between = add(connection, course_id, given(at("3 10:00")))
    assert numbers(connection, course_id) == [(first, 1), (between, 2), (later, 3)]
    void_infusion(connection, first, reason="Not given")
    assert numbers(connection, course_id) == [(between, 1), (later, 2)]


def test_a_correction_takes_the_place_of_an_infusion(connection, course_id):
    old = add(connection, course_id, given(at("0 10:00"), dose_mg_per_kg=5))
    right = given(at("0 10:00"), dose_mg_per_kg=0.5)
    with acting(connection, operator("B")):
        new = correct_infusion(connection, old, facts=right, reason=" Decimal point ")
    assert numbers(connection, course_id) == [(new, 1)]
    rows = connection.execute(
        select(infusion.c.id, infusion.c.state, infusion.c.dose_mg_per_kg)
    ).all()
    assert rows == [(old, "superseded", 5), (new, "current", 0.5)]
    told = connection.execute(select(infusion.c.recorded_by, infusion.c.reason)).all()
    assert told == [(BY, None), ("B", "Decimal point")]


def test_forms_recorded_with_an_infusion_move_with_it(connection, course_id):
    infusion_id = add(connection, course_id, given(at("3 10:00")))
    for moment, total in ((at("3 10:00"), 14), (at("3 09:30"), 15)):
        add_assessment(connection, course_id=course_id, facts=phq9(moment, total))
    correct_infusion(connection, infusion_id, facts=given(at("4 11:00")), reason="Day")
    forms = list_assessments(connection, course_id)
    assert [(f.total, f.facts.completed_at) for f in forms] == [
        (15, at("3 09:30")),
        (14, at("4 11:00")),
    ]
    assert [v.reason for v in history(connection, forms[1].id)] == ["Day", None]


def test_forms_stay_where_they_are_when_only_the_dose_is_corrected(
    connection, course_id
):
    infusion_id = add(connection, course_id, given(at("3 10:00")))
    form_id = add_assessment(
        connection, course_id=course_id, facts=phq9(at("3 10:00"), 14)
    )
    facts = given(at("3 10:00"), dose_mg_per_kg=0.6)
    correct_infusion(connection, infusion_id, facts=facts, reason="Dose")
    assert [f.id for f in list_assessments(connection, course_id)] == [form_id]


def test_a_withdrawn_infusion_stays_and_says_why(connection, course_id):
    infusion_id = add(connection, course_id, given(at("0 10:00")))
    with acting(connection, operator("B")):
        void_infusion(connection, infusion_id, reason=" Not given ")
    assert list_infusions(connection, course_id) == []
    row = connection.execute(select(infusion)).one()
    assert (row.state, row.void_reason, row.voided_by) == ("void", "Not given", "B")
    assert row.dose_mg_per_kg == 0.5


def test_the_same_submission_twice_is_kept_once(connection, course_id):
    first, again = (
        add(connection, course_id, given(at("0 10:00")), submission_id="s")
        for _ in range(2)
    )
    assert first == again
    assert connection.scalar(select(func.count()).select_from(infusion)) == 1


def test_refuses_a_second_infusion_of_the_same_minute(connection, course_id):
    add(connection, course_id, given(at("0 10:00")))
    other = add(connection, course_id, given(at("3 10:00")))
    with pytest.raises(RecordError, match="already has an infusion at 2024-01-01 10:0"):
        add(connection, course_id, given(at("0 10:00")))
    with pytest.raises(RecordError, match="correct that one, or give another time"):
        correct_infusion(connection, other, facts=given(at("0 10:00")), reason="Day")


def test_another_course_may_have_an_infusion_at_the_same_minute(connection, course_id):
    add(connection, course_id, given(at("0 10:00")))
    add(connection, add_course(connection, "b"), given(at("0 10:00")))


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        ({"dose_mg_per_kg": 0}, r"Dose \(mg/kg\) 0 is impossible; .* above 0, up to 5"),
        ({"dose_mg_per_kg": 5.1}, r"Dose \(mg/kg\) 5.1 is impossible"),
        ({"dose_mg_per_kg": float("nan")}, r"Dose \(mg/kg\) nan is impossible"),
        ({"dose_mg": 501}, r"Dose \(mg\) 501 is impossible; .* up to 500"),
        ({"minutes": 601}, "Minutes 601 is impossible; .* up to 600"),
        ({"minutes": 0}, "Minutes 0 is impossible"),
        ({"phase": "booster"}, "'booster' .* not recorded, induction, maintenance"),
        ({"route": "iv"}, "Route 'iv' is not known; allowed: IV, IM, SC"),
    ],
)
def test_refuses_an_impossible_infusion_by_name(connection, course_id, facts, message):
    with pytest.raises(RecordError, match=message):
        add(connection, course_id, given(at("0 10:00"), **facts))
    assert list_infusions(connection, course_id) == []


def test_refuses_an_infusion_that_is_to_come(connection, course_id):
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    with pytest.raises(RecordError, match=r"Infusion started .* is in the future"):
        add(connection, course_id, given(tomorrow))


@pytest.mark.parametrize("reason", ["", " "])
def test_refuses_to_correct_or_withdraw_without_a_reason(connection, course_id, reason):
    infusion_id = add(connection, course_id, given(at("0 10:00")))
    with pytest.raises(RecordError, match="needs a reason"):
        correct_infusion(
            connection, infusion_id, facts=given(at("1 10:00")), reason=reason
        )
    with pytest.raises(RecordError, match="needs a reason"):
        void_infusion(connection, infusion_id, reason=reason)
    assert numbers(connection, course_id) == [(infusion_id, 1)]


def test_refuses_to_change_an_infusion_that_was_changed_meanwhile(
    connection, course_id
):
    old = add(connection, course_id, given(at("0 10:00")))
    void_infusion(connection, old, reason="Not given")
    for gone, said in (
        (old, "corrected or withdrawn meanwhile"),
        (999, "There is no infusion 999"),
    ):
        with pytest.raises(RecordError, match=said):
            void_infusion(connection, gone, reason="x")
        with pytest.raises(RecordError, match=said):
            correct_infusion(connection, gone, facts=given(at("1 10:00")), reason="x")


def test_refuses_an_infusion_that_nobody_recorded(connection, course_id):
    with (
        acting(connection, None),
        pytest.raises(NotAllowed, match="Nobody is signed in"),
    ):
        add(connection, course_id, given(at("0 10:00")))
    assert list_infusions(connection, course_id) == []


def test_the_induction_is_known_after_each_infusion(connection, course_id):
    counted = [induction_infusions(connection, course_id)]
    for day in (0, 3, 30):
        add(connection, course_id, given(at(f"{day} 10:00")))
        counted.append(induction_infusions(connection, course_id))
    assert counted == [0, 1, 2, 2]


def test_every_write_leaves_an_audit_entry(connection, course_id):
    old = add(connection, course_id, given(at("0 10:00")))
    second, third = with_role(CLINICIAN, name="B"), with_role(CLINICIAN, name="C")
    with acting(connection, second):
        facts = given(at("1 10:00"))
        new = correct_infusion(connection, old, facts=facts, reason="Day")
    with acting(connection, third):
        void_infusion(connection, new, reason="Not given")
    done = list(list_audit_entries(connection))[2:]
    assert [(e.who, e.action, e.subject) for e in done] == [
        (TESTER.login, "add", f"infusion {old}"),
        (second.login, "correct", f"infusion {old}"),
        (third.login, "void", f"infusion {new}"),
    ]
    patient_id = get_course(connection, course_id).patient_id
    assert {e.patient_id for e in done} == {patient_id}


def test_events_are_dated_marks_in_order(migrated_url):
    with practice(migrated_url) as connection:
        course_id = add_course(connection)
        for day, kind in ((9, "therapy"), (2, "medication")):
            add_event(
                connection,
                course_id=course_id,
                day=calendar_day(day),
                kind=kind,
                description=" Begun ",
            )
        found = list_events(connection, course_id)
        patient_id = get_course(connection, course_id).patient_id
        *_, told = list_audit_entries(connection)
    assert [(e.day, e.kind, e.description) for e in found] == [
        (calendar_day(2), "medication", "Begun"),
        (calendar_day(9), "therapy", "Begun"),
    ]
    assert (told.subject, told.patient_id) == (f"event {found[0].id}", patient_id)


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        ({"kind": "party"}, "Event 'party' is not known; allowed: medication, therapy"),
        ({"day": today() + timedelta(days=1)}, "is in the future; allowed: until tod"),
        ({"description": " "}, "An event needs a description"),
    ],
)
def test_refuses_an_impossible_event(connection, course_id, facts, message):
    usual = {"day": calendar_day(0), "kind": "therapy", "description": "Begun"}
    with pytest.raises(RecordError, match=message):
        add_event(connection, course_id=course_id, **usual | facts)
