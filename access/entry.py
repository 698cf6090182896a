"""The step over the threshold: what every way of signing in ends with."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from access.cookies import (
    DEVICE,
    INVITATION,
    PENDING,
    SESSION,
    drop_cookie,
    read_cookie,
    set_cookie,
)
from access.pages import SIGN_IN, redirect
from access.throttle import device_tokens, device_value, known_here
from data.accounts import Credentials
from data.attempts import know_device
from data.audit import add_audit_entry
from data.database import Connection
from data.pending import begin_sign_in
from data.sessions import Session, end_session, find_session, start_session
from data.settings import read_settings


CODE = f"{SIGN_IN}/code"


@dataclass(frozen=True)
class Entry:
    """What a browser gets that was let in.

    Parameters
    ----------
    token
        Of the new session.
    devices
        What the device cookie is to hold from now on.
    """

    token: str
    devices: str


@dataclass(frozen=True)
class Halfway:
    """What a browser gets whose second factor is to come."""

    token: str


def browser_session(connection: Connection, request: Request) -> Session | None:
    """Return the living session of a browser, or None."""
    token = read_cookie(request, SESSION)
    return None if token is None else find_session(connection, token)


def begin_session(connection: Connection, request: Request, account_id: int) -> Entry:
    """Let an account in: a new session, in a browser that is known from now on.

    The token is new in any case, and a session that the browser had so far ends.
    """
    before = browser_session(connection, request)
    if before is not None:
        end_session(connection, before.id, "signed out")
    token = start_session(connection, account_id=account_id)
    add_audit_entry(connection, action="sign in", subject=f"account {account_id}")
    known = known_here(connection, request, account_id)
    own = known or know_device(connection, account_id)
    others = [other for other in device_tokens(request) if other != own]
    return Entry(token, device_value([own, *others]))


def after_password(
    connection: Connection, request: Request, credentials: Credentials
) -> Entry | Halfway:
    """Let in whose password was right, or ask for the second factor first.

    An account without one is asked to set it up, where the practice requires it.
    """
    required = read_settings(connection).second_factor_required
    if credentials.totp_secret is None and not required:
        return begin_session(connection, request, credentials.account_id)
    return Halfway(begin_sign_in(connection, credentials.account_id))


def go_on(request: Request, admitted: Entry | Halfway, onward: str) -> Response:
    """Return the way on: to where somebody wanted to go, or to the second factor."""
    if isinstance(admitted, Entry):
        return carry(redirect(onward), request, admitted)
    response = redirect(CODE, next=onward)
    set_cookie(response, request, PENDING, admitted.token)
    drop_cookie(response, request, INVITATION)
    return response


def carry(response: Response, request: Request, entry: Entry) -> Response:
    """Return the answer with what the browser gets, and without what it needed."""
    set_cookie(response, request, SESSION, entry.token)
    set_cookie(response, request, DEVICE, entry.devices)
    drop_cookie(response, request, PENDING)
    drop_cookie(response, request, INVITATION)
    return response
