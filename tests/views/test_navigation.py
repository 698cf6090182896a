"""Which pages there are for whom, and that the others show nothing."""

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

from data.accounts import change_account
from data.actors import ADMINISTRATOR, CLINICIAN, LEAD
from data.database import writing
from data.sessions import end_session
from data.sites import add_site
from tests.actors import TESTER, door, session_of, sign_in
from tests.views.clinic import MAIN, SECONDS, Clinic, phq9, text_of, visited_by
from views.navigation import MENU


FOR_EVERYBODY = {"Published figures", "Methods"}
RESULTS = {
    "Outcomes",
    "Beside published",
    "By infusion",
    "Durability",
    "Change",
    "Missing data",
    "Variation",
    "Quality measures",
    "Safety",
    "Data quality",
    "Snapshots",
}
PAGES = {
    (CLINICIAN,): {"Today", "Caseload", "Record", "Import", "Patient", "Your answers"},
    (LEAD,): {"Today", "Caseload", "Patient", "Your answers", "Audit", *RESULTS},
    (ADMINISTRATOR,): {"Accounts", "Practice settings"},
}
PLACES = {place.title: place for places in MENU.values() for place in places}


@pytest.fixture
def clinic(migrated_sqlite_url, monkeypatch, tmp_path):
    monkeypatch.setenv("DATABASE_URL", migrated_sqlite_url)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    clinic = Clinic(migrated_sqlite_url)
    with clinic.writing():
        clinic.patient_id = clinic.patient("A-1", family_name="Lindqvist")
        clinic.course_id = clinic.course(clinic.patient_id)
        clinic.form(clinic.course_id, 20, phq9(20))
        clinic.infusion(clinic.course_id, 20)
    yield clinic
    st.cache_resource.clear()


def visit(*roles, **account):
    return visited_by(
        AppTest.from_file(str(MAIN), default_timeout=SECONDS), *roles, **account
    )


def open_address(app, address, **query):
    """Open a page as by its address; AppTest knows only pages that are files."""
    for name, value in query.items():
        app.query_params[name] = value
    app._page_hash = calc_hash(address)
    app.run()
    assert not app.exception, [error.message for error in app.exception]
    return app


def title(app):
    return app.title[0].value


def refused(app):
    return any("This page is for" in info.value for info in app.info)


def test_the_menu_puts_the_results_in_the_order_in_which_they_are_asked():
    listed = {section: [p.title for p in places] for section, places in MENU.items()}
    assert listed["Results"] == [
        "Outcomes",
        "Beside published",
        "By infusion",
        "Durability",
        "Change",
        "Missing data",
    ]
    assert listed["Quality and safety"] == [
        "Variation",
        "Quality measures",
        "Safety",
        "Data quality",
        "Snapshots",
    ]
    assert listed["Background"] == ["Published figures", "Methods"]


@pytest.mark.parametrize(
    ("roles", "start"),
    [
        ((CLINICIAN,), "Today"),
        ((CLINICIAN, LEAD), "Today"),
        ((LEAD,), "Outcomes"),
        ((LEAD, ADMINISTRATOR), "Outcomes"),
        ((ADMINISTRATOR,), "Accounts"),
    ],
)
def test_everybody_starts_where_their_first_question_is_answered(clinic, roles, start):
    app = visit(*roles).run()
    assert (title(app), refused(app)) == (start, False)


@pytest.mark.parametrize("roles", PAGES, ids="-".join)
@pytest.mark.parametrize("page", PLACES)
def test_every_page_is_there_for_its_roles_and_says_so_to_the_others(
    clinic, roles, page
):
    app = open_address(visit(*roles), PLACES[page].address, patient=clinic.patient_id)
    is_theirs = page in PAGES[roles] | FOR_EVERYBODY
    assert refused(app) is not is_theirs
    if is_theirs:
        return
    assert title(app) == page
    assert "Lindqvist" not in text_of(app)
    assert [len(app.get(kind)) for kind in ("table", "dataframe", "button")] == [0] * 3


