"""The second step of signing in: a code, or setting up where codes come from."""

from starlette.requests import Request
from starlette.responses import Response

from access.connections import reading_as, writing_as
from access.cookies import PENDING, read_cookie
from access.csrf import Form
from access.enrolment import (
    WRONG_FIRST_CODE,
    enrolment_values,
    first_step,
    sent_secret,
)
from access.entry import CODE, Entry, begin_session, carry, go_on
from access.pages import SIGN_IN, page, page_route, redirect
from access.paths import safe_next
from access.second_factor import (
    hash_recovery_code,
    matching_step,
    new_recovery_codes,
    new_secret,
)
from access.throttle import begin_guess, guess_bucket, waiting_sentence
from data.accounts import (
    Credentials,
    credentials_by_id,
    set_second_factor,
    use_recovery_code,
    use_totp_step,
)
from data.attempts import forget_failures
from data.audit import add_audit_entry
from data.database import Connection
from data.pending import finish_sign_in, pending_account
from data.records import now_stamp
from data.settings import read_settings


WRONG_CODE = "This code is not right, or it was used before."

_STEP = "code"


def show_code(request: Request) -> Response:
    """Draw the form for the second factor, or for setting one up."""
    onward = safe_next(request.query_params.get("next"))
    with reading_as() as connection:
        credentials = _halfway(connection, request)
    if credentials is None:
        return _too_late(onward)
    if credentials.totp_secret is None:
        return _enrolment_page(request, onward, credentials, new_secret())
    return _code_page(request, onward)


def take_code(request: Request, form: Form) -> Response:
    """Take the second factor, or the first code of a new one."""
    onward = safe_next(form.text("next"))
    with reading_as() as connection:
        credentials = _halfway(connection, request)
    if credentials is None:
        return _too_late(onward)
    if credentials.totp_secret is None:
        return _take_first_code(request, form, onward, credentials)
    return _take_code(request, form, onward)


ROUTES = [page_route(CODE, show_code, take_code)]


def _halfway(connection: Connection, request: Request) -> Credentials | None:
    """Return whose second factor is to come; None if nobody's, or no longer."""
    token = read_cookie(request, PENDING)
    account_id = None if token is None else pending_account(connection, token)
    return None if account_id is None else credentials_by_id(connection, account_id)


def _take_code(request: Request, form: Form, onward: str) -> Response:
    entry = None
    with writing_as() as connection:
        credentials = _halfway(connection, request)
        if credentials is None or credentials.totp_secret is None:
            return _too_late(onward)
        account_id = credentials.account_id
        bucket = guess_bucket(connection, request, _STEP, credentials.login, account_id)
        pause = begin_guess(connection, bucket)
        if pause:
            fault, status = waiting_sentence(pause), 429
        elif _is_right(connection, form, credentials):
            forget_failures(connection, bucket)
            entry = _finished(connection, request, account_id)
        else:
            subject = f"account {account_id}"
            add_audit_entry(connection, action="second step failed", subject=subject)
            fault, status = WRONG_CODE, 401
    if entry is None:
        recovery = bool(form.text("recovery_code"))
        return _code_page(
            request, onward, fault=fault, status=status, recovery=recovery
        )
    return go_on(request, entry, onward)


def _is_right(connection: Connection, form: Form, credentials: Credentials) -> bool:
    """Use up the code that was sent; False if there is no such one left."""
    account_id, recovery_code = credentials.account_id, form.text("recovery_code")
    if recovery_code:
        hashed = hash_recovery_code(recovery_code)
        return use_recovery_code(connection, account_id, hashed)
    step = matching_step(
        credentials.totp_secret,
        form.text("code"),
        now=now_stamp(),
        after_step=credentials.totp_step,
    )
    return step is not None and use_totp_step(connection, account_id, step)


def _take_first_code(
    request: Request, form: Form, onward: str, credentials: Credentials
) -> Response:
    secret = sent_secret(form) or new_secret()
    step = first_step(secret, form)
    if step is None:
        return _enrolment_page(request, onward, credentials, secret, WRONG_FIRST_CODE)
    codes = new_recovery_codes()
    with writing_as() as connection:
        now = _halfway(connection, request)
        if now is None or now.totp_secret is not None:
            return _too_late(onward)
        set_second_factor(
            connection,
            now.account_id,
            secret=secret,
            step=step,
            code_hashes=map(hash_recovery_code, codes),
        )
        entry = _finished(connection, request, now.account_id)
    shown = page(request, "codes.html", codes=codes, onward=onward, login=now.login)
    return carry(shown, request, entry)


def _finished(connection: Connection, request: Request, account_id: int) -> Entry:
    finish_sign_in(connection, read_cookie(request, PENDING) or "")
    return begin_session(connection, request, account_id)


def _too_late(onward: str) -> Response:
    return redirect(SIGN_IN, why="late", next=onward)


def _code_page(
    request: Request,
    onward: str,
    *,
    fault: str = "",
    status: int = 200,
    recovery: bool = False,
) -> Response:
    return page(
        request,
        "code.html",
        status=status,
        onward=onward,
        fault=fault,
        recovery=recovery,
    )


def _enrolment_page(
    request: Request,
    onward: str,
    credentials: Credentials,
    secret: str,
    fault: str = "",
) -> Response:
    with reading_as() as connection:
        practice_name = read_settings(connection).practice_name
    values = enrolment_values(
        secret, login=credentials.login, practice_name=practice_name
    )
    return page(
        request,
        "enrolment.html",
        status=400 if fault else 200,
        onward=onward,
        faults={"code": fault} if fault else {},
        asks_password=False,
        **values,
    )
