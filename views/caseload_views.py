"""Saved filters of the caseload: order and filters under a name, the own ones alone."""

from collections.abc import Mapping, Sequence

import streamlit as st

from data.saved_views import LONGEST_NAME, forget_view, list_views, save_view
from views import state
from views.components import kept
from views.state import reading, writing


KEYS = {
    "order": "caseload_order",
    "shown": "caseload_show",
    "clinician": "caseload_clinician",
    "indication": "caseload_indication",
}
"""Where the page keeps each choice; what is searched for may be a name, and is not."""

CHOSEN = "caseload_view"


def choose_view(
    chosen: Mapping[str, str], choices: Mapping[str, Sequence[str]]
) -> None:
    """Let somebody choose, save and delete the own saved filters.

    Nothing is drawn in the example: accounts, and so what they save, are of the own
    practice.

    Parameters
    ----------
    chosen
        What order and filters are set to; anything else is not kept.
    choices
        What each may be set to; a saved one that is there no more is left as it is.
    """
    if state.in_example():
        return
    with reading(state.engine()) as connection:
        views = list_views(connection)
    with st.popover("Saved filters"):
        for name, value in views.items():
            _saved(name, value, choices)
        if not views:
            st.caption("Set order and filters, then save them here under a name.")
        _save(chosen)


def _saved(
    name: str, value: Mapping[str, str], choices: Mapping[str, Sequence[str]]
) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            name,
            key=f"{CHOSEN}_{name}",
            on_click=_set,
            args=(value, choices),
            width="stretch",
        )
        st.button(
            "Delete",
            key=f"{CHOSEN}_delete_{name}",
            type="tertiary",
            on_click=_forget,
            args=(name,),
        )


def _set(value: Mapping[str, str], choices: Mapping[str, Sequence[str]]) -> None:
    for what, key in KEYS.items():
        if value.get(what) in choices[what]:
            st.session_state[key] = value[what]


def _forget(name: str) -> None:
    with writing(state.engine()) as connection:
        forget_view(connection, name)


def _save(chosen: Mapping[str, str]) -> None:
    with st.form("caseload_save_view", clear_on_submit=True, border=False):
        name = st.text_input("Save these filters as", max_chars=LONGEST_NAME)
        saved = st.form_submit_button("Save")
    if not saved:
        return

    def keep() -> None:
        with writing(state.engine()) as connection:
            save_view(connection, name, {what: chosen[what] for what in KEYS})

    if kept(keep):
        st.rerun()
