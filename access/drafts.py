"""A form being typed sends its answers here, so that nothing is lost with the page.

Streamlit is not asked: its page would run anew for every draft. The gate has checked
that a page of this practice sends it; a browser lets no other place send JSON.
"""

import json
from typing import Any

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from access.connections import reading_as, writing_as
from access.entry import browser_session
from access.faults import log_fault
from data.drafts import Draft, save_draft
from data.errors import DatabaseError, NotAllowed, RecordError
from measures.scoring import UnscorableAnswers


DRAFT = "/draft"
LARGEST_DRAFT = 2 * 1024
"""Many times what the longest form needs."""

HIGHEST_ID = 2**31 - 1

_KEPT = 204
_KINDS: dict[str, type] = {
    "course": int,
    "record": str,
    "measure": str,
    "token": str,
    "values": list,
}


class NoDraft(Exception):
    """Something that no form of ours sends."""


async def take_draft(request: Request) -> Response:
    """Keep a draft of whoever is signed in, and say nothing but whether it is kept."""
    try:
        course_id, typed = _read(request, await _body(request))
    except NoDraft:
        return _refused(400)
    # Typing is use, although no page runs for it.
    request.state.live.note_use(request.state.visitor.session_id)
    return await to_thread.run_sync(_keep, request, course_id, typed)


ROUTES = [Route(DRAFT, take_draft, methods=["POST"])]


async def _body(request: Request) -> bytes:
    """Return what was sent, as long as it is no longer than a draft may be."""
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > LARGEST_DRAFT:
            raise NoDraft
    return body


def _read(request: Request, body: bytes) -> tuple[int, Draft]:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise NoDraft
    try:
        sent = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise NoDraft from error
    if not isinstance(sent, dict) or sent.keys() != {*_KINDS, "functional"}:
        raise NoDraft
    if any(type(sent[name]) is not wanted for name, wanted in _KINDS.items()):
        raise NoDraft
    answers = (sent["functional"], *sent["values"])
    if not all(map(_is_answer, answers)) or not 0 < sent["course"] <= HIGHEST_ID:
        raise NoDraft
    return sent["course"], Draft(
        record=sent["record"],
        measure=sent["measure"],
        answers=tuple(sent["values"]),
        difficulty=sent["functional"],
        token=sent["token"],
    )


def _is_answer(value: Any) -> bool:
    # The type, because True == 1; which digits a form takes, ``data`` knows.
    return value is None or type(value) is int


def _keep(request: Request, course_id: int, typed: Draft) -> Response:
    try:
        with reading_as() as connection:
            session = browser_session(connection, request)
        if session is None:
            return _refused(401)
        with writing_as(session.actor()) as connection:
            save_draft(connection, course_id, typed)
    except NotAllowed:
        return _refused(403)
    except (RecordError, UnscorableAnswers):
        return _refused(400)
    except DatabaseError as error:
        log_fault(error)
        return _refused(503)
    return Response(status_code=_KEPT)


def _refused(status: int) -> Response:
    return PlainTextResponse("Nothing was kept.", status)
