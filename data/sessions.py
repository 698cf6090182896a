"""Sessions: who a browser acts for, until it ends. The database alone decides."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import (
    Column,
    Connection,
    ScalarSelect,
    Select,
    String,
    bindparam,
    cast,
    delete,
    func,
    insert,
    select,
    update,
)

from data.actors import KIOSK, Actor, Right, require
from data.audit import add_audit_entry
from data.errors import RecordError
from data.records import now_stamp
from data.settings import PracticeSettings, stored_settings
from data.tables import (
    account,
    account_role,
    account_site,
    course,
    encounter,
    patient,
    pending_sign_in,
    session,
)
from data.tokens import new_token, token_hash


ENDINGS = ("signed out", "idle", "too old", "revoked", "handed over", "done")

KIOSK_HOURS = 1
"""A patient's tablet ends after so long in any case."""


@dataclass(frozen=True)
class Session:
    """A session that is alive, as far as time and its account go.

    Parameters
    ----------
    id
        Of the session; no secret.
    account_id, encounter_id
        One of them: a person's session, or a kiosk's.
    login, name, roles, sites
        Of the account, read anew each time; a kiosk's are those of its encounter.
    started_at, seen_at
        In UTC, without a zone.
    ends_at
        When it ends unless it is used, at the latest when it becomes too old.
    oldest_at
        When it ends in any case.
    """

    id: int
    account_id: int | None
    encounter_id: int | None
    login: str
    name: str
    roles: frozenset[str]
    sites: frozenset[int]
    started_at: datetime
    seen_at: datetime
    ends_at: datetime
    oldest_at: datetime

    @property
    def kiosk(self) -> bool:
        """Whether this is a patient's tablet."""
        return self.encounter_id is not None

    def left(self, now: datetime) -> float:
        """Return the seconds until it ends unless it is used."""
        return (self.ends_at - now).total_seconds()

    def actor(self) -> Actor:
        """Return on whose behalf the session acts."""
        return Actor(
            name=self.name,
            login=self.login,
            roles=self.roles,
            sites=self.sites,
            account_id=self.account_id,
            session_id=self.id,
            encounter_id=self.encounter_id,
        )


def start_session(
    connection: Connection,
    *,
    account_id: int | None = None,
    encounter_id: int | None = None,
) -> str:
    """Start a session of an account or a kiosk and return its secret token.

    The token is new in any case: one that a browser brought is never adopted.
    """
    require(connection, Right.ADMIT)
    token, now = new_token(), now_stamp()
    connection.execute(
        insert(session).values(
            token_hash=token_hash(token),
            account_id=account_id,
            encounter_id=encounter_id,
            started_at=now,
            seen_at=now,
        )
    )
    return token


def find_session(connection: Connection, token: str) -> Session | None:
    """Return the living session of a token, or None."""
    require(connection, Right.ADMIT)
    return _living(connection, _BY_TOKEN, token_hash(token))


def live_sessions(connection: Connection, ids: Iterable[int]) -> dict[int, Session]:
    """Return those of some sessions that are alive, by id."""
    require(connection, Right.ADMIT)
    rows = connection.execute(_SESSIONS.where(session.c.id.in_(list(ids)))).all()
    return {found.id: found for found in _alive(connection, rows)}


def session_actor(connection: Connection, session_id: int) -> Actor | None:
    """Return on whose behalf a session acts at this moment; None once it ended."""
    require(connection, Right.ADMIT)
    found = _living(connection, _BY_ID, session_id)
    return None if found is None else found.actor()


def touch_session(connection: Connection, session_id: int) -> None:
    """Note that somebody used a session; one that ended stays so."""
    require(connection, Right.ADMIT)
    connection.execute(
        update(session)
        .where(session.c.id == session_id, session.c.ended_at.is_(None))
        .values(seen_at=now_stamp())
    )


def end_session(connection: Connection, session_id: int, why: str) -> None:
    """End a session; ending it again changes nothing.

    Raises
    ------
    RecordError
        If the reason is not one of those kept.
    """
    require(connection, Right.ADMIT)
    _end(connection, session.c.id == session_id, why)


def end_sessions_of(
    connection: Connection, account_id: int, why: str, *, but: int | None = None
) -> None:
    """End every session of an account, but perhaps one, and every half-done sign-in.

    An account may end its own; only who manages accounts, or the door, another's.
    """
    actor = require(connection, Right.ADMIT, Right.MANAGE, Right.OWN_ACCOUNT)
    if actor.account_id != account_id:
        require(connection, Right.ADMIT, Right.MANAGE)
    chosen = session.c.account_id == account_id
    if but is not None:
        chosen = chosen & (session.c.id != but)
    _end(connection, chosen, why)
    # Its password was right; by now it may be another's, or the account closed.
    connection.execute(
        delete(pending_sign_in).where(pending_sign_in.c.account_id == account_id)
    )


