"""Who asks: the person or process on whose behalf a connection works, and its rights.

A connection carries its actor from ``data.database.reading`` or ``writing`` to every
function that is given the connection. Each of these asks :func:`require` first, so no
page, command or route can forget to.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from sqlalchemy import Connection

from data.errors import NotAllowed


CLINICIAN = "clinician"
LEAD = "lead"
ADMINISTRATOR = "administrator"
ACCOUNT_ROLES = (CLINICIAN, LEAD, ADMINISTRATOR)
"""The roles that an account may hold, one or several."""

KIOSK = "kiosk"
"""A tablet in a patient's hands: one encounter, and nothing else."""

DOOR = "door"
"""The gate and the sign-in routes, before anybody is known."""

OPERATOR = "operator"
"""Who runs ``manage.py``, and so holds the database in any case; may do everything."""


class Right(StrEnum):
    """What a function of this package may be asked for."""

    READ_RECORDS = "read patients' records"
    RECORD = "record for patients"
    READ_OUTCOMES = "read the practice's outcomes"
    READ_AUDIT = "read the audit"
    MANAGE = "manage accounts, sites and settings"
    OWN_ACCOUNT = "change the own account"
    READ_PRACTICE = "read the practice's sites and settings"
    ANSWER = "answer the forms of one encounter"
    ADMIT = "check credentials and sessions"
    OPERATE = "operate the database"


_EVERYBODY_WITH_AN_ACCOUNT = {Right.OWN_ACCOUNT, Right.READ_PRACTICE}

RIGHTS: dict[str, frozenset[Right]] = {
    CLINICIAN: frozenset(
        {Right.READ_RECORDS, Right.RECORD, *_EVERYBODY_WITH_AN_ACCOUNT}
    ),
    LEAD: frozenset(
        {
            Right.READ_RECORDS,
            Right.READ_OUTCOMES,
            Right.READ_AUDIT,
            *_EVERYBODY_WITH_AN_ACCOUNT,
        }
    ),
    ADMINISTRATOR: frozenset({Right.MANAGE, *_EVERYBODY_WITH_AN_ACCOUNT}),
    KIOSK: frozenset({Right.ANSWER}),
    DOOR: frozenset({Right.ADMIT, Right.READ_PRACTICE}),
    OPERATOR: frozenset(Right) - {Right.OWN_ACCOUNT, Right.ANSWER},
}

EVERY_SITE = frozenset({LEAD, OPERATOR})
"""Roles whose rights reach every site; the others reach the actor's own."""


@dataclass(frozen=True)
class Actor:
    """Who asks.

    Parameters
    ----------
    name
        Kept with what is recorded.
    login
        What the audit says; nobody else's.
    roles
        What the actor is here as; every role adds its rights.
    sites
        Ids of the sites whose patients a clinician treats.
    account_id, session_id, encounter_id
        Where there is one: the account, its session, and a kiosk's encounter.
    """

    name: str
    login: str
    roles: frozenset[str]
    sites: frozenset[int] = field(default_factory=frozenset)
    account_id: int | None = None
    session_id: int | None = None
    encounter_id: int | None = None

    def may(self, right: Right) -> bool:
        """Whether one of the roles brings this right."""
        return any(right in RIGHTS[role] for role in self.roles)

    def reaches_every_site(self, right: Right) -> bool:
        """Whether a role that brings this right reaches every site."""
        return any(right in RIGHTS[role] for role in self.roles & EVERY_SITE)


def door() -> Actor:
    """Return the gate's own actor, for what is asked before anybody is known."""
    return Actor(name="Sign-in", login="door", roles=frozenset({DOOR}))


def operator(name: str) -> Actor:
    """Return the actor of a command, under the name that its records will bear."""
    return Actor(name=name, login=f"manage.py ({name})", roles=frozenset({OPERATOR}))


def actor_of(connection: Connection) -> Actor:
    """Return on whose behalf this connection works.

    Raises
    ------
    NotAllowed
        If nobody was named: such a connection may do nothing.
    """
    actor = connection.get_execution_options().get("actor")
    if actor is None:
        raise NotAllowed("Nobody is signed in on this connection")
    return actor


def require(connection: Connection, *rights: Right) -> Actor:
    """Return the actor, if it has one of these rights.

    Raises
    ------
    NotAllowed
        If it has none of them.
    """
    actor = actor_of(connection)
    if not any(actor.may(right) for right in rights):
        wanted = " or ".join(rights)
        raise NotAllowed(f"Your role does not allow you to {wanted}")
    return actor
