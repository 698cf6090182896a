"""Record an infusion and its forms, or correct one."""

import streamlit as st

from data.database import Engine
from data.patients import Course, Patient, get_patient, list_courses, list_patients
from views import state
from views.alert_banner import patient_alerts
from views.components import stop_without_site
from views.hand_over import hand_over_section
from views.patient_details import may_record
from views.record_forms import correct_assessment_section, forms_section
from views.record_infusion import correct_infusion_section, infusion_section
from views.record_patient import (
    choose_patient,
    end_course,
    identity_band,
    move_to_site,
    new_course,
    new_patient,
    several_sites,
)
from views.record_screening import screening_section
from views.seen import note_list_seen, note_patient_seen
from views.state import reading


NOT_OWN_SITE = (
    "This patient belongs to a site that your account does not have, so you may read "
    "the record and not add to it."
)


def record() -> None:
    """Draw the page."""
    st.title("Record")
    engine = state.engine()
    stop_without_site()
    if "correct" in st.query_params:
        correct_assessment_section(engine, st.query_params["correct"])
        return
    if "correct_infusion" in st.query_params:
        correct_infusion_section(engine, st.query_params["correct_infusion"])
        return
    patient = _chosen_patient(engine)
    if patient is None:
        new_patient(engine, expanded=True)
        return
    note_patient_seen(engine, patient.id)
    new_patient(engine, expanded=False)
    _patient(engine, patient)


def _patient(engine: Engine, patient: Patient) -> None:
    course = _chosen_course(engine, patient)
    identity_band(patient, course)
    patient_alerts(engine, patient.id)
    if not may_record(patient.id):
        st.info(NOT_OWN_SITE)
        return
    if course is None:
        new_course(engine, patient)
        return
    screening_section(engine, course)
    infusion_section(engine, course)
    forms_section(engine, patient, course)
    with st.expander("Hand a tablet to the patient"):
        hand_over_section(engine, course)
    with st.expander("Close this course" if course.closed is None else "Closed"):
        end_course(engine, course)
    with st.expander("Open another course for this patient"):
        new_course(engine, patient)
    if several_sites(engine):
        with st.expander("Move this patient to another site"):
            move_to_site(engine, patient)


def _chosen_patient(engine: Engine) -> Patient | None:
    with reading(engine) as connection:
        patients = list_patients(connection)
    if not patients:
        return None
    note_list_seen(engine, "patients")
    chosen = choose_patient(patients)
    if chosen is None:
        return None
    with reading(engine) as connection:
        return get_patient(connection, chosen)


def _chosen_course(engine: Engine, patient: Patient) -> Course | None:
    with reading(engine) as connection:
        courses = list_courses(connection, patient.id)
    if len(courses) <= 1:
        return courses[0] if courses else None
    return st.segmented_control(
        "Course",
        courses,
        default=courses[-1],
        required=True,
        format_func=lambda course: f"Course {course.number}, {course.opened:%d %b %Y}",
        key=f"course-{patient.id}",
    )


record()
