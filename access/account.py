"""What somebody who is signed in sees and changes of the own account."""

from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import Response

from access import account_factor
from access.connections import reading_as, writing_as
from access.csrf import Form
from access.holder import ACCOUNT, own_account, password_fault, signed_in
from access.pages import page, page_route, redirect
from access.password_form import NEW, password_faults, password_rules
from access.passwords import hash_password
from data.accounts import get_account, recovery_codes_left, set_password
from data.actors import ADMINISTRATOR, CLINICIAN, LEAD
from data.audit import add_audit_entry
from data.moments import practice_zone
from data.sessions import Session, end_sessions_of, last_sign_ins
from data.settings import read_settings
from data.sites import list_sites


PASSWORD = f"{ACCOUNT}/password"
ELSEWHERE = f"{ACCOUNT}/sign-out-elsewhere"

NOTES = {
    # pragma: allowlist nextline secret
    "password": "Your password is changed. You are signed out everywhere else.",
    "removed": "The second step is removed. Your password alone lets you in.",
    "elsewhere": "You are signed out everywhere else.",
}
"""What may stand above the page: only these, whatever an address asks for."""

ROLES = {
    CLINICIAN: "clinician (treats patients)",
    LEAD: "lead (audits outcomes)",
    ADMINISTRATOR: "administrator (manages accounts)",
}


def show_account(request: Request) -> Response:
    """Draw what somebody's account is, and what may be changed about it."""
    session = signed_in(request)
    account_id = session.actor().account_id
    with reading_as(session.actor()) as connection:
        account = get_account(connection, account_id)
        sites = [s.name for s in list_sites(connection) if s.id in account.sites]
        practice = read_settings(connection)
        codes_left = recovery_codes_left(connection, account_id)
        sign_ins = last_sign_ins(connection, account_id)
    return page(
        request,
        "account.html",
        note=NOTES.get(request.query_params.get("done", ""), ""),
        account=account,
        roles=[text for role, text in ROLES.items() if role in account.roles],
        sites=sites,
        required=practice.second_factor_required,
        codes_left=codes_left,
        sign_ins=[_local(moment) for moment in sign_ins],
    )


def show_password(request: Request) -> Response:
    """Draw the form for another password."""
    return _password_page(request, signed_in(request), {})


def take_password(request: Request, form: Form) -> Response:
    """Change the password, and end the account's other sessions."""
    session = signed_in(request)
    fault = password_fault(request, session, form)
    if fault:
        return _password_page(request, session, {"password": fault})
    with reading_as(session.actor()) as connection:
        account = own_account(connection, session)
        practice_name = read_settings(connection).practice_name
    faults = password_faults(
        form,
        login=account.login,
        name=account.name,
        practice_name=practice_name,
        second_factor=account.has_second_factor,
    )
    if faults:
        return _password_page(request, session, faults)
    password_hash = hash_password(form.text(NEW))
    with writing_as(session.actor()) as connection:
        own_account(connection, session)
        set_password(connection, account.id, password_hash)
        end_sessions_of(connection, account.id, "signed out", but=session.id)
    return redirect(ACCOUNT, done="password")


def show_elsewhere(_request: Request) -> Response:
    """Lead back to the page with the button."""
    return redirect(ACCOUNT)


def take_elsewhere(request: Request, _form: Form) -> Response:
    """End every session of the account but this one."""
    session = signed_in(request)
    account_id = session.actor().account_id
    with writing_as(session.actor()) as connection:
        end_sessions_of(connection, account_id, "signed out", but=session.id)
        subject = f"account {account_id}"
        add_audit_entry(connection, action="sign out elsewhere", subject=subject)
    return redirect(ACCOUNT, done="elsewhere")


ROUTES = [
    page_route(ACCOUNT, show_account),
    page_route(PASSWORD, show_password, take_password, hashes=True),
    page_route(ELSEWHERE, show_elsewhere, take_elsewhere),
    *account_factor.ROUTES,
]


def _local(moment: datetime) -> str:
    at = moment.replace(tzinfo=UTC).astimezone(practice_zone())
    return f"{at:%A}, {at.day} {at:%B %Y}, {at:%H:%M}"


def _password_page(
    request: Request, session: Session, faults: dict[str, str]
) -> Response:
    with reading_as(session.actor()) as connection:
        account = own_account(connection, session)
    return page(
        request,
        "password.html",
        status=400 if faults else 200,
        faults=faults,
        login=account.login,
        rules=password_rules(second_factor=account.has_second_factor),
    )
