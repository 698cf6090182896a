"""Who did what, when: an append-only list, each entry sealing the one before."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select

from data.moments import utc_now
from data.tables import audit_entry


FIRST_HASH = "0" * 64


@dataclass(frozen=True)
class AuditEntry:
    """One thing done, and the seal that joins it to the entry before."""

    id: int
    at: datetime
    who: str
    action: str
    subject: str
    previous_hash: str
    hash: str


def add_audit_entry(
    connection: Connection, *, who: str, action: str, subject: str
) -> None:
    """Append what was done, in the transaction that did it.

    Parameters
    ----------
    connection
        The transaction of ``data.database.writing``, which admits one writer at a time;
        entry and deed are kept together or not at all.
    who
        Who did it.
    action
        What was done: ``add``, ``correct``, ``void``, ``import`` and the like.
    subject
        Kind and id of the record. Never a name, an answer or a score.
    """
    newest = select(audit_entry.c.hash).order_by(audit_entry.c.id.desc()).limit(1)
    previous = connection.scalar(newest) or FIRST_HASH
    at = utc_now().replace(tzinfo=None)
    connection.execute(
        insert(audit_entry).values(
            at=at,
            who=who,
            action=action,
            subject=subject,
            previous_hash=previous,
            hash=_seal(previous, at, who, action, subject),
        )
    )


def list_audit_entries(connection: Connection) -> Iterator[AuditEntry]:
    """Yield every entry, oldest first."""
    for row in connection.execute(select(audit_entry).order_by(audit_entry.c.id)):
        yield AuditEntry(**row._mapping)


def first_broken_entry(connection: Connection) -> int | None:
    """Return the id of the first entry whose seal does not hold, or None.

    A changed, removed or reordered entry breaks the chain from there on. Only the
    newest entries can go unnoticed: compare the last hash with one kept elsewhere.
    """
    previous = FIRST_HASH
    for entry in list_audit_entries(connection):
        seal = _seal(previous, entry.at, entry.who, entry.action, entry.subject)
        if entry.previous_hash != previous or entry.hash != seal:
            return entry.id
        previous = entry.hash
    return None


def _seal(previous: str, at: datetime, who: str, action: str, subject: str) -> str:
    sealed = "\x1f".join((previous, at.isoformat(), who, action, subject))
    return hashlib.sha256(sealed.encode()).hexdigest()
