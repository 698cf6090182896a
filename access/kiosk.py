"""The patient's tablet: today's forms, one question a screen, and nothing else.

The address is ``/kiosk`` throughout. Which screen that is, the database knows; every
touch is a form that is sent, taken, and answered by the way back to ``/kiosk``.
"""

import re
from collections.abc import Callable
from typing import Any

from anyio import from_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from access.connections import reading_as, writing_as
from access.cookies import SESSION, drop_cookie, set_cookie
from access.csrf import Form, FormExpired, read_form
from access.entry import browser_session
from access.pages import (
    Elsewhere,
    expired,
    in_thread,
    page,
    page_route,
    redirect,
    sentence,
)
from access.paths import KIOSK
from data.audit import add_audit_entry
from data.database import Connection
from data.encounters import (
    answer,
    begin_encounter,
    change_answer,
    current_encounter,
    end_unfinished,
    finish_encounter,
    go_on,
    step_back,
    stop_encounter,
)
from data.errors import RecordError
from data.screens import QUESTION, Encounter
from data.sessions import Session, end_session, start_session, touch_session
from data.settings import PracticeSettings, read_settings


START = f"{KIOSK}/start"
THANKS = f"{KIOSK}/thanks"
OVER = f"{KIOSK}/over"

# By then the session is over, also where the clocks differ a little.
SECONDS_AFTER_THE_END = 3
PASSED_OVER = "none"

_DIGITS = re.compile("[0-9]{1,2}", re.ASCII)


def show_screen(request: Request) -> Response:
    """Draw what the tablet shows. Looking at it does not keep the session alive."""
    now = _open_encounter(_tablet(request))
    with reading_as() as connection:
        practice = read_settings(connection)
    left = request.state.visitor.left
    left_unwarned = left - _warning_seconds(practice)
    values = _question_values(now) if now.screen.kind == QUESTION else {}
    response = page(
        request,
        f"kiosk_{now.screen.kind}.html",
        now=now,
        closes_soon=left_unwarned <= 0,
        crisis_text=practice.crisis_text,
        **values,
    )
    # Without a script: the browser looks again to warn the patient, and to go away.
    response.headers["refresh"] = (
        f"{round(left) + SECONDS_AFTER_THE_END}; url={OVER}"
        if left_unwarned <= 0
        else f"{round(left_unwarned) + 1}; url={KIOSK}"
    )
    return response


def take_touch(request: Request, form: Form) -> Response:
    """Take what the patient touched, and lead to what follows."""
    session = _tablet(request)
    _open_encounter(session)
    step = _STEPS.get(form.text("do"))
    if step is None:
        return _nothing_like_that(request)
    try:
        with writing_as(session.actor()) as connection:
            step(connection, form)
    except RecordError:
        return _nothing_like_that(request)
    with writing_as() as connection:
        touch_session(connection, session.id)
    return redirect(KIOSK)


def show_start(request: Request) -> Response:
    """Draw the button that uses a link up; opening the link does not.

    Browsers and mail programs open links in advance.
    """
    if _shows_a_tablet(request):
        return redirect(KIOSK)
    return page(request, "kiosk_start.html", code=request.query_params.get("code", ""))


def take_start(request: Request, form: Form) -> Response:
    """Use a link up: the tablet's session takes the place of any other here."""
    try:
        with writing_as() as connection:
            encounter_id = begin_encounter(connection, form.text("code"))
            before = browser_session(connection, request)
            _end_session_before(connection, before)
            token = start_session(connection, encounter_id=encounter_id)
    except RecordError as error:
        return sentence(request, 410, "This link cannot be used", f"{error}.")
    if before is not None:
        from_thread.run_sync(request.state.live.end, before.id)
    response = redirect(KIOSK)
    set_cookie(response, request, SESSION, token)
    # A page that was left open keeps nothing of whoever was here before.
    response.headers["clear-site-data"] = '"cache"'
    return response


async def thanks(request: Request) -> Response:
    """Hand in or stop, and thank the patient.

    Public, so that "hand in" touched twice still leads to the thanks: by then the
    session of the first touch is over.
    """
    if request.method != "POST":
        return await in_thread(request, _show_ending, request, "kiosk_thanks.html")
    if not _shows_a_tablet(request):
        return redirect(THANKS)
    try:
        form = await read_form(request)
    except FormExpired:
        return expired(request)
    return await in_thread(request, _take_ending, request, form)


