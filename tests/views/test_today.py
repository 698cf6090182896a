"""Today: who is due, overdue and to come, in words; one click from there."""

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from data.actors import CLINICIAN, LEAD
from data.audit_search import search_audit
from data.database import open_database, reading, writing
from data.moments import day_number, today
from data.patients import close_course, get_course
from data.schedule import CourseSchedule, change_schedule
from data.settings import change_settings
from data.sites import add_site
from tests.actors import TESTER
from tests.views.clinic import (
    MAIN,
    SECONDS,
    Clinic,
    moment,
    open_page,
    phq9,
    text_of,
    visited_by,
)
from views.today_wording import day_and_week_day


NAMES = {"Due today", "Overdue", "In the next 7 days"}
TODAY = day_number(today())


@pytest.fixture
def clinic(migrated_sqlite_url, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", migrated_sqlite_url)
    yield Clinic(migrated_sqlite_url)
    st.cache_resource.clear()


def opened(**query):
    app = open_page("today.py", **query)
    assert not app.exception, [error.message for error in app.exception]
    return app


def groups(app):
    """Return who is listed below which heading, with what is due."""
    found, heading, name = {}, None, None
    for element in elements(app.main):
        if element.type == "subheader" and element.value in NAMES:
            heading = found.setdefault(element.value, {})
        elif (getattr(element, "key", None) or "").startswith("today_open_"):
            name = element.label.partition(" · ")[0]
        elif element.type == "markdown" and name is not None:
            heading[name], name = element.value, None
    return found


def elements(block):
    for child in block.children.values():
        if hasattr(child, "children"):
            yield from elements(child)
        else:
            yield child


def day_words(days):
    return day_and_week_day(TODAY + days)


def induction(clinic, number, *days_ago, **facts):
    """Add a patient with a form and an infusion on each of these days ago."""
    course = clinic.course(clinic.patient(number, family_name=number, **facts))
    for days in days_ago:
        clinic.form(course, days, phq9(12))
        clinic.infusion(course, days)
    return course


def test_an_empty_practice_says_what_to_do_next(clinic):
    app = opened()
    assert "no patients here yet" in text_of(app)
    assert "Record the first patient" in [button.label for button in app.button]


@pytest.mark.parametrize("with_course", [True, False])
def test_where_nobody_is_due_it_says_what_to_do_next(clinic, with_course):
    with clinic.writing():
        patient_id = clinic.patient()
        if with_course:
            clinic.course(patient_id)
    app = opened()
    assert "Nobody due today, none overdue, none in the next 7 days" in text_of(app)
    assert "Plan a next infusion under Schedule" in app.info[0].value
    assert [link.proto.label for link in app.get("page_link")] == ["Open Caseload"]
    assert groups(app) == {}


def test_everybody_who_is_due_is_in_one_group_with_what_is_missing(clinic):
    with clinic.writing():
        induction(clinic, "Today", 8, 4)
        induction(clinic, "Late", 9, 6)
        induction(clinic, "Soon", 3, 1)
    app = opened()
    assert groups(app) == {
        "Due today": {
            r"Today\, Ada": (
                "Infusion 3 is expected today; PHQ-9 before it still missing."
            )
        },
        "Overdue": {
            r"Late\, Ada": (
                f"Infusion 3 was expected on {day_words(-2)}, 2 days ago, and is not "
                "recorded; PHQ-9 before it still missing."
            )
        },
        "In the next 7 days": {
            r"Soon\, Ada": (
                f"Infusion 3 is expected on {day_words(3)}, in 3 days; PHQ-9 before it."
            )
        },
    }
    assert (
        "1 patient due today (1 with an infusion), 1 overdue, 1 in the next 7 days"
        in text_of(app)
    )


def test_infusions_of_today_come_first_even_where_something_is_overdue(clinic):
    with clinic.writing():
        after_induction = clinic.course(clinic.patient("A", family_name="Aaron"))
        for days in (34, 31, 28, 24, 20, 14):
            clinic.infusion(after_induction, days)
        planned = clinic.course(clinic.patient("Z", family_name="Zoe"))
        for days in (80, 77, 74, 70, 67, 60):
            clinic.infusion(planned, days)
        clinic.form(planned, 40, phq9(12))
        plan = CourseSchedule(next_infusion_day=TODAY)
        change_schedule(clinic.connection, planned, plan)
    found = groups(opened())
    assert list(found) == ["Due today"]
    assert list(found["Due today"].items()) == [
        (
            r"Zoe\, Ada",
            f"PHQ-9 in maintenance due since {day_words(-10)}, 10 days ago. Infusion 7 "
            "is planned for today; PHQ-9 before it still missing.",
        ),
        (r"Aaron\, Ada", "PHQ-9 2 weeks after induction due today."),
    ]


def test_what_was_recorded_is_not_due_any_more(clinic):
    with clinic.writing():
        course = induction(clinic, "A", 20, 16, 12, 9, 5, 1)
        clinic.infusion(course, 0, at=moment(0).time().replace(hour=0))
        clinic.form(course, 0, phq9(9), at=moment(0).time().replace(hour=0))
    assert groups(opened()) == {}


def test_the_practices_settings_hold(clinic):
    with clinic.writing():
        induction(clinic, "A", 6, 2)
        change_settings(
            clinic.connection, induction_gap_days=2, before_each_infusion=False
        )
    assert groups(opened()) == {
        "Due today": {r"A\, Ada": "Infusion 3 is expected today."}
    }


def test_who_has_not_come_for_long_is_counted_and_not_listed(clinic):
    with clinic.writing():
        induction(clinic, "Silent", 200, 196)
        induction(clinic, "Here", 90, 86)
        closed = induction(clinic, "Closed", 190)
        close_course(clinic.connection, closed, closed=moment(1).date(), reason="Ended")
    app = opened()
    assert list(groups(app)["Overdue"]) == [r"Here\, Ada"]
    assert "Not listed: 1 patient with an open course" in text_of(app)


@pytest.mark.parametrize(
    ("search", "found"), [("late", {"Late"}), ("tod", {"Today"}), ("x", set())]
)
def test_search_finds_names_and_record_numbers(clinic, search, found):
    with clinic.writing():
        induction(clinic, "Today", 8, 4)
        induction(clinic, "Late", 9, 6)
    app = opened()
    app.text_input(key="today_search").set_value(search).run()
    names = {name for group in groups(app).values() for name in group}
    assert names == {rf"{name}\, Ada" for name in found}
    if not found:
        assert "Nobody who matches is due" in app.info[0].value


def test_a_clinicians_own_can_be_chosen(clinic):
    with clinic.writing():
        induction(clinic, "A", 8, 4)
        other = clinic.course(clinic.patient("B"), clinician="Dr Shah")
        clinic.infusion(other, 4)
    app = opened()
    app.selectbox(key="today_clinician").set_value("Dr Shah").run()
    assert list(groups(app)["Due today"]) == [r"Example\, Ada"]


def test_a_name_opens_the_patient_and_record_the_record(clinic):
    with clinic.writing():
        course = induction(clinic, "Today", 8, 4)
    with clinic.reading() as connection:
        patient_id = get_course(connection, course).patient_id
    app = opened()
    app.button(key=f"today_record_{patient_id}").click().run()
    assert app.title[0].value == "Record"
    assert app.query_params["patient"] == patient_id
    app = opened()
    app.button(key=f"today_open_{patient_id}").click().run()
    assert app.title[0].value == r"Today\, Ada"


def test_a_long_group_shows_20_at_once(clinic):
    with clinic.writing():
        for number in range(23):
            name = f"{number:02}"
            clinic.infusion(clinic.course(clinic.patient(name, family_name=name)), 4)
    app = opened()
    assert len(groups(app)["Due today"]) == 20
    more = next(b for b in app.button if b.label == "Show 3 of 3 more")
    more.click().run()
    assert len(groups(app)["Due today"]) == 23


def test_who_only_reads_has_nothing_to_record_with(clinic):
    with clinic.writing():
        induction(clinic, "A", 8, 4)
    with writing(clinic.engine, TESTER) as connection:
        south = add_site(connection, "South")
    for roles, sites in (((LEAD,), (1,)), ((CLINICIAN, LEAD), (south,))):
        app = AppTest.from_file(str(MAIN), default_timeout=SECONDS)
        visited_by(app, *roles, sites=sites, name="-".join(roles))
        app = app.switch_page("today.py").run()
        assert list(groups(app)["Due today"]) == [r"A\, Ada"]
        assert "Record" not in [button.label for button in app.button]


def test_an_open_alert_stands_above_the_lists(clinic):
    with clinic.writing():
        course = clinic.course(clinic.patient("A-1"))
        clinic.form(course, 2, phq9(12, item_9=2))
    assert "1 patient waits" in text_of(opened())


def test_the_list_is_told_to_the_audit(clinic):
    with clinic.writing():
        clinic.patient()
    opened()
    with reading(open_database(clinic.url), TESTER) as connection:
        subjects = [e.subject for e in search_audit(connection, limit=5)]
    assert "today" in subjects


def test_the_day_is_said(clinic):
    with clinic.writing():
        clinic.patient()
    assert day_words(0) in text_of(opened())