def test_a_page_that_is_not_for_a_role_says_for_whom_and_leads_back(clinic):
    app = open_address(visit(CLINICIAN), "audit")
    assert app.info[0].value == (
        "This page is for a lead. You are signed in as clinician; an administrator "
        "of your practice can change that."
    )
    (link,) = app.get("page_link")
    assert (link.proto.label, link.proto.page) == ("Open Today", "")


def test_a_role_that_is_taken_away_is_gone_at_the_next_run(clinic):
    app = open_address(visit(CLINICIAN, LEAD), "caseload")
    assert "Lindqvist, Ada" in app.dataframe[0].value["Patient"].tolist()
    with writing(clinic.engine, TESTER) as connection:
        change_account(connection, 1, roles=[LEAD, ADMINISTRATOR])
    open_address(app, "record")
    assert refused(app)
    with writing(clinic.engine, TESTER) as connection:
        change_account(connection, 1, roles=[ADMINISTRATOR])
    open_address(app, "caseload")
    assert refused(app)
    assert not app.dataframe


def test_a_page_shows_nothing_once_the_session_has_ended(clinic):
    token = sign_in(clinic.url, CLINICIAN, LEAD)
    session_id = session_of(clinic.url, token)
    app = AppTest.from_file(str(MAIN), default_timeout=SECONDS)
    app.user = {"session": str(session_id)}
    assert open_address(app, "caseload").dataframe
    with writing(clinic.engine, door()) as connection:
        end_session(connection, session_id, "revoked")
    app.run()
    assert [error.value for error in app.error] == [
        "Your session has ended. Sign in again to go on."
    ]
    assert not app.title and not app.dataframe


@pytest.mark.parametrize("user", [{}, {"session": "999"}])
def test_nobody_sees_anything(clinic, user):
    app = AppTest.from_file(str(MAIN), default_timeout=SECONDS)
    app.user = user
    app.run()
    assert app.error[0].value == "Your session has ended. Sign in again to go on."
    assert not app.title and not app.dataframe


# The example practice, where everybody is invented.


@pytest.fixture
def in_example(clinic):
    def opened(*roles):
        app = visit(*roles)
        app.session_state["practice"] = "example"
        return app

    return opened


@pytest.mark.parametrize("roles", PAGES, ids="-".join)
def test_in_the_example_everybody_sees_the_patients_and_the_outcomes(in_example, roles):
    app = in_example(*roles).run()
    assert title(app) == "Today"
    open_address(app, "caseload")
    assert "of 120 in this practice" in text_of(app)
    for page in ("Record", "Outcomes", "Audit"):
        assert not refused(open_address(app, PLACES[page].address))
        assert title(app) == page


@pytest.mark.parametrize("page", ["Accounts", "Practice settings"])
def test_the_example_has_no_accounts_and_settings(in_example, page):
    app = open_address(in_example(ADMINISTRATOR), PLACES[page].address)
    assert app.info[0].value == (
        f"{page} belong to your own practice, and the example has none. Choose "
        "**Own records** to see them."
    )


# What there is to press for whom.


def labels(app):
    kinds = ("button", "download_button", "link_button")
    return {b.proto.label for kind in kinds for b in app.get(kind)}


SECTIONS = {
    "Items of a form": {"Correct this form", "Withdraw this form"},
    "All scores": set(),
    "At each infusion": set(),
    "Infusions": {"Correct this infusion", "Withdraw this infusion"},
    "Events": {"Add event"},
    "Schedule and screening": {"Save the plan", "Save for this course"},
}
READS = {"Report (PDF)", "Text for a note", "Show to the patient", "Download as CSV"}


def turned(app, course_id, section):
    """Turn to a section of a patient's page."""
    app.session_state[f"tab_{course_id}"] = section
    app.run()
    assert not app.exception, [error.message for error in app.exception]
    return app


def labels_in_every_tab(app, clinic):
    """Return what there is to press on a patient's page, in whichever section."""
    course_id = clinic.course_id
    return set().union(*(labels(turned(app, course_id, name)) for name in SECTIONS))


@pytest.mark.parametrize("section", SECTIONS)
def test_a_clinician_may_press_everything_on_a_patients_page(clinic, section):
    app = open_address(visit(CLINICIAN), "patient", patient=clinic.patient_id)
    app = turned(app, clinic.course_id, section)
    assert labels(app) >= {"Record", *SECTIONS[section]}


