"""Undo for a minute; after that a record is corrected or withdrawn, with a reason."""

from collections.abc import Callable
from datetime import datetime, timedelta

import streamlit as st

from data.records import now_stamp
from views.components import kept


UNDO_FOR = timedelta(seconds=60)
UNDO_REASON = "Undone right after it was recorded"
INSTEAD = (
    "Undo works for a minute. Now use Correct, or Withdraw on the patient's page; both "
    "ask for a reason."
)


def can_be_undone(recorded_at: datetime) -> bool:
    """Whether the minute is not over, by the server's clock.

    Parameters
    ----------
    recorded_at
        When the record was kept, in UTC without a zone.
    """
    return now_stamp() - recorded_at <= UNDO_FOR


def note_saved(name: str, record_id: int) -> None:
    """Remember what this visitor has just saved, which alone is theirs to undo."""
    st.session_state[_key(name)] = record_id


def just_saved(name: str) -> int | None:
    """Return the id of what this visitor has just saved under a name, or None."""
    return st.session_state.get(_key(name))


def undo_button(
    name: str, record_id: int, recorded_at: datetime, withdraw: Callable[[], object]
) -> None:
    """Offer to take back what was just saved, or say what to do instead.

    Parameters
    ----------
    name
        As in :func:`note_saved`.
    record_id, recorded_at
        Of the record as it stands.
    withdraw
        Takes it back.
    """
    if just_saved(name) != record_id:
        return
    # Asked anew when it is pressed: a page may have shown the button for an hour.
    if not can_be_undone(recorded_at):
        st.caption(INSTEAD)
    elif st.button("Undo", key=f"undo-{name}") and kept(withdraw):
        st.session_state.pop(_key(name))
        st.rerun()


def _key(name: str) -> str:
    return f"saved-{name}"
