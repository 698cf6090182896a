"""The ways from a patient's page to paper, to a note and to the patient's own view."""

import json
from urllib.parse import urlsplit

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from data.actors import ADMINISTRATOR, CLINICIAN, LEAD
from data.audit import list_audit_entries
from data.database import example_url, open_database, reading, writing
from data.example_practice import make_example
from data.moments import today
from data.patients import list_patients
from data.sites import add_site
from tests.actors import TESTER
from tests.views.clinic import (
    MAIN,
    SECONDS,
    Clinic,
    open_page,
    pcl5,
    phq9,
    text_of,
    visited_by,
)
from views.own_answers import IN_CLOSING, NOTHING_YET


@pytest.fixture
def clinic(migrated_sqlite_url, monkeypatch, tmp_path):
    monkeypatch.setenv("DATABASE_URL", migrated_sqlite_url)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    yield Clinic(migrated_sqlite_url)
    st.cache_resource.clear()


@pytest.fixture
def course(clinic):
    """A course of a patient with two PHQ-9s and a PCL-5 around an infusion."""
    with clinic.writing():
        clinic.ada = clinic.patient()
        course = clinic.course(clinic.ada)
        clinic.form(course, 20, phq9(20, item_9=1))
        clinic.infusion(course, 20)
        clinic.form(course, 10, phq9(9))
        clinic.form(course, 10, pcl5(40), measure="pcl5")
    return course


def checked(app):
    assert not app.exception, [error.message for error in app.exception]
    return app


def opened(page, **query):
    return checked(open_page(page, **{k: f"{v}" for k, v in query.items()}))


def press(app, label):
    button = next(button for button in app.button if button.label == label)
    return checked(button.click().run())


def link(app):
    (found,) = app.get("link_button")
    return urlsplit(found.proto.url)


def drawn(chart):
    return json.loads(chart.proto.spec)["data"][0]["y"]


def told(clinic, action):
    with clinic.reading() as connection:
        entries = list(list_audit_entries(connection))
    return [(e.subject, e.patient_id) for e in entries if e.action == action]


# The ways.


def test_the_report_is_one_link_away_and_its_address_names_nobody(clinic, course):
    app = opened("patient.py", patient=clinic.ada)
    assert link(app).path == f"/report/{course}.pdf"
    assert link(app).query == ""


def test_in_the_example_practice_the_link_says_so(clinic):
    make_example(example_url(), as_of=today())
    engine = open_database(example_url())
    with reading(engine, TESTER) as connection:
        patient = list_patients(connection)[0]
    engine.dispose()
    app = opened("patient.py", patient=patient.id, practice="Example")
    assert link(app).query == "practice=Example"


def test_the_text_for_a_note_is_shown_to_copy_and_noted_before(clinic, course):
    app = opened("patient.py", patient=clinic.ada)
    assert not app.code
    app = press(app, "Text for a note")
    (text,) = [code.value for code in app.code]
    lines = text.splitlines()
    assert lines[0].startswith("Course 1, opened ")
    assert any(line.startswith("PHQ-9 is responding") for line in lines)
    assert sum("PHQ-9: 20, severe; item 9: 1, several days" in line for line in lines)
    assert "Ada" not in text and "A-1" not in text
    assert told(clinic, "export") == [("note text", clinic.ada)]


def test_the_patients_own_view_is_one_press_away(clinic, course):
    app = press(opened("patient.py", patient=clinic.ada), "Show to the patient")
    assert "Your answers" in [title.value for title in app.title]


# The patient's own view.


def test_it_says_the_first_and_the_latest_number_and_which_way_is_better(
    clinic, course
):
    text = text_of(opened("patient_view.py", course=course))
    assert "**20**." in text and "**9**. That is 11 points lower" in text
    assert "add up to a number from 0 to 27. Lower is better." in text
    assert IN_CLOSING in text


