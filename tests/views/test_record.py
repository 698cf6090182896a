"""The Record page: add, check, save once, undo, correct."""

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
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
    void_assessment,
)
from data.database import open_database, reading, writing
from data.drafts import Draft, save_draft
from data.infusions import InfusionFacts, add_infusion, list_infusions
from data.moments import now_at_practice, today
from data.patients import add_patient, list_courses, list_patients, open_course
from data.records import now_stamp
from data.sessions import session_actor
from data.tables import assessment, draft, infusion
from tests.actors import TESTER
from tests.views.clinic import visited_by
from views import state
from views.record_infusion import suggested_phase
from views.record_undo import UNDO_REASON
from views.wording import day_words


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


class Browser:
    """Stands for the form in the browser: what it was shown, and what it sends."""

    def __init__(self):
        self.shown = {}
        self.sends = None

    def __call__(self, **shown):
        self.shown = shown
        sends, self.sends = self.sends, None
        return sends and {"token": shown["token"], **sends}

    def save(self, at, values, partial_reason=None, **others):
        """Say it back, and save: one message, and the page runs."""
        self.sends = {
            "values": values,
            "functional": None,
            "partial_reason": partial_reason,
            **others,
        }
        return at.run()

    @property
    def review(self):
        return self.shown["review"]


@pytest.fixture(autouse=True)
def browser():
    browser = Browser()
    with patch("views.item_form.item_form", side_effect=browser):
        yield browser


def stored(engine, column):
    with reading(engine, TESTER) as connection:
        return list(
            connection.scalars(select(column).order_by(*column.table.primary_key))
        )


def press(at, label):
    (button,) = [b for b in at.button if b.label == label]
    return button.click().run()


def labels(at):
    return [button.label for button in at.button]


def labelled(fields):
    return {field.label: field for field in fields}


def infusions(engine, course):
    with reading(engine, TESTER) as connection:
        return list_infusions(connection, course)


def words(at):
    shown = (*at.markdown, *at.text, *at.success, *at.warning, *at.error, *at.caption)
    return "\n".join(element.value for element in shown)


def test_an_empty_practice_asks_for_the_first_patient(page, engine):
    page.run()
    assert page.expander[0].proto.expanded
    fields = labelled(page.text_input)
    fields["Record number"].set_value("R-9")
    fields["Family name"].set_value("Oak")
    labelled(page.selectbox)["Indication"].set_value("ptsd")
    press(page, "Add patient")
    assert not page.exception
    with reading(engine, TESTER) as connection:
        (patient,) = list_patients(connection)
        (course,) = list_courses(connection, patient.id)
    assert (patient.record_number, patient.family_name) == ("R-9", "Oak")
    assert course.indication == "ptsd"


def test_a_patient_needs_an_indication(page, engine):
    page.run()
    labelled(page.text_input)["Record number"].set_value("R-9")
    press(page, "Add patient")
    assert "Choose the indication" in words(page)
    with reading(engine, TESTER) as connection:
        assert list_patients(connection) == []


def test_name_birth_date_and_record_number_are_in_view(page, engine, course):
    opened(page, patient=patient_id(engine))
    assert "**Ash\\, Ada** · born 3 Feb 1980" in words(page)
    assert "Record number R\\-1" in words(page)


def test_what_is_said_back_is_there_before_anything_is_typed(
    page, engine, course, browser
):
    opened(page, patient=patient_id(engine))
    assert browser.review.echo.totals[13] == (
        "PHQ-9 total 13 of 27 (moderate).",
        "From baseline (18): −5 points (−27 %).",
    )
    assert browser.review.echo.watched[1].startswith("Item 9: 1, several days")
    assert browser.review.title == "Save this PHQ-9?"
    assert re.fullmatch(
        r"Ash, Ada · born 3 Feb 1980 \(\d+\) · R-1\n"
        "Completed: Now, not with an infusion",
        browser.review.about,
    )
    assert len(forms(engine, course)) == 1


