"""What a visitor sees and takes along: told to the audit, but not at every rerun."""

from collections.abc import Callable
from datetime import timedelta

import streamlit as st

from data import database
from data.audit import EXPORT, VIEW, note
from data.database import Connection, Engine
from data.moments import utc_now
from views import state


AGAIN_AFTER = timedelta(minutes=15)
"""Whoever still looks at the same after so long has seen it a second time."""

SEEN = "seen"


def note_patient_seen(engine: Engine, patient_id: str) -> None:
    """Note that the visitor opened a patient; to be called before anything is drawn.

    Once for as long as no other patient was opened, and again after 15 minutes.
    """
    _note_seen(engine, "patient", f"patient {patient_id}", patient_id)


def note_shown_to_patient(engine: Engine, patient_id: str) -> None:
    """Note that a patient's own view was opened, and again after 15 minutes."""
    _note_seen(engine, "own view", f"own view of patient {patient_id}", patient_id)


def note_list_seen(engine: Engine, name: str) -> None:
    """Note that the visitor opened a list of patients, and again after 15 minutes."""
    _note_seen(engine, f"list {name}", name)


def note_export(engine: Engine, what: str, patient_id: str | None = None) -> None:
    """Note that the visitor took something out; see :func:`offer_file` for files.

    Parameters
    ----------
    engine
        Of the practice that it is from.
    what
        What it holds, without a name.
    patient_id
        Whose records, where it was one patient's.
    """
    _note(engine, EXPORT, what, patient_id)


def offer_file(
    label: str,
    make: Callable[[Connection], str | bytes],
    *,
    file_name: str,
    mime: str,
    what: str,
    patient_id: str | None = None,
    key: str | None = None,
) -> None:
    """Offer a file, which is made and noted only when it is asked for.

    What the click itself would note may come after the file, or never. Nothing on the
    page changes, so it is not run again.

    Parameters
    ----------
    label
        Of the button.
    make
        Returns what the file holds, for the visitor's connection. It is called outside
        of the page's run, which alone knows its visitor.
    file_name, mime
        Of the file; names nobody.
    what, patient_id
        As of :func:`note_export`.
    key
        Of the button, where its label is not the only one of the page.
    """
    engine, who = state.engine(), state.actor()

    def made() -> str | bytes:
        with database.reading(engine, who) as connection:
            content = make(connection)
        with database.writing(engine, who) as connection:
            note(connection, EXPORT, what, patient_id)
        return content

    st.download_button(
        label, made, file_name=file_name, mime=mime, key=key, on_click="ignore"
    )


def _note_seen(
    engine: Engine, kind: str, what: str, patient_id: str | None = None
) -> None:
    """Note a view, unless it was the last of its kind a short while ago."""
    seen = st.session_state.setdefault(SEEN, {})
    # The example and the own practice are two databases.
    this, now = (str(engine.url), what), utc_now()
    before, at = seen.get(kind, (None, now))
    if this == before and now - at < AGAIN_AFTER:
        return
    _note(engine, VIEW, what, patient_id)
    seen[kind] = this, now


def _note(engine: Engine, action: str, what: str, patient_id: str | None) -> None:
    with state.writing(engine) as connection:
        note(connection, action, what, patient_id)
