"""The gate: nothing reaches a page, a file or a socket without a session.

It stands before everything that Streamlit serves, as plain ASGI, because Starlette's
own middleware class does not see sockets. Closed is the default: what is open to
everybody is listed in ``access.paths``.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import quote

from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from access import paths
from access.faults import log_fault
from access.headers import OWN_POLICY, answer_headers, streamlit_policy
from access.live import Live
from access.requests import (
    LARGEST_BODY,
    Refusal,
    accepts_html,
    is_read,
    passed_headers,
    refusal,
    session_token,
    streamlit_headers,
)
from access.settings import DoorSettings
from access.sockets import Frame, GuardedSocket
from access.visitors import Visitor, Visitors
from data.errors import DatabaseError


NOT_ADMITTED = 1008
BROKEN = 1011

UNAVAILABLE = Refusal(
    503, "The records cannot be reached just now. Please try again in a minute."
)
TOO_LARGE = Refusal(413, "This is larger than is taken here.")
NOT_SIGNED_IN = Refusal(401, "Please sign in.")
NOT_FOR_THE_TABLET = Refusal(403, "This is not for the tablet.")
NOT_HERE = Refusal(404, "There is no such address.")


@dataclass(frozen=True)
class StreamlitFacts:
    """What the gate has to know of the installed Streamlit, which it does not import.

    Parameters
    ----------
    index_html
        The page that Streamlit serves.
    largest_upload
        Bytes of the largest file that it takes, with what goes around it.
    read_frame
        Says what a browser's frame is.
    """

    index_html: str
    largest_upload: int
    read_frame: Callable[[bytes], Frame]


class Gate:
    """ASGI middleware, the outermost one.

    Parameters
    ----------
    app
        What it stands before.
    settings
        Under which address the practice is reached.
    visitors
        Where to ask whose a token is.
    live
        The open sockets; something has to be ``watching`` them.
    streamlit
        What it has to know of Streamlit.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        settings: DoorSettings,
        visitors: Visitors,
        live: Live,
        streamlit: StreamlitFacts,
    ) -> None:
        self._app = app
        self._settings = settings
        self._visitors = visitors
        self._live = live
        self._streamlit = streamlit
        self._policy = streamlit_policy(streamlit.index_html)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, pass on, or refuse."""
        if scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._websocket(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._app(scope, receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        largest = self._largest_body(scope["path"])
        body = _Body(receive, largest)
        answer = _Answer(send, scope["path"], secure=self._settings.secure)
        try:
            refused = refusal(scope, self._settings, largest)
            if refused is None:
                await self._serve(scope, body.receive, answer)
            else:
                await _plain(refused, scope)(scope, receive, answer.send)
        except Exception as error:  # noqa: BLE001 - its text must not reach the log
            if not answer.started:
                answer.policy = OWN_POLICY
                await _plain(_apology(error), scope)(scope, receive, answer.send)

    async def _serve(self, scope: Scope, receive: Receive, answer: "_Answer") -> None:
        visitor = await self._visitor(scope)
        turned_away = _turned_away(scope, visitor)
        if turned_away is not None:
            await turned_away(scope, receive, answer.send)
            return
        if visitor is not None and _is_used(scope, visitor):
            self._live.note_use(visitor.session_id)
        if paths.is_own(scope["path"]):
            inside = self._for_own_route(scope, visitor)
        else:
            answer.policy = self._policy
            inside = _for_streamlit(scope, visitor)
        await self._app(inside, receive, answer.send)

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        visitor = await self._socket_visitor(scope)
        if visitor is None:
            await send({"type": "websocket.close", "code": NOT_ADMITTED})
            return
        token = session_token(scope, self._settings.session_cookie)
        with self._live.socket(visitor, token) as over:
            socket = GuardedSocket(
                receive,
                send,
                over=over,
                is_alive=partial(self._is_alive, visitor.session_id, token),
                read_frame=self._streamlit.read_frame,
                note_use=partial(self._live.note_use, visitor.session_id),
            )
            try:
                inside = _for_streamlit(scope, visitor)
                await self._app(inside, socket.receive, socket.send)
            except Exception as error:  # noqa: BLE001 - its text must not reach the log
                log_fault(error)
                await socket.close(BROKEN)

    async def _socket_visitor(self, scope: Scope) -> Visitor | None:
        """Return whose socket this may be: a person's, at the one place for sockets."""
        if scope["path"] != paths.SOCKET or refusal(scope, self._settings, 0):
            return None
        try:
            visitor = await self._visitor(scope)
        except DatabaseError:
            return None
        return None if visitor is None or visitor.kiosk else visitor

    async def _visitor(self, scope: Scope) -> Visitor | None:
        if paths.is_open(scope["path"]):
            return None
        token = session_token(scope, self._settings.session_cookie)
        return None if token is None else await self._visitors.find(token)

    async def _is_alive(self, session_id: int, token: str) -> bool:
        if self._live.known(session_id):
            return True
        return await self._visitors.find(token) is not None

    def _largest_body(self, path: str) -> int:
        if path.startswith(paths.UPLOADS):
            return self._streamlit.largest_upload
        return LARGEST_BODY

    def _for_own_route(self, scope: Scope, visitor: Visitor | None) -> Scope:
        state: dict[str, Any] = {
            **scope.get("state", {}),
            "settings": self._settings,
            "visitors": self._visitors,
            "live": self._live,
            "visitor": visitor,
        }
        return {**scope, "headers": passed_headers(scope), "state": state}


