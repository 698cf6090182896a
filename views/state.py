"""What a page needs to know of its visitor: which practice, who records, which day."""

from datetime import date
from typing import Any, NoReturn

import streamlit as st

from data import database, moments
from data.course_scores import rebuild_if_outdated
from data.database import Engine
from data.errors import DatabaseError
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
    url = database.example_url() if in_example() else database.default_url()
    try:
        return _engine(url)
    except DatabaseError as error:
        st.error(str(error))
        st.stop()


@st.cache_resource
def _engine(url: str) -> Engine:
    opened = database.open_database(url)
    with database.writing(opened) as connection:
        rebuild_if_outdated(connection)
    return opened


def recorder() -> str:
    """Return the name of who records, as given in the sidebar; empty if not given."""
    return (st.session_state.get("recorder") or "").strip()


def take_recorder_from(key: str) -> None:
    """Take the recorder's name from another field; for ``on_change``."""
    st.session_state["recorder"] = st.session_state[key]


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
