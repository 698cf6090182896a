"""Item-9 alerts: opened by the form, in view until somebody says what was done."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import (
    Connection,
    ScalarSelect,
    Select,
    bindparam,
    insert,
    select,
    update,
)

from data.actors import KIOSK, Right, actor_of
from data.audit import add_audit_entry
from data.errors import RecordError
from data.moments import from_minutes
from data.records import now_stamp, recorder
from data.scope import (
    check_alert,
    check_patient,
    of_sites,
    sites_reached,
    within_reach,
)
from data.tables import ALERT_ACTIONS, alert, assessment, course, patient
from measures.registry import MEASURES


ITEM_9 = "item_9"
ENTERED_BY_MISTAKE = "entered by mistake"

# How much there is to ask about. An item left out is more than a 0, which was at least
# answered, and less than any other answer.
NOTHING, LEFT_OUT = 0, 1

_HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class AnswerNow:
    """What a form that was changed says of item 9 now; None where it was left out."""

    item_9: int | None
    known: bool
    """False where only a total is left."""


@dataclass(frozen=True)
class Alert:
    """An item 9 to ask about, and what was done about it.

    Parameters
    ----------
    id, assessment_id, patient_id
        The alert, the form that opened it, and whose it is.
    item_9
        The answer; None where it was left out.
    completed_at
        When the form was completed.
    previous, previous_at
        The patient's last known answer before that form, in whichever course, and when
        it was given; None where there is none.
    now
        What the form says since it was changed without anybody acting on the alert;
        None where it still says what the alert says.
    opened_at, seen_at, closed_at
        In UTC, as the tables keep it.
    """

    id: int
    assessment_id: int
    patient_id: str
    item_9: int | None
    completed_at: datetime
    previous: int | None
    previous_at: datetime | None
    opened_at: datetime
    seen_at: datetime | None
    seen_by: str | None
    action: str | None
    note: str | None
    closed_at: datetime | None
    closed_by: str | None
    now: AnswerNow | None = None

    @property
    def rose(self) -> bool:
        """Whether the answer is higher than the last known one before."""
        known = self.item_9 is not None and self.previous is not None
        return known and self.item_9 > self.previous

    @property
    def hours_open(self) -> float:
        """How long the alert was open, or has been so far."""
        return ((self.closed_at or now_stamp()) - self.opened_at) / _HOUR

    @property
    def hours_to_action(self) -> float | None:
        """How long it took until somebody said what was done; None while it is open."""
        return None if self.closed_at is None else self.hours_open

    @property
    def opened(self) -> datetime:
        """When the alert opened, with its zone."""
        return self.opened_at.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Wait:
    """For how many hours one alert was open, or is so far."""

    opened_at: datetime
    """In UTC, as the tables keep it."""
    hours: float
    answered: bool


def to_ask_about(measure: str, answers: object | None, item_9: int | None) -> int:
    """Return how much there is to ask about in a form's item 9.

    Parameters
    ----------
    measure
        Code of the measure.
    answers
        None where only a total was received: item 9 is not known then.
    item_9
        The answer; None where it was left out.

    Returns
    -------
    int
        ``NOTHING`` for a 0, a total alone and a measure without this item; otherwise
        the more, the more there is to ask about.
    """
    if MEASURES[measure].suicide_item is None or answers is None or item_9 == 0:
        return NOTHING
    return LEFT_OUT if item_9 is None else LEFT_OUT + item_9


def open_item_9_alert(connection: Connection, assessment_id: int) -> None:
    """Open the alert of a form whose item 9 there is to ask about."""
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


def note_seen(connection: Connection, patient_id: str) -> None:
    """Keep who was the first to see a patient's open alerts, of those who may act.

    Raises
    ------
    RecordError
        If there is no such patient for this actor.
    """
    check_patient(connection, Right.RECORD, patient_id)
    query = (
        select(alert.c.id)
        .join_from(alert, assessment, assessment.c.id == alert.c.assessment_id)
        .join(course, course.c.id == assessment.c.course_id)
        .where(
            course.c.patient_id == patient_id,
            alert.c.closed_at.is_(None),
            alert.c.seen_at.is_(None),
        )
        .order_by(alert.c.id)
    )
    for alert_id in connection.scalars(query).all():
        connection.execute(
            update(alert)
            .where(alert.c.id == alert_id)
            .values(seen_at=now_stamp(), seen_by=recorder(connection))
        )
        add_audit_entry(
            connection, action="see", subject=f"alert {alert_id}", patient_id=patient_id
        )


def withdraw_alert(connection: Connection, assessment_id: int, *, note: str) -> None:
    """Close the open alert of a form that no longer stands, if it has one.

    An alert that an earlier version of the form left open goes with it.
    """
    versions = _versions(connection, assessment_id)
    query = select(alert.c.id).where(
        alert.c.assessment_id.in_(versions), alert.c.closed_at.is_(None)
    )
    for alert_id in connection.scalars(query).all():
        close_alert(connection, alert_id, action=ENTERED_BY_MISTAKE, note=note)


def carry_alert(connection: Connection, old: Any, new: Any) -> None:
    """Let a form's alert follow its correction.

    An open alert belongs to the corrected form, and is withdrawn when that says 0. It
    stays with what was answered first where the patient lowered or left out the answer,
    or only a total is left: that is for a clinician to ask about. Once somebody acted,
    that stands for the corrected form too, unless there is more to ask about than then:
    a new alert opens.

    Parameters
    ----------
    connection
        The transaction that corrects the form.
    old, new
        The form before and after: rows of ``assessment``.
    """
    was = to_ask_about(old.measure, old.answers, old.item_9)
    now = to_ask_about(new.measure, new.answers, new.item_9)
    still_open = _open_alert(connection, old.id)
    if still_open is None:
        _after_action(connection, old.id, new.id, was=was, now=now)
        return
    at_first = to_ask_about(still_open.measure, still_open.answers, still_open.item_9)
    by_patient = KIOSK in actor_of(connection).roles
    lowered = now < at_first
    if lowered and (by_patient or still_open.assessment_id != old.id):
        return
    if new.answers is None:
        return
    if now == NOTHING:
        withdraw_alert(connection, old.id, note="The form was corrected.")
        return
    _move(connection, alert.c.id == still_open.id, new.id)


def _after_action(
    connection: Connection, old_id: int, new_id: int, *, was: int, now: int
) -> None:
    """Open a new alert where a correction asks for more; else keep what was done."""
    if now > was:
        open_item_9_alert(connection, new_id)
    elif now != NOTHING:
        _move(connection, alert.c.assessment_id == old_id, new_id)


def _move(connection: Connection, chosen: object, assessment_id: int) -> None:
    connection.execute(update(alert).where(chosen).values(assessment_id=assessment_id))


def _open_alert(connection: Connection, assessment_id: int) -> Any | None:
    """Return the open alert of a form or an earlier version of it, with its answer."""
    query = (
        select(
            alert.c.id,
            alert.c.assessment_id,
            assessment.c.measure,
            assessment.c.answers,
            assessment.c.item_9,
        )
        .join_from(alert, assessment, assessment.c.id == alert.c.assessment_id)
        .where(
            alert.c.assessment_id.in_(_versions(connection, assessment_id)),
            alert.c.closed_at.is_(None),
        )
        .order_by(alert.c.id.desc())
    )
    return connection.execute(query).first()


def _versions(connection: Connection, assessment_id: int) -> list[int]:
    """Return the ids of a form and of every version that it corrects."""
    versions, before = [], assessment_id
    while before is not None:
        versions.append(before)
        query = select(assessment.c.corrects_id).where(assessment.c.id == before)
        before = connection.scalar(query)
    return versions


def list_alerts(
    connection: Connection, *, patient_id: str | None = None, only_open: bool = True
) -> list[Alert]:
    """Return alerts, of one patient or of all, the latest form first."""
    sites = sites_reached(connection, Right.READ_RECORDS)
    query = _alerts_select(sites, of_one=patient_id is not None, only_open=only_open)
    rows = connection.execute(query, {"of_patient": patient_id}).all()
    return [_alert(connection, row) for row in rows]


def list_waits(connection: Connection) -> list[Wait]:
    """Return how long every alert waited, without saying whose; the earliest first.

    Those of forms that were entered by mistake waited for nothing and are left out.
    """
    query = (
        select(alert.c.opened_at, alert.c.closed_at)
        .join_from(alert, assessment, assessment.c.id == alert.c.assessment_id)
        .join(course, course.c.id == assessment.c.course_id)
        .join(patient, patient.c.id == course.c.patient_id)
        .where(
            within_reach(connection, Right.READ_OUTCOMES),
            alert.c.action.is_distinct_from(ENTERED_BY_MISTAKE),
        )
        .order_by(alert.c.opened_at, alert.c.id)
    )
    now = now_stamp()
    return [
        Wait(opened, ((closed or now) - opened) / _HOUR, closed is not None)
        for opened, closed in connection.execute(query)
    ]


@cache
def _alerts_select(
    sites: frozenset[int] | None, *, of_one: bool, only_open: bool
) -> Select:
    # Every page of a patient asks this: it is put together once.
    previous = assessment.alias("previous")
    query = (
        select(
            alert.c.id,
            alert.c.assessment_id,
            course.c.patient_id,
            assessment.c.item_9,
            assessment.c.state,
            assessment.c.completed_minute,
            assessment.c.completed_offset,
            previous.c.item_9.label("previous"),
            previous.c.completed_minute.label("previous_minute"),
            previous.c.completed_offset.label("previous_offset"),
            alert.c.opened_at,
            alert.c.seen_at,
            alert.c.seen_by,
            alert.c.action,
            alert.c.note,
            alert.c.closed_at,
            alert.c.closed_by,
        )
        .join_from(alert, assessment, assessment.c.id == alert.c.assessment_id)
        .join(course, course.c.id == assessment.c.course_id)
        .join(patient, patient.c.id == course.c.patient_id)
        .outerjoin(previous, previous.c.id == _previous_id())
        .where(of_sites(sites))
        .order_by(assessment.c.completed_minute.desc(), alert.c.id.desc())
    )
    if of_one:
        query = query.where(course.c.patient_id == bindparam("of_patient"))
    return query.where(alert.c.closed_at.is_(None)) if only_open else query


def _previous_id() -> ScalarSelect:
    """Return the patient's last form before an alert's that has an answer to item 9."""
    before, its_course = assessment.alias("before"), course.alias("course_before")
    return (
        select(before.c.id)
        .join_from(before, its_course, its_course.c.id == before.c.course_id)
        .where(
            its_course.c.patient_id == course.c.patient_id,
            before.c.measure == assessment.c.measure,
            before.c.state == "current",
            before.c.item_9.is_not(None),
            before.c.completed_minute < assessment.c.completed_minute,
        )
        .order_by(before.c.completed_minute.desc(), before.c.id.desc())
        .limit(1)
        .correlate(course, assessment)
        .scalar_subquery()
    )


def _alert(connection: Connection, row: Any) -> Alert:
    facts = dict(row._mapping)
    completed = from_minutes(
        facts.pop("completed_minute"), facts.pop("completed_offset")
    )
    minute, offset = facts.pop("previous_minute"), facts.pop("previous_offset")
    changed = facts.pop("state") == "superseded" and row.closed_at is None
    return Alert(
        **facts,
        completed_at=completed,
        previous_at=None if minute is None else from_minutes(minute, offset),
        now=_answer_now(connection, row.assessment_id) if changed else None,
    )


def _answer_now(connection: Connection, assessment_id: int) -> AnswerNow | None:
    """Return the answer of the version that stands in a changed form's place."""
    query = select(assessment.c.id, assessment.c.item_9, assessment.c.answers)
    now, newer_of = None, assessment_id
    while True:
        row = connection.execute(
            query.where(assessment.c.corrects_id == newer_of)
        ).first()
        if row is None:
            return now
        now, newer_of = AnswerNow(row.item_9, row.answers is not None), row.id
