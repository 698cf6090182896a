"""One browser's socket: what it may say, until its session is over."""

import asyncio
from asyncio import FIRST_COMPLETED
from collections.abc import Awaitable, Callable
from contextlib import suppress
from enum import StrEnum

from starlette.types import Message, Receive, Send

from access.live import Over
from data.errors import DatabaseError


SESSION_OVER = 4401
TRY_AGAIN = 1013
TOO_LARGE = 1009
NOT_BINARY = 1003
UNREADABLE = 1002

LARGEST_FRAME = 2_000_000
"""Bytes. A page's answers are a few thousand; files come by HTTP."""


class Frame(StrEnum):
    """What a browser's frame is."""

    ACTION = "somebody did something"
    QUIET = "the page itself asks for something: a timer, a file, the next rows"
    UNWANTED = "something that Streamlit would do, and nobody here has a use for"
    UNREADABLE = "nothing that a browser sends"


class GuardedSocket:
    """The two ends of a socket as Streamlit may see them.

    Parameters
    ----------
    receive, send
        The two ends as they are.
    over
        Done once the session is over.
    is_alive
        Asks whether the session is alive at this moment.
    read_frame
        Says what a frame is.
    note_use
        Called when somebody did something.
    """

    def __init__(
        self,
        receive: Receive,
        send: Send,
        *,
        over: Over,
        is_alive: Callable[[], Awaitable[bool]],
        read_frame: Callable[[bytes], Frame],
        note_use: Callable[[], None],
    ) -> None:
        self._receive = receive
        self._send = send
        self._over = over
        self._is_alive = is_alive
        self._read_frame = read_frame
        self._note_use = note_use
        self._closed_with: int | None = None
        self._first = True

    async def receive(self) -> Message:
        """Return the next message that Streamlit may have."""
        while self._closed_with is None:
            message = await self._next()
            if message is None:
                await self.close(SESSION_OVER)
            elif await self._passes(message):
                return message
        return {"type": "websocket.disconnect", "code": self._closed_with}

    async def send(self, message: Message) -> None:
        """Send what Streamlit says, unless the session is over."""
        if self._closed_with is None and not self._over.done():
            await self._send(message)

    async def close(self, code: int) -> None:
        """Close the socket; Streamlit learns of it when it next listens."""
        self._closed_with = code
        # The browser may have gone by itself.
        with suppress(OSError, RuntimeError):
            await self._send({"type": "websocket.close", "code": code})

    async def _next(self) -> Message | None:
        """Return the next message; None if the session is over before it comes."""
        receiving = asyncio.ensure_future(self._receive())
        try:
            await asyncio.wait({receiving, self._over}, return_when=FIRST_COMPLETED)
            return None if self._over.done() else receiving.result()
        finally:
            receiving.cancel()

    async def _passes(self, message: Message) -> bool:
        """Whether Streamlit may have a message; closes the socket over a bad frame."""
        if message["type"] != "websocket.receive":
            return True
        data = message.get("bytes")
        code = _shape_fault(data) or await self._session_fault()
        frame = Frame.UNREADABLE if code else self._read_frame(data)
        if frame is Frame.UNREADABLE:
            await self.close(code or UNREADABLE)
            return False
        # A browser's first frame asks for the page anew, also after a lost connection
        # that nobody was there to notice: opening the page was the visitor's doing, and
        # has been counted.
        if frame is Frame.ACTION and not self._first:
            self._note_use()
        self._first = False
        return frame is not Frame.UNWANTED

    async def _session_fault(self) -> int | None:
        try:
            return None if await self._is_alive() else SESSION_OVER
        except DatabaseError:
            return TRY_AGAIN


def _shape_fault(data: bytes | None) -> int | None:
    if data is None:
        return NOT_BINARY
    return TOO_LARGE if len(data) > LARGEST_FRAME else None
