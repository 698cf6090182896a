"""What a page needs to know of its visitor: who asks, which practice, which day."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from typing import Any, NoReturn

import streamlit as st

from data import database, moments
from data.actors import CLINICIAN, LEAD, OPERATOR, Actor, door, operator
from data.course_scores import rebuild_if_outdated
from data.database import Connection, Engine
from data.errors import DatabaseError
from data.sessions import session_actor
from measures.days import day_number


OWN = "own"
EXAMPLE = "example"
PRACTICES = {OWN: "Own records", EXAMPLE: "Example"}


def practice() -> str:
    """Return which practice this visitor looks at."""
    return st.session_state.get("practice") or OWN


def open_example() -> None:
    """Turn this visitor to the example practice; for ``on_click``."""
    st.session_state["practice"] = EXAMPLE


def in_example() -> bool:
    """Whether this visitor looks at invented patients."""
    return practice() == EXAMPLE


def engine() -> Engine:
    """Return the chosen practice's database, or stop the page and say what to do."""
    return _opened(database.example_url() if in_example() else database.default_url())


def actor() -> Actor:
    """Return who asks, as the database knows them at this moment, or stop the page.

    The gate names the session and nothing else, so a role that was taken away is gone
    at the next question. In the example practice, where everybody is invented, each
    visitor may look at everything.
    """
    session_id = st.user.get("session")
    found = None
    if session_id is not None:
        own = _opened(database.default_url())
        with database.reading(own, door()) as connection:
            found = session_actor(connection, int(session_id))
    if found is None:
        st.error("Your session has ended. Sign in again to go on.")
        st.stop()
    return example_actor(found) if in_example() else found


def example_actor(found: Actor) -> Actor:
    """Return somebody as they are in the example practice: free to look around."""
    return replace(found, roles=found.roles | {CLINICIAN, LEAD, OPERATOR})


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """Yield a connection for reading on the visitor's behalf."""
    with database.reading(engine, actor()) as connection:
        yield connection


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """Yield a connection whose work on the visitor's behalf is kept whole or not."""
    with database.writing(engine, actor()) as connection:
        yield connection


def _opened(url: str) -> Engine:
    try:
        return _engine(url)
    except DatabaseError as error:
        st.error(str(error))
        st.stop()


@st.cache_resource
def _engine(url: str) -> Engine:
    opened = database.open_database(url)
    with database.writing(opened, operator("Infusion Outcomes")) as connection:
        rebuild_if_outdated(connection)
    return opened


def today() -> date:
    """Return the present day at the practice."""
    return moments.today()


def as_of_day() -> int:
    """Return today's day number."""
    return day_number(today())


def go_to(page: str, **query: Any) -> NoReturn:
    """Open another page; only opaque ids go into its address.

    The choice of practice stays in the address by itself: its widget is bound to it,
    and Streamlit refuses anybody else who would set it.
    """
    st.switch_page(page, query_params={k: str(v) for k, v in query.items()})