def test_saving_keeps_it_once(page, engine, course, browser):
    opened(page, patient=patient_id(engine))
    browser.save(page, ANSWERS)
    page.run()
    saved = forms(engine, course)[-1]
    assert (len(forms(engine, course)), saved.total, saved.item_9) == (2, 13, 1)
    assert saved.recorded_by == "Dr Test"
    assert "Item 9: 1, several days. An alert about it stays" in words(page)
    assert stored(engine, assessment.c.submission_id)[-1] == browser.shown["token"]


def test_the_same_save_sent_again_after_a_restart_is_kept_once(
    page, engine, course, browser
):
    opened(page, patient=patient_id(engine))
    browser.save(page, ANSWERS, token="first")
    again = visited_by(AppTest.from_file(MAIN, default_timeout=30), name="Dr Test")
    again.run()
    again.switch_page("record.py")
    opened(again, patient=patient_id(engine))
    browser.save(again, ANSWERS, token="first")
    assert len(forms(engine, course)) == 2


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
    page, engine, course, infused_today, browser
):
    opened(page, patient=patient_id(engine))
    assert "Completed: Before infusion 2 (" in browser.review.about
    browser.save(page, ANSWERS)
    assert forms(engine, course)[-1].facts.completed_at == infused_today


def test_a_form_that_is_there_already_is_shown_and_not_asked_again(
    page, engine, course, infused_today, browser
):
    with writing(engine, TESTER) as connection:
        facts = AssessmentFacts("phq9", "two_weeks", infused_today, answers=(1,) * 9)
        add_assessment(connection, course_id=course, facts=facts)
    opened(page, patient=patient_id(engine))
    assert "PHQ-9 total 9 of 27 (mild)." in words(page)
    assert browser.shown == {}


# --- undo, for a minute ---------------------------------------------------------


@pytest.fixture
def seconds_later(monkeypatch):
    """Let the server's clock be so many seconds on, as undo reads it."""

    def later(seconds):
        present = now_stamp() + timedelta(seconds=seconds)
        monkeypatch.setattr("views.record_undo.now_stamp", lambda: present)

    return later


def test_undo_withdraws_what_was_just_saved(page, engine, course, browser):
    opened(page, patient=patient_id(engine))
    browser.save(page, ANSWERS)
    press(page, "Undo")
    assert len(forms(engine, course)) == 1
    assert stored(engine, assessment.c.void_reason)[-1] == UNDO_REASON
    assert "Recorded," not in words(page)


def test_after_a_minute_undo_says_what_to_do_instead(
    page, engine, course, browser, seconds_later
):
    opened(page, patient=patient_id(engine))
    browser.save(page, ANSWERS)
    seconds_later(61)
    press(page, "Undo")
    assert len(forms(engine, course)) == 2
    assert "Now use Correct, or Withdraw" in words(page)
    assert "Undo" not in labels(page)


def test_what_was_saved_on_another_visit_is_not_undone_here(
    page, engine, course, infused_today
):
    with writing(engine, TESTER) as connection:
        facts = AssessmentFacts("phq9", "two_weeks", infused_today, answers=(1,) * 9)
        add_assessment(connection, course_id=course, facts=facts)
    opened(page, patient=patient_id(engine))
    assert "Undo" not in labels(page)
    assert "Correct" in labels(page)


def test_an_infusion_is_undone_as_well(page, engine, course):
    opened(page, patient=patient_id(engine))
    press(page, "Save infusion")
    press(page, "Undo")
    assert len(infusions(engine, course)) == 1
    assert stored(engine, infusion.c.void_reason)[-1] == UNDO_REASON


def test_an_infusion_is_not_undone_after_a_minute(page, engine, course, seconds_later):
    opened(page, patient=patient_id(engine))
    press(page, "Save infusion")
    seconds_later(61)
    press(page, "Undo")
    assert len(infusions(engine, course)) == 2


# --- drafts ---------------------------------------------------------------------


