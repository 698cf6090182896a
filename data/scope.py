"""Whose records an actor may reach: every site's, or those of the own sites.

A record of another site is refused in the very words that answer an id nobody ever
used, so that nothing can be learnt by trying.
"""

from sqlalchemy import ColumnElement, Connection, Table, select, true

from data.actors import Right, require
from data.errors import RecordError
from data.tables import FIRST_SITE, alert, assessment, course, event, infusion, patient


_COURSE_OF = {
    infusion.name: infusion.c.course_id,
    assessment.name: assessment.c.course_id,
    event.name: event.c.course_id,
}


def within_reach(connection: Connection, right: Right) -> ColumnElement[bool]:
    """Return the condition on ``patient`` that leaves those within the actor's reach.

    Raises
    ------
    NotAllowed
        If the actor's roles do not bring the right at all.
    """
    actor = require(connection, right)
    if actor.reaches_every_site(right):
        return true()
    return patient.c.site_id.in_(sorted(actor.sites))


def check_patient(connection: Connection, right: Right, patient_id: str) -> None:
    """Refuse a patient out of reach as if there were none.

    Raises
    ------
    RecordError
        If there is no such patient for this actor.
    """
    query = select(patient.c.id).where(
        patient.c.id == patient_id, within_reach(connection, right)
    )
    if connection.scalar(query) is None:
        raise RecordError(f"There is no patient {patient_id}")


def check_course(connection: Connection, right: Right, course_id: int) -> str:
    """Return the patient's id of a course, or refuse one out of reach.

    Raises
    ------
    RecordError
        If there is no such course for this actor.
    """
    query = (
        select(patient.c.id)
        .join_from(course, patient, patient.c.id == course.c.patient_id)
        .where(course.c.id == course_id, within_reach(connection, right))
    )
    patient_id = connection.scalar(query)
    if patient_id is None:
        raise RecordError(f"There is no course {course_id}")
    return patient_id


def check_record(
    connection: Connection, right: Right, table: Table, record_id: int
) -> str:
    """Return whose an infusion, assessment or event is, or refuse one out of reach.

    Raises
    ------
    RecordError
        If there is no such record for this actor.
    """
    query = (
        select(patient.c.id)
        .join_from(table, course, course.c.id == _COURSE_OF[table.name])
        .join(patient, patient.c.id == course.c.patient_id)
        .where(table.c.id == record_id, within_reach(connection, right))
    )
    patient_id = connection.scalar(query)
    if patient_id is None:
        raise RecordError(f"There is no {table.name} {record_id}")
    return patient_id


def check_alert(connection: Connection, right: Right, alert_id: int) -> str:
    """Return whose an alert is, or refuse one out of reach.

    Raises
    ------
    RecordError
        If there is no such alert for this actor.
    """
    query = (
        select(patient.c.id)
        .join_from(alert, assessment, assessment.c.id == alert.c.assessment_id)
        .join(course, course.c.id == assessment.c.course_id)
        .join(patient, patient.c.id == course.c.patient_id)
        .where(alert.c.id == alert_id, within_reach(connection, right))
    )
    patient_id = connection.scalar(query)
    if patient_id is None:
        raise RecordError(f"There is no alert {alert_id}")
    return patient_id


def own_site(connection: Connection, site_id: int | None) -> int:
    """Return the site that a new patient belongs to: the chosen, or the only one.

    Raises
    ------
    RecordError
        If the actor has no site, must choose one, or chose one out of reach.
    """
    actor = require(connection, Right.RECORD)
    if actor.reaches_every_site(Right.RECORD):
        return FIRST_SITE if site_id is None else site_id
    if not actor.sites:
        raise RecordError(
            "Your account has no site yet, so it cannot add patients; an administrator "
            "can give it one"
        )
    if site_id is None and len(actor.sites) == 1:
        (site_id,) = actor.sites
    if site_id is None:
        raise RecordError("Choose a site for the patient; your account has several")
    if site_id not in actor.sites:
        raise RecordError(f"There is no site {site_id}")
    return site_id
