"""What somebody looks at, or takes out, is told to the audit, once and first."""

from datetime import timedelta
from unittest.mock import patch

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

from data.actors import ADMINISTRATOR, CLINICIAN, LEAD
from data.assessments import list_assessments
from data.audit import list_audit_entries
from data.database import example_url as url_of_example
from data.database import open_database, reading
from data.infusions import list_infusions
from data.patients import list_courses, list_patients
from tests.actors import TESTER
from tests.views.clinic import MAIN, SECONDS, Clinic, phq9, visited_by
from tests.views.offered_files import offered_files
from views import seen


@pytest.fixture
def clinic(migrated_sqlite_url, monkeypatch, tmp_path):
    monkeypatch.setenv("DATABASE_URL", migrated_sqlite_url)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    clinic = Clinic(migrated_sqlite_url)
    with clinic.writing():
        clinic.ann, clinic.bob = clinic.patient("A-1"), clinic.patient("B-2")
        clinic.courses = {}
        for patient in (clinic.ann, clinic.bob):
            clinic.courses[patient] = course = clinic.course(patient)
            clinic.form(course, 20, phq9(20))
            clinic.infusion(course, 20)
    yield clinic
    st.cache_resource.clear()


def visit(*roles):
    app = AppTest.from_file(str(MAIN), default_timeout=SECONDS)
    return visited_by(app, *(roles or (CLINICIAN, LEAD)), name="Visitor")


def open_page(app, address, **query):
    app.query_params.clear()
    for name, value in query.items():
        app.query_params[name] = str(value)
    app._page_hash = calc_hash(address)
    app.run()
    assert not app.exception, [error.message for error in app.exception]
    return app


def told(url):
    """Return what the visitor did, without the rest of the audit."""
    engine = open_database(str(url))
    with reading(engine, TESTER) as connection:
        entries = list(list_audit_entries(connection))
    engine.dispose()
    return [
        (e.action, e.subject, e.patient_id)
        for e in entries
        if e.who.startswith("visitor")
    ]


def seen_of(patient):
    return ("view", f"patient {patient}", patient)


def later(app, minutes):
    """Let what was noted have been noted so many minutes earlier."""
    app.session_state["seen"] = {
        kind: (what, at - timedelta(minutes=minutes))
        for kind, (what, at) in app.session_state["seen"].items()
    }


def test_opening_a_patient_is_told_once_however_often_the_page_runs(clinic):
    app = open_page(visit(), "patient", patient=clinic.ann)
    app.run()
    app.run()
    assert told(clinic.url) == [seen_of(clinic.ann)]


def test_every_other_patient_is_told_and_so_is_coming_back(clinic):
    app = visit()
    for patient in (clinic.ann, clinic.bob, clinic.ann):
        open_page(app, "patient", patient=patient)
    assert told(clinic.url) == [
        seen_of(clinic.ann),
        seen_of(clinic.bob),
        seen_of(clinic.ann),
    ]


@pytest.mark.parametrize(("minutes", "times"), [(14, 1), (15, 2), (16, 2)])
def test_after_a_quarter_of_an_hour_it_is_told_again(clinic, minutes, times):
    app = open_page(visit(), "patient", patient=clinic.ann)
    later(app, minutes)
    app.run()
    assert told(clinic.url) == [seen_of(clinic.ann)] * times


def test_two_visitors_are_told_of_each(clinic):
    open_page(visit(CLINICIAN), "patient", patient=clinic.ann)
    open_page(visit(LEAD), "patient", patient=clinic.ann)
    assert told(clinic.url) == [seen_of(clinic.ann)] * 2


@pytest.mark.parametrize("asked", ["", "0123456789abcdef", "' OR 1=1 --"])
def test_nobody_at_the_address_is_nobody_seen(clinic, asked):
    open_page(visit(), "patient", patient=asked)
    assert told(clinic.url) == []


def test_record_tells_of_the_list_and_of_the_patient_chosen(clinic):
    app = open_page(visit(), "record")
    assert told(clinic.url) == [("view", "patients", None)]
    open_page(app, "record", patient=clinic.ann).run()
    open_page(app, "patient", patient=clinic.ann)
    assert told(clinic.url) == [("view", "patients", None), seen_of(clinic.ann)]


@pytest.mark.parametrize("kind", ["correct", "correct_infusion"])
def test_a_correction_shows_the_patient_and_tells_so(clinic, kind):
    with reading(clinic.engine, TESTER) as connection:
        (course,) = list_courses(connection, clinic.bob)
        lists = {"correct": list_assessments, "correct_infusion": list_infusions}
        (record,) = lists[kind](connection, course.id)
    app = open_page(visit(), "record", **{kind: record.id})
    app.run()
    assert told(clinic.url) == [seen_of(clinic.bob)]


