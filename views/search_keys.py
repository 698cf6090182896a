"""A list's search and its keys: ``/`` goes to it, Enter opens the only one found."""

from pathlib import Path

import streamlit as st


HINT = "Name or record number, key /"
"""What an empty search says."""

_mount = st.components.v2.component(
    "search_keys", js=Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
)


def search_box(key: str) -> str:
    """Ask for part of a name or a record number, while it is typed."""
    return st.text_input(
        "Search",
        key=key,
        placeholder=HINT,
        type="search",
        live=True,
        persist_state="session",
        width=230,
    )


def search_keys(search_key: str) -> str | None:
    """Listen to the keys of a search, and return what Enter was pressed behind.

    Parameters
    ----------
    search_key
        Key of the text input.

    Returns
    -------
    str or None
        The text of the search in the run that Enter caused; None in every other one.
        Who asks looks for it anew: the table may be of an earlier text.
    """
    result = _mount(
        key=f"{search_key}_keys",
        data={"search": search_key},
        on_entered_change=lambda: None,
    )
    entered = result.entered
    return entered if isinstance(entered, str) and entered.strip() else None
