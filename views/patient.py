"""Patient: is this working, and is this patient safe; one course in one look."""

from collections.abc import Callable

import streamlit as st

from data.patients import Course
from views import state
from views.alert_banner import show_alerts
from views.course_record import CourseRecord
from views.layout import NOT_ON_PAPER, fit_on_paper, screen_style
from views.patient_charts import event_marks, trajectories
from views.patient_details import (
    ITEMS,
    all_scores,
    definitions,
    details,
    infusions,
    one_form,
)
from views.patient_heading import Shown, load_patient, patient_heading
from views.patient_standing import (
    Standing,
    prompts,
    standing_by_infusion,
    standing_now,
)
from views.record_screening import screening_line
from views.schedule_form import schedule_section
from views.seen import note_patient_seen
from views.state import reading


def patient() -> None:
    """Draw the page."""
    screen_style()
    fit_on_paper()
    engine = state.engine()
    with reading(engine) as connection:
        shown = load_patient(connection, st.query_params.get("patient", ""))
    if shown is None:
        _nobody()
        return
    note_patient_seen(engine, shown.patient.id)
    patient_heading(shown)
    show_alerts(engine, shown.alerts)
    if shown.record is None:
        _nothing_yet(
            shown,
            "There is no course yet.",
            "Record opens one with the first infusion.",
        )
        return
    _standing(shown, shown.record)
    with st.container(key=f"{NOT_ON_PAPER}_details"):
        details(shown.record, _sections(shown.record, shown.standings))


def _nothing_yet(shown: Shown, what: str, how_to_go_on: str) -> None:
    st.info(f"{what} {how_to_go_on}" if shown.may_record else what)


def _nobody() -> None:
    st.title("Patient")
    st.info("There is no patient at this address. Choose one from the caseload.")
    if st.button("Open the caseload", type="primary"):
        state.go_to("caseload.py")


def _standing(shown: Shown, record: CourseRecord) -> None:
    """Say where the patient stands and what to talk about, above the chart."""
    if not record.forms:
        _nothing_yet(
            shown, "There is no form in this course yet.", "Record the first one."
        )
        return
    standing_now(record, shown.standings)
    prompts(record, shown.standings)
    trajectories(record)


def _sections(
    record: CourseRecord, standings: dict[str, Standing]
) -> dict[str, Callable[[], None]]:
    """Return what stands under each tab below the chart."""
    return {
        ITEMS: lambda: one_form(record),
        "All scores": lambda: all_scores(record),
        "At each infusion": lambda: standing_by_infusion(standings),
        "Infusions": lambda: infusions(record),
        "Events": lambda: event_marks(record),
        "Schedule and screening": lambda: _plan(record.course),
        "Definitions": definitions,
    }


def _plan(course: Course) -> None:
    schedule_section(state.engine(), course)
    st.text(screening_line(course))


patient()
