"""Item-9 alerts: opened by the form, in view until somebody says what was done."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from data.actors import KIOSK, Right, actor_of
from data.audit import add_audit_entry
from data.errors import RecordError
from data.moments import from_minutes
from data.records import now_stamp, recorder
from data.scope import check_alert, within_reach
from data.tables import ALERT_ACTIONS, alert, assessment, course, patient


ITEM_9 = "item_9"
ENTERED_BY_MISTAKE = "entered by mistake"


@dataclass(frozen=True)
class Alert:
    """A positive item 9 and what was done about it."""

    id: int
    assessment_id: int
    patient_id: str
    item_9: int
    completed_at: datetime
    opened_at: datetime
    action: str | None
    note: str | None
    closed_at: datetime | None
    closed_by: str | None


def open_item_9_alert(connection: Connection, assessment_id: int) -> None:
    """Open the alert of a form whose item 9 is 1 or more."""
    connection.execute(
        insert(alert).values(
            assessment_id=assessment_id, kind=ITEM_9, opened_at=now_stamp()
        )
    )


def close_alert(
    connection: Connection, alert_id: int, *, action: str, note: str
) -> None:
    """Record what was done about an alert, which takes it out of view.

    Raises
    ------
    RecordError
        If the action is not one of those offered, or the alert was closed already.
    """
    patient_id = check_alert(connection, Right.RECORD, alert_id)
    if action not in ALERT_ACTIONS:
        raise RecordError(
            f"Action {action!r} is not known; allowed: {', '.join(ALERT_ACTIONS)}"
        )
    closed = connection.execute(
        update(alert)
        .where(alert.c.id == alert_id, alert.c.closed_at.is_(None))
        .values(
            action=action,
            note=note.strip() or None,
            closed_at=now_stamp(),
            closed_by=recorder(connection),
        )
    )
    if closed.rowcount == 0:
        raise RecordError("This alert was closed by somebody else meanwhile")
    add_audit_entry(
        connection, action="close", subject=f"alert {alert_id}", patient_id=patient_id
    )


def withdraw_alert(connection: Connection, assessment_id: int, *, note: str) -> None:
    """Close the open alert of a form that no longer stands, if it has one."""
    query = select(alert.c.id).where(
        alert.c.assessment_id == assessment_id, alert.c.closed_at.is_(None)
    )
    for alert_id in connection.scalars(query).all():
        close_alert(connection, alert_id, action=ENTERED_BY_MISTAKE, note=note)


def carry_alert(
    connection: Connection, old_id: int, new_id: int, *, was: int, now: int
) -> None:
    """Let a form's alert follow its correction.

    Unchanged or lower, and still positive: the alert, open or closed, belongs to the
    corrected form. Higher: what was done answered another form, so a new one opens.
    Zero or unanswered: an open alert is withdrawn, unless it is the patient who changed
    the answer; that is for a clinician to ask about.
    """
    if now == 0:
        if KIOSK not in actor_of(connection).roles:
            withdraw_alert(connection, old_id, note="The form was corrected.")
        return
    still_open = select(alert.c.id).where(
        alert.c.assessment_id == old_id, alert.c.closed_at.is_(None)
    )
    if was == 0 or (now > was and connection.scalar(still_open) is None):
        open_item_9_alert(connection, new_id)
        return
    connection.execute(
        update(alert)
        .where(alert.c.assessment_id == old_id)
        .values(assessment_id=new_id)
    )


def list_alerts(
    connection: Connection, *, patient_id: str | None = None, only_open: bool = True
) -> list[Alert]:
    """Return alerts, of one patient or of all, the latest form first."""
    query = (
        select(
            alert.c.id,
            alert.c.assessment_id,
            course.c.patient_id,
            assessment.c.item_9,
            assessment.c.completed_minute,
            assessment.c.completed_offset,
            alert.c.opened_at,
            alert.c.action,
            alert.c.note,
            alert.c.closed_at,
            alert.c.closed_by,
        )
        .join_from(alert, assessment, assessment.c.id == alert.c.assessment_id)
        .join(course, course.c.id == assessment.c.course_id)
        .join(patient, patient.c.id == course.c.patient_id)
        .where(within_reach(connection, Right.READ_RECORDS))
        .order_by(assessment.c.completed_minute.desc())
    )
    if patient_id is not None:
        query = query.where(course.c.patient_id == patient_id)
    if only_open:
        query = query.where(alert.c.closed_at.is_(None))
    return [_alert(row) for row in connection.execute(query)]


def _alert(row: object) -> Alert:
    facts = dict(row._mapping)
    completed = from_minutes(
        facts.pop("completed_minute"), facts.pop("completed_offset")
    )
    return Alert(completed_at=completed, **facts)
