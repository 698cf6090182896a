"""The address of a report: who gets it, what it says of itself, what is noted."""

from dataclasses import replace
from datetime import date, timedelta
from io import BytesIO
from urllib.parse import urlsplit

import pytest
from pypdf import PdfReader

from access.visitors import example_engine
from data.actors import ADMINISTRATOR, CLINICIAN, LEAD, door
from data.audit import list_audit_entries
from data.database import example_url, migrate, open_database, reading, writing
from data.encounters import open_encounter
from data.errors import RecordError
from data.moments import now_at_practice
from data.patients import add_patient, open_course
from data.sessions import end_session, find_session
from data.settings import change_settings
from data.sites import add_site
from tests import factories
from tests.actors import TESTER, with_role
from views import report_route
from views.report_route import FILE_NAME, REPORT_ROUTES, report_address


NAMES = ("Ada", "Lovelace", "MRN-77", "1980")


@pytest.fixture
def course(practice):
    """A course of a patient at the main site, with a form."""
    return write_course(practice)


@pytest.fixture
def example(practice, monkeypatch, tmp_path):
    """The example practice's database, here with one patient in it."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    migrate(example_url())
    engine = open_database(example_url())
    yield engine
    engine.dispose()
    example_engine().dispose()


def write_course(practice, **facts):
    with writing(practice.engine, TESTER) as connection:
        return _course(connection, **facts)


def _course(connection, record_number="MRN-77", **facts):
    patient = add_patient(
        connection,
        record_number=record_number,
        given_name="Ada",
        family_name="Lovelace",
        birth_date=date(1980, 12, 10),
        **facts,
    )
    course = open_course(connection, patient_id=patient, indication="depression")
    earlier = now_at_practice() - timedelta(days=2)
    factories.add_assessment(
        connection, course_id=course, facts=factories.phq9(earlier, 14)
    )
    return course


def browser_of(practice, *roles, login="lee", sites=None):
    practice.account(login, roles=roles or (CLINICIAN,), sites=sites)
    browser = practice.browser()
    browser.sign_in(login)
    return browser


def exports(practice):
    return [(e.who, e.subject) for e in entries(practice) if e.action == "export"]


def entries(practice, engine=None):
    with reading(engine or practice.engine, TESTER) as connection:
        return list(list_audit_entries(connection))


def text_of(answer):
    return PdfReader(BytesIO(answer.content)).pages[0].extract_text()


# Who gets it.


@pytest.mark.parametrize("roles", [(CLINICIAN,), (LEAD,), (ADMINISTRATOR, CLINICIAN)])
def test_who_may_read_the_record_gets_the_report(practice, course, roles):
    answer = browser_of(practice, *roles).get(report_address(course, is_example=False))
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/pdf"
    shown = text_of(answer)
    for words in ("Lovelace, Ada", "record number MRN-77", "Printed by Dr Lee"):
        assert words in shown


def test_nobody_gets_it_without_a_session(practice, course):
    address = report_address(course, is_example=False)
    answer = practice.browser().get(address)
    assert answer.status_code == 303
    assert answer.headers["location"] == f"/login?next=%2Freport%2F{course}.pdf"
    bare = practice.browser().get(address, headers={"accept": "application/pdf"})
    assert (bare.status_code, bare.text) == (401, "Please sign in.")
    assert exports(practice) == []


def test_after_sign_in_the_browser_goes_on_to_it(practice, course):
    practice.account()
    browser = practice.browser()
    address = report_address(course, is_example=False)
    sent = browser.sign_in(path=f"/login?next={address}")
    assert sent.headers["location"] == address


def test_a_session_that_ended_gets_nothing(practice, course):
    browser = browser_of(practice)
    with writing(practice.engine, door()) as connection:
        session = find_session(connection, browser.token)
        end_session(connection, session.id, "signed out")
    answer = browser.get(report_address(course, is_example=False))
    assert answer.status_code == 303
    assert exports(practice) == []


def test_a_session_that_ends_between_the_gate_and_the_report_gets_nothing(
    practice, course, monkeypatch
):
    browser = browser_of(practice)
    monkeypatch.setattr("access.holder.browser_session", lambda *_: None)
    answer = browser.get(report_address(course, is_example=False))
    assert answer.headers["location"] == "/login?why=ended"
    assert exports(practice) == []


def not_found(browser, address):
    answer = browser.get(address)
    assert answer.status_code == 404
    return answer.text


def test_what_is_out_of_reach_is_answered_like_what_never_was(practice, course):
    north = practice.do(add_site, "North Street")
    elsewhere = browser_of(practice, sites=[north])
    assert not_found(elsewhere, f"/report/{course}.pdf") == not_found(
        elsewhere, "/report/4711.pdf"
    )
    administrator = browser_of(practice, ADMINISTRATOR, login="kim")
    assert not_found(administrator, f"/report/{course}.pdf") == not_found(
        administrator, "/report/4711.pdf"
    )
    assert exports(practice) == []


def test_a_tablet_is_led_back_to_its_own_page(practice, course):
    browser = browser_of(practice)
    clinician = practice.session(browser.token).actor()
    with writing(practice.engine, clinician) as connection:
        code = open_encounter(connection, course, [("phq9", "two_weeks")])
    browser.send(f"/kiosk/start?code={code}")
    answer = browser.get(report_address(course, is_example=False))
    assert (answer.status_code, answer.headers["location"]) == (303, "/kiosk")
    assert exports(practice) == []


# What it says of itself.


def test_it_is_kept_by_nobody_and_named_after_nobody(practice, course):
    answer = browser_of(practice).get(report_address(course, is_example=False))
    assert answer.headers["content-disposition"] == f'inline; filename="{FILE_NAME}"'
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    told = f"{dict(answer.headers)}".replace(answer.headers["content-length"], "")
    assert not [name for name in NAMES if name in told]
    assert PdfReader(BytesIO(answer.content)).metadata.title == "Progress report"


def test_head_says_the_same_and_sends_nothing(practice, course):
    browser = browser_of(practice)
    address = report_address(course, is_example=False)
    answer = browser.client.head(address)
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-type"] == "application/pdf"
    assert len(exports(practice)) == 1


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_nothing_can_be_sent_to_it(practice, course, method):
    browser = browser_of(practice)
    answer = browser.client.request(
        method,
        report_address(course, is_example=False),
        headers={"origin": practice.address},
    )
    assert answer.status_code == 405
    assert exports(practice) == []


def test_another_page_cannot_embed_it(practice, course):
    answer = browser_of(practice).get(
        report_address(course, is_example=False),
        headers={"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors"},
    )
    assert answer.status_code == 403
    assert exports(practice) == []


# What is kept of it.


def test_every_report_is_noted_with_ids_alone(practice, course):
    browser = browser_of(practice)
    for _ in range(2):
        browser.get(report_address(course, is_example=False))
    assert exports(practice) == [("lee", f"progress report of course {course}")] * 2
    (first, _) = (e for e in entries(practice) if e.action == "export")
    with reading(practice.engine, TESTER) as connection:
        patient = report_route.get_course(connection, course).patient_id
    assert first.patient_id == patient


def test_what_could_not_be_noted_is_not_sent(practice, course, monkeypatch):
    def refuse(*_):
        raise RuntimeError("Lovelace")

    monkeypatch.setattr(report_route, "note", refuse)
    answer = browser_of(practice).get(report_address(course, is_example=False))
    assert answer.status_code == 500
    assert b"%PDF" not in answer.content and "Lovelace" not in answer.text


def test_somebody_out_of_reach_by_the_time_it_is_noted_gets_nothing(
    practice, course, monkeypatch
):
    def refuse(*_):
        raise RecordError("There is no patient 0123")

    monkeypatch.setattr(report_route, "note", refuse)
    answer = browser_of(practice).get(report_address(course, is_example=False))
    assert answer.status_code == 404


def test_the_practice_is_named(practice, course):
    practice.do(change_settings, practice_name="Riverside Ketamine")
    answer = browser_of(practice).get(report_address(course, is_example=False))
    assert "Riverside Ketamine" in text_of(answer)


# The example practice.


def test_the_example_has_reports_of_its_own(practice, course, example):
    with writing(example, TESTER) as connection:
        _course(connection, "EX-1")
        other = _course(connection, "EX-2")
    browser = browser_of(practice, ADMINISTRATOR)
    answer = browser.get(report_address(other, is_example=True))
    assert "record number EX-2" in text_of(answer)
    assert "every patient in it is invented" in text_of(answer)
    # Noted where it was read, and nowhere else.
    assert exports(practice) == []
    noted = [e.subject for e in entries(practice, example) if e.action == "export"]
    assert noted == [f"progress report of course {other}"]


def test_what_may_be_done_in_the_example_opens_nothing_of_ones_own(
    practice, course, example
):
    browser = browser_of(practice, ADMINISTRATOR)
    assert browser.get(report_address(course, is_example=True)).status_code == 404
    assert browser.get(report_address(course, is_example=False)).status_code == 404
    assert browser.get(f"/report/{course}.pdf?course_id=1").status_code == 404


@pytest.mark.parametrize("query", ["practice=example", "practice=", "practice=own"])
def test_any_other_practice_is_the_own_one(practice, course, query):
    answer = browser_of(practice).get(f"/report/{course}.pdf?{query}")
    assert "record number MRN-77" in text_of(answer)


def test_without_an_example_practice_it_says_to_try_again(
    practice, course, monkeypatch, tmp_path
):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "nowhere"))
    answer = browser_of(practice).get(report_address(course, is_example=True))
    assert answer.status_code == 503


# The address.


def test_there_is_one_route_and_it_answers_what_the_gate_lets_through():
    (route,) = REPORT_ROUTES
    address = urlsplit(report_address(12, is_example=True)).path
    assert route.path_regex.match(address).group("course_id") == "12"


def test_the_number_in_the_path_goes_before_one_in_the_query(practice, course):
    answer = browser_of(practice).get(f"/report/{course}.pdf?course_id=4711")
    assert answer.status_code == 200


def test_an_actor_without_rights_is_refused_by_the_data(practice, course):
    nobody = replace(with_role(CLINICIAN), roles=frozenset())
    with pytest.raises(RecordError):
        report_route.make_report(nobody, {"course_id": str(course)})
