"""Sites: where a practice treats, and whose clinicians may open a record."""

from dataclasses import dataclass

from sqlalchemy import Connection, insert, select, update

from data.actors import Right, require
from data.audit import add_audit_entry
from data.errors import RecordError
from data.scope import check_patient
from data.tables import patient, site


@dataclass(frozen=True)
class Site:
    """A place of the practice."""

    id: int
    name: str


def list_sites(connection: Connection) -> list[Site]:
    """Return the practice's sites, by name."""
    require(connection, Right.READ_PRACTICE)
    query = select(site.c.id, site.c.name).order_by(site.c.name)
    return [Site(*row) for row in connection.execute(query)]


def sites_to_record_at(connection: Connection) -> list[Site]:
    """Return the sites whose patients the actor may record for, by name."""
    actor = require(connection, Right.RECORD)
    query = select(site.c.id, site.c.name).order_by(site.c.name)
    if not actor.reaches_every_site(Right.RECORD):
        query = query.where(site.c.id.in_(sorted(actor.sites)))
    return [Site(*row) for row in connection.execute(query)]


def may_record_for(connection: Connection, patient_id: str) -> bool:
    """Whether the actor may record for a patient, and not only read the record."""
    require(connection, Right.READ_RECORDS)
    try:
        check_patient(connection, Right.RECORD, patient_id)
    except RecordError:
        return False
    return True


def add_site(connection: Connection, name: str) -> int:
    """Add a site and return its id.

    Raises
    ------
    RecordError
        If the name is empty or taken.
    """
    require(connection, Right.MANAGE)
    added = insert(site).values(name=_new_name(connection, name))
    site_id = connection.execute(added).inserted_primary_key[0]
    add_audit_entry(connection, action="add", subject=f"site {site_id}")
    return site_id


def rename_site(connection: Connection, site_id: int, name: str) -> None:
    """Give a site another name.

    Raises
    ------
    RecordError
        If there is no such site, or the name is empty or taken.
    """
    require(connection, Right.MANAGE)
    _check_site(connection, site_id)
    changed = update(site).where(site.c.id == site_id)
    connection.execute(changed.values(name=_new_name(connection, name)))
    add_audit_entry(connection, action="rename", subject=f"site {site_id}")


def move_patient(connection: Connection, patient_id: str, site_id: int) -> None:
    """Let a patient belong to another site; courses so far stay where they were given.

    Raises
    ------
    RecordError
        If the patient is out of reach, or there is no such site.
    """
    check_patient(connection, Right.RECORD, patient_id)
    _check_site(connection, site_id)
    connection.execute(
        update(patient).where(patient.c.id == patient_id).values(site_id=site_id)
    )
    add_audit_entry(
        connection, action="move", subject=f"site {site_id}", patient_id=patient_id
    )


def _check_site(connection: Connection, site_id: int) -> None:
    if connection.scalar(select(site.c.id).where(site.c.id == site_id)) is None:
        raise RecordError(f"There is no site {site_id}")


def _new_name(connection: Connection, name: str) -> str:
    wanted = name.strip()
    if not wanted:
        raise RecordError("A site needs a name")
    if connection.scalar(select(site.c.id).where(site.c.name == wanted)) is not None:
        raise RecordError(f"There is a site {wanted!r} already")
    return wanted
