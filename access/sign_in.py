"""Signing in with a password, and signing out."""

from datetime import timedelta

from anyio import from_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from access import set_up
from access.connections import reading_as, writing_as
from access.cookies import PENDING, SESSION, drop_cookie
from access.csrf import Form
from access.entry import Entry, Halfway, after_password, browser_session, go_on
from access.oidc_settings import single_sign_on
from access.pages import SIGN_IN, expired, in_thread, page, page_route, redirect
from access.passwords import hash_password, needs_rehash, verify_password
from access.paths import safe_next
from access.throttle import begin_guess, guess_bucket, waiting_sentence
from data.accounts import (
    LONGEST_LOGIN,
    Credentials,
    credentials_by_id,
    credentials_of,
    rehash_password,
)
from data.attempts import Bucket, forget_failures
from data.audit import add_audit_entry
from data.sessions import end_session


SIGN_OUT = "/logout"

WRONG = "The login or the password is not right."

NOTES = {
    "signed-out": "You are signed out.",
    "ended": "Your session has ended. Please sign in again.",
    "late": "That took too long. Please sign in again.",
    "set-up": "The practice is set up. Sign in with the account you just made.",
}
"""What may stand above the form: only these, whatever an address asks for."""

_STEP = "password"


def show_sign_in(request: Request) -> Response:
    """Draw the form for login and password; on a first visit, lead to the set-up."""
    why = request.query_params.get("why", "")
    with reading_as() as connection:
        first_visit = set_up.is_open(connection)
    # Who comes with a reason has an account already.
    if first_visit and not why:
        return redirect(set_up.SET_UP)
    onward = safe_next(request.query_params.get("next"))
    return _sign_in_page(request, onward, note=NOTES.get(why, ""))


def take_sign_in(request: Request, form: Form) -> Response:
    """Compare login and password; whatever is wrong, the answer is the same."""
    login, onward = form.line("login"), safe_next(form.text("next"))
    with writing_as() as connection:
        claimed = credentials_of(connection, login)
        account_id = None if claimed is None else claimed.account_id
        bucket = guess_bucket(connection, request, _STEP, login, account_id)
        pause = begin_guess(connection, bucket)
    if pause:
        return _sign_in_page(request, onward, login=login, pause=pause)
    admitted = _admitted(request, claimed, form.text("password"), bucket)
    if admitted is None:
        _note_failure(account_id)
        return _sign_in_page(request, onward, login=login, fault=WRONG)
    return go_on(request, admitted, onward)


async def sign_out(request: Request) -> Response:
    """End the session, and have the browser forget what it kept.

    Pages of Streamlit, which cannot know a form's hidden field, send this too; so the
    origin alone is asked for. All that a stranger could do with it is sign people out.
    """
    if request.method != "POST":
        return redirect("/")
    settings, headers = request.state.settings, request.headers
    origin, host = headers.get("origin", ""), headers.get("host", "")
    if not settings.allows_origin(origin, host=host):
        return expired(request)
    return await in_thread(request, _sign_out, request)


ROUTES = [
    page_route(SIGN_IN, show_sign_in, take_sign_in, hashes=True),
    Route(SIGN_OUT, sign_out, methods=["GET", "POST"]),
]


def _admitted(
    request: Request, claimed: Credentials | None, password: str, bucket: Bucket
) -> Entry | Halfway | None:
    """Return what somebody gets whose password is right; None for anybody else."""
    stored = None if claimed is None else claimed.password_hash
    # Nobody's password takes as long as somebody's.
    is_right = verify_password(stored, password)
    if claimed is None or not is_right:
        return None
    newer = hash_password(password) if needs_rehash(stored) else None
    with writing_as() as connection:
        # Comparing took a while, in which an administrator may have been faster.
        now = credentials_by_id(connection, claimed.account_id)
        if now is None or now.password_hash != stored:
            return None
        forget_failures(connection, bucket)
        if newer is not None:
            rehash_password(connection, now.account_id, newer)
        return after_password(connection, request, now)


def _note_failure(account_id: int | None) -> None:
    # Never what was typed: people type passwords where the login belongs.
    subject = "unknown account" if account_id is None else f"account {account_id}"
    with writing_as() as connection:
        add_audit_entry(connection, action="sign-in failed", subject=subject)


def _sign_out(request: Request) -> Response:
    with writing_as() as connection:
        session = browser_session(connection, request)
        if session is not None:
            end_session(connection, session.id, "signed out")
            subject = f"account {session.account_id}"
            add_audit_entry(connection, action="sign out", subject=subject)
    if session is not None:
        from_thread.run_sync(request.state.live.end, session.id)
    response = redirect(SIGN_IN, why="signed-out")
    drop_cookie(response, request, SESSION)
    drop_cookie(response, request, PENDING)
    # Not the cookies: by one of them the device is known.
    response.headers["clear-site-data"] = '"cache", "storage"'
    return response


def _sign_in_page(
    request: Request,
    onward: str,
    *,
    login: str = "",
    note: str = "",
    fault: str = "",
    pause: timedelta | None = None,
) -> Response:
    status = 401 if fault else 200
    if pause:
        status, fault = 429, waiting_sentence(pause)
    provider = single_sign_on()
    return page(
        request,
        "login.html",
        status=status,
        onward=onward,
        login=login[:LONGEST_LOGIN],
        note=note,
        fault=fault,
        provider=None if provider is None else provider.name,
    )