def test_it_leaves_out_what_is_not_for_this_moment(clinic, course):
    app = opened("patient_view.py", course=course)
    charts = [chart.proto.alt or "" for chart in app.get("plotly_chart")]
    shown = " ".join([text_of(app), *charts]).lower()
    assert not [
        word
        for word in (
            "phq",
            "pcl",
            "item",
            "response",
            "remission",
            "severe",
            "moderate",
            "baseline",
            "alert",
            "suicid",
            "a-1",
        )
        if word in shown
    ]
    assert [b.label for b in app.button] == ["Back"]


def test_every_drawing_is_told_in_words(clinic, course):
    app = opened("patient_view.py", course=course)
    charts = app.get("plotly_chart")
    assert len(charts) == 2
    assert all("lower is better" in chart.proto.alt for chart in charts)


def test_a_number_that_went_up_is_said_as_plainly(clinic):
    with clinic.writing():
        course = clinic.course(clinic.patient())
        clinic.form(course, 20, phq9(10))
        clinic.infusion(course, 20)
        clinic.form(course, 10, phq9(11))
    text = text_of(opened("patient_view.py", course=course))
    assert "**11**. That is 1 point higher than before your first infusion." in text


def test_a_form_with_a_gap_is_named_and_has_no_number(clinic, course):
    with clinic.writing():
        clinic.form(course, 5, (1,) * 8 + (None,))
    text = text_of(opened("patient_view.py", course=course))
    assert "Not drawn, because some questions had no answer: " in text
    assert "**9**" in text and "**8**" not in text


def test_numbers_over_another_stretch_of_time_are_not_mixed_in(clinic, course):
    with clinic.writing():
        clinic.form(course, 5, pcl5(30), measure="pcl5", recall_window="past_week")
    app = opened("patient_view.py", course=course)
    text = text_of(app)
    assert "20 questions about the past week" in text
    assert [drawn(chart) for chart in app.get("plotly_chart")] == [[20, 9], [30]]
    assert "Not drawn, because it asked about the past month instead: 1 time." in text
    assert "**40**" not in text


def test_a_course_without_answers_says_so(clinic):
    with clinic.writing():
        course = clinic.course(clinic.patient())
    app = opened("patient_view.py", course=course)
    assert NOTHING_YET in text_of(app)
    assert "There has been no infusion yet." in text_of(app)
    assert not app.get("plotly_chart")


def test_only_gaps_are_no_numbers_to_draw(clinic):
    with clinic.writing():
        course = clinic.course(clinic.patient())
        clinic.form(course, 5, (1,) + (None,) * 8)
    app = opened("patient_view.py", course=course)
    assert NOTHING_YET in text_of(app) and not app.get("plotly_chart")


def test_it_is_noted_once_as_what_was_shown(clinic, course):
    app = opened("patient_view.py", course=course)
    checked(app.run())
    assert told(clinic, "view") == [(f"own view of patient {clinic.ada}", clinic.ada)]


def test_back_leads_to_the_patient(clinic, course):
    app = press(opened("patient_view.py", course=course), "Back")
    assert app.query_params["patient"] == clinic.ada


@pytest.mark.parametrize(
    "asked", ["", "0", "4711", "-1", "x", "²", "1 OR 1=1", "9" * 30]
)
def test_nobody_at_the_address_is_nobody_shown(clinic, course, asked):
    app = opened("patient_view.py", course=asked)
    assert "There is no course at this address" in text_of(app)
    assert told(clinic, "view") == []


def visit(course, *roles, **account):
    app = AppTest.from_file(str(MAIN), default_timeout=SECONDS)
    app = visited_by(app, *roles, **account)
    app.query_params["course"] = f"{course}"
    return checked(app.switch_page("patient_view.py").run())


def test_who_treats_elsewhere_is_told_of_no_course(clinic, course):
    with writing(clinic.engine, TESTER) as connection:
        north = add_site(connection, "North Street")
    app = visit(course, CLINICIAN, name="North", sites=[north])
    assert "There is no course at this address" in text_of(app)


def test_an_administrator_is_told_that_it_is_not_for_them(clinic, course):
    assert "**20**" not in text_of(visit(course, ADMINISTRATOR, name="Kim"))


def test_a_lead_may_show_it(clinic, course):
    assert "**20**" in text_of(visit(course, LEAD, name="Lead"))
