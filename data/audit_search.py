"""Looking through the audit: who did what, and who opened a patient's record."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import ColumnElement, Connection, func, select

from data.actors import Right, require
from data.audit import VIEW, AuditEntry
from data.moments import aware
from data.scope import within_reach
from data.tables import audit_entry, patient


@dataclass(frozen=True)
class Opened:
    """How often somebody opened a patient's record, and when first and last (UTC)."""

    who: str
    times: int
    first_at: datetime
    last_at: datetime


def search_audit(
    connection: Connection,
    *,
    limit: int,
    patient_id: str | None = None,
    who: str | None = None,
    actions: Sequence[str] = (),
    from_day: date | None = None,
    to_day: date | None = None,
    before_id: int | None = None,
) -> list[AuditEntry]:
    """Return entries that fit all that is asked, the newest first.

    Parameters
    ----------
    connection
        Of somebody who may read the audit.
    limit
        At most so many.
    patient_id
        Whose record it was.
    who
        A part of the login, in capitals or not.
    actions
        One of these was done; none given: any.
    from_day, to_day
        First and last day, on the practice's calendar.
    before_id
        Only entries older than this one: the last of the page before, so that going on
        costs the same however far back it goes.
    """
    require(connection, Right.READ_AUDIT)
    conditions = [
        *_about(patient_id, who, actions),
        *_between(from_day, to_day),
        *([] if before_id is None else [audit_entry.c.id < before_id]),
    ]
    query = select(audit_entry).where(*conditions)
    query = query.order_by(audit_entry.c.id.desc()).limit(limit)
    return [AuditEntry(**row._mapping) for row in connection.execute(query)]


def who_opened(connection: Connection, patient_id: str) -> list[Opened]:
    """Return who opened a patient's record, the last one first."""
    require(connection, Right.READ_AUDIT)
    last_at = func.max(audit_entry.c.at)
    query = (
        select(audit_entry.c.who, func.count(), func.min(audit_entry.c.at), last_at)
        .where(audit_entry.c.patient_id == patient_id, audit_entry.c.action == VIEW)
        .group_by(audit_entry.c.who)
        .order_by(last_at.desc(), audit_entry.c.who)
    )
    return [Opened(*row) for row in connection.execute(query)]


def audit_actions(connection: Connection) -> list[str]:
    """Return every action that the audit tells of, in order of the alphabet."""
    require(connection, Right.READ_AUDIT)
    query = select(audit_entry.c.action).distinct()
    return sorted(connection.scalars(query))


def record_numbers(
    connection: Connection, patient_ids: Iterable[str]
) -> dict[str, str]:
    """Return the record numbers of those of some patients whom the actor may read."""
    require(connection, Right.READ_AUDIT)
    query = select(patient.c.id, patient.c.record_number).where(
        patient.c.id.in_(sorted(set(patient_ids))),
        within_reach(connection, Right.READ_RECORDS),
    )
    return {row.id: row.record_number for row in connection.execute(query)}


def _about(
    patient_id: str | None, who: str | None, actions: Sequence[str]
) -> list[ColumnElement[bool]]:
    conditions = []
    if patient_id is not None:
        conditions.append(audit_entry.c.patient_id == patient_id)
    if who:
        conditions.append(audit_entry.c.who.icontains(who, autoescape=True))
    if actions:
        conditions.append(audit_entry.c.action.in_(actions))
    return conditions


def _between(from_day: date | None, to_day: date | None) -> list[ColumnElement[bool]]:
    conditions = []
    if from_day is not None:
        conditions.append(audit_entry.c.at >= _midnight(from_day))
    if to_day is not None:
        conditions.append(audit_entry.c.at < _midnight(to_day + timedelta(days=1)))
    return conditions


def _midnight(day: date) -> datetime:
    """Return when a day began at the practice, as the audit keeps moments."""
    local = aware(datetime.combine(day, time.min))
    return local.astimezone(UTC).replace(tzinfo=None)
