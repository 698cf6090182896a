"""The Practice settings page: what holds, what may hold, and what was changed."""

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

from data.actors import ADMINISTRATOR
from data.audit_search import search_audit
from data.database import open_database, reading
from data.settings import CRISIS_TEXT, RANGES, PracticeSettings, read_settings
from tests.actors import TESTER
from tests.views.clinic import MAIN, SECONDS, visited_by
from views.access_wording import SETTING_NAMES


@pytest.fixture
def engine(migrated_sqlite_url, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", migrated_sqlite_url)
    engine = open_database(migrated_sqlite_url)
    yield engine
    engine.dispose()
    st.cache_resource.clear()


@pytest.fixture
def page(engine):
    app = AppTest.from_file(str(MAIN), default_timeout=SECONDS)
    visited_by(app, ADMINISTRATOR, name="Admin")
    app._page_hash = calc_hash("settings")
    return checked(app.run())


def checked(app):
    assert not app.exception, [error.message for error in app.exception]
    assert app.title[0].value == "Practice settings"
    return app


def field(app, name):
    kinds = ("text_input", "number_input", "checkbox", "text_area")
    named = SETTING_NAMES[name]
    return next(w for k in kinds for w in app.get(k) if w.label.startswith(named))


def press(app, label):
    return checked(next(b for b in app.button if b.label == label).click().run())


def settings(engine):
    with reading(engine, TESTER) as connection:
        return read_settings(connection)


def told(engine):
    with reading(engine, TESTER) as connection:
        return [e.subject for e in search_audit(connection, limit=9, who="admin-")]


def said(app):
    return [success.value for success in app.success]


def preview(app):
    """Return what stands in the frame below the form."""
    return [m.value for m in app.main.markdown][-3:]


def test_every_setting_is_there_with_what_holds(page):
    usual = PracticeSettings()
    shown = {name: field(page, name).value for name in SETTING_NAMES}
    assert shown == {name: getattr(usual, name) for name in SETTING_NAMES}
    assert set(SETTING_NAMES) == set(vars(usual))


@pytest.mark.parametrize("name", RANGES)
def test_what_a_number_may_be_is_said_and_held(page, name):
    low, high = RANGES[name]
    box = field(page, name)
    assert (
        f"({low} to {high}, usually {getattr(PracticeSettings(), name)})" in box.label
    )
    assert (box.min, box.max) == (low, high)


def test_what_was_changed_is_kept_said_and_audited(page, engine):
    field(page, "idle_minutes").set_value(5)
    field(page, "second_factor_required").check()
    field(page, "practice_name").set_value("North *Clinic*")
    press(page, "Save")
    assert settings(engine) == PracticeSettings(
        practice_name="North *Clinic*", idle_minutes=5, second_factor_required=True
    )
    assert said(page) == [
        r"Name of the practice: “North \*Clinic\*”, was empty.",
        "Minutes without use until somebody is signed out: 5, was 15.",
        "Every account needs a second factor: yes, was no.",
    ]
    assert set(told(engine)) == {
        "setting practice_name",
        "setting idle_minutes",
        "setting second_factor_required",
    }


def test_what_was_said_is_gone_at_the_next_run(page):
    field(page, "idle_minutes").set_value(5)
    press(page, "Save")
    assert said(page.run()) == []


def test_saving_what_holds_already_changes_nothing(page, engine):
    press(page, "Save")
    assert said(page) == ["Nothing was changed."]
    assert told(engine) == []


def test_an_empty_crisis_text_is_refused(page, engine):
    field(page, "crisis_text").set_value("  ")
    press(page, "Save")
    assert "crisis_text is empty; patients are shown this text" in page.error[0].value
    assert settings(engine).crisis_text == CRISIS_TEXT
    assert said(page) == []


def test_the_crisis_text_is_shown_as_a_patient_sees_it_before_it_is_saved(page, engine):
    field(page, "crisis_text").set_value("Ring *the* bell.\nWe come.")
    press(page, "Show the text as a patient sees it")
    assert preview(page)[-2:] == [r"Ring \*the\* bell\.", r"We come\."]
    assert settings(engine).crisis_text == CRISIS_TEXT
