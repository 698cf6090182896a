"""Imports that were refused: how many problems of which kind, and nothing else of them.

A refused import leaves no record. That there was one, and why, is all that is kept, in
the audit: no name, no value and no row of the file.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import Connection, select

from data.actors import Right, require
from data.audit import add_audit_entry
from data.exchange.problems import KINDS, PATIENT, Problem
from data.moments import aware
from data.tables import audit_entry


REFUSED = "import refused"
_COUNTED = re.compile(r"(\d+) (\w+)")


@dataclass(frozen=True)
class RefusedImport:
    """One import that was refused, with its problems by kind."""

    at: datetime
    """In UTC, as the audit keeps it."""
    problems: tuple[tuple[str, int], ...]
    """Of ``data.exchange.problems.KINDS``, in their order, those that there were."""

    def of_kind(self, kind: str) -> int:
        """Return how many problems there were of a kind."""
        return dict(self.problems).get(kind, 0)


def is_refusal(problems: Sequence[Problem]) -> bool:
    """Whether more stands in the way than that new patients are not allowed yet."""
    return any(problem.kind != PATIENT for problem in problems)


def note_refused(connection: Connection, problems: Sequence[Problem]) -> None:
    """Note that files were refused; to be called in a transaction of its own.

    Parameters
    ----------
    connection
        The transaction of ``data.database.writing``, of who tried to import.
    problems
        What stood in the way; only their kinds are kept. Nothing is noted where this
        is no refusal.
    """
    require(connection, Right.RECORD)
    if not is_refusal(problems):
        return
    count = Counter(problem.kind for problem in problems)
    told = ", ".join(f"{count[kind]} {kind}" for kind in KINDS if count[kind])
    add_audit_entry(connection, action=REFUSED, subject=f"file problems: {told}")


def refused_imports(
    connection: Connection, *, to_day: date | None = None
) -> tuple[RefusedImport, ...]:
    """Return every import that was refused, the newest first.

    Parameters
    ----------
    connection
        Of somebody who reads the practice's outcomes.
    to_day
        Last day, on the practice's calendar; None: until now.
    """
    require(connection, Right.READ_OUTCOMES)
    query = select(audit_entry.c.at, audit_entry.c.subject).where(
        audit_entry.c.action == REFUSED
    )
    if to_day is not None:
        query = query.where(audit_entry.c.at < _end_of(to_day))
    query = query.order_by(audit_entry.c.id.desc())
    return tuple(_refused(row.at, row.subject) for row in connection.execute(query))


def _refused(at: datetime, subject: str) -> RefusedImport:
    counted = ((kind, int(number)) for number, kind in _COUNTED.findall(subject))
    return RefusedImport(at, tuple(counted))


def _end_of(day: date) -> datetime:
    """Return when a day was over at the practice, as the audit keeps moments."""
    midnight = aware(datetime.combine(day + timedelta(days=1), time.min))
    return midnight.astimezone(UTC).replace(tzinfo=None)
