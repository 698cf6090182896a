"""The holder of an account, signed in, and asked for the password once more."""

from starlette.requests import Request

from access.connections import reading_as, writing_as
from access.csrf import Form
from access.entry import browser_session
from access.pages import SIGN_IN, Elsewhere
from access.passwords import verify_password
from access.throttle import begin_guess, guess_bucket, waiting_sentence
from data.accounts import Account, credentials_by_id, get_account
from data.attempts import forget_failures
from data.audit import add_audit_entry
from data.database import Connection
from data.sessions import Session


ACCOUNT = "/account"

NOT_YOURS = "This is not your password."

_STEP = "own password"


def signed_in(request: Request) -> Session:
    """Return whose browser this is.

    Raises
    ------
    Elsewhere
        If nobody's: to the sign-in.
    """
    with reading_as() as connection:
        session = browser_session(connection, request)
    if session is None or session.kiosk:
        raise Elsewhere(SIGN_IN, why="ended")
    return session


def own_account(connection: Connection, session: Session) -> Account:
    """Return the account of a session that asks for a change with the password.

    Raises
    ------
    Elsewhere
        If it has none, or lost it to an administrator a moment ago.
    """
    account = get_account(connection, session.actor().account_id)
    if account.disabled or not account.has_password:
        raise Elsewhere(ACCOUNT)
    return account


def password_fault(request: Request, session: Session, form: Form) -> str:
    """Return what is wrong with the holder's password; nothing if it is right.

    A screen that was left alone for a moment is not enough to change how its holder
    gets in, and guesses from there are slowed down as well.
    """
    with writing_as() as connection:
        account_id, login = session.actor().account_id, session.login
        credentials = credentials_by_id(connection, account_id)
        bucket = guess_bucket(connection, request, _STEP, login, account_id)
        pause = begin_guess(connection, bucket)
    if pause:
        return waiting_sentence(pause)
    stored = None if credentials is None else credentials.password_hash
    is_right = verify_password(stored, form.text("password"))
    with writing_as() if is_right else writing_as(session.actor()) as connection:
        if is_right:
            forget_failures(connection, bucket)
            return ""
        subject = f"account {account_id}"
        add_audit_entry(connection, action="password refused", subject=subject)
    return NOT_YOURS
