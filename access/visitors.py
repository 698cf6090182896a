"""Who comes: asked of the database, off the event loop."""

from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from threading import Lock
from typing import Protocol

from starlette.concurrency import run_in_threadpool

from data import sessions
from data.actors import door
from data.database import (
    Engine,
    default_url,
    example_url,
    open_database,
    plain_refusals,
    reading,
    writing,
)
from data.records import now_stamp
from data.settings import read_settings


@dataclass(frozen=True)
class Visitor:
    """Somebody whose session is alive.

    Parameters
    ----------
    session_id
        Which session; no secret.
    kiosk
        Whether it is a patient's tablet.
    left
        Seconds until it ends unless it is used.
    warning
        So many seconds before that, the visitor is told.
    """

    session_id: int
    kiosk: bool
    left: float
    warning: float


class Visitors(Protocol):
    """Where the gate asks.

    Every function raises ``data.errors.DatabaseError`` while nobody can be asked.
    """

    async def find(self, token: str) -> Visitor | None:
        """Return whose token this is; None if its session is over, or never was."""

    async def find_all(self, session_ids: Collection[int]) -> dict[int, Visitor]:
        """Return those of some sessions that are alive, by id."""

    async def touch(self, session_ids: Collection[int]) -> None:
        """Note that these sessions are being used."""


class DatabaseVisitors:
    """The visitors of the practice's own database."""

    async def find(self, token: str) -> Visitor | None:
        """Return whose token this is; None if its session is over, or never was."""
        return await run_in_threadpool(_find, token)

    async def find_all(self, session_ids: Collection[int]) -> dict[int, Visitor]:
        """Return those of some sessions that are alive, by id."""
        return await run_in_threadpool(_find_all, session_ids)

    async def touch(self, session_ids: Collection[int]) -> None:
        """Note that these sessions are being used."""
        await run_in_threadpool(_touch, session_ids)


_opening = Lock()


def door_engine() -> Engine:
    """Return the practice's database, opened once for all of this package.

    Raises
    ------
    DatabaseError
        If it is missing, of another schema, or out of reach; the next call tries anew.
    """
    # Two first visitors at once would open it twice.
    with _opening:
        return _opened(default_url())


def example_engine() -> Engine:
    """Return the example practice's database, opened once for all of this package.

    Raises
    ------
    DatabaseError
        As for :func:`door_engine`; it is missing until somebody looks at the example.
    """
    with _opening:
        return _opened(example_url())


@cache
def _opened(url: str) -> Engine:
    return open_database(url)


def _find(token: str) -> Visitor | None:
    with plain_refusals(), reading(door_engine(), door()) as connection:
        session = sessions.find_session(connection, token)
        if session is None:
            return None
        return _visitor(session, read_settings(connection).warning_seconds)


def _find_all(session_ids: Collection[int]) -> dict[int, Visitor]:
    with plain_refusals(), reading(door_engine(), door()) as connection:
        alive = sessions.live_sessions(connection, session_ids)
        warning = read_settings(connection).warning_seconds
    return {one.id: _visitor(one, warning) for one in alive.values()}


def _touch(session_ids: Collection[int]) -> None:
    with plain_refusals(), writing(door_engine(), door()) as connection:
        # One whose time ran out meanwhile is not brought back.
        for session_id in sessions.live_sessions(connection, session_ids):
            sessions.touch_session(connection, session_id)


def _visitor(session: sessions.Session, warning: float) -> Visitor:
    return Visitor(
        session_id=session.id,
        kiosk=session.kiosk,
        left=session.left(now_stamp()),
        warning=warning,
    )
