"""Dated marks on a trajectory: medication, therapy, life."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, insert, select

from data.actors import Right
from data.audit import add_audit_entry
from data.errors import RecordError
from data.moments import day_date, day_number, today
from data.records import now_stamp, recorder
from data.scope import check_course
from data.tables import EVENT_KINDS, event


@dataclass(frozen=True)
class Event:
    """Something that happened on a day and may explain a score."""

    id: int
    day: date
    kind: str
    description: str


def add_event(
    connection: Connection,
    *,
    course_id: int,
    day: date,
    kind: str,
    description: str,
) -> int:
    """Add a mark to a course's trajectory and return its id.

    Raises
    ------
    RecordError
        If the kind is unknown, the day is to come, or nothing is described.
    """
    patient_id = check_course(connection, Right.RECORD, course_id)
    if kind not in EVENT_KINDS:
        raise RecordError(
            f"Event {kind!r} is not known; allowed: {', '.join(EVENT_KINDS)}"
        )
    if day > today():
        raise RecordError(f"Event on {day} is in the future; allowed: until today")
    if not description.strip():
        raise RecordError("An event needs a description")
    event_id = connection.execute(
        insert(event).values(
            course_id=course_id,
            day=day_number(day),
            kind=kind,
            description=description.strip(),
            recorded_at=now_stamp(),
            recorded_by=recorder(connection),
        )
    ).inserted_primary_key[0]
    add_audit_entry(
        connection, action="add", subject=f"event {event_id}", patient_id=patient_id
    )
    return event_id


def list_events(connection: Connection, course_id: int) -> list[Event]:
    """Return a course's marks, the earliest first."""
    check_course(connection, Right.READ_RECORDS, course_id)
    query = (
        select(event.c.id, event.c.day, event.c.kind, event.c.description)
        .where(event.c.course_id == course_id)
        .order_by(event.c.day, event.c.id)
    )
    return [
        Event(row.id, day_date(row.day), row.kind, row.description)
        for row in connection.execute(query)
    ]
