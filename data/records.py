"""What infusions and assessments have in common: kept, superseded, withdrawn."""

from datetime import datetime

from sqlalchemy import Connection, Table, select, update

from data.actors import actor_of
from data.errors import RecordError
from data.moments import utc_now


def now_stamp() -> datetime:
    """Return the present in UTC, as the tables keep it (without a zone)."""
    return utc_now().replace(tzinfo=None)


def recorder(connection: Connection) -> str:
    """Return the name that a record bears: of who asks for it to be kept."""
    return actor_of(connection).name


def check_reason(reason: str) -> None:
    """Refuse a correction or withdrawal without a reason.

    Raises
    ------
    RecordError
        If the reason is empty.
    """
    if not reason.strip():
        raise RecordError("A correction needs a reason; nothing was changed")


def check_listed(what: str, value: str | None, allowed: tuple[str | None, ...]) -> None:
    """Refuse a value that is not one of those allowed; None among them: not recorded.

    Raises
    ------
    RecordError
        Naming what it is, the value, and what is allowed.
    """
    if value not in allowed:
        listed = ", ".join("not recorded" if a is None else a for a in allowed)
        raise RecordError(f"{what} {value!r} is not known; allowed: {listed}")


def submitted_id(
    connection: Connection, table: Table, submission_id: str | None
) -> int | None:
    """Return the id of the record that this submission already made, or None."""
    if submission_id is None:
        return None
    query = select(table.c.id).where(table.c.submission_id == submission_id)
    return connection.scalar(query)


def void_record(
    connection: Connection, table: Table, record_id: int, *, reason: str
) -> None:
    """Mark one current row as withdrawn; the caller refreshes and audits."""
    check_reason(reason)
    connection.execute(
        update(table)
        .where(table.c.id == record_id)
        .values(
            state="void",
            void_reason=reason.strip(),
            voided_at=now_stamp(),
            voided_by=recorder(connection),
        )
    )
