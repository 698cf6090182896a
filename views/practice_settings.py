"""Practice settings: sessions and sign-in, when forms are due, item 9, exports."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import streamlit as st

from data.settings import (
    LONGEST_TEXT,
    RANGES,
    PracticeSettings,
    change_settings,
    read_settings,
)
from views import access_wording as wording
from views import state
from views.components import kept
from views.layout import screen_style
from views.state import reading, writing
from views.wording import escape


SAVED = "practice-settings-saved"


def practice_settings() -> None:
    """Draw the page."""
    screen_style()
    st.title("Practice settings")
    with reading(state.engine()) as connection:
        settings = read_settings(connection)
    for sentence in st.session_state.pop(SAVED, ()):
        st.success(sentence)
    with st.form("practice-settings", enter_to_submit=False, border=False):
        asked = _asked(settings)
        with st.container(horizontal=True):
            saved = st.form_submit_button("Save", type="primary")
            st.form_submit_button("Show the text as a patient sees it")
    _preview(asked["crisis_text"])
    if saved:
        _save(settings, asked)


def _asked(settings: PracticeSettings) -> dict[str, Any]:
    """Show every setting with what it may be, and return what was chosen."""
    name = st.text_input(
        wording.SETTING_NAMES["practice_name"],
        settings.practice_name,
        max_chars=LONGEST_TEXT,
        help="Shown at sign-in and in an authenticator app. It may be empty.",
    )
    return {
        "practice_name": name,
        **_sessions(settings),
        **_schedule(settings),
        **_item_9(settings),
        **_exports(settings),
    }


def _sessions(settings: PracticeSettings) -> dict[str, Any]:
    st.subheader("Signing in", anchor=False)
    asked = _numbers(
        settings,
        ("idle_minutes", "absolute_hours"),
        ("warning_seconds", "kiosk_idle_minutes"),
    )
    asked["second_factor_required"] = st.checkbox(
        wording.SETTING_NAMES["second_factor_required"],
        settings.second_factor_required,
        help="Usually not. Who has none is asked to set one up at the next sign-in.",
    )
    return asked


def _schedule(settings: PracticeSettings) -> dict[str, Any]:
    st.subheader("When forms are due", anchor=False)
    st.caption(
        "What Today lists. A course can differ: under Schedule on the patient's page."
    )
    asked = {
        name: st.checkbox(wording.SETTING_NAMES[name], getattr(settings, name))
        for name in ("before_each_infusion", "day_after_first")
    }
    asked["weeks_after_induction"] = st.text_input(
        wording.SETTING_NAMES["weeks_after_induction"],
        settings.weeks_after_induction,
        help="Whole weeks from 1 to 52, rising, with commas between. Empty: none.",
    )
    return asked | _numbers(settings, ("maintenance_days",), ("induction_gap_days",))


def _item_9(settings: PracticeSettings) -> dict[str, Any]:
    st.subheader("Item 9 of the PHQ-9", anchor=False)
    text = st.text_area(
        wording.SETTING_NAMES["crisis_text"],
        settings.crisis_text,
        max_chars=LONGEST_TEXT,
        height=140,
        help="Shown on the tablet at once. Say whom to turn to, here and now.",
    )
    hours = _number("alert_escalation_hours", settings)
    return {"crisis_text": text, "alert_escalation_hours": hours}


def _exports(settings: PracticeSettings) -> dict[str, Any]:
    st.subheader("Exported results", anchor=False)
    return {"small_number": _number("small_number", settings)}


def _numbers(
    settings: PracticeSettings, left: Sequence[str], right: Sequence[str]
) -> dict[str, int]:
    """Show numbers in two columns."""
    asked = {}
    for column, names in zip(st.columns(2, gap="large"), (left, right), strict=True):
        with column:
            asked |= {name: _number(name, settings) for name in names}
    return asked


def _number(name: str, settings: PracticeSettings) -> int:
    low, high = RANGES[name]
    return st.number_input(
        f"{wording.SETTING_NAMES[name]} ({wording.allowed_words(name)})",
        low,
        high,
        getattr(settings, name),
        step=1,
    )


def _preview(text: str) -> None:
    st.caption("What a patient reads:")
    with st.container(border=True):
        for paragraph in text.splitlines():
            st.markdown(escape(paragraph))


def _save(before: PracticeSettings, asked: dict[str, Any]) -> None:
    def change() -> None:
        with writing(state.engine()) as connection:
            change_settings(connection, **asked)

    if kept(change):
        said = wording.changed_settings(before, replace(before, **asked))
        st.session_state[SAVED] = said or ["Nothing was changed."]
        st.rerun()


practice_settings()
