"""Who a provider's claims are here: which account, with which roles and sites.

An account belongs to the identity that it was made for, which is the issuer and its
subject. An e-mail address is a name and never a key: who has an address today may not
be who had it yesterday.
"""

import logging
import re
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request

from access.connections import reading_as, writing_as
from access.entry import Entry, begin_session
from access.oidc_provider import Claims, ProviderError
from access.oidc_settings import SITES, Meanings, OidcSettings
from data.accounts import (
    LONGEST_NAME,
    Account,
    account_for_identity,
    add_account,
    change_account,
    join_identity,
)
from data.attempts import count_failure, forget_failures, stranger, wait
from data.audit import add_audit_entry
from data.database import Connection
from data.errors import RecordError
from data.sessions import end_sessions_of
from data.sites import list_sites


UNKNOWN = "unknown account"
FAILED = "sign-in failed"

# OpenID Connect Core 1.0, section 2.
LONGEST_SUBJECT = 255

MOST_OF_ONE_ADDRESS = 9
"""So many accounts may bear one e-mail address, told apart by a number."""

_EMAIL = re.compile(r"[a-z0-9.!#$%&'*+/=?^_`{|}~-]+@(?P<domain>[a-z0-9.-]+)")

_FAILURES = stranger("single sign-on")

_log = logging.getLogger("infusion_outcomes")


@dataclass(frozen=True)
class Person:
    """Who comes from the provider, as far as this practice believes it.

    Parameters
    ----------
    issuer, subject
        Who it is: nobody else there has this pair, now or later.
    email
        In lower case; None if it is not verified, or not of an allowed domain.
    name
        What to show.
    roles
        What the provider's claim brings; None if the practice asks for no such claim.
    sites
        Names of sites; None if the practice asks for no such claim.
    """

    issuer: str
    subject: str
    email: str | None
    name: str
    roles: frozenset[str] | None
    sites: frozenset[str] | None

    @property
    def belongs(self) -> bool:
        """Whether the practice lets such a person in at all."""
        return self.email is not None and self.roles != frozenset()


def person_of(claims: Claims, settings: OidcSettings) -> Person:
    """Return whom verified claims describe.

    Raises
    ------
    ProviderError
        If they name nobody.
    """
    subject = claims["sub"]
    if len(subject) > LONGEST_SUBJECT or not subject.isprintable():
        raise ProviderError("Its token is not accepted: sub")
    email = _email(claims, settings)
    return Person(
        issuer=settings.issuer,
        subject=subject,
        email=email,
        name=_name(claims.get("name")) or email or "",
        roles=_meant(claims, settings.roles_claim, settings.roles),
        sites=_meant(claims, settings.sites_claim, settings.sites),
    )


def enter(request: Request, person: Person) -> Entry | None:
    """Let a person in by the account that is theirs; None if there is none.

    Roles and sites become what the provider says now. Who is turned away is noted, and
    what is still open in that person's account ends.

    Raises
    ------
    DatabaseError
        If the database cannot be used just now.
    """
    try:
        with writing_as() as connection:
            account_id = _account(connection, person)
            if account_id is not None:
                forget_failures(connection, _FAILURES)
                return begin_session(connection, request, account_id)
    except RecordError:
        # Such as the last administrator who is to be none any more. Its text names
        # people; nothing was changed.
        _log.warning("Single sign-on failed: an account cannot be as the claims say")
    with writing_as() as connection:
        _turn_away(connection, person)
    return None


def note_failure() -> bool:
    """Note that somebody did not come in of whom nothing is known; say whether it was.

    Anybody can fail at this, as often as they like: of a flood only some are noted, or
    it would fill the audit and keep everybody else from writing.

    Raises
    ------
    DatabaseError
        If the database cannot be used just now.
    """
    with reading_as() as connection:
        if wait(connection, _FAILURES):
            return False
    with writing_as() as connection:
        count_failure(connection, _FAILURES)
        add_audit_entry(connection, action=FAILED, subject=UNKNOWN)
    return True


def _account(connection: Connection, person: Person) -> int | None:
    known = account_for_identity(connection, person.issuer, person.subject)
    if not person.belongs or (known and known.disabled):
        return None
    if known is None:
        return _new_account(connection, person)
    _bring_up_to_date(connection, person, known)
    return known.id


def _turn_away(connection: Connection, person: Person) -> None:
    known = account_for_identity(connection, person.issuer, person.subject)
    if known is not None:
        end_sessions_of(connection, known.id, "revoked")
    subject = UNKNOWN if known is None else f"account {known.id}"
    add_audit_entry(connection, action=FAILED, subject=subject)


def _new_account(connection: Connection, person: Person) -> int | None:
    if not person.roles:
        return None
    account_id = _added(connection, person)
    join_identity(connection, account_id, person.issuer, person.subject)
    return account_id


def _added(connection: Connection, person: Person) -> int:
    """Return a new account under the e-mail address, or the next that is free.

    Whoever has the address as a login keeps that account for themselves.
    """
    values = {
        "name": person.name,
        "roles": person.roles,
        "sites": _site_ids(connection, person) or (),
    }
    *others, last = _logins(person.email)
    for login in others:
        # A login that is taken is refused before anything is written.
        with suppress(RecordError):
            return add_account(connection, login=login, **values)
    return add_account(connection, login=last, **values)


def _logins(email: str) -> list[str]:
    numbers = range(2, MOST_OF_ONE_ADDRESS + 1)
    return [email, *(f"{email}-{number}" for number in numbers)]


def _bring_up_to_date(connection: Connection, person: Person, known: Account) -> None:
    roles = known.roles if person.roles is None else person.roles
    sites = _site_ids(connection, person)
    sites = known.sites if sites is None else sites
    if (roles, sites) == (known.roles, known.sites):
        return
    change_account(connection, known.id, roles=roles, sites=sites)
    if known.roles - roles or known.sites - sites:
        end_sessions_of(connection, known.id, "revoked")


def _site_ids(connection: Connection, person: Person) -> frozenset[int] | None:
    if person.sites is None:
        return None
    ids = {site.name: site.id for site in list_sites(connection)}
    for name in sorted(person.sites - ids.keys()):
        _log.warning("%s names a site that there is not: %r", SITES, name)
    return frozenset(ids[name] for name in person.sites & ids.keys())


def _email(claims: Claims, settings: OidcSettings) -> str | None:
    stated = claims.get("email")
    # Some letters beyond ASCII have one of ASCII for a small letter.
    if not isinstance(stated, str) or not stated.isascii():
        return None
    match = _EMAIL.fullmatch(stated.lower())
    if match is None or match["domain"] not in settings.domains:
        return None
    # "hd" is how Google states that a domain's owner manages this account.
    verified = (
        claims.get("email_verified") is True or claims.get("hd") == match["domain"]
    )
    return match[0] if verified else None


def _name(stated: Any) -> str:
    """Return a name as it can be kept; empty if there is none."""
    name = " ".join(stated.split()) if isinstance(stated, str) else ""
    return name if name.isprintable() and len(name) <= LONGEST_NAME else ""


def _meant(
    claims: Claims, claim: str | None, meanings: Meanings
) -> frozenset[str] | None:
    """Return what the values of a claim stand for here; None if none is asked for."""
    if claim is None:
        return None
    stated = claims.get(claim)
    values = stated if isinstance(stated, list) else [stated]
    known = [meanings[v] for v in values if isinstance(v, str) and v in meanings]
    return frozenset[str]().union(*known)
