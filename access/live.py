"""Who is connected right now, and a watch that notices when a session ends.

One query a second for everybody, whatever the number of browsers. What it answered is
good for a moment, so that the browsers' own questions and every frame cost nothing;
after that moment each asks the database for itself.
"""

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace

from access.faults import log_fault
from access.visitors import Visitor, Visitors


SWEEP_SECONDS = 1.0
KNOWN_FOR_SECONDS = 1.5
"""An answer of the database counts for so long: one sweep, and half of the next."""

TOUCH_SECONDS = 5.0
"""A session in use is written down at most so often."""

Over = asyncio.Future[None]


@dataclass
class _Connected:
    """A session with open sockets, as the database last told of it."""

    visitor: Visitor
    asked_at: float
    token_digest: bytes
    sockets: set[Over] = field(default_factory=set)


class Live:
    """The sessions that have open sockets in this process.

    Everything here runs on the event loop, so nothing needs a lock.

    Parameters
    ----------
    visitors
        Where to ask.
    clock
        Seconds that only ever grow.
    """

    def __init__(
        self, visitors: Visitors, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._visitors = visitors
        self._clock = clock
        self._connected: dict[int, _Connected] = {}
        self._by_digest: dict[bytes, int] = {}
        self._used: set[int] = set()
        self._touched: dict[int, float] = {}

    @contextmanager
    def socket(self, visitor: Visitor, token: str) -> Iterator[Over]:
        """Count an open socket, and yield what is done once its session is over."""
        over = asyncio.get_running_loop().create_future()
        session_id, digest = visitor.session_id, _digest(token)
        connected = self._connected.setdefault(
            session_id, _Connected(visitor, self._clock(), digest)
        )
        connected.sockets.add(over)
        self._by_digest[digest] = session_id
        try:
            yield over
        finally:
            connected.sockets.discard(over)
            if not connected.sockets:
                self._forget(session_id, connected)

    def known(self, session_id: int) -> bool:
        """Whether the database has just said that a connected session is alive."""
        return self._now(session_id) is not None

    def find(self, token: str) -> Visitor | None:
        """Return a connected visitor as of now.

        None says nothing about the session: the database has to be asked.
        """
        session_id = self._by_digest.get(_digest(token))
        return None if session_id is None else self._now(session_id)

    def note_use(self, session_id: int) -> None:
        """Note that somebody uses a session; the watch writes it down."""
        self._used.add(session_id)

    def learn(self, visitor: Visitor, asked_at: float | None = None) -> None:
        """Keep what the database told of a visitor when it was asked, or just now."""
        # Its last socket may have closed while the database answered.
        connected = self._connected.get(visitor.session_id)
        if connected is not None:
            connected.visitor = visitor
            connected.asked_at = self._clock() if asked_at is None else asked_at

    def end(self, session_id: int) -> None:
        """Close every socket of a session that is over."""
        # A use that is not written down yet must not bring it back.
        self._used.discard(session_id)
        connected = self._connected.get(session_id)
        if connected is None:
            return
        self._forget(session_id, connected)
        for over in connected.sockets:
            if not over.done():
                over.set_result(None)

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        """Watch the sessions for as long as the application runs."""
        tasks = [
            asyncio.create_task(_again_and_again(work), name=f"door: {work.__name__}")
            for work in (self.sweep, self.write_uses)
        ]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def sweep(self) -> None:
        """Ask once for every connected session, and end those that are over."""
        asked, asked_at = tuple(self._connected), self._clock()
        if not asked:
            return
        alive = await self._visitors.find_all(asked)
        for session_id in asked:
            if session_id in alive:
                self.learn(alive[session_id], asked_at)
            else:
                self.end(session_id)

    async def write_uses(self) -> None:
        """Write down which sessions were used, each at most every few seconds."""
        now = self._clock()
        recent = {
            session_id: moment
            for session_id, moment in self._touched.items()
            if now - moment < TOUCH_SECONDS
        }
        due = self._used - recent.keys()
        if due:
            await self._visitors.touch(due)
        # Only now: what could not be written is tried again.
        self._used -= due
        self._touched = recent | dict.fromkeys(due, now)

    def _now(self, session_id: int) -> Visitor | None:
        connected = self._connected.get(session_id)
        if connected is None:
            return None
        elapsed = self._clock() - connected.asked_at
        left = connected.visitor.left - elapsed
        if elapsed > KNOWN_FOR_SECONDS or left <= 0:
            return None
        return replace(connected.visitor, left=left)

    def _forget(self, session_id: int, connected: _Connected) -> None:
        if self._connected.get(session_id) is connected:
            del self._connected[session_id]
            self._by_digest.pop(connected.token_digest, None)


async def _again_and_again(work: Callable[[], Awaitable[None]]) -> None:
    """Do something every second; a failure is logged once, until it works again."""
    failing = False
    while True:
        try:
            await work()
            failing = False
        except Exception as error:  # noqa: BLE001 - nothing may stop the watch
            if not failing:
                log_fault(error)
            failing = True
        await asyncio.sleep(SWEEP_SECONDS)


def _digest(token: str) -> bytes:
    # A memory dump shows no token, as the database shows none.
    return hashlib.sha256(token.encode()).digest()
