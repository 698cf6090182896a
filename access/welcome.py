"""An invitation: its holder chooses a password, and is let in."""

import re

from starlette.requests import Request
from starlette.responses import Response

from access.connections import reading_as, writing_as
from access.cookies import INVITATION, drop_cookie, read_cookie, set_cookie
from access.csrf import Form
from access.entry import after_password, go_on
from access.pages import SIGN_IN, page, page_route, redirect, sentence
from access.password_form import NEW, password_faults, password_rules
from access.passwords import hash_password
from data.accounts import (
    Account,
    accept_invitation,
    credentials_by_id,
    invited_account,
)
from data.errors import RecordError
from data.settings import read_settings


WELCOME = "/welcome"

_TOKEN = re.compile(r"[A-Za-z0-9_-]{20,128}")


def show_welcome(request: Request) -> Response:
    """Draw the form of an invitation, which looking at it does not use up.

    The token leaves the address at once: an address is seen, kept and passed on.
    """
    if "token" in request.query_params:
        return _without_token(request)
    invited = _invited(request)
    return _gone(request) if invited is None else _welcome_page(request, invited, {})


def take_welcome(request: Request, form: Form) -> Response:
    """Set the password of who was invited, and let them in."""
    token, invited = read_cookie(request, INVITATION), _invited(request)
    if token is None or invited is None:
        return _gone(request)
    with reading_as() as connection:
        practice_name = read_settings(connection).practice_name
    faults = password_faults(
        form,
        login=invited.login,
        name=invited.name,
        practice_name=practice_name,
        second_factor=False,
    )
    if faults:
        return _welcome_page(request, invited, faults)
    password_hash = hash_password(form.text(NEW))
    try:
        with writing_as() as connection:
            account_id = accept_invitation(connection, token, password_hash)
            credentials = credentials_by_id(connection, account_id)
            assert credentials is not None, "an invited account is not disabled"
            admitted = after_password(connection, request, credentials)
    except RecordError:
        return _gone(request)
    return go_on(request, admitted, "/")


ROUTES = [page_route(WELCOME, show_welcome, take_welcome, hashes=True)]


def _without_token(request: Request) -> Response:
    token = request.query_params["token"]
    response = redirect(WELCOME)
    if _TOKEN.fullmatch(token):
        set_cookie(response, request, INVITATION, token)
    else:
        drop_cookie(response, request, INVITATION)
    return response


def _invited(request: Request) -> Account | None:
    token = read_cookie(request, INVITATION)
    if token is None:
        return None
    with reading_as() as connection:
        return invited_account(connection, token)


def _gone(request: Request) -> Response:
    return sentence(
        request,
        410,
        "No invitation",
        "This invitation was used or has expired. Ask an administrator of your "
        "practice for a new one, or sign in if you have a password already.",
        way=SIGN_IN,
        way_says="Sign in",
    )


def _welcome_page(
    request: Request, invited: Account, faults: dict[str, str]
) -> Response:
    return page(
        request,
        "welcome.html",
        status=400 if faults else 200,
        invited=invited,
        faults=faults,
        rules=password_rules(second_factor=False),
    )
