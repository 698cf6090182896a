"""Whose records an actor may reach: every site's, or those of the own sites.

A record of another site is refused in the very words that answer an id nobody ever
used, so that nothing can be learnt by trying.
"""

from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Table,
    bindparam,
    select,
    true,
)

from data.actors import Right, require
from data.asked import asked_once
from data.errors import RecordError
from data.tables import FIRST_SITE, alert, assessment, course, event, infusion, patient


_OF_COURSE = course.join(patient, patient.c.id == course.c.patient_id)

# Each kind of record, joined to the patient whose it is.
_TO_PATIENT = {
    patient: patient,
    course: _OF_COURSE,
    alert: alert.join(assessment, assessment.c.id == alert.c.assessment_id).join(
        _OF_COURSE, course.c.id == assessment.c.course_id
    ),
    **{
        table: table.join(_OF_COURSE, course.c.id == table.c.course_id)
        for table in (infusion, assessment, event)
    },
}


def within_reach(connection: Connection, right: Right) -> ColumnElement[bool]:
    """Return the condition on ``patient`` that leaves those within the actor's reach.

    Raises
    ------
    NotAllowed
        If the actor's roles do not bring the right at all.
    """
    return of_sites(sites_reached(connection, right))


def sites_reached(connection: Connection, right: Right) -> frozenset[int] | None:
    """Return the sites that the actor's right reaches; None: every one.

    Raises
    ------
    NotAllowed
        As :func:`within_reach`.
    """
    actor = require(connection, right)
    return None if actor.reaches_every_site(right) else actor.sites


@cache
def of_sites(sites: frozenset[int] | None) -> ColumnElement[bool]:
    """Return the condition on ``patient`` that leaves those of these sites.

    For statements that are put together once for all who reach the same sites.
    """
    return true() if sites is None else patient.c.site_id.in_(sorted(sites))


def check_patient(connection: Connection, right: Right, patient_id: str) -> None:
    """Refuse a patient out of reach as if there were none.

    Raises
    ------
    RecordError
        If there is no such patient for this actor.
    """
    if _whose(connection, right, patient, patient_id) is None:
        raise RecordError(f"There is no patient {patient_id}")


def check_course(connection: Connection, right: Right, course_id: int) -> str:
    """Return the patient's id of a course, or refuse one out of reach.

    Raises
    ------
    RecordError
        If there is no such course for this actor.
    """
    patient_id = _whose(connection, right, course, course_id)
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
    patient_id = _whose(connection, right, table, record_id)
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
    patient_id = _whose(connection, right, alert, alert_id)
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


def _whose(
    connection: Connection, right: Right, table: Table, record_id: Any
) -> str | None:
    """Return whose a record is; None if there is none within the actor's reach."""
    sites = sites_reached(connection, right)
    query = _whose_query(table, sites)
    return asked_once(
        connection,
        (table, sites, record_id),
        lambda: connection.scalar(query, {"record_id": record_id}),
    )


@cache
def _whose_query(table: Table, sites: frozenset[int] | None) -> Select:
    return (
        select(patient.c.id)
        .select_from(_TO_PATIENT[table])
        .where(table.c.id == bindparam("record_id"), of_sites(sites))
    )