def show_over(request: Request) -> Response:
    """Say that the forms closed by themselves."""
    return _show_ending(request, "kiosk_over.html")


ROUTES = [
    page_route(KIOSK, show_screen, take_touch),
    page_route(START, show_start, take_start),
    Route(THANKS, thanks, methods=["GET", "POST"]),
    page_route(OVER, show_over),
]


def _shows_a_tablet(request: Request) -> bool:
    visitor = request.state.visitor
    return visitor is not None and visitor.kiosk


def _tablet(request: Request) -> Session:
    """Return the tablet's session, or lead anybody else away."""
    with reading_as() as connection:
        session = browser_session(connection, request)
    if session is None:
        raise Elsewhere(OVER)
    if not session.kiosk:
        raise Elsewhere("/")
    return session


def _open_encounter(session: Session) -> Encounter:
    try:
        with reading_as(session.actor()) as connection:
            return current_encounter(connection)
    except RecordError as error:
        raise Elsewhere(OVER) from error


def _question_values(now: Encounter) -> dict[str, Any]:
    question = now.screen
    form = now.form(question.position)
    number = now.questions.index(question) + 1
    return {
        "form": form,
        "number": number,
        "given": now.given(question) if now.was_reached(question) else None,
        "passed_over": now.was_reached(question) and now.given(question) is None,
        "in_review": now.next_question is None,
    }


def _warning_seconds(practice: PracticeSettings) -> float:
    """Return how long before the end the patient is told, at most half of the time."""
    return min(practice.warning_seconds, practice.kiosk_idle_minutes * 60 / 2)


def _number(form: Form, name: str) -> int:
    text = form.text(name)
    if not _DIGITS.fullmatch(text):
        raise RecordError(f"{name} {text!r} is not a number")
    return int(text)


def _place(form: Form) -> tuple[int, int]:
    return _number(form, "position"), _number(form, "item")


def _answer(connection: Connection, form: Form) -> None:
    passed_over = form.text("value") == PASSED_OVER
    value = None if passed_over else _number(form, "value")
    answer(connection, *_place(form), value)


def _stay(_connection: Connection, _form: Form) -> None:
    """Change nothing: that something was touched gives the patient more time."""


_STEPS: dict[str, Callable[[Connection, Form], None]] = {
    "on": lambda connection, _form: go_on(connection),
    "answer": _answer,
    "back": lambda connection, form: step_back(connection, *_place(form)),
    "change": lambda connection, form: change_answer(connection, *_place(form)),
    "stay": _stay,
}


def _end_session_before(connection: Connection, before: Session | None) -> None:
    """End the session that a browser had so far, whosever it was."""
    if before is None:
        return
    end_session(connection, before.id, "handed over")
    if before.encounter_id is not None:
        end_unfinished(connection, before.encounter_id)
    else:
        subject = f"account {before.account_id}"
        add_audit_entry(connection, action="session handed over", subject=subject)


def _take_ending(request: Request, form: Form) -> Response:
    session = _tablet(request)
    _open_encounter(session)
    with writing_as(session.actor()) as connection:
        if form.text("do") == "stop":
            stop_encounter(connection)
        elif not finish_encounter(connection):
            return redirect(KIOSK)
    with writing_as() as connection:
        end_session(connection, session.id, "done")
    response = redirect(THANKS)
    drop_cookie(response, request, SESSION)
    response.headers["clear-site-data"] = '"cache"'
    return response


def _show_ending(request: Request, template: str) -> Response:
    """Draw a last page, unless the forms are still open."""
    if _shows_a_tablet(request):
        with reading_as() as connection:
            session = browser_session(connection, request)
        if session is not None and _is_open(session):
            return redirect(KIOSK)
    return page(request, template)


def _is_open(session: Session) -> bool:
    try:
        _open_encounter(session)
    except Elsewhere:
        return False
    return True


def _nothing_like_that(request: Request) -> Response:
    return sentence(request, 400, "That did not work", "Nothing was changed.")
