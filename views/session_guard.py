"""Who is signed in, the way out, and a screen that goes away when the session ends."""

from pathlib import Path

import streamlit as st


def _source(kind: str) -> str:
    return Path(__file__).with_suffix(f".{kind}").read_text(encoding="utf-8")


_mount = st.components.v2.component(
    "session_guard", html=_source("html"), css=_source("css"), js=_source("js")
)


def session_guard(*, session_id: int | None, name: str, roles: str) -> None:
    """Show who is signed in, and watch the session for as long as the page is open.

    The watch asks ``/session`` once a second, which never extends it, and covers the
    page at once when the session is over, or is no longer the one that this page was
    drawn for. Without an answer it covers the page when the session would have ended.

    Parameters
    ----------
    session_id
        Which session the page is drawn for.
    name
        Who is signed in.
    roles
        As what, in words.
    """
    _mount(key="session", data={"session": session_id, "name": name, "roles": roles})
