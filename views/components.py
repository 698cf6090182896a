"""Widgets that more than one page uses."""

from collections.abc import Callable

import streamlit as st

from data import database
from data.database import Engine
from data.errors import RecordError
from measures.scoring import UnscorableAnswers
from views import state


def offer_example() -> None:
    """Make the example practice if it is not there yet, showing progress."""
    from data.example_practice import example_is_made, make_example

    url = database.example_url()
    if example_is_made(url):
        return
    bar = st.progress(0.0, "Making the example practice …")
    make_example(url, as_of=state.today(), progress=bar.progress)
    bar.empty()


def empty_practice(engine: Engine) -> None:
    """Say what to do in a practice without patients, and stop the page."""
    st.info("There are no patients here yet.")
    first, example = st.columns(2)
    with first:
        st.subheader("Record the first patient")
        st.write("Add a patient, the first infusion and its forms.")
        if st.button("Record the first patient", type="primary"):
            state.go_to("record.py")
        st.page_link("importing.py", label="or import infusions and forms from files")
    with example:
        st.subheader("Look around first")
        st.write(
            "120 invented patients in a database of their own, clearly marked; "
            "nothing there mixes with your records."
        )
        st.button("Open the example practice", on_click=state.open_example)
    st.stop()


def ask_who_records(verb: str) -> None:
    """Ask for the recorder's name on the page too, until it is known."""
    if not state.recorder():
        st.text_input(
            f"Your name, kept with everything you {verb}",
            key="recorder_here",
            on_change=state.take_recorder_from,
            args=("recorder_here",),
        )


def kept(step: Callable[[], object]) -> bool:
    """Take a step and return whether it was kept; show why where it was refused."""
    try:
        step()
    except (RecordError, UnscorableAnswers) as error:
        st.error(str(error))
        return False
    return True


def page_style() -> None:
    """Use the page's height, and leave what is only for the screen off paper."""
    st.html(
        "<style>"
        '[data-testid="stMainBlockContainer"] { padding-top: 3.5rem }'
        # White on the accent is for filled buttons; what is chosen keeps its own
        # colour, or it is too faint in the dark theme.
        "[data-variant][data-selected], [role='tab'][aria-selected='true']"
        " { color: inherit !important }"
        # Long codes break, so that no table has to be scrolled sideways.
        '[data-testid="stTable"] :is(td, th, code) { overflow-wrap: anywhere;'
        " white-space: normal }"
        # A shortcut's hint is too faint on a filled button as it comes.
        "button kbd { color: inherit !important; opacity: 1 !important }"
        "@media print {"
        ' [data-testid="stSidebar"], [data-testid="stToolbar"],'
        ' [data-testid="stHeader"], .stButton, .stDownloadButton'
        " { display: none !important }"
        "}</style>"
    )
