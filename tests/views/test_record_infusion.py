"""The infusion on the Record page: its dose, in steps, and everything carried along."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from data.infusions import InfusionFacts, add_infusion, list_infusions
from data.moments import now_at_practice
from data.tables import infusion
from tests.views.clinic import Clinic, open_page, text_of
from views.record_infusion import COMPLETED, how_it_went_words
from views.record_infusion_fields import dose_mg, dose_words


EVERYTHING = {
    "phase": "induction",
    "dose_mg_per_kg": 0.5,
    "dose_mg": 40.0,
    "route": "IM",
    "minutes": 45,
    "weight_kg": 80.0,
    "systolic_before": 120,
    "diastolic_before": 80,
    "pulse_before": 70,
    "systolic_peak": 150,
    "diastolic_peak": 95,
    "pulse_peak": 90,
    "systolic_after": 125,
    "diastolic_after": 82,
    "pulse_after": 72,
    "dissociation": "moderate",
    "adverse_event_codes": ("nausea", "headache"),
    "adverse_events": "Itching",
    "note": "Calm",
    "intention": "Rest",
    "integration_note": "Lighter",
}


@pytest.fixture
def clinic(migrated_sqlite_url, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", migrated_sqlite_url)
    return Clinic(migrated_sqlite_url)


class Given:
    """One patient's only course, and its infusions."""

    def __init__(self, clinic):
        self.clinic = clinic
        with clinic.writing():
            self.patient = clinic.patient()
            self.course = clinic.course(self.patient)

    def add(self, days_ago, **facts):
        started = now_at_practice() - timedelta(days=days_ago)
        with self.clinic.writing():
            return add_infusion(
                self.clinic.connection,
                course_id=self.course,
                facts=InfusionFacts(started, **facts),
            )

    @property
    def infusions(self):
        with self.clinic.reading() as connection:
            return list_infusions(connection, self.course)

    def open(self):
        return open_page("record.py", patient=self.patient)


@pytest.fixture
def given(clinic):
    return Given(clinic)


def press(app, label):
    (button,) = [b for b in app.button if b.label == label]
    return button.click().run()


def number(app, course, name, count=2):
    return app.number_input(key=f"new-{course}-{count}-{name}")


# --- the dose, from the weight ------------------------------------------------------


@pytest.mark.parametrize(
    ("weight", "per_kg", "mg"),
    [
        (80, 0.5, 40.0),
        (71.4, 0.5, 35.7),
        (66.6, 0.55, 36.6),
        (None, 0.5, None),
        (80, None, None),
    ],
)
def test_the_dose_is_weight_times_mg_per_kg_to_a_tenth(weight, per_kg, mg):
    assert dose_mg(weight, per_kg) == mg


@pytest.mark.parametrize(
    ("mg", "said"),
    [
        (41.0, "0.5 mg/kg × 82 kg = 41 mg."),
        (40.0, "0.5 mg/kg × 82 kg is 41 mg; entered is 40 mg."),
        (None, "0.5 mg/kg × 82 kg is 41 mg; entered is nothing."),
    ],
)
def test_how_the_dose_comes_about_is_said(mg, said):
    assert dose_words(82, 0.5, mg) == said


def test_a_first_dose_is_worked_out_as_soon_as_both_are_known(given):
    app = given.open()
    number(app, given.course, "weight", 1).set_value(80.0).run()
    assert number(app, given.course, "mg", 1).value is None
    number(app, given.course, "mg-per-kg", 1).set_value(0.5).run()
    assert number(app, given.course, "mg", 1).value == 40.0
    assert "0.5 mg/kg × 80 kg = 40 mg." in text_of(app)
    press(app, "Save infusion")
    (saved,) = given.infusions
    facts = saved.facts
    assert (facts.weight_kg, facts.dose_mg_per_kg, facts.dose_mg) == (80.0, 0.5, 40.0)


def test_the_last_weight_is_remembered_and_another_changes_the_dose(given):
    given.add(9, weight_kg=80.0, dose_mg_per_kg=0.5, dose_mg=40.0)
    given.add(6, dose_mg_per_kg=0.5, dose_mg=40.0)
    app = given.open()
    assert number(app, given.course, "weight", 3).value == 80.0
    number(app, given.course, "weight", 3).set_value(82.0).run()
    assert number(app, given.course, "mg", 3).value == 41.0
    number(app, given.course, "mg-per-kg", 3).set_value(1.0).run()
    assert number(app, given.course, "mg", 3).value == 82.0


@pytest.mark.parametrize("before", [45.0, None])
def test_a_typed_dose_is_never_overwritten_but_by_pressing(given, before):
    given.add(6, weight_kg=80.0, dose_mg_per_kg=0.5, dose_mg=before)
    app = given.open()
    if before is None:
        number(app, given.course, "mg").set_value(45.0).run()
    number(app, given.course, "weight").set_value(82.0).run()
    assert number(app, given.course, "mg").value == 45.0
    assert "0.5 mg/kg × 82 kg is 41 mg; entered is 45 mg." in text_of(app)
    press(app, "Use 41 mg")
    assert number(app, given.course, "mg").value == 41.0
    number(app, given.course, "weight").set_value(84.0).run()
    assert number(app, given.course, "mg").value == 42.0


