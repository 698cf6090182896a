"""Who did what, when: an append-only list, each entry sealing the one before."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select

from data.actors import Right, actor_of, require
from data.moments import utc_now
from data.scope import check_patient
from data.tables import audit_entry


FIRST_HASH = "0" * 64
_SEPARATOR = "\x1f"

VIEW, EXPORT = "view", "export"
"""What was done where nothing was changed: seen, or taken out as a file."""


@dataclass(frozen=True)
class AuditEntry:
    """One thing done, and the seal that joins it to the entry before."""

    id: int
    at: datetime
    who: str
    action: str
    subject: str
    patient_id: str | None
    previous_hash: str
    hash: str


def add_audit_entry(
    connection: Connection, *, action: str, subject: str, patient_id: str | None = None
) -> None:
    """Append what the connection's actor did, in the transaction that did it.

    Parameters
    ----------
    connection
        The transaction of ``data.database.writing``, which admits one writer at a time;
        entry and deed are kept together or not at all.
    action
        What was done: ``add``, ``correct``, ``void``, ``import`` and the like.
    subject
        Kind and id of the record. Never a name, an answer or a score.
    patient_id
        Whose record it was, where it was one.
    """
    newest = select(audit_entry.c.hash).order_by(audit_entry.c.id.desc()).limit(1)
    previous = connection.scalar(newest) or FIRST_HASH
    entry = {
        "at": utc_now().replace(tzinfo=None),
        "who": actor_of(connection).login,
        "action": action,
        "subject": subject,
        "patient_id": patient_id,
    }
    connection.execute(
        insert(audit_entry).values(
            **entry, previous_hash=previous, hash=_seal(previous, **entry)
        )
    )


def note(
    connection: Connection, action: str, subject: str, patient_id: str | None = None
) -> None:
    """Append what somebody saw or took out, and did not change.

    Raises
    ------
    RecordError
        If it is of a patient, and there is none such for this actor.
    """
    # Everybody with an account, and who runs the commands.
    require(connection, Right.OWN_ACCOUNT, Right.OPERATE)
    if patient_id is not None:
        check_patient(connection, Right.READ_RECORDS, patient_id)
    add_audit_entry(connection, action=action, subject=subject, patient_id=patient_id)


def list_audit_entries(connection: Connection) -> Iterator[AuditEntry]:
    """Yield every entry, oldest first."""
    require(connection, Right.READ_AUDIT)
    for row in connection.execute(select(audit_entry).order_by(audit_entry.c.id)):
        yield AuditEntry(**row._mapping)


CHANGED = "was changed after it was written"
MISSING = "follows an entry that is missing"
REORDERED = "stands in another place than it was written in"


@dataclass(frozen=True)
class BrokenEntry:
    """The first entry whose seal does not hold, and what became of it."""

    id: int
    what: str


def first_broken_entry(connection: Connection) -> BrokenEntry | None:
    """Return the first entry that was changed, moved, or lost the one before; or None.

    Only the newest entries can go unnoticed: compare :func:`newest_hash` with one that
    was kept elsewhere.
    """
    require(connection, Right.READ_AUDIT)
    previous = FIRST_HASH
    for entry in list_audit_entries(connection):
        seal = _seal(
            entry.previous_hash,
            at=entry.at,
            who=entry.who,
            action=entry.action,
            subject=entry.subject,
            patient_id=entry.patient_id,
        )
        if entry.hash != seal:
            return BrokenEntry(entry.id, CHANGED)
        if entry.previous_hash != previous:
            elsewhere = entry.previous_hash == FIRST_HASH or has_audit_entry(
                connection, entry.previous_hash
            )
            return BrokenEntry(entry.id, REORDERED if elsewhere else MISSING)
        previous = entry.hash
    return None


def newest_hash(connection: Connection) -> str:
    """Return the seal of the newest entry, which vouches for every one before."""
    require(connection, Right.READ_AUDIT)
    newest = select(audit_entry.c.hash).order_by(audit_entry.c.id.desc()).limit(1)
    return connection.scalar(newest) or FIRST_HASH


def has_audit_entry(connection: Connection, seal: str) -> bool:
    """Whether there is an entry of this seal."""
    require(connection, Right.READ_AUDIT)
    query = select(audit_entry.c.id).where(audit_entry.c.hash == seal)
    return connection.scalar(query) is not None


def _seal(
    previous: str,
    *,
    at: datetime,
    who: str,
    action: str,
    subject: str,
    patient_id: str | None,
) -> str:
    """Return the hash of an entry and the one before.

    Without a patient it is what the first schema sealed, which had no patients. A
    separator inside a part is written out, or a part could take in the next one: the
    subject its patient.
    """
    parts = [previous, at.isoformat(), who, action, subject]
    parts += [] if patient_id is None else [patient_id]
    sealed = _SEPARATOR.join(part.replace(_SEPARATOR, r"\x1f") for part in parts)
    return hashlib.sha256(sealed.encode()).hexdigest()
