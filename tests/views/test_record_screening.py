"""The checklist before a course: asked once, then said in one line; it never blocks."""

from datetime import date, datetime

import pytest

from data.patients import Course, Screening, list_courses, record_screening
from tests.views.clinic import Clinic, open_page, text_of
from views.record_screening import NOT_RECORDED, screening_line


ALL_WELL = {
    "failed_antidepressant_trials": 3,
    "chronic_ptsd": False,
    "psychosis": False,
    "substance_use_disorder": False,
    "uncontrolled_medical_condition": False,
    "consent": True,
}
NOTHING_AGAINST = (
    "no psychosis, no active substance use disorder, no uncontrolled medical condition"
)


def line(**known):
    """Return the line about a course of which this was found, all else as hoped."""
    asked = Screening(**{**ALL_WELL, **known})
    return screening_line(course(asked))


def course(asked, screened_at=None, screened_by=None):
    return Course(
        id=1,
        patient_id="p",
        number=1,
        indication="depression",
        clinician=None,
        site="First",
        screened_at=screened_at,
        screened_by=screened_by,
        opened=date(2026, 1, 5),
        closed=None,
        closed_reason=None,
        **vars(asked),
    )


@pytest.mark.parametrize(
    ("known", "said"),
    [
        (
            {},
            "Screening: 3 antidepressants failed, no chronic PTSD, "
            f"{NOTHING_AGAINST}, consent given.",
        ),
        # One of the two is enough.
        (
            {"failed_antidepressant_trials": 1, "chronic_ptsd": True},
            "Screening: 1 antidepressant failed, chronic PTSD, "
            f"{NOTHING_AGAINST}, consent given.",
        ),
        (
            {"failed_antidepressant_trials": 1},
            f"Screening: {NOTHING_AGAINST}, consent given. "
            "To look at: 1 antidepressant failed, no chronic PTSD.",
        ),
        # What is not known is neither met nor missed.
        (
            {"failed_antidepressant_trials": 0, "chronic_ptsd": None},
            f"Screening: 0 antidepressants failed, {NOTHING_AGAINST}, consent given. "
            "Not recorded: chronic PTSD.",
        ),
        (
            {"psychosis": True, "consent": False},
            "Screening: 3 antidepressants failed, no chronic PTSD, no active substance "
            "use disorder, no uncontrolled medical condition. "
            "To look at: psychosis, consent not given.",
        ),
        (
            dict.fromkeys([*ALL_WELL][:5]),
            "Screening: consent given. Not recorded: antidepressants failed, chronic "
            "PTSD, psychosis, active substance use disorder, uncontrolled medical "
            "condition.",
        ),
    ],
)
def test_the_line_says_what_was_found_what_to_look_at_and_what_is_open(known, said):
    assert line(**known) == said


def test_the_line_says_who_asked_and_when(monkeypatch):
    monkeypatch.setenv("TIME_ZONE", "America/Chicago")
    found = course(Screening(**ALL_WELL), datetime(2026, 1, 6, 3, 0), "Dr Roe")
    assert screening_line(found).endswith("consent given. (Dr Roe, 5 Jan 2026)")


def test_a_course_that_nobody_screened_says_so():
    assert screening_line(course(Screening())) == NOT_RECORDED


# --- on the page ------------------------------------------------------------------


@pytest.fixture
def clinic(migrated_sqlite_url, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", migrated_sqlite_url)
    return Clinic(migrated_sqlite_url)


@pytest.fixture
def patient(clinic):
    with clinic.writing():
        patient_id = clinic.patient()
        clinic.course(patient_id)
    return patient_id


def the_course(clinic, patient):
    with clinic.reading() as connection:
        (found,) = list_courses(connection, patient)
    return found


def expander(app):
    return next(e for e in app.expander if e.label.startswith("Screening and consent"))


def press(app, label):
    (button,) = [b for b in app.button if b.label == label]
    return button.click().run()


def test_it_is_asked_before_the_first_infusion_and_holds_nothing_up(clinic, patient):
    app = open_page("record.py", patient=patient)
    assert expander(app).label == "Screening and consent: not recorded yet"
    assert expander(app).proto.expanded
    press(app, "Save infusion")
    assert not app.exception
    assert not expander(app).proto.expanded, "not in the way on infusion day"
    assert not the_course(clinic, patient).screened


def test_what_is_answered_is_kept_and_then_said_in_one_line(clinic, patient):
    app = open_page("record.py", patient=patient)
    app.number_input[0].set_value(2)
    {radio.label: radio for radio in app.radio}["Psychosis"].set_value("Yes")
    press(app, "Save screening")
    asked = Screening(failed_antidepressant_trials=2, psychosis=True)
    assert the_course(clinic, patient).screening == asked
    assert "Screening: 2 antidepressants failed. To look at: psychosis." in text_of(app)
    assert not [e for e in app.expander if e.label.startswith("Screening")]


def test_it_can_be_changed(clinic, patient):
    with clinic.writing():
        asked = Screening(failed_antidepressant_trials=2, consent=True)
        record_screening(clinic.connection, the_course(clinic, patient).id, asked)
    app = press(open_page("record.py", patient=patient), "Change")
    assert expander(app).label == "Screening and consent"
    radios = {radio.label: radio for radio in app.radio}
    assert radios["Consent to treatment given"].value == "Yes"
    assert radios["Psychosis"].value == "Not recorded"
    radios["Consent to treatment given"].set_value("No")
    press(app, "Save screening")
    assert the_course(clinic, patient).consent is False
    assert "To look at: consent not given." in text_of(app)
