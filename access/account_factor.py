"""The own second factor: set up, moved to another phone, removed; recovery codes."""

from starlette.requests import Request
from starlette.responses import Response

from access.connections import reading_as, writing_as
from access.csrf import Form
from access.enrolment import (
    WRONG_FIRST_CODE,
    enrolment_values,
    first_step,
    sent_secret,
)
from access.holder import ACCOUNT, own_account, password_fault, signed_in
from access.pages import Elsewhere, page, page_route, redirect
from access.passwords import WeakPassword, check_password
from access.second_factor import hash_recovery_code, new_recovery_codes, new_secret
from data.accounts import (
    Account,
    remove_second_factor,
    set_recovery_codes,
    set_second_factor,
)
from data.audit import add_audit_entry
from data.database import Connection
from data.sessions import Session
from data.settings import read_settings


SECOND_FACTOR = f"{ACCOUNT}/second-factor"
REMOVE = f"{SECOND_FACTOR}/remove"
CODES = f"{ACCOUNT}/recovery-codes"

REQUIRED = "Your practice requires the second step, so it stays."
TOO_WEAK_ALONE = "Choose a stronger password first: your present one is not enough."


def show_second_factor(request: Request) -> Response:
    """Draw the form for a new second factor."""
    return _enrolment_page(request, signed_in(request), new_secret(), {})


def take_second_factor(request: Request, form: Form) -> Response:
    """Keep a new second factor in the place of none, or of the one so far."""
    session, secret = signed_in(request), sent_secret(form) or new_secret()
    fault = password_fault(request, session, form)
    if fault:
        return _enrolment_page(request, session, secret, {"password": fault})
    step = first_step(secret, form)
    if step is None:
        faults = {"code": WRONG_FIRST_CODE}
        return _enrolment_page(request, session, secret, faults)
    codes = new_recovery_codes()
    with writing_as(session.actor()) as connection:
        account = own_account(connection, session)
        set_second_factor(
            connection,
            account.id,
            secret=secret,
            step=step,
            code_hashes=map(hash_recovery_code, codes),
        )
    return _codes_page(request, account, codes)


def show_codes(request: Request) -> Response:
    """Ask for the password before new recovery codes are made."""
    return _confirm_page(request, signed_in(request), "new_codes.html")


def take_codes(request: Request, form: Form) -> Response:
    """Put new recovery codes in the place of all earlier ones."""
    session = signed_in(request)
    fault = password_fault(request, session, form)
    if fault:
        return _confirm_page(request, session, "new_codes.html", fault)
    codes = new_recovery_codes()
    with writing_as(session.actor()) as connection:
        account = _with_factor(connection, session)
        set_recovery_codes(connection, account.id, map(hash_recovery_code, codes))
        subject = f"account {account.id}"
        add_audit_entry(connection, action="set recovery codes", subject=subject)
    return _codes_page(request, account, codes)


def show_remove(request: Request) -> Response:
    """Ask for the password before the second factor is removed."""
    return _confirm_page(request, signed_in(request), "remove_factor.html")


def take_remove(request: Request, form: Form) -> Response:
    """Remove the second factor, if the password is enough without it."""
    session = signed_in(request)
    fault = password_fault(request, session, form)
    if not fault:
        with writing_as(session.actor()) as connection:
            fault = _removal_fault(connection, session, form.text("password"))
            if not fault:
                remove_second_factor(connection, session.actor().account_id)
    if fault:
        return _confirm_page(request, session, "remove_factor.html", fault)
    return redirect(ACCOUNT, done="removed")


ROUTES = [
    page_route(SECOND_FACTOR, show_second_factor, take_second_factor, hashes=True),
    page_route(REMOVE, show_remove, take_remove, hashes=True),
    page_route(CODES, show_codes, take_codes, hashes=True),
]


def _with_factor(connection: Connection, session: Session) -> Account:
    """Return the own account, if it has a second factor."""
    account = own_account(connection, session)
    if not account.has_second_factor:
        raise Elsewhere(ACCOUNT)
    return account


def _removal_fault(connection: Connection, session: Session, password: str) -> str:
    """Return why the second factor has to stay; nothing if it may go."""
    account, practice = (
        _with_factor(connection, session),
        read_settings(connection),
    )
    if practice.second_factor_required:
        return REQUIRED
    try:
        check_password(
            password,
            login=account.login,
            name=account.name,
            practice_name=practice.practice_name,
            second_factor=False,
        )
    except WeakPassword:
        return TOO_WEAK_ALONE
    return ""


def _enrolment_page(
    request: Request, session: Session, secret: str, faults: dict[str, str]
) -> Response:
    with reading_as(session.actor()) as connection:
        account = own_account(connection, session)
        practice_name = read_settings(connection).practice_name
    values = enrolment_values(secret, login=account.login, practice_name=practice_name)
    return page(
        request,
        "enrolment.html",
        status=400 if faults else 200,
        faults=faults,
        onward=ACCOUNT,
        asks_password=True,
        **values,
    )


def _confirm_page(
    request: Request, session: Session, template: str, fault: str = ""
) -> Response:
    with reading_as(session.actor()) as connection:
        account = _with_factor(connection, session)
    return page(
        request,
        template,
        status=400 if fault else 200,
        login=account.login,
        faults={"password": fault} if fault else {},
    )


def _codes_page(request: Request, account: Account, codes: list[str]) -> Response:
    return page(request, "codes.html", codes=codes, onward=ACCOUNT, login=account.login)
