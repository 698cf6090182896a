"""Widgets that more than one page uses."""

from collections.abc import Callable

import streamlit as st

from data import database
from data.actors import Right
from data.database import Engine
from data.errors import RecordError
from data.sites import sites_to_record_at
from measures.scoring import UnscorableAnswers
from views import state
from views.access_wording import NO_SITE


def offer_example() -> None:
    """Make the example practice if it is not there yet, showing progress."""
    from data.example_practice import example_is_made, make_example

    url = database.example_url()
    if example_is_made(url):
        return
    bar = st.progress(0.0, "Making the example practice …")
    make_example(url, as_of=state.today(), progress=bar.progress)
    bar.empty()


def stop_without_site() -> None:
    """Tell a clinician whom no site was given yet how to go on, and stop the page."""
    who = state.actor()
    if who.sites or not who.may(Right.RECORD) or who.reaches_every_site(Right.RECORD):
        return
    st.info(NO_SITE)
    st.stop()


def empty_practice(engine: Engine) -> None:
    """Say what to do in a practice without patients, and stop the page."""
    stop_without_site()
    st.info("There are no patients here yet.")
    first, example = st.columns(2)
    with first:
        _first_patient()
    with example:
        st.subheader("Look around first")
        st.write(
            "120 invented patients in a database of their own, clearly marked; "
            "nothing there mixes with your records."
        )
        st.button("Open the example practice", on_click=state.open_example)
    st.stop()


def _first_patient() -> None:
    if not state.actor().may(Right.RECORD):
        st.write("They appear as soon as a clinician has recorded the first one.")
        return
    st.subheader("Record the first patient")
    st.write("Add a patient, the first infusion and its forms.")
    if st.button("Record the first patient", type="primary"):
        state.go_to("record.py")
    st.page_link("importing.py", label="or import infusions and forms from files")


def choose_site(engine: Engine) -> int | None:
    """Ask to which of the visitor's sites a new patient belongs, if there are several.

    None leaves it to the only one.
    """
    with state.reading(engine) as connection:
        names = {site.id: site.name for site in sites_to_record_at(connection)}
    if len(names) <= 1:
        return None
    return st.selectbox(
        "Site of new patients",
        names,
        index=None,
        format_func=names.get,
        placeholder="Choose",
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
        # On a tablet: lower tables, and a menu that takes no more than its words.
        "@media screen and (max-width: 1000px) {"
        ' [data-testid="stTable"] :is(td, th) { padding: 0.2rem !important }'
        ' [data-testid="stTable"] :is(td, th, td p, th p)'
        " { font-size: 0.8rem !important }"
        ' [data-testid="stSidebar"]:not([data-collapsed="true"])'
        " { width: 15rem !important; min-width: 15rem !important }"
        ' [data-testid="stSidebar"] :is([data-testid="stSidebarContent"],'
        ' [data-testid="stSidebarUserContent"], [data-testid="stSidebarNav"])'
        " { padding-left: 0.4rem; padding-right: 0.4rem }"
        "}"
        # The theme's greys for captions and a chart's words are below 4:1 on white;
        # hover texts are set against a colour of their own.
        ".stMain [data-testid=stCaptionContainer] { color: inherit; opacity: 0.8 }"
        ".stPlotlyChart text:not(.hoverlayer text)"
        " { fill: currentColor !important; fill-opacity: 0.85 !important }"
        # A shortcut's hint is too faint on a filled button as it comes.
        "button kbd { color: inherit !important; opacity: 1 !important }"
        "@media print {"
        ' [data-testid="stSidebar"], [data-testid="stToolbar"],'
        ' [data-testid="stHeader"], .stButton, .stDownloadButton'
        " { display: none !important }"
        "}</style>"
    )
