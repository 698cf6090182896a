"""Who is recorded: choose, check, add."""

from datetime import date

import streamlit as st

from data.database import Engine
from data.errors import RecordError
from data.patients import (
    EARLIEST_BIRTH,
    INDICATIONS,
    SEXES,
    Course,
    Patient,
    add_patient,
    close_course,
    list_clinicians,
    open_course,
    reopen_course,
)
from data.sites import list_sites, move_patient
from views import state
from views.components import choose_site, kept
from views.state import reading, writing
from views.wording import INDICATION_WORDS, age_words, day_words, escape


def choose_patient(patients: list[Patient]) -> str | None:
    """Ask for a patient by name or record number and return the opaque id."""
    by_id = {patient.id: patient for patient in patients}
    asked = st.query_params.get("patient")
    ids = list(by_id)
    chosen = st.selectbox(
        "Patient",
        ids,
        index=ids.index(asked) if asked in by_id else None,
        format_func=lambda patient_id: label(by_id[patient_id]),
        placeholder="Type a name or record number",
    )
    if chosen is not None and chosen != asked:
        st.query_params["patient"] = chosen
    return chosen


def label(patient: Patient) -> str:
    """Return name, birth date and record number in one line."""
    return " · ".join(
        (
            patient.name or "no name recorded",
            age_words(patient.birth_date, state.today()),
            patient.record_number,
        )
    )


def identity_band(patient: Patient, course: Course | None) -> None:
    """Keep name, birth date and record number in view while the page scrolls."""
    st.html(
        "<style>div:has(> .st-key-identity) { position: sticky; top: 0; z-index: 9;"
        " padding-top: .75rem; background: Canvas }"
        ".st-key-identity { border-bottom: 2px solid; padding: .35rem 0 }</style>"
    )
    with st.container(key="identity", gap=None):
        name = patient.name or "No name recorded"
        st.markdown(
            f"**{escape(name)}** · {age_words(patient.birth_date, state.today())}"
        )
        parts = [f"Record number {escape(patient.record_number)}"]
        if course is not None:
            words = INDICATION_WORDS.get(course.indication or "")
            parts += [f"course {course.number}", words or "indication not recorded"]
            parts += [escape(course.clinician)] if course.clinician else []
        st.caption(" · ".join(parts))


def new_patient(engine: Engine, *, expanded: bool) -> None:
    """Offer to add a patient and open the first course."""
    with st.expander("New patient", expanded=expanded):
        with st.form("new-patient", enter_to_submit=False, border=False):
            facts, course = _patient_fields(engine), _course_fields(engine)
            saved = st.form_submit_button("Add patient", type="primary")
        if saved:
            _add(engine, facts, course)


def end_course(engine: Engine, course: Course) -> None:
    """Offer to close a course in which no more infusions are planned, or to reopen it.

    A closed course is over: from then on its follow-up counts as due.
    """
    if course.closed is not None:
        reason = f"{day_words(course.closed)}: {course.closed_reason}"
        st.text(f"Closed on {reason}")
        if st.button("Reopen this course") and kept(lambda: _reopen(engine, course)):
            st.rerun()
        return
    with st.form(f"end-course-{course.id}", enter_to_submit=False, border=False):
        closed = st.date_input(
            "Last day of the course",
            state.today(),
            min_value=course.opened,
            max_value=state.today(),
            format="YYYY-MM-DD",
        )
        reason = st.text_input("Why does it end?")
        saved = st.form_submit_button("Close course")
    if saved and kept(lambda: _close(engine, course, closed, reason)):
        st.rerun()


def new_course(engine: Engine, patient: Patient) -> None:
    """Offer to open the next course of a patient."""
    with st.form(f"new-course-{patient.id}", enter_to_submit=False, border=False):
        facts = _course_fields(engine)
        saved = st.form_submit_button("Open course")
    if not saved or not _course_complete(facts):
        return
    with writing(engine) as connection:
        open_course(connection, patient_id=patient.id, **facts)
    st.session_state.pop(f"course-{patient.id}", None)
    st.rerun()


def several_sites(engine: Engine) -> bool:
    """Whether the practice has more than one site."""
    with reading(engine) as connection:
        return len(list_sites(connection)) > 1


def move_to_site(engine: Engine, patient: Patient) -> None:
    """Offer to let another site treat the patient; courses stay where they were given.

    Afterwards only clinicians of that site can open the record.
    """
    with reading(engine) as connection:
        names = {site.id: site.name for site in list_sites(connection)}
    with st.form(f"move-{patient.id}", enter_to_submit=False, border=False):
        chosen = st.selectbox(
            "Site that treats this patient from now on",
            names,
            index=None,
            format_func=names.get,
            placeholder="Choose",
        )
        saved = st.form_submit_button("Move the patient")
    if not saved:
        return
    if chosen is None:
        st.error("Choose a site.")
    elif kept(lambda: _move(engine, patient, chosen)):
        state.go_to("caseload.py")


def _move(engine: Engine, patient: Patient, site_id: int) -> None:
    with writing(engine) as connection:
        move_patient(connection, patient.id, site_id)


def _close(engine: Engine, course: Course, closed: date, reason: str) -> None:
    with writing(engine) as connection:
        close_course(connection, course.id, closed=closed, reason=reason)


def _reopen(engine: Engine, course: Course) -> None:
    with writing(engine) as connection:
        reopen_course(connection, course.id)


def _patient_fields(engine: Engine) -> dict[str, object]:
    first, second, third = st.columns(3)
    return {
        "site_id": choose_site(engine),
        "record_number": first.text_input("Record number"),
        "family_name": second.text_input("Family name"),
        "given_name": third.text_input("Given name"),
        "birth_date": first.date_input(
            "Birth date", None, min_value=EARLIEST_BIRTH, max_value=state.today()
        ),
        "sex": second.selectbox(
            "Sex", SEXES, index=None, format_func=str.capitalize, placeholder="—"
        ),
    }


def _course_fields(engine: Engine) -> dict[str, object]:
    with reading(engine) as connection:
        known = list_clinicians(connection)
    first, second = st.columns(2)
    return {
        "indication": first.selectbox(
            "Indication",
            INDICATIONS,
            index=None,
            format_func=INDICATION_WORDS.get,
            placeholder="Choose",
        ),
        "clinician": second.selectbox(
            "Clinician",
            known,
            index=None,
            accept_new_options=True,
            placeholder="Choose, or type a new name",
        ),
    }


def _course_complete(course: dict[str, object]) -> bool:
    if course["indication"] is None:
        st.error("Choose the indication: depression, PTSD or both.")
        return False
    return True


def _add(engine: Engine, facts: dict, course: dict) -> None:
    if not _course_complete(course):
        return
    try:
        with writing(engine) as connection:
            patient_id = add_patient(connection, **facts)
            open_course(connection, patient_id=patient_id, **course)
    except RecordError as error:
        st.error(str(error))
        return
    state.go_to("record.py", patient=patient_id)