@pytest.mark.parametrize("name", ["caseload", "outcomes"])
def test_a_list_of_patients_is_told_once(clinic, name):
    app = open_page(visit(), name)
    app.run()
    assert told(clinic.url) == [("view", name, None)]
    later(app, 15)
    app.run()
    assert told(clinic.url) == [("view", name, None)] * 2


def test_a_patient_in_between_does_not_make_a_list_new(clinic):
    app = open_page(visit(), "caseload")
    open_page(app, "patient", patient=clinic.ann)
    open_page(app, "caseload")
    open_page(app, "patient", patient=clinic.ann)
    assert told(clinic.url) == [("view", "caseload", None), seen_of(clinic.ann)]


@pytest.mark.parametrize("name", ["published", "methods"])
def test_what_names_no_patient_is_not_told(clinic, name):
    open_page(visit(), name)
    assert told(clinic.url) == []


def test_an_empty_practice_shows_no_list(migrated_sqlite_url, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", migrated_sqlite_url)
    open_page(visit(), "caseload")
    assert told(migrated_sqlite_url) == []
    st.cache_resource.clear()


def test_nothing_is_drawn_if_it_cannot_be_told(clinic):
    app = visit()
    app.query_params["patient"] = clinic.ann
    app._page_hash = calc_hash("patient")
    with patch("views.seen.note", side_effect=RuntimeError("disk full")):
        app.run()
    assert app.exception or app.error
    assert "Ada" not in "".join(title.value for title in app.title)
    app.run()
    assert told(clinic.url) == [seen_of(clinic.ann)]


def test_the_example_is_told_in_the_example(clinic):
    app = visit(ADMINISTRATOR)
    app.session_state["practice"] = "example"
    open_page(app, "caseload")
    engine = open_database(url_of_example())
    with reading(engine, TESTER) as connection:
        patient = list_patients(connection)[0]
    engine.dispose()
    open_page(app, "patient", patient=patient.id)
    assert told(clinic.url) == []
    assert told(url_of_example()) == [("view", "caseload", None), seen_of(patient.id)]


# What is taken out: each button of a page, and what pressing it tells.


def downloads(app):
    return [button.proto for button in app.get("download_button")]


def press(app, button):
    """Press a download button, which AppTest cannot, by the state it would send."""
    states = app._tree.get_widget_states()
    states.widgets.add(id=button.id, trigger_value=True)
    with patch.object(type(app._tree), "get_widget_states", lambda _: states):
        app.run()
    assert not app.exception, [error.message for error in app.exception]


def exports(clinic):
    return [
        (what, whose) for action, what, whose in told(clinic.url) if action == "export"
    ]


def test_a_patients_scores_are_told_with_the_patient(clinic):
    app = open_page(visit(), "patient", patient=clinic.ann)
    app.session_state[f"tab_{clinic.courses[clinic.ann]}"] = "All scores"
    with offered_files() as files:
        app.run()
    assert exports(clinic) == []
    assert "Completed" in files["scores.csv"]()
    assert exports(clinic) == [("scores", clinic.ann)]


def test_each_table_of_the_outcomes_is_told_by_its_name(clinic):
    with offered_files() as files:
        open_page(visit(), "outcomes")
    for make in files.values():
        make()
    assert len(files) >= 2
    told_of = [what for what, _ in exports(clinic)]
    assert told_of == [f"results {name.removesuffix('.csv')}" for name in files]


def test_the_problems_of_an_import_are_told(clinic):
    app = open_page(visit(), "import")
    app.file_uploader[0].set_value(("f.csv", b"nonsense\n1\n", "text/csv"))
    with offered_files() as files:
        app.run()
    assert "f.csv" in files["import-problems.csv"]()
    assert exports(clinic) == [("import problems", None)]


@pytest.mark.parametrize("page", ["published", "import"])
def test_what_holds_no_patient_is_taken_out_untold(clinic, page):
    app = open_page(visit(), page)
    assert downloads(app)
    for button in downloads(app):
        press(app, button)
    assert exports(clinic) == []


def test_every_page_that_offers_a_file_is_tested_here():
    from pathlib import Path

    views = Path(seen.__file__).parent
    pages = {
        page.relative_to(views).as_posix(): page.read_text("utf-8")
        for page in views.rglob("*.py")
    }
    # What does not go through `offer_file` holds no patient, or is noted before.
    buttons = {name for name, text in pages.items() if "download_button(" in text}
    assert buttons == {
        *("seen.py", "audit_log.py", "importing.py", "results/published.py"),
    }
    # The files of results have tests of their own.
    noted = {name for name, text in pages.items() if " offer_file(" in text}
    assert noted - {"seen.py"} == {
        *("importing.py", "patient_details.py", "results/exports.py"),
        *("results/report.py", "results/snapshots.py"),
    }