def last_sign_ins(
    connection: Connection, account_id: int, *, at_most: int = 10
) -> list[datetime]:
    """Return when an account was last entered, newest first; its own holder's to see.

    Raises
    ------
    NotAllowed
        If it is another's account.
    """
    actor = require(connection, Right.ADMIT, Right.OWN_ACCOUNT)
    if actor.account_id != account_id:
        require(connection, Right.ADMIT)
    query = (
        select(session.c.started_at)
        .where(session.c.account_id == account_id)
        .order_by(session.c.started_at.desc(), session.c.id.desc())
        .limit(at_most)
    )
    return list(connection.scalars(query))


def end_overdue_sessions(connection: Connection) -> list[int]:
    """End the sessions that idled or aged out, and return the ids of their encounters.

    What a patient had answered until then is the caller's to keep.
    """
    require(connection, Right.ADMIT)
    settings, now = stored_settings(connection), now_stamp()
    encounters = []
    for row in connection.execute(_SESSIONS.where(session.c.ended_at.is_(None))).all():
        ends_at, oldest_at = _ends(row, settings)
        if now < min(ends_at, oldest_at):
            continue
        why = "too old" if oldest_at <= now else "idle"
        _end(connection, session.c.id == row.id, why)
        if row.account_id is not None:
            add_audit_entry(connection, action=f"session {why}", subject=row.login)
        if row.encounter_id is not None:
            encounters.append(row.encounter_id)
    return encounters


def _all_of(column: Column) -> ScalarSelect:
    """Return what a table holds of a session's account, joined by commas."""
    joined = func.aggregate_strings(cast(column, String), ",")
    of_account = column.table.c.account_id == session.c.account_id
    return select(joined).where(of_account).scalar_subquery()


# Every page and the watch ask this, so it is one question.
_SESSIONS = select(
    session.c.id,
    session.c.account_id,
    session.c.encounter_id,
    session.c.started_at,
    session.c.seen_at,
    session.c.ended_at,
    account.c.login,
    account.c.name,
    account.c.disabled_at,
    _all_of(account_role.c.role).label("roles"),
    _all_of(account_site.c.site_id).label("sites"),
).outerjoin_from(session, account, account.c.id == session.c.account_id)


_BY_TOKEN = _SESSIONS.where(session.c.token_hash == bindparam("which"))
_BY_ID = _SESSIONS.where(session.c.id == bindparam("which"))


def _living(
    connection: Connection, sessions: Select, which: int | str
) -> Session | None:
    rows = connection.execute(sessions, {"which": which}).all()
    return next(iter(_alive(connection, rows)), None)


def _alive(connection: Connection, rows: Iterable[object]) -> list[Session]:
    rows = [r for r in rows if r.ended_at is None and r.disabled_at is None]
    if not rows:
        return []
    settings, now = stored_settings(connection), now_stamp()
    return [
        _session(connection, row, settings)
        for row in rows
        if now < min(_ends(row, settings))
    ]


def _session(
    connection: Connection, row: object, settings: PracticeSettings
) -> Session:
    idle_at, oldest_at = _ends(row, settings)
    who = (
        kiosk_identity(connection, row.encounter_id)
        if row.account_id is None
        else _person(row)
    )
    return Session(
        id=row.id,
        account_id=row.account_id,
        encounter_id=row.encounter_id,
        started_at=row.started_at,
        seen_at=row.seen_at,
        ends_at=min(idle_at, oldest_at),
        oldest_at=oldest_at,
        **who,
    )


def _person(row: object) -> dict[str, object]:
    return {
        "login": row.login,
        "name": row.name,
        "roles": frozenset(_listed(row.roles)),
        "sites": frozenset(map(int, _listed(row.sites))),
    }


def _listed(joined: str | None) -> list[str]:
    return joined.split(",") if joined else []


def kiosk_identity(connection: Connection, encounter_id: int) -> dict[str, object]:
    """Return login, name, roles and sites of a tablet, for a function that checked."""
    query = (
        select(account.c.login, account.c.name, patient.c.site_id)
        .join_from(encounter, account, account.c.id == encounter.c.opened_by)
        .join(course, course.c.id == encounter.c.course_id)
        .join(patient, patient.c.id == course.c.patient_id)
        .where(encounter.c.id == encounter_id)
    )
    by = connection.execute(query).one()
    return {
        "login": f"kiosk of {by.login}",
        "name": f"Patient, tablet from {by.name}",
        "roles": frozenset({KIOSK}),
        "sites": frozenset({by.site_id}),
    }


def _ends(row: object, settings: PracticeSettings) -> tuple[datetime, datetime]:
    """Return when a session ends by idling, and when in any case."""
    if row.encounter_id is not None:
        idle, oldest = settings.kiosk_idle_minutes, KIOSK_HOURS
    else:
        idle, oldest = settings.idle_minutes, settings.absolute_hours
    return (
        row.seen_at + timedelta(minutes=idle),
        row.started_at + timedelta(hours=oldest),
    )


def _end(connection: Connection, chosen: object, why: str) -> None:
    if why not in ENDINGS:
        listed = ", ".join(ENDINGS)
        raise RecordError(f"Sessions do not end by {why!r}; allowed: {listed}")
    connection.execute(
        update(session)
        .where(chosen, session.c.ended_at.is_(None))
        .values(ended_at=now_stamp(), ended_why=why)
    )
