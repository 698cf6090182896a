"""Handing a tablet over: which forms, which tablet, and not in the example."""

from unittest.mock import patch
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import select
from streamlit.testing.v1 import AppTest

from data.actors import CLINICIAN, door
from data.database import reading, writing
from data.encounters import begin_encounter
from data.errors import RecordError
from data.tables import encounter_form
from tests.actors import TESTER
from tests.views.clinic import Clinic, pcl5, text_of, visited_by
from views.hand_over import NO_ADDRESS, NOT_THE_EXAMPLE


SCRIPT = """
from data.patients import get_course
from views import state
from views.hand_over import hand_over_section

engine = state.engine()
with state.reading(engine) as connection:
    course = get_course(connection, {course_id})
hand_over_section(engine, course)
"""
HERE, ELSEWHERE = "Hand this tablet over", "On another tablet"
ADDRESS = "https://outcomes.example.org"


@pytest.fixture
def clinic(migrated_sqlite_url, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", migrated_sqlite_url)
    monkeypatch.delenv("PUBLIC_URL", raising=False)
    clinic = Clinic(migrated_sqlite_url)
    yield clinic
    clinic.engine.dispose()


@pytest.fixture
def reached(monkeypatch):
    """Let other devices reach the practice."""
    monkeypatch.setenv("PUBLIC_URL", ADDRESS)


def a_course(clinic, **facts):
    with clinic.writing():
        return clinic.course(clinic.patient(), **facts)


def section(course_id):
    app = AppTest.from_string(SCRIPT.format(course_id=course_id), default_timeout=30)
    return visited_by(app, CLINICIAN).run()


def button(app, label):
    return next(b for b in app.button if b.label == label)


def press(app, label):
    """Press a button and return what the browser is given to hand over."""
    with patch("views.hand_over._mount") as mount:
        button(app, label).click().run()
    assert not app.exception
    return [call.kwargs["data"]["code"] for call in mount.call_args_list]


def asked(clinic):
    with reading(clinic.engine, TESTER) as connection:
        rows = connection.execute(select(encounter_form)).all()
    return [(row.encounter_id, row.measure, row.recall_window) for row in rows]


def opens(clinic, code):
    with writing(clinic.engine, door()) as connection:
        return begin_encounter(connection, code)


@pytest.mark.parametrize(
    ("indication", "forms"),
    [
        ("depression", [("phq9", "two_weeks")]),
        ("ptsd", [("phq9", "two_weeks"), ("pcl5", "past_month")]),
        ("both", [("phq9", "two_weeks"), ("pcl5", "past_month")]),
    ],
)
def test_the_forms_of_the_indication_are_chosen(clinic, indication, forms):
    app = section(a_course(clinic, indication=indication))
    (code,) = press(app, HERE)
    assert asked(clinic) == [(1, *form) for form in forms]
    assert opens(clinic, code) == 1


def test_the_window_is_that_of_the_last_form_and_can_be_changed(clinic):
    course_id = a_course(clinic, indication="ptsd")
    with clinic.writing():
        clinic.form(course_id, 9, pcl5(40), measure="pcl5", recall_window="past_week")
    app = section(course_id)
    _, window = app.get("button_group")
    assert window.value == "past_week"
    window.set_value("past_day")
    press(app, HERE)
    assert (1, "pcl5", "past_day") in asked(clinic)


def test_without_a_form_there_is_nothing_to_hand_over(clinic):
    app = section(a_course(clinic))
    app.get("button_group")[0].set_value([]).run()
    assert button(app, HERE).disabled


def test_pressing_again_makes_another_link_and_ends_the_first(clinic):
    app = section(a_course(clinic))
    (first,) = press(app, HERE)
    (second,) = press(app, HERE)
    assert first != second
    assert opens(clinic, second) == 2


def test_a_run_that_nobody_pressed_hands_nothing_over(clinic):
    app = section(a_course(clinic))
    press(app, HERE)
    with patch("views.hand_over._mount") as mount:
        app.run()
    mount.assert_not_called()
    assert len(asked(clinic)) == 1


def test_another_tablet_needs_an_address(clinic):
    app = section(a_course(clinic))
    assert NO_ADDRESS in text_of(app)
    assert [b.label for b in app.button] == [HERE]


def test_another_tablet_gets_a_code_that_opens_once(clinic, reached):
    app = section(a_course(clinic))
    with patch("views.hand_over.qr_svg", side_effect=_kept_svg) as drawn:
        assert press(app, ELSEWHERE) == []
    address = urlsplit(drawn.call_args.args[0])
    assert f"{address.scheme}://{address.netloc}" == ADDRESS
    assert address.path == "/kiosk/start"
    (code,) = parse_qs(address.query)["code"]
    assert "It opens the forms once, until " in text_of(app)
    assert code not in text_of(app)
    assert opens(clinic, code) == 1


def test_the_code_stays_while_other_things_are_pressed(clinic, reached):
    app = section(a_course(clinic))
    press(app, ELSEWHERE)
    app.run()
    assert "It opens the forms once" in text_of(app)
    assert len(asked(clinic)) == 1


def test_what_is_refused_is_said_in_a_sentence(clinic):
    app = section(a_course(clinic))
    refusal = RecordError("There is no course 1")
    with patch("views.hand_over.open_encounter", side_effect=refusal):
        button(app, HERE).click().run()
    assert "There is no course 1" in text_of(app)


def test_the_example_has_no_patient_to_hand_a_tablet_to(clinic):
    app = AppTest.from_string(
        "from views.hand_over import hand_over_section\nhand_over_section(None, None)",
        default_timeout=30,
    )
    app.session_state["practice"] = "example"
    app = visited_by(app, CLINICIAN).run()
    assert not app.exception
    assert NOT_THE_EXAMPLE in text_of(app)
    assert not app.button


def _kept_svg(_address):
    return '<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"></svg>'