@pytest.mark.parametrize(("roles", "sites"), [((LEAD,), (1,)), ((CLINICIAN, LEAD), ())])
def test_who_only_reads_a_record_has_nothing_to_press_in_it(clinic, roles, sites):
    with clinic.writing():
        other = clinic.course(clinic.patient("A-2", family_name="Watch"))
        clinic.form(other, 2, phq9(20, item_9=2))
    app = visit(*roles, sites=sites)
    open_address(app, "patient", patient=clinic.patient_id)
    assert title(app) == r"Lindqvist\, Ada"
    seen = [labels(turned(app, clinic.course_id, section)) for section in SECTIONS]
    assert set().union(*seen) == READS


def test_a_lead_sees_an_alert_and_has_nothing_to_close_it_with(clinic):
    with clinic.writing():
        patient = clinic.patient("A-2")
        clinic.form(clinic.course(patient), 2, phq9(20, item_9=2))
    app = open_address(visit(LEAD), "patient", patient=patient)
    assert "**Item 9: 2, more than half the days**" in app.error[0].value
    assert "Save" not in labels(app)
    assert "Save" in labels(open_address(visit(CLINICIAN), "patient", patient=patient))


def test_a_lead_is_not_told_to_record(clinic):
    with clinic.writing():
        patient = clinic.patient("A-2")
    sentence = "There is no course yet."
    app = open_address(visit(LEAD), "patient", patient=patient)
    assert [info.value for info in app.info] == [sentence]
    app = open_address(visit(CLINICIAN), "patient", patient=patient)
    assert app.info[0].value.startswith(f"{sentence} Record opens one")


def test_the_record_page_takes_nothing_for_a_patient_of_another_site(clinic):
    app = visit(CLINICIAN, LEAD, sites=())
    open_address(app, "record", patient=clinic.patient_id)
    assert "has no site yet" in app.info[0].value
    assert not labels(app)


@pytest.fixture
def south(clinic):
    with writing(clinic.engine, TESTER) as connection:
        return add_site(connection, "South")


def test_the_record_page_says_that_another_site_treats_a_patient(clinic, south):
    app = visit(CLINICIAN, LEAD, sites=(south,))
    open_address(app, "record", patient=clinic.patient_id)
    assert "belongs to a site that your account does not have" in app.info[0].value
    assert labels(app) == {"Add patient"}


# Where there is nothing yet.


@pytest.mark.parametrize("address", ["record", "import"])
def test_a_clinician_without_a_site_is_told_whom_to_ask(clinic, address):
    app = open_address(visit(CLINICIAN, sites=()), address)
    assert app.info[0].value.startswith("Your account has no site yet")
    assert "administrator" in app.info[0].value
    assert not labels(app)


@pytest.mark.parametrize("address", ["today", "caseload"])
def test_the_lists_of_a_clinician_without_a_site_say_so(clinic, address):
    app = open_address(visit(CLINICIAN, sites=()), address)
    assert app.info[0].value.startswith("Your account has no site yet")
    assert not labels(app)


def test_a_lead_of_an_empty_practice_is_not_asked_to_record(
    migrated_sqlite_url, monkeypatch
):
    monkeypatch.setenv("DATABASE_URL", migrated_sqlite_url)
    app = visit(LEAD).run()
    assert "There are no patients here yet." in text_of(app)
    assert "as soon as a clinician has recorded the first one" in text_of(app)
    assert labels(app) == {"Open the example practice"}
    assert not app.get("page_link")
    st.cache_resource.clear()


@pytest.mark.parametrize(
    ("roles", "links"), [((LEAD,), []), ((CLINICIAN, LEAD), ["Record an infusion"])]
)
def test_without_infusions_only_a_clinician_is_led_to_record(
    migrated_sqlite_url, monkeypatch, roles, links
):
    monkeypatch.setenv("DATABASE_URL", migrated_sqlite_url)
    with Clinic(migrated_sqlite_url).writing() as clinic:
        clinic.course(clinic.patient("A-1"))
    app = open_address(visit(*roles), "outcomes")
    assert "No infusion has been recorded" in text_of(app)
    assert [link.proto.label for link in app.get("page_link")] == links
    st.cache_resource.clear()