def keep_draft(engine, page, course, browser, *, days_ago=0, **changes):
    """Send what the form sends a second after an answer."""
    then = now_stamp() - timedelta(days=days_ago)
    with reading(engine, TESTER) as connection:
        who = session_actor(connection, int(page.user["session"]))
    values = {
        "record": browser.shown["record"],
        "measure": "phq9",
        "answers": (2, 1, *[None] * 7),
        "difficulty": None,
        "token": browser.shown["token"],
    }
    with (
        patch("data.drafts.now_stamp", return_value=then),
        writing(engine, who) as connection,
    ):
        save_draft(connection, course, Draft(**values | changes))


def test_a_draft_comes_back_with_its_time_and_its_token(page, engine, course, browser):
    opened(page, patient=patient_id(engine))
    assert browser.shown["draft"].kept == ""
    keep_draft(engine, page, course, browser, token="of-the-draft")
    page.run()
    assert browser.shown["values"] == (2, 1, *[None] * 7)
    assert browser.shown["token"] == "of-the-draft"
    kept = browser.shown["draft"].kept
    assert re.fullmatch(r"Kept from \d\d:\d\d; Clear starts again\.", kept)
    assert browser.shown["draft"].address == "/draft"
    assert browser.shown["draft"].about == {"course": course, "measure": "phq9"}


def test_what_was_answered_now_on_another_day_is_not_taken_for_today(
    page, engine, course, browser
):
    opened(page, patient=patient_id(engine))
    keep_draft(engine, page, course, browser, days_ago=2)
    page.run()
    assert browser.shown["values"] is None


def test_a_draft_of_an_infusion_is_there_on_another_day_and_says_of_which(
    page, engine, course, browser
):
    opened(page, patient=patient_id(engine))
    with writing(engine, TESTER) as connection:
        (form,) = list_assessments(connection, course)
        void_assessment(connection, form.id, reason="Not this patient's")
    (completed,) = [c for c in page.segmented_control if c.label == "Completed"]
    completed.set_value("before-1").run()
    keep_draft(engine, page, course, browser, days_ago=2)
    page.run()
    assert browser.shown["values"] == (2, 1, *[None] * 7)
    day = day_words(today() - timedelta(days=2))
    assert browser.shown["draft"].kept.startswith(f"Kept from {day}, ")


def test_saving_the_form_gives_its_draft_up(page, engine, course, browser):
    opened(page, patient=patient_id(engine))
    keep_draft(engine, page, course, browser)
    browser.save(page, ANSWERS)
    assert stored(engine, draft.c.record) == []


def test_a_save_that_is_refused_keeps_the_draft(page, engine, course, browser):
    (old,) = forms(engine, course)
    opened(page, correct=old.id)
    keep_draft(engine, page, course, browser)
    browser.save(page, ANSWERS)
    assert "A correction needs a reason" in words(page)
    assert stored(engine, draft.c.record) == [browser.shown["record"]]


def test_the_example_keeps_no_drafts_as_it_has_no_accounts(
    page, engine, course, browser, monkeypatch
):
    opened(page, patient=patient_id(engine))
    keep_draft(engine, page, course, browser)
    in_example = SimpleNamespace(**{**vars(state), "in_example": lambda: True})
    monkeypatch.setattr("views.record_entry.state", in_example)
    page.run()
    assert (browser.shown["draft"], browser.shown["values"]) == (None, None)
    browser.save(page, ANSWERS)
    assert len(forms(engine, course)) == 2
    assert len(stored(engine, draft.c.record)) == 1


# --- partial forms and totals -----------------------------------------------------


def test_going_back_from_a_total_keeps_it_to_be_changed(page, engine, course):
    opened(page, patient=patient_id(engine))
    page.toggle[0].set_value(True).run()
    total(page).set_value(9).run()
    press(page, "Check PHQ-9")
    assert "PHQ-9 total 9 of 27 (mild), answers not known." in words(page)
    press(page, "Go back")
    assert total(page).value == 9
    assert len(forms(engine, course)) == 1


def total(page):
    return next(n for n in page.number_input if (n.key or "").startswith("total-"))


