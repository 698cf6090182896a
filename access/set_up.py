"""The first administrator, made by whoever can read the console of the server."""

import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from access.connections import reading_as, writing_as
from access.csrf import Form
from access.pages import SIGN_IN, page, page_route, redirect, sentence
from access.password_form import NEW, password_faults, password_rules
from access.passwords import hash_password
from access.second_factor import RECOVERY_ALPHABET
from access.settings import DoorSettings
from access.throttle import begin_guess, waiting_sentence
from data.accounts import (
    LONGEST_LOGIN,
    LONGEST_NAME,
    add_account,
    has_administrator,
    set_password,
)
from data.actors import ADMINISTRATOR, CLINICIAN, DOOR, LEAD, Actor
from data.attempts import Bucket, forget_failures, stranger
from data.audit import add_audit_entry
from data.database import Connection
from data.errors import RecordError
from data.settings import change_settings
from data.tables import FIRST_SITE


SET_UP = "/setup"
THIS_MACHINE = "http://127.0.0.1:8501"

WRONG_CODE = "This is not the code that the program printed when it started."

_GROUPS, _GROUP_LENGTH = 3, 4  # 56 bits, good until somebody used it.

# It lets itself in, as the door does, to make who manages.
_ACTOR = Actor(name="Set-up", login="set-up", roles=frozenset({DOOR, ADMINISTRATOR}))


@dataclass
class _OneTimeCode:
    value: str | None = None


_code = _OneTimeCode()


def announce(say: Callable[[str], object], *, address: str = THIS_MACHINE) -> None:
    """Say how to make the first account, if nobody can manage accounts yet.

    Parameters
    ----------
    say
        Takes the sentence; such as ``print``.
    address
        Where this machine reaches the practice, if it has no public address.

    Raises
    ------
    DatabaseError
        If the database cannot be used just now.
    """
    with reading_as() as connection:
        done = has_administrator(connection)
    _code.value = None if done else _new_code()
    if _code.value is not None:
        place = DoorSettings.from_environment().public_url or address
        say(f"No account yet. Open {place}{SET_UP} and enter the code {_code.value}")


def is_open(connection: Connection) -> bool:
    """Whether the first account is still to be made, and the code was said."""
    return _code.value is not None and not has_administrator(connection)


def show_set_up(request: Request) -> Response:
    """Draw the form for the first account; once there is one, lead to the sign-in."""
    with reading_as() as connection:
        done, open_now = has_administrator(connection), is_open(connection)
    if done:
        return redirect(SIGN_IN)
    if not open_now:
        return sentence(
            request,
            403,
            "Not yet",
            "No administrator can sign in. Start the program again: it then prints a "
            "code for this page.",
            way=SIGN_IN,
            way_says="Sign in with another account",
        )
    return _set_up_page(request, Form({}))


def take_set_up(request: Request, form: Form) -> Response:
    """Make the first account, if the code is right and nobody was faster."""
    with writing_as() as connection:
        if not is_open(connection):
            return redirect(SET_UP)
        fault = _code_fault(connection, form)
    if fault:
        return _set_up_page(request, form, {"code": fault})
    faults = _faults(form)
    if faults:
        return _set_up_page(request, form, faults)
    try:
        _make_administrator(form, hash_password(form.text(NEW)))
    except RecordError as error:
        return _set_up_page(request, form, {"login": f"{error}."})
    return redirect(SIGN_IN, why="set-up")


ROUTES = [page_route(SET_UP, show_set_up, take_set_up, hashes=True)]


def _new_code() -> str:
    groups = (
        "".join(secrets.choice(RECOVERY_ALPHABET) for _ in range(_GROUP_LENGTH))
        for _ in range(_GROUPS)
    )
    return "-".join(groups)


def _bucket() -> Bucket:
    # Another code has other failures: who locked out the owner starts anew with it.
    return stranger(f"set-up {_code.value}")


def _code_fault(connection: Connection, form: Form) -> str:
    """Return what is wrong with the code; nothing if it is right."""
    pause = begin_guess(connection, _bucket())
    if pause:
        return waiting_sentence(pause)
    if _is_code(form.text("code")):
        forget_failures(connection, _bucket())
        return ""
    add_audit_entry(connection, action="set-up failed", subject="practice")
    return WRONG_CODE


def _is_code(typed: str) -> bool:
    """Whether this is the code; case, spaces and dashes do not count."""
    plain = "".join(typed.upper().split()).replace("-", "")
    wanted = (_code.value or "").replace("-", "")
    return bool(wanted) and hmac.compare_digest(plain.encode(), wanted.encode())


def _faults(form: Form) -> dict[str, str]:
    """Return what is wrong with the other fields, by field."""
    allowed = f"Allowed: 1 to {LONGEST_NAME} characters."
    faults = {
        field: allowed
        for field in ("practice_name", "name")
        if not 1 <= len(form.line(field)) <= LONGEST_NAME
    }
    return faults | password_faults(
        form,
        login=form.line("login"),
        name=form.line("name"),
        practice_name=form.line("practice_name"),
        second_factor=False,
    )


def _make_administrator(form: Form, password_hash: str) -> None:
    """Make the account; of several at once, the first one only.

    Raises
    ------
    RecordError
        If the login is not allowed, or taken.
    """
    roles = {ADMINISTRATOR}
    roles |= {CLINICIAN} if form.ticked("treats") else set()
    roles |= {LEAD} if form.ticked("audits") else set()
    with writing_as(_ACTOR) as connection:
        if not is_open(connection):
            return
        account_id = add_account(
            connection,
            login=form.line("login"),
            name=form.line("name"),
            roles=roles,
            sites={FIRST_SITE} if CLINICIAN in roles else (),
        )
        set_password(connection, account_id, password_hash)
        change_settings(connection, practice_name=form.line("practice_name"))
        add_audit_entry(connection, action="set up", subject="practice")
    _code.value = None


def _set_up_page(
    request: Request, form: Form, faults: dict[str, str] | None = None
) -> Response:
    return page(
        request,
        "setup.html",
        status=400 if faults else 200,
        form=form,
        faults=faults or {},
        rules=password_rules(second_factor=False),
        longest_login=LONGEST_LOGIN,
        longest_name=LONGEST_NAME,
    )