def _is_used(scope: Scope, visitor: Visitor) -> bool:
    """Whether somebody opened a page, or sent a form.

    A tablet's page looks again by itself; its route notes each touch.
    """
    return accepts_html(scope) and not visitor.kiosk


def _for_streamlit(scope: Scope, visitor: Visitor | None) -> Scope:
    session_id = None if visitor is None else visitor.session_id
    return {**scope, "headers": streamlit_headers(scope, session_id)}


def _turned_away(scope: Scope, visitor: Visitor | None) -> Response | None:
    """Return what somebody gets who may not have this; None if they may."""
    path = scope["path"]
    if paths.is_open(path):
        return None
    if visitor is None:
        return None if path in paths.ENTRANCES else _to_sign_in(scope)
    if visitor.kiosk:
        return None if paths.is_for_tablets(path) else _back_to_the_tablet(scope)
    return _plain(NOT_HERE, scope) if paths.is_shut(path) else None


def _to_sign_in(scope: Scope) -> Response:
    if not accepts_html(scope):
        return _plain(NOT_SIGNED_IN, scope)
    query = scope["query_string"].decode("latin-1")
    # What was sent to a form is gone; only an address can be gone on to.
    onward = paths.safe_next(f"{scope['path']}?{query}") if is_read(scope) else "/"
    suffix = "" if onward == "/" else f"?next={quote(onward, safe='')}"
    return RedirectResponse(f"/login{suffix}", 303)


def _back_to_the_tablet(scope: Scope) -> Response:
    if accepts_html(scope):
        return RedirectResponse(paths.KIOSK, 303)
    return _plain(NOT_FOR_THE_TABLET, scope)


def _apology(error: Exception) -> Refusal:
    """Return what a visitor learns of an exception: nothing of its text."""
    if isinstance(error, _BodyTooLarge):
        return TOO_LARGE
    reference = log_fault(error)
    if isinstance(error, DatabaseError):
        return UNAVAILABLE
    return Refusal(500, f"Something went wrong. Please report reference {reference}.")


def _plain(refused: Refusal, scope: Scope) -> Response:
    headers = {}
    if refused.status == 405:
        headers["allow"] = ", ".join(paths.methods(scope["path"]))
    return PlainTextResponse(refused.sentence, refused.status, headers)


class _Answer:
    """Sends an answer with the headers that every answer has."""

    def __init__(self, send: Send, path: str, *, secure: bool) -> None:
        self._send = send
        self._path = path
        self._secure = secure
        self.policy = OWN_POLICY
        self.started = False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            headers = answer_headers(
                list(message.get("headers", [])),
                path=self._path,
                policy=self.policy,
                secure=self._secure,
            )
            message = {**message, "headers": headers}
        await self._send(message)


class _BodyTooLarge(Exception):
    """More came than may come."""


class _Body:
    """Hands on a body until it is larger than allowed, whatever was announced."""

    def __init__(self, receive: Receive, largest: int) -> None:
        self._receive = receive
        self._largest = largest
        self._taken = 0

    async def receive(self) -> Message:
        message = await self._receive()
        self._taken += len(message.get("body", b""))
        if self._taken > self._largest:
            raise _BodyTooLarge
        return message
