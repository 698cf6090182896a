"""Dated marks on a trajectory: medication, therapy, life. Taken back, never deleted."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, Row, bindparam, insert, select, update

from data.actors import Right
from data.audit import add_audit_entry
from data.errors import RecordError
from data.moments import day_date, day_number, today
from data.records import check_reason, now_stamp, recorder
from data.scope import check_course, check_record
from data.tables import EVENT_KINDS, event


@dataclass(frozen=True)
class Event:
    """Something that happened on a day and may explain a score."""

    id: int
    day: date
    kind: str
    description: str


@dataclass(frozen=True)
class WithdrawnEvent:
    """A mark that was taken back, by whom and why."""

    event: Event
    withdrawn_by: str
    reason: str


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


def void_event(connection: Connection, event_id: int, *, reason: str) -> None:
    """Take a mark off its course's trajectory; the row is kept, with the reason.

    Raises
    ------
    RecordError
        If there is no such mark, it was taken back before, or there is no reason.
    """
    patient_id = check_record(connection, Right.RECORD, event, event_id)
    check_reason(reason)
    voided = connection.execute(
        update(event)
        .where(event.c.id == event_id, event.c.voided_at.is_(None))
        .values(
            voided_at=now_stamp(),
            voided_by=recorder(connection),
            void_reason=reason.strip(),
        )
    )
    if voided.rowcount == 0:
        raise RecordError("This event was taken back before; nothing was changed")
    add_audit_entry(
        connection, action="void", subject=f"event {event_id}", patient_id=patient_id
    )


def list_events(connection: Connection, course_id: int) -> list[Event]:
    """Return a course's marks as they stand, the earliest first."""
    check_course(connection, Right.READ_RECORDS, course_id)
    rows = connection.execute(_STANDING, {"course_id": course_id})
    return [_event(row) for row in rows]


def list_withdrawn_events(
    connection: Connection, course_id: int
) -> list[WithdrawnEvent]:
    """Return the marks of a course that were taken back, the earliest first."""
    check_course(connection, Right.READ_RECORDS, course_id)
    return [
        WithdrawnEvent(_event(row), row.voided_by, row.void_reason)
        for row in connection.execute(_TAKEN_BACK, {"course_id": course_id})
    ]


_EVENTS = (
    select(event)
    .where(event.c.course_id == bindparam("course_id"))
    .order_by(event.c.day, event.c.id)
)
_STANDING = _EVENTS.where(event.c.voided_at.is_(None))
_TAKEN_BACK = _EVENTS.where(event.c.voided_at.is_not(None))


def _event(row: Row) -> Event:
    return Event(row.id, day_date(row.day), row.kind, row.description)
