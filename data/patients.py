"""Patients and their courses."""

import secrets
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, func, insert, select, update

from data.actors import Right
from data.audit import add_audit_entry
from data.course_scores import refresh_course_scores
from data.errors import RecordError
from data.moments import day_date, day_number, today, utc_now
from data.records import check_listed, now_stamp, recorder
from data.scope import check_course, check_patient, own_site, within_reach
from data.tables import INDICATIONS, SEXES, course, patient, site


EARLIEST_BIRTH = date(1900, 1, 1)
MOST_TRIALS = 50


@dataclass(frozen=True)
class Patient:
    """Who a record is about."""

    id: str
    record_number: str
    given_name: str | None
    family_name: str | None
    birth_date: date | None
    sex: str | None

    @property
    def name(self) -> str:
        """Family name, given name; empty where neither was recorded."""
        return ", ".join(part for part in (self.family_name, self.given_name) if part)


@dataclass(frozen=True)
class Screening:
    """What was asked before a course; None where it was not asked."""

    failed_antidepressant_trials: int | None = None
    psychosis: bool | None = None
    substance_use_disorder: bool | None = None
    uncontrolled_medical_condition: bool | None = None
    chronic_ptsd: bool | None = None
    consent: bool | None = None


@dataclass(frozen=True)
class Course:
    """Infusions that belong together, and why they are given."""

    id: int
    patient_id: str
    number: int
    indication: str | None
    clinician: str | None
    site: str
    failed_antidepressant_trials: int | None
    psychosis: bool | None
    substance_use_disorder: bool | None
    uncontrolled_medical_condition: bool | None
    chronic_ptsd: bool | None
    consent: bool | None
    screened_at: datetime | None
    screened_by: str | None
    opened: date
    closed: date | None
    closed_reason: str | None

    @property
    def screening(self) -> Screening:
        """What was asked before the course."""
        names = Screening.__dataclass_fields__
        return Screening(**{name: getattr(self, name) for name in names})

    @property
    def screened(self) -> bool:
        """Whether anything of the screening was recorded, here or by an import."""
        return self.screened_at is not None or self.screening != Screening()


def add_patient(
    connection: Connection,
    *,
    record_number: str,
    given_name: str | None = None,
    family_name: str | None = None,
    birth_date: date | None = None,
    sex: str | None = None,
    site_id: int | None = None,
) -> str:
    """Add a patient at a site and return the new opaque id.

    Without a site, the patient belongs to the actor's only one.

    Raises
    ------
    RecordError
        If the record number is empty or taken, or another value is impossible.
    """
    its_site = own_site(connection, site_id)
    number = record_number.strip()
    if not number:
        raise RecordError("Record number is empty; every patient needs one")
    # At whichever site: a record number is one patient's in the whole practice.
    taken = select(patient.c.id).where(patient.c.record_number == number)
    if connection.scalar(taken) is not None:
        raise RecordError(f"Record number {number!r} is already in this practice")
    _check_birth_date(birth_date)
    if sex is not None:
        check_listed("Sex", sex, SEXES)
    patient_id = secrets.token_hex(8)
    connection.execute(
        insert(patient).values(
            id=patient_id,
            site_id=its_site,
            record_number=number,
            given_name=_text(given_name),
            family_name=_text(family_name),
            birth_date=birth_date,
            sex=sex,
            added_at=utc_now().replace(tzinfo=None),
            added_by=recorder(connection),
        )
    )
    add_audit_entry(
        connection,
        action="add",
        subject=f"patient {patient_id}",
        patient_id=patient_id,
    )
    return patient_id


def get_patient(connection: Connection, patient_id: str) -> Patient | None:
    """Return the patient with this id, or None."""
    return _one_patient(connection, patient.c.id == patient_id)


def patient_by_record_number(
    connection: Connection, record_number: str
) -> Patient | None:
    """Return the patient with this record number, or None."""
    return _one_patient(connection, patient.c.record_number == record_number)


def list_patients(connection: Connection) -> list[Patient]:
    """Return every patient within reach, by name and then record number."""
    query = (
        select(*_PATIENT_COLUMNS)
        .where(within_reach(connection, Right.READ_RECORDS))
        .order_by(patient.c.family_name, patient.c.given_name, patient.c.record_number)
    )
    return [Patient(*row) for row in connection.execute(query)]


def has_patients(connection: Connection) -> bool:
    """Return whether there is any patient within reach."""
    query = select(patient.c.id).where(within_reach(connection, Right.READ_RECORDS))
    return connection.scalar(query.limit(1)) is not None


def open_course(
    connection: Connection,
    *,
    patient_id: str,
    indication: str | None,
    clinician: str | None = None,
    opened: date | None = None,
    screening: Screening | None = None,
) -> int:
    """Open the patient's next course and return its id.

    Raises
    ------
    RecordError
        If the indication is not one of those treated, or the day is in the future.
    """
    check_patient(connection, Right.RECORD, patient_id)
    if indication is not None:
        check_listed("Indication", indication, INDICATIONS)
    opened = opened or today()
    if opened > today():
        raise RecordError(
            f"Course opened {opened} is in the future; allowed: until now"
        )
    number = connection.scalar(
        select(func.coalesce(func.max(course.c.number), 0) + 1).where(
            course.c.patient_id == patient_id
        )
    )
    course_id = connection.execute(
        insert(course).values(
            patient_id=patient_id,
            number=number,
            indication=indication,
            clinician=_text(clinician),
            site_id=select(patient.c.site_id)
            .where(patient.c.id == patient_id)
            .scalar_subquery(),
            opened_day=day_number(opened),
            **vars(screening or Screening()),
        )
    ).inserted_primary_key[0]
    add_audit_entry(
        connection,
        action="open",
        subject=f"course {course_id}",
        patient_id=patient_id,
    )
    return course_id


