"""The Record page: add, check, save once, undo, correct."""

import re
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from unittest.mock import patch

import pytest
from sqlalchemy import select
from streamlit.testing.v1 import AppTest

from data.assessments import (
    AssessmentFacts,
    add_assessment,
    correct_assessment,
    history,
    list_assessments,
)
from data.database import open_database, reading, writing
from data.infusions import InfusionFacts, add_infusion, list_infusions
from data.moments import now_at_practice
from data.patients import add_patient, list_courses, list_patients, open_course
from data.tables import assessment, infusion
from tests.actors import TESTER
from tests.views.clinic import visited_by
from views.record_infusion import suggested_phase


MAIN = Path(__file__).parents[2] / "views" / "main.py"
ANSWERS = [2, 2, 1, 3, 0, 1, 1, 2, 1]
START = datetime(2026, 11, 2, 10, tzinfo=UTC)


@pytest.fixture
def engine(migrated_sqlite_url, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", migrated_sqlite_url)
    engine = open_database(migrated_sqlite_url)
    yield engine
    engine.dispose()


@pytest.fixture
def course(engine):
    """One patient with one infusion and a baseline; the course's id."""
    with writing(engine, TESTER) as connection:
        patient = add_patient(
            connection,
            record_number="R-1",
            given_name="Ada",
            family_name="Ash",
            birth_date=date(1980, 2, 3),
        )
        course = open_course(
            connection,
            patient_id=patient,
            indication="depression",
            opened=date(2026, 11, 1),
        )
        add_assessment(
            connection,
            course_id=course,
            facts=AssessmentFacts("phq9", "two_weeks", START, answers=(2,) * 9),
        )
        add_infusion(connection, course_id=course, facts=InfusionFacts(START))
    return course


@pytest.fixture
def page(engine):
    at = visited_by(AppTest.from_file(MAIN, default_timeout=30), name="Dr Test")
    at.run()
    at.switch_page("record.py")
    return at


def opened(at, **query):
    for name, value in query.items():
        at.query_params[name] = str(value)
    return at.run()


def patient_id(engine):
    with reading(engine, TESTER) as connection:
        return list_patients(connection)[0].id


def forms(engine, course):
    with reading(engine, TESTER) as connection:
        return list_assessments(connection, course)


@contextmanager
def typed(values, partial_reason=None):
    """Let the form give these answers back once, as the browser does; None: nothing."""
    answers = {"token": "t", "functional": None, "partial_reason": partial_reason}
    given = [] if values is None else [{**answers, "values": values}]

    def once(**_):
        return given.pop() if given else None

    with patch("views.item_form.item_form", side_effect=once):
        yield


def stored(engine, column):
    with reading(engine, TESTER) as connection:
        return list(connection.scalars(select(column).order_by(column.table.c.id)))


def press(at, label):
    (button,) = [b for b in at.button if b.label == label]
    return button.click().run()


def words(at):
    shown = (*at.markdown, *at.text, *at.success, *at.warning, *at.error, *at.caption)
    return "\n".join(element.value for element in shown)


def test_an_empty_practice_asks_for_the_first_patient(page, engine):
    page.run()
    assert page.expander[0].proto.expanded
    labelled = {field.label: field for field in page.text_input}
    labelled["Record number"].set_value("R-9")
    labelled["Family name"].set_value("Oak")
    {s.label: s for s in page.selectbox}["Indication"].set_value("ptsd")
    press(page, "Add patient")
    assert not page.exception
    with reading(engine, TESTER) as connection:
        (patient,) = list_patients(connection)
        (course,) = list_courses(connection, patient.id)
    assert (patient.record_number, patient.family_name) == ("R-9", "Oak")
    assert course.indication == "ptsd"


def test_a_patient_needs_an_indication(page, engine):
    page.run()
    {f.label: f for f in page.text_input}["Record number"].set_value("R-9")
    press(page, "Add patient")
    assert "Choose the indication" in words(page)
    with reading(engine, TESTER) as connection:
        assert list_patients(connection) == []


def test_name_birth_date_and_record_number_are_in_view(page, engine, course):
    opened(page, patient=patient_id(engine))
    assert "**Ash\\, Ada** · born 3 Feb 1980" in words(page)
    assert "Record number R\\-1" in words(page)


def test_what_was_typed_is_said_back_and_not_yet_saved(page, engine, course):
    with typed(ANSWERS):
        opened(page, patient=patient_id(engine))
        page.run()
    assert "PHQ-9 total 13 of 27 (moderate)." in words(page)
    assert "From baseline (18): −5 points (−27 %)." in words(page)
    assert "Item 9: 1, several days" in words(page)
    assert re.search(r"Ash, Ada · born 3 Feb 1980 \(\d+\) · R-1", words(page))
    assert len(forms(engine, course)) == 1


def test_saving_keeps_it_once(page, engine, course):
    with typed(ANSWERS):
        opened(page, patient=patient_id(engine))
        page.run()
        press(page, "Save PHQ-9")
        page.run()
    saved = forms(engine, course)[-1]
    assert (len(forms(engine, course)), saved.total, saved.item_9) == (2, 13, 1)
    assert saved.recorded_by == "Dr Test"
    assert "an alert is open" in words(page)
    assert stored(engine, assessment.c.submission_id)[-1] is not None


@pytest.fixture
def infused_today(engine, course):
    now = now_at_practice()
    # A minute ago, so that "now" would be seen; never yesterday.
    start = max(now.replace(hour=0, minute=0), now - timedelta(minutes=1))
    with writing(engine, TESTER) as connection:
        facts = InfusionFacts(start)
        add_infusion(connection, course_id=course, facts=facts)
    return start


def test_on_infusion_day_a_form_is_placed_at_the_start_of_the_infusion(
    page, engine, course, infused_today
):
    with typed(ANSWERS):
        opened(page, patient=patient_id(engine))
        page.run()
        press(page, "Save PHQ-9")
    assert forms(engine, course)[-1].facts.completed_at == infused_today


def test_a_form_that_is_there_already_is_shown_and_not_asked_again(
    page, engine, course, infused_today
):
    with writing(engine, TESTER) as connection:
        facts = AssessmentFacts("phq9", "two_weeks", infused_today, answers=(1,) * 9)
        add_assessment(connection, course_id=course, facts=facts)
    with typed(ANSWERS):
        opened(page, patient=patient_id(engine))
    assert "PHQ-9 total 9 of 27 (mild)." in words(page)
    assert "Save this PHQ-9?" not in words(page)


def test_going_back_changes_nothing(page, engine, course):
    with typed(ANSWERS):
        opened(page, patient=patient_id(engine))
        page.run()
        press(page, "Go back")
    assert "Save this PHQ-9?" not in words(page)
    assert len(forms(engine, course)) == 1


def test_undo_withdraws_what_was_just_saved(page, engine, course):
    with typed(ANSWERS):
        opened(page, patient=patient_id(engine))
        page.run()
        press(page, "Save PHQ-9")
        press(page, "Undo")
    assert len(forms(engine, course)) == 1


def test_an_incomplete_form_is_kept_without_a_total(page, engine, course):
    with typed([*ANSWERS[:8], None], partial_reason="refused"):
        opened(page, patient=patient_id(engine))
        page.run()
        assert "it must lie from 12 to 15" in words(page)
        press(page, "Save PHQ-9")
    saved = forms(engine, course)[-1]
    assert (saved.total, saved.item_9, saved.facts.partial_reason) == (
        None,
        None,
        "refused",
    )


def test_a_total_alone_is_kept_as_a_total_alone(page, engine, course):
    with typed(None):
        opened(page, patient=patient_id(engine))
    page.toggle[0].set_value(True).run()
    page.number_input(
        key=next(n.key for n in page.number_input if (n.key or "").startswith("total-"))
    ).set_value(9).run()
    press(page, "Check PHQ-9")
    press(page, "Save PHQ-9")
    saved = forms(engine, course)[-1]
    assert (saved.facts.answers, saved.total, saved.item_9) == (None, 9, None)
    assert saved.facts.source == "clinician"


def test_saves_an_infusion_once_with_a_suggested_phase(page, engine, course):
    with typed(None):
        opened(page, patient=patient_id(engine))
        page.number_input(key=f"new-{course}-2-mg-per-kg").set_value(0.5)
        press(page, "Save infusion")
    with reading(engine, TESTER) as connection:
        infusions = list_infusions(connection, course)
    assert [i.facts.dose_mg_per_kg for i in infusions] == [None, 0.5]
    assert stored(engine, infusion.c.submission_id)[-1] is not None


def test_an_impossible_infusion_is_refused_in_words(page, engine, course):
    with typed(None):
        opened(page, patient=patient_id(engine))
        page.date_input(key=f"new-{course}-2-date").set_value(date(2026, 11, 2))
        page.time_input(key=f"new-{course}-2-time").set_value(START.astimezone().time())
        press(page, "Save infusion")
    assert "already has an infusion at" in words(page)


def test_a_correction_needs_a_reason_and_keeps_the_old_form(page, engine, course):
    (old,) = forms(engine, course)
    with typed(ANSWERS):
        opened(page, correct=old.id)
        page.run()
        press(page, "Save PHQ-9")
        assert "A correction needs a reason" in words(page)
        {f.label: f for f in page.text_input}["Why is this corrected?"].set_value(
            "misread"
        )
        press(page, "Save PHQ-9")
    (new,) = forms(engine, course)
    with reading(engine, TESTER) as connection:
        versions = history(connection, new.id)
    assert [v.total for v in versions] == [13, 18]
    assert versions[0].reason == "misread"


def test_a_form_that_was_corrected_meanwhile_is_not_corrected_again(
    page, engine, course
):
    (old,) = forms(engine, course)
    with writing(engine, TESTER) as connection:
        facts = AssessmentFacts("phq9", "two_weeks", START, answers=(1,) * 9)
        correct_assessment(connection, old.id, facts=facts, reason="misread")
    with typed(ANSWERS):
        opened(page, correct=old.id)
    assert "corrected or withdrawn already" in words(page)
    assert "Save this PHQ-9?" not in words(page)


def test_a_course_is_closed_with_a_reason_and_reopened(page, engine, course):
    with typed(None):
        opened(page, patient=patient_id(engine))
        press(page, "Close course")
        assert "Closing a course needs a reason" in words(page)
        {f.label: f for f in page.text_input}["Why does it end?"].set_value("moved")
        press(page, "Close course")
        assert "moved" in words(page)
        press(page, "Reopen this course")
    with reading(engine, TESTER) as connection:
        (found,) = list_courses(connection, patient_id(engine))
    assert (found.closed, found.closed_reason) == (None, None)


def test_a_form_that_is_not_there_is_said_plainly(page):
    opened(page, correct="999")
    assert "This form is not here." in words(page)


def test_an_address_that_is_no_number_is_said_plainly(page):
    opened(page, correct="x; drop")
    assert "This form is not here." in words(page)


@pytest.mark.parametrize(
    ("last_day", "in_induction", "count", "phase"),
    [
        (None, False, 0, "induction"),
        (10, True, 5, "induction"),
        (11, True, 5, "maintenance"),
        (3, True, 7, "induction"),
        (3, True, 8, "maintenance"),
        (3, False, 5, "maintenance"),
    ],
)
def test_the_phase_is_suggested_by_the_induction_rule(
    last_day, in_induction, count, phase
):
    start = datetime(2026, 11, 20, 10, tzinfo=UTC)
    last = last_day and start.replace(day=20 - last_day)
    assert suggested_phase(last, in_induction, count, start) == phase