def test_an_incomplete_form_is_kept_without_a_total(page, engine, course, browser):
    opened(page, patient=patient_id(engine))
    browser.save(page, [*ANSWERS[:8], None], partial_reason="refused")
    saved = forms(engine, course)[-1]
    assert (saved.total, saved.item_9, saved.facts.partial_reason) == (
        None,
        None,
        "refused",
    )


def test_a_total_alone_is_kept_as_a_total_alone(page, engine, course):
    opened(page, patient=patient_id(engine))
    page.toggle[0].set_value(True).run()
    total(page).set_value(9).run()
    press(page, "Check PHQ-9")
    press(page, "Save PHQ-9")
    saved = forms(engine, course)[-1]
    assert (saved.facts.answers, saved.total, saved.item_9) == (None, 9, None)
    assert saved.facts.source == "clinician"


def test_saves_an_infusion_once_with_a_suggested_phase(page, engine, course):
    opened(page, patient=patient_id(engine))
    page.number_input(key=f"new-{course}-2-mg-per-kg").set_value(0.5)
    press(page, "Save infusion")
    with reading(engine, TESTER) as connection:
        infusions = list_infusions(connection, course)
    assert [i.facts.dose_mg_per_kg for i in infusions] == [None, 0.5]
    assert stored(engine, infusion.c.submission_id)[-1] is not None


def test_an_impossible_infusion_is_refused_in_words(page, engine, course):
    opened(page, patient=patient_id(engine))
    page.date_input(key=f"new-{course}-2-date").set_value(date(2026, 11, 2))
    page.time_input(key=f"new-{course}-2-time").set_value(START.astimezone().time())
    press(page, "Save infusion")
    assert "already has an infusion at" in words(page)


def test_a_correction_needs_a_reason_and_keeps_the_old_form(
    page, engine, course, browser
):
    (old,) = forms(engine, course)
    opened(page, correct=old.id)
    assert browser.shown["values"] == (2,) * 9
    browser.save(page, ANSWERS)
    assert "A correction needs a reason" in words(page)
    labelled(page.text_input)["Why is this corrected?"].set_value("misread")
    browser.save(page, ANSWERS)
    (new,) = forms(engine, course)
    with reading(engine, TESTER) as connection:
        versions = history(connection, new.id)
    assert [v.total for v in versions] == [13, 18]
    assert versions[0].reason == "misread"


def test_a_correction_is_not_compared_with_what_it_corrects(
    page, engine, course, browser
):
    with writing(engine, TESTER) as connection:
        facts = AssessmentFacts(
            "phq9", "two_weeks", START + timedelta(days=3), answers=(1,) * 9
        )
        later = add_assessment(connection, course_id=course, facts=facts)
    opened(page, correct=later)
    page.date_input(key=f"correct-{later}-date").set_value(date(2026, 11, 6)).run()
    assert browser.review.echo.totals[13] == (
        "PHQ-9 total 13 of 27 (moderate).",
        "From baseline (18): −5 points (−27 %).",
    )


def test_a_form_that_was_corrected_meanwhile_is_not_corrected_again(
    page, engine, course, browser
):
    (old,) = forms(engine, course)
    with writing(engine, TESTER) as connection:
        facts = AssessmentFacts("phq9", "two_weeks", START, answers=(1,) * 9)
        correct_assessment(connection, old.id, facts=facts, reason="misread")
    opened(page, correct=old.id)
    assert "corrected or withdrawn already" in words(page)
    assert browser.shown == {}


@pytest.mark.parametrize("address", ["patient", "correct", "correct_infusion"])
def test_an_open_alert_is_in_view_on_each_of_these_pages(page, engine, course, address):
    (form,), (given,) = forms(engine, course), infusions(engine, course)
    ids = {"patient": patient_id(engine), "correct": form.id}
    opened(page, **{address: ids.get(address, given.id)})
    assert "Item 9" in words(page)


def test_a_course_is_closed_with_a_reason_and_reopened(page, engine, course):
    opened(page, patient=patient_id(engine))
    press(page, "Close course")
    assert "Closing a course needs a reason" in words(page)
    labelled(page.text_input)["Why does it end?"].set_value("moved")
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
