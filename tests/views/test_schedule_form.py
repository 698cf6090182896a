"""The schedule on a patient's page: what is due, the next infusion, changes."""

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from data.actors import LEAD
from data.moments import day_number, today
from data.patients import close_course
from data.schedule import CourseSchedule, change_schedule, get_schedule
from data.settings import change_settings
from measures.days import day_date
from tests.views.clinic import (
    SECONDS,
    Clinic,
    moment,
    phq9,
    text_of,
    visited_by,
)


TODAY = day_number(today())
USUAL = "forms before each infusion, 2 and 4 weeks after induction, then every 30 days."


@pytest.fixture
def clinic(migrated_sqlite_url, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", migrated_sqlite_url)
    clinic = Clinic(migrated_sqlite_url)
    with clinic.writing():
        clinic.patient_id = clinic.patient()
        clinic.course_id = clinic.course(clinic.patient_id)
        clinic.form(clinic.course_id, 2, phq9(20))
        clinic.infusion(clinic.course_id, 2)
    yield clinic
    st.cache_resource.clear()


def page():
    """Draw the section alone, for the course that the address names."""
    import streamlit as st

    from data.patients import get_course
    from views import state
    from views.schedule_form import due_line, schedule_section

    with state.reading(state.engine()) as connection:
        course = get_course(connection, int(st.query_params["course"]))
        line = due_line(connection, course)
    st.text(f"Line: {line}")
    schedule_section(state.engine(), course)


def opened(clinic, *roles):
    app = visited_by(AppTest.from_function(page, default_timeout=SECONDS), *roles)
    app.query_params["course"] = str(clinic.course_id)
    return checked(app.run())


def checked(app):
    assert not app.exception, [error.message for error in app.exception]
    return app


def press(app, label):
    return checked(next(b for b in app.button if b.label == label).click().run())


def field(app, kind, label):
    return next(w for w in app.get(kind) if w.label.startswith(label))


def plan_of(app):
    return field(app, "date_input", "Next infusion planned for")


def labels(app):
    return {button.label for button in app.button}


def kept(clinic):
    with clinic.reading() as connection:
        return get_schedule(connection, clinic.course_id)


def want(clinic, **own):
    with clinic.writing():
        change_schedule(clinic.connection, clinic.course_id, CourseSchedule(**own))


def test_what_is_due_and_what_is_followed_is_said(clinic):
    words = text_of(opened(clinic))
    assert "Infusion 2 is expected on" in words
    assert f"As in the whole practice: {USUAL}" in words


def test_an_infusion_is_planned_kept_and_due(clinic):
    app = opened(clinic)
    plan_of(app).set_value(day_date(TODAY + 3))
    press(app, "Save the plan")
    assert kept(clinic) == CourseSchedule(next_infusion_day=TODAY + 3)
    assert "Infusion 2 is planned for" in text_of(app)


def test_a_plan_can_be_taken_back(clinic):
    want(clinic, next_infusion_day=TODAY + 3)
    app = opened(clinic)
    assert plan_of(app).value == day_date(TODAY + 3)
    press(app, "Take it back")
    assert kept(clinic) == CourseSchedule()
    assert "Infusion 2 is expected on" in text_of(app)
    assert "Take it back" not in labels(app)


def test_an_emptied_plan_is_none(clinic):
    want(clinic, next_infusion_day=TODAY + 3)
    app = opened(clinic)
    plan_of(app).set_value(None)
    press(app, "Save the plan")
    assert kept(clinic) == CourseSchedule()


def test_only_what_differs_is_kept_and_the_rest_follows_the_practice(clinic):
    app = opened(clinic)
    field(app, "text_input", "Weeks after").set_value("1, 6")
    field(app, "checkbox", "A day after infusion 1").check()
    press(app, "Save for this course")
    assert kept(clinic) == CourseSchedule(
        day_after_first=True, weeks_after_induction=(1, 6)
    )
    with clinic.writing():
        change_settings(clinic.connection, maintenance_days=60)
    assert (
        "This course: forms before each infusion, a day after infusion 1, 1 and 6 "
        "weeks after induction, then every 60 days."
    ) in text_of(opened(clinic))


def test_a_plan_stays_while_the_forms_are_changed_and_reset(clinic):
    want(clinic, next_infusion_day=TODAY + 3)
    app = opened(clinic)
    field(app, "number_input", "Then every so many days").set_value(45)
    press(app, "Save for this course")
    assert kept(clinic) == CourseSchedule(
        maintenance_days=45, next_infusion_day=TODAY + 3
    )
    press(app, "Use the practice's schedule")
    assert kept(clinic) == CourseSchedule(next_infusion_day=TODAY + 3)
    assert f"As in the whole practice: {USUAL}" in text_of(app)
    assert "Use the practice's schedule" not in labels(app)


def test_weeks_that_are_none_are_refused(clinic):
    app = opened(clinic)
    field(app, "text_input", "Weeks after").set_value("4,2")
    press(app, "Save for this course")
    assert "Weeks '4,2' are not allowed" in app.error[0].value
    assert kept(clinic) == CourseSchedule()


def test_a_closed_course_has_no_next_infusion(clinic):
    with clinic.writing():
        closed = moment(1).date()
        close_course(clinic.connection, clinic.course_id, closed=closed, reason="Ended")
    app = opened(clinic)
    assert "Save the plan" not in labels(app)
    assert "Infusion 2" not in text_of(app)


def test_who_only_reads_changes_nothing(clinic):
    app = opened(clinic, LEAD)
    assert f"As in the whole practice: {USUAL}" in text_of(app)
    assert labels(app) == set()


def test_the_line_says_what_is_due_now_or_else_what_comes_next(clinic):
    assert "Line: Infusion 2 is expected on" in text_of(opened(clinic))
    want(clinic, next_infusion_day=TODAY)
    assert (
        "Line: Infusion 2 is planned for today; PHQ-9 before it still missing."
        in text_of(opened(clinic))
    )


def test_the_line_is_empty_where_nothing_is_due(clinic):
    with clinic.writing():
        clinic.course_id = clinic.course(clinic.patient("A-2"))
    app = opened(clinic)
    assert app.text[0].value == "Line:"
    assert "Nothing is due." in text_of(app)
