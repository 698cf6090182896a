"""What the practice was asked about its patients, for quality measures alone.

Diagnoses, deaths and hospice are not in the record, and the owners of quality measures
take such patients out. Whoever answers for the results says so here. It stands beside
the clinical record, not in it: no page of a patient shows it, and no alert, score or
outcome rests on it.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime

import pandas as pd
from sqlalchemy import Connection, Row, Select, insert, select, update

from data.actors import Right
from data.audit import add_audit_entry
from data.errors import RecordError
from data.moments import day_date, day_number, today
from data.records import check_listed, check_reason, now_stamp, recorder
from data.scope import check_patient, within_reach
from data.tables import patient, quality_exclusion
from measures.quality_measures import EXCLUSIONS


EARLIEST_DAY = date(1900, 1, 1)
"""A diagnosis may be as old as the patient."""


@dataclass(frozen=True)
class Exclusion:
    """Something that takes a patient out of the measures whose owners ask for it."""

    id: int
    patient_id: str
    code: str
    """Of ``measures.quality_measures.EXCLUSIONS``."""
    day: date | None
    """The first on which it was so; None where that is not known."""
    recorded_at: datetime
    recorded_by: str


@dataclass(frozen=True)
class WithdrawnExclusion:
    """An exclusion that was taken back, by whom and why."""

    exclusion: Exclusion
    withdrawn_by: str
    reason: str


def add_exclusion(
    connection: Connection, *, patient_id: str, code: str, day: date | None = None
) -> int:
    """Record that something excludes a patient, and return its id.

    Parameters
    ----------
    connection
        The transaction of ``data.database.writing``.
    patient_id
        Whom it excludes.
    code
        Of ``EXCLUSIONS``.
    day
        The first day on which it was so; None where that is not known, and then it
        excludes in every period.

    Raises
    ------
    RecordError
        If there is no such patient or exclusion, the day is to come or before
        ``EARLIEST_DAY``, or the same was recorded before.
    """
    check_patient(connection, Right.READ_OUTCOMES, patient_id)
    check_listed("Exclusion", code, tuple(EXCLUSIONS))
    if day is not None and not EARLIEST_DAY <= day <= today():
        raise RecordError(
            f"An exclusion from {day}; allowed: from {EARLIEST_DAY} until today"
        )
    if _stands(connection, patient_id, code):
        raise RecordError(
            "This exclusion is recorded already; take it back to change its day"
        )
    exclusion_id = connection.execute(
        insert(quality_exclusion).values(
            patient_id=patient_id,
            code=code,
            day=None if day is None else day_number(day),
            recorded_at=now_stamp(),
            recorded_by=recorder(connection),
        )
    ).inserted_primary_key[0]
    _audit(connection, "add", exclusion_id, patient_id)
    return exclusion_id


def void_exclusion(connection: Connection, exclusion_id: int, *, reason: str) -> None:
    """Take an exclusion back; the row is kept, with the reason.

    Raises
    ------
    RecordError
        If there is no such exclusion, it was taken back before, or there is no reason.
    """
    patient_id = _whose(connection, exclusion_id)
    check_reason(reason)
    voided = connection.execute(
        update(quality_exclusion)
        .where(
            quality_exclusion.c.id == exclusion_id,
            quality_exclusion.c.voided_at.is_(None),
        )
        .values(
            voided_at=now_stamp(),
            voided_by=recorder(connection),
            void_reason=reason.strip(),
        )
    )
    if voided.rowcount == 0:
        raise RecordError("This exclusion was taken back before; nothing was changed")
    _audit(connection, "void", exclusion_id, patient_id)


def list_exclusions(connection: Connection) -> list[Exclusion]:
    """Return every exclusion as it stands, the newest first."""
    query = _within_reach(connection).where(quality_exclusion.c.voided_at.is_(None))
    return [_exclusion(row) for row in connection.execute(query)]


def list_withdrawn_exclusions(connection: Connection) -> list[WithdrawnExclusion]:
    """Return every exclusion that was taken back, the newest first."""
    query = _within_reach(connection).where(quality_exclusion.c.voided_at.is_not(None))
    return [
        WithdrawnExclusion(_exclusion(row), row.voided_by, row.void_reason)
        for row in connection.execute(query)
    ]


def quality_exclusions_frame(
    connection: Connection, *, as_of_day: int | None = None
) -> pd.DataFrame:
    """Return every exclusion as it stands.

    Parameters
    ----------
    connection
        Where to read.
    as_of_day
        Without what began after this day. None: everything recorded.

    Returns
    -------
    pandas.DataFrame
        Columns ``patient_id``, ``code`` and ``day``, missing where it is not known.
    """
    said = [
        (e.patient_id, e.code, None if e.day is None else day_number(e.day))
        for e in list_exclusions(connection)
    ]
    frame = pd.DataFrame(said, columns=["patient_id", "code", "day"])
    frame = frame.astype({"day": float})
    return frame if as_of_day is None else frame[~(frame["day"] > as_of_day)]


def _within_reach(connection: Connection) -> Select:
    return (
        select(quality_exclusion)
        .join(patient, patient.c.id == quality_exclusion.c.patient_id)
        .where(within_reach(connection, Right.READ_OUTCOMES))
        .order_by(quality_exclusion.c.id.desc())
    )


def _stands(connection: Connection, patient_id: str, code: str) -> bool:
    query = select(quality_exclusion.c.id).where(
        quality_exclusion.c.patient_id == patient_id,
        quality_exclusion.c.code == code,
        quality_exclusion.c.voided_at.is_(None),
    )
    return connection.scalar(query) is not None


def _whose(connection: Connection, exclusion_id: int) -> str:
    query = _within_reach(connection).where(quality_exclusion.c.id == exclusion_id)
    row = connection.execute(query).one_or_none()
    if row is None:
        raise RecordError(f"There is no exclusion {exclusion_id}")
    return row.patient_id


def _exclusion(row: Row) -> Exclusion:
    return Exclusion(
        id=row.id,
        patient_id=row.patient_id,
        code=row.code,
        day=None if row.day is None else day_date(row.day),
        recorded_at=row.recorded_at.replace(tzinfo=UTC),
        recorded_by=row.recorded_by,
    )


def _audit(
    connection: Connection, action: str, exclusion_id: int, patient_id: str
) -> None:
    add_audit_entry(
        connection,
        action=action,
        subject=f"quality exclusion {exclusion_id}",
        patient_id=patient_id,
    )
