"""What a visitor sees and takes along: told to the audit, but not at every rerun."""

from datetime import timedelta

import streamlit as st

from data.audit import EXPORT, VIEW, note
from data.database import Engine
from data.moments import utc_now
from views.state import writing


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
    """Note that the visitor took out a file; for ``on_click``.

    Parameters
    ----------
    engine
        Of the practice that the file is from.
    what
        What the file holds, without a name.
    patient_id
        Whose records, where it was one patient's.
    """
    _note(engine, EXPORT, what, patient_id)


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
    with writing(engine) as connection:
        note(connection, action, what, patient_id)