def close_course(
    connection: Connection, course_id: int, *, closed: date, reason: str
) -> None:
    """Close a course: no more infusions are planned in it.

    Raises
    ------
    RecordError
        If there is no reason, or the day is before the course opened or to come.
    """
    patient_id = check_course(connection, Right.RECORD, course_id)
    found = get_course(connection, course_id)
    if not reason.strip():
        raise RecordError("Closing a course needs a reason")
    if not found.opened <= closed <= today():
        raise RecordError(
            f"Course closed {closed}; allowed: {found.opened} (opened) to today"
        )
    connection.execute(
        update(course)
        .where(course.c.id == course_id)
        .values(closed_day=day_number(closed), closed_reason=reason.strip())
    )
    refresh_course_scores(connection, course_id)
    add_audit_entry(
        connection,
        action="close",
        subject=f"course {course_id}",
        patient_id=patient_id,
    )


def reopen_course(connection: Connection, course_id: int) -> None:
    """Take the closing of a course back.

    Raises
    ------
    RecordError
        If there is no such course.
    """
    patient_id = check_course(connection, Right.RECORD, course_id)
    connection.execute(
        update(course)
        .where(course.c.id == course_id)
        .values(closed_day=None, closed_reason=None)
    )
    refresh_course_scores(connection, course_id)
    add_audit_entry(
        connection,
        action="reopen",
        subject=f"course {course_id}",
        patient_id=patient_id,
    )


def record_screening(
    connection: Connection, course_id: int, screening: Screening
) -> None:
    """Record what was asked before a course, in place of what was recorded before.

    Raises
    ------
    RecordError
        If the course is out of reach, or a value is impossible.
    """
    patient_id = check_course(connection, Right.RECORD, course_id)
    trials = screening.failed_antidepressant_trials
    if trials is not None and not 0 <= trials <= MOST_TRIALS:
        raise RecordError(
            f"Antidepressants failed {trials} is impossible; allowed: 0 to "
            f"{MOST_TRIALS}"
        )
    connection.execute(
        update(course)
        .where(course.c.id == course_id)
        .values(
            **vars(screening),
            screened_at=now_stamp(),
            screened_by=recorder(connection),
        )
    )
    add_audit_entry(
        connection,
        action="screen",
        subject=f"course {course_id}",
        patient_id=patient_id,
    )


def get_course(connection: Connection, course_id: int) -> Course:
    """Return the course with this id.

    Raises
    ------
    RecordError
        If there is none.
    """
    check_course(connection, Right.READ_RECORDS, course_id)
    row = connection.execute(_COURSES.where(course.c.id == course_id)).one()
    return _course(row)


def list_courses(connection: Connection, patient_id: str) -> list[Course]:
    """Return a patient's courses, the first first."""
    check_patient(connection, Right.READ_RECORDS, patient_id)
    query = _COURSES.where(course.c.patient_id == patient_id).order_by(course.c.number)
    return [_course(row) for row in connection.execute(query)]


def list_clinicians(connection: Connection) -> list[str]:
    """Return the names of clinicians who have a course, in order."""
    query = (
        select(course.c.clinician)
        .join_from(course, patient, patient.c.id == course.c.patient_id)
        .where(within_reach(connection, Right.READ_RECORDS))
        .distinct()
        .order_by(course.c.clinician)
    )
    return [name for name in connection.scalars(query) if name]


_PATIENT_COLUMNS = [
    patient.c[name]
    for name in (
        "id",
        "record_number",
        "given_name",
        "family_name",
        "birth_date",
        "sex",
    )
]
_COURSES = select(
    *(column for column in course.c if column.name != "site_id"),
    site.c.name.label("site"),
).join_from(course, site, site.c.id == course.c.site_id)


def _one_patient(connection: Connection, condition: object) -> Patient | None:
    query = select(*_PATIENT_COLUMNS).where(
        condition, within_reach(connection, Right.READ_RECORDS)
    )
    row = connection.execute(query).first()
    return Patient(*row) if row else None


def _course(row: object) -> Course:
    facts = dict(row._mapping)
    opened, closed = facts.pop("opened_day"), facts.pop("closed_day")
    return Course(
        **facts,
        opened=day_date(opened),
        closed=None if closed is None else day_date(closed),
    )


def _check_birth_date(birth_date: date | None) -> None:
    if birth_date is not None and not EARLIEST_BIRTH <= birth_date <= today():
        raise RecordError(
            f"Birth date {birth_date} is impossible; allowed: {EARLIEST_BIRTH} to today"
        )


def _text(value: str | None) -> str | None:
    return (value or "").strip() or None
