"""Patients and courses: who they are, in which order, and when a course ends."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from data.actors import CLINICIAN
from data.audit import list_audit_entries
from data.errors import RecordError
from data.moments import today
from data.patients import (
    Screening,
    add_patient,
    close_course,
    get_course,
    get_patient,
    list_clinicians,
    list_courses,
    list_patients,
    open_course,
    patient_by_record_number,
    record_screening,
    reopen_course,
)
from data.tables import audit_entry
from tests.actors import TESTER, acting, with_role
from tests.factories import OPENED, add_course, calendar_day, practice


@pytest.fixture
def connection(migrated_sqlite_url):
    with practice(migrated_sqlite_url) as connection:
        yield connection


def add(connection, record_number="R-1", **facts):
    return add_patient(connection, **{"record_number": record_number, **facts})


def test_a_patient_is_found_by_id_and_by_record_number(migrated_url):
    facts = {
        "given_name": "Alder",
        "family_name": "Example",
        "birth_date": calendar_day(-9000),
        "sex": "other",
    }
    with practice(migrated_url) as connection:
        patient_id = add(connection, " R-1 ", **facts)
        found = get_patient(connection, patient_id)
        assert found == patient_by_record_number(connection, "R-1")
        assert get_patient(connection, "nobody") is None
    assert vars(found) == {"id": patient_id, "record_number": "R-1", **facts}
    assert found.name == "Example, Alder"


@pytest.mark.parametrize(
    ("names", "shown"),
    [
        ({"given_name": "Alder"}, "Alder"),
        ({"family_name": "Example"}, "Example"),
        ({"given_name": " ", "family_name": ""}, ""),
        ({}, ""),
    ],
)
def test_a_name_that_was_not_recorded_is_left_out(connection, names, shown):
    assert get_patient(connection, add(connection, **names)).name == shown


def test_ids_are_opaque(connection):
    ids = {add(connection, f"R-{number}") for number in range(20)}
    assert len(ids) == 20
    assert all(len(i) == 16 and set(i) <= set("0123456789abcdef") for i in ids)


def test_patients_are_listed_by_name(connection):
    for number, family in (("R-1", "Zed"), ("R-2", "Alpha"), ("R-3", "Alpha")):
        add(connection, number, family_name=family)
    assert [p.record_number for p in list_patients(connection)] == ["R-2", "R-3", "R-1"]


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        ({"record_number": " "}, "Record number is empty"),
        ({"record_number": " R-0"}, "Record number 'R-0' is already in this practice"),
        ({"birth_date": today() + timedelta(days=1)}, "Birth date .* is impossible"),
        ({"birth_date": calendar_day(-45_500)}, "Birth date .* allowed: 1900-01-01"),
        ({"sex": "F"}, "Sex 'F' is not known; allowed: female, male, other"),
    ],
)
def test_refuses_an_impossible_patient_by_name(connection, facts, message):
    add(connection, "R-0")
    with pytest.raises(RecordError, match=message):
        add(connection, **facts)
    assert len(list_patients(connection)) == 1


def test_courses_are_numbered_within_their_patient(migrated_url):
    with practice(migrated_url) as connection:
        one, other = add(connection, "R-1"), add(connection, "R-2")
        for patient_id in (one, other, one):
            open_course(connection, patient_id=patient_id, indication=None)
        assert [c.number for c in list_courses(connection, one)] == [1, 2]
        assert [c.number for c in list_courses(connection, other)] == [1]


def test_a_course_is_kept_with_its_screening(connection):
    screening = Screening(3, psychosis=False, substance_use_disorder=True)
    course_id = open_course(
        connection,
        patient_id=add(connection),
        indication="both",
        clinician=" Dr. A ",
        opened=calendar_day(0),
        screening=screening,
    )
    kept = get_course(connection, course_id)
    assert (kept.indication, kept.clinician) == ("both", "Dr. A")
    assert kept.site == "Main site"
    assert {k: getattr(kept, k) for k in vars(screening)} == vars(screening)
    assert (kept.opened, kept.closed, kept.closed_reason) == (
        calendar_day(0),
        None,
        None,
    )


def test_a_course_is_closed_with_a_reason_and_may_be_opened_again(connection):
    course_id = add_course(connection)
    close_course(connection, course_id, closed=calendar_day(9), reason=" Moved ")
    kept = get_course(connection, course_id)
    assert (kept.closed, kept.closed_reason) == (calendar_day(9), "Moved")
    reopen_course(connection, course_id)
    kept = get_course(connection, course_id)
    assert (kept.closed, kept.closed_reason) == (None, None)


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        ({"reason": " "}, "Closing a course needs a reason"),
        ({"closed": calendar_day(OPENED - 1)}, "allowed: 2023-11-02 .opened. to today"),
        ({"closed": today() + timedelta(days=1)}, "allowed: 2023-11-02 .opened. to"),
        ({"course_id": 99}, "There is no course 99"),
    ],
)
def test_refuses_to_close_a_course_impossibly(connection, facts, message):
    course_id = add_course(connection)
    usual = {"course_id": course_id, "closed": calendar_day(9), "reason": "Moved"}
    with pytest.raises(RecordError, match=message):
        close_course(connection, **usual | facts)
    assert get_course(connection, course_id).closed is None


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        ({"indication": "pain"}, "Indication 'pain' is not known; allowed: depression"),
        ({"opened": today() + timedelta(days=1)}, "is in the future"),
        ({"patient_id": "nobody"}, "There is no patient nobody"),
    ],
)
def test_refuses_to_open_a_course_impossibly(connection, facts, message):
    patient_id = add(connection)
    with pytest.raises(RecordError, match=message):
        open_course(
            connection,
            **{"patient_id": patient_id, "indication": None, **facts},
        )
    assert list_courses(connection, patient_id) == []


def test_refuses_to_reopen_a_course_that_is_not_there(connection):
    with pytest.raises(RecordError, match="There is no course 99"):
        reopen_course(connection, 99)
    assert connection.scalar(select(func.count()).select_from(audit_entry)) == 0


def test_clinicians_are_those_with_a_course(connection):
    for number, clinician in enumerate(["Dr. B", None, "Dr. A", "Dr. B"]):
        add_course(connection, f"R-{number}", clinician=clinician)
    assert list_clinicians(connection) == ["Dr. A", "Dr. B"]


def test_every_write_leaves_an_audit_entry(connection):
    course_id = add_course(connection)
    second, third = with_role(CLINICIAN, name="B"), with_role(CLINICIAN, name="C")
    with acting(connection, second):
        close_course(connection, course_id, closed=calendar_day(9), reason="x")
    with acting(connection, third):
        reopen_course(connection, course_id)
    patient_id = get_course(connection, course_id).patient_id
    done = list(list_audit_entries(connection))
    assert [(e.who, e.action, e.subject) for e in done] == [
        (TESTER.login, "add", f"patient {patient_id}"),
        (TESTER.login, "open", f"course {course_id}"),
        (second.login, "close", f"course {course_id}"),
        (third.login, "reopen", f"course {course_id}"),
    ]
    assert {e.patient_id for e in done} == {patient_id}


# Screening: what was asked before a course.

ASKED = Screening(
    failed_antidepressant_trials=2,
    psychosis=False,
    substance_use_disorder=False,
    uncontrolled_medical_condition=True,
    chronic_ptsd=None,
    consent=True,
)


def test_the_screening_is_kept_with_who_asked_and_when(migrated_url):
    with practice(migrated_url) as connection:
        course_id = add_course(connection)
        assert not get_course(connection, course_id).screened
        with acting(connection, with_role(CLINICIAN, name="Dr Roe")):
            record_screening(connection, course_id, ASKED)
        found = get_course(connection, course_id)
        last = list(list_audit_entries(connection))[-1]
    assert (found.screening, found.screened, found.screened_by) == (
        ASKED,
        True,
        "Dr Roe",
    )
    assert found.screened_at is not None
    assert (last.who, last.action, last.subject, last.patient_id) == (
        "dr-roe",
        "screen",
        f"course {course_id}",
        found.patient_id,
    )


def test_a_screening_takes_the_place_of_the_one_before(connection):
    course_id = add_course(connection)
    record_screening(connection, course_id, ASKED)
    record_screening(connection, course_id, Screening(consent=False))
    assert get_course(connection, course_id).screening == Screening(consent=False)


def test_a_screening_in_which_nothing_was_answered_was_still_asked(connection):
    course_id = add_course(connection)
    record_screening(connection, course_id, Screening())
    assert get_course(connection, course_id).screened


@pytest.mark.parametrize(
    ("known", "screened"),
    [({}, False), ({"psychosis": False}, True), ({"consent": True}, True)],
)
def test_what_came_with_the_course_counts_as_screening(connection, known, screened):
    course_id = add_course(connection, screening=Screening(**known))
    found = get_course(connection, course_id)
    assert (found.screened, found.screened_at) == (screened, None)


@pytest.mark.parametrize("trials", [-1, 51])
def test_an_impossible_number_of_trials_is_refused(connection, trials):
    course_id = add_course(connection)
    with pytest.raises(RecordError, match="allowed: 0 to 50"):
        record_screening(
            connection, course_id, Screening(failed_antidepressant_trials=trials)
        )
    assert not get_course(connection, course_id).screened