def test_without_a_weight_the_dose_of_last_time_stays(given):
    given.add(6, dose_mg_per_kg=0.5, dose_mg=40.0)
    app = given.open()
    assert number(app, given.course, "mg").value == 40.0
    number(app, given.course, "mg-per-kg").set_value(0.75).run()
    assert number(app, given.course, "mg").value == 40.0


# --- how it went


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({}, ""),
        (
            EVERYTHING,
            "Before, at the peak, after: 120/80 pulse 70, 150/95 pulse 90, 125/82 "
            "pulse 72. Dissociation: moderate. Adverse events: nausea, headache, "
            "Itching.",
        ),
        ({"dissociation": "none"}, "Dissociation: none."),
        ({"adverse_events": "Itching"}, "Adverse events: Itching."),
    ],
)
def test_what_is_recorded_of_it_is_said(facts, said):
    assert how_it_went_words(InfusionFacts(now_at_practice(), **facts)) == said


# --- in steps -------------------------------------------------------------------------


def test_readings_and_events_can_be_saved_at_once(given):
    app = given.open()
    number(app, given.course, "systolic-peak", 1).set_value(150)
    number(app, given.course, "diastolic-peak", 1).set_value(95)
    app.multiselect(key=f"new-{given.course}-1-events").set_value(["nausea"])
    app.selectbox(key=f"new-{given.course}-1-dissociation").set_value("mild")
    press(app, "Save infusion")
    (saved,) = given.infusions
    assert (saved.facts.systolic_peak, saved.facts.diastolic_peak) == (150, 95)
    assert saved.facts.adverse_event_codes == ("nausea",)
    assert saved.facts.dissociation == "mild"


def test_an_impossible_reading_is_refused_in_words(given):
    app = given.open()
    number(app, given.course, "systolic-peak", 1).set_value(80)
    number(app, given.course, "diastolic-peak", 1).set_value(95)
    press(app, "Save infusion")
    assert "Blood pressure 80/95 (peak) is impossible" in text_of(app)
    assert given.infusions == []


def test_an_infusion_is_completed_after_it_and_says_why(given):
    app = given.open()
    press(app, "Save infusion")
    (first,) = given.infusions
    key = f"complete-{first.id}"
    app.number_input(key=f"{key}-pulse-after").set_value(72)
    app.text_area(key=f"{key}-integration_note").set_value(" Lighter ")
    press(app, "Save what was added")
    assert not app.exception
    (completed,) = given.infusions
    assert (completed.facts.pulse_after, completed.facts.integration_note) == (
        72,
        "Lighter",
    )
    assert "Before, at the peak, after: –, –, pulse 72." in text_of(app)
    assert completed.facts.started_at == first.facts.started_at
    assert reasons(given) == [None, COMPLETED]


def test_nothing_added_is_no_correction(given):
    app = given.open()
    press(app, "Save infusion")
    press(app, "Save what was added")
    assert "Nothing was added." in text_of(app)
    assert reasons(given) == [None]


def test_a_completed_infusion_is_not_undone_with_what_was_added(given):
    app = given.open()
    press(app, "Save infusion")
    (first,) = given.infusions
    app.number_input(key=f"complete-{first.id}-pulse-after").set_value(72)
    press(app, "Save what was added")
    assert "Undo" not in [button.label for button in app.button]


def test_a_correction_carries_everything(given):
    old = given.add(3, **EVERYTHING)
    app = open_page("record.py", correct_infusion=str(old))
    key = f"correct-{old}"
    app.number_input(key=f"{key}-minutes").set_value(50)
    app.text_input(key=f"{key}-why").set_value("misread")
    press(app, "Save correction")
    assert not app.exception
    (new,) = given.infusions
    kept = {**EVERYTHING, "minutes": 50}
    assert {name: getattr(new.facts, name) for name in kept} == kept
    assert reasons(given) == [None, "misread"]


def test_a_form_begun_before_the_infusion_is_completed_stays_the_same_form(given):
    """Its name must not change with the infusion's id, or what was typed is lost."""
    app = given.open()
    press(app, "Save infusion")
    before = names_of_forms(app)
    (first,) = given.infusions
    app.number_input(key=f"complete-{first.id}-pulse-after").set_value(72)
    press(app, "Save what was added")
    assert before
    assert names_of_forms(app) == before


def names_of_forms(app):
    return [toggle.key for toggle in app.toggle]


def reasons(given):
    with given.clinic.reading() as connection:
        query = select(infusion.c.reason).order_by(infusion.c.id)
        return list(connection.scalars(query))
