"""What the practice says of a patient for quality measures: kept, taken back, told."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from analysis.columns import conform, empty
from analysis.quality import QUALITY_EXCLUSIONS
from data.actors import LEAD
from data.audit import list_audit_entries
from data.errors import RecordError
from data.moments import today
from data.patients import get_course
from data.quality_exclusions import (
    add_exclusion,
    list_exclusions,
    list_withdrawn_exclusions,
    quality_exclusions_frame,
    void_exclusion,
)
from data.sites import add_site, move_patient
from data.tables import quality_exclusion
from measures.days import day_number
from measures.quality_measures import EXCLUSIONS
from tests.actors import acting, with_role
from tests.factories import add_course, calendar_day, day, practice


@pytest.fixture
def connection(migrated_url):
    with practice(migrated_url) as connection:
        yield connection


@pytest.fixture
def patient_id(connection):
    return get_course(connection, add_course(connection)).patient_id


@pytest.mark.parametrize("code", EXCLUSIONS)
def test_everything_that_a_measure_excludes_can_be_recorded(
    connection, patient_id, code
):
    add_exclusion(connection, patient_id=patient_id, code=code)
    assert [e.code for e in list_exclusions(connection)] == [code]


def test_an_exclusion_says_whom_what_since_when_and_by_whom(connection, patient_id):
    with acting(connection, with_role(LEAD, name="Dr Lead")):
        add_exclusion(
            connection, patient_id=patient_id, code="bipolar", day=calendar_day(3)
        )
    (kept,) = list_exclusions(connection)
    assert (kept.patient_id, kept.code, kept.day, kept.recorded_by) == (
        patient_id,
        "bipolar",
        calendar_day(3),
        "Dr Lead",
    )


@pytest.mark.parametrize("since", [date(1900, 1, 1), date(1969, 12, 31), today()])
def test_a_diagnosis_may_be_old(connection, patient_id, since):
    add_exclusion(connection, patient_id=patient_id, code="bipolar", day=since)
    assert [e.day for e in list_exclusions(connection)] == [since]
    frame = quality_exclusions_frame(connection, as_of_day=day_number(today()))
    assert frame["day"].tolist() == [day_number(since)]


def test_one_that_was_taken_back_is_kept_with_who_and_why(connection, patient_id):
    mistaken = add_exclusion(connection, patient_id=patient_id, code="bipolar")
    right = add_exclusion(connection, patient_id=patient_id, code="died")
    with acting(connection, with_role(LEAD, name="Dr Lead")):
        void_exclusion(connection, mistaken, reason=" another patient ")
    assert [e.id for e in list_exclusions(connection)] == [right]
    (back,) = list_withdrawn_exclusions(connection)
    assert (back.exclusion.id, back.withdrawn_by, back.reason) == (
        mistaken,
        "Dr Lead",
        "another patient",
    )
    assert len(connection.execute(select(quality_exclusion)).all()) == 2


def test_the_same_can_be_recorded_again_only_once_it_was_taken_back(
    connection, patient_id
):
    first = add_exclusion(connection, patient_id=patient_id, code="died")
    with pytest.raises(RecordError, match="recorded already"):
        add_exclusion(connection, patient_id=patient_id, code="died")
    void_exclusion(connection, first, reason="Another day")
    again = add_exclusion(
        connection, patient_id=patient_id, code="died", day=calendar_day(2)
    )
    assert [e.id for e in list_exclusions(connection)] == [again]


def test_what_cannot_be_is_refused(connection, patient_id):
    tomorrow = today() + timedelta(days=1)
    with pytest.raises(RecordError, match="There is no patient nobody"):
        add_exclusion(connection, patient_id="nobody", code="died")
    with pytest.raises(RecordError, match="'psychosis' is not known"):
        add_exclusion(connection, patient_id=patient_id, code="psychosis")
    for day_of_it in (tomorrow, date(1899, 12, 31)):
        said = f"from {day_of_it}; allowed: from 1900-01-01 until today"
        with pytest.raises(RecordError, match=said):
            add_exclusion(connection, patient_id=patient_id, code="died", day=day_of_it)
    assert list_exclusions(connection) == []


def test_taking_back_needs_a_reason_and_happens_once(connection, patient_id):
    kept = add_exclusion(connection, patient_id=patient_id, code="died")
    with pytest.raises(RecordError, match="needs a reason"):
        void_exclusion(connection, kept, reason="  ")
    void_exclusion(connection, kept, reason="Alive")
    with pytest.raises(RecordError, match="taken back before"):
        void_exclusion(connection, kept, reason="Alive")
    with pytest.raises(RecordError, match="There is no exclusion 99"):
        void_exclusion(connection, 99, reason="Wrong")


def test_both_are_told_to_the_audit_without_what_was_said(connection, patient_id):
    kept = add_exclusion(connection, patient_id=patient_id, code="hospice")
    void_exclusion(connection, kept, reason="Left hospice")
    *_, added, voided = list_audit_entries(connection)
    subject = f"quality exclusion {kept}"
    assert (added.action, added.subject, added.patient_id) == (
        "add",
        subject,
        patient_id,
    )
    assert (voided.action, voided.subject, voided.patient_id) == (
        "void",
        subject,
        patient_id,
    )


def test_the_lead_reaches_the_patients_of_every_site(connection, patient_id):
    move_patient(connection, patient_id, add_site(connection, name="North"))
    with acting(connection, with_role(LEAD, sites=[])):
        kept = add_exclusion(connection, patient_id=patient_id, code="died")
        assert [e.id for e in list_exclusions(connection)] == [kept]
        void_exclusion(connection, kept, reason="Wrong")


def test_the_frame_conforms_with_rows_and_without(connection, patient_id):
    none = conform(quality_exclusions_frame(connection), QUALITY_EXCLUSIONS)
    assert none.dtypes.equals(empty(QUALITY_EXCLUSIONS).dtypes)
    add_exclusion(connection, patient_id=patient_id, code="died")
    add_exclusion(
        connection, patient_id=patient_id, code="bipolar", day=calendar_day(9)
    )
    some = conform(quality_exclusions_frame(connection), QUALITY_EXCLUSIONS)
    assert some.fillna(-1).to_dict("list") == {
        "patient_id": [patient_id, patient_id],
        "code": ["bipolar", "died"],
        "day": [day(9), -1],
    }


def test_what_began_after_the_as_of_day_or_was_taken_back_is_not_in_the_frame(
    connection, patient_id
):
    add_exclusion(connection, patient_id=patient_id, code="died", day=calendar_day(9))
    unknown = add_exclusion(connection, patient_id=patient_id, code="bipolar")
    add_exclusion(connection, patient_id=patient_id, code="hospice")

    def codes(**asked):
        return set(quality_exclusions_frame(connection, **asked)["code"])

    assert codes() == {"died", "bipolar", "hospice"}
    assert codes(as_of_day=day(9)) == {"died", "bipolar", "hospice"}
    assert codes(as_of_day=day(8)) == {"bipolar", "hospice"}
    void_exclusion(connection, unknown, reason="Wrong")
    assert codes() == {"died", "hospice"}
