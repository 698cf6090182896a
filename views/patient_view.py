"""The patient's own view: a screen to turn to the person whom it is about.

Shown are the numbers that the patient's own answers add up to, their days, the days of
the infusions, and which way is better. Left out on purpose:

- Severity words, response, remission and the lines for them: they are for deciding, and
  a label read off a screen is not how somebody should learn of one.
- Item 9 and the alerts: it is a question to ask in person. They stay on the clinician's
  pages, one step back from here. The item counts in the total as always.
- Single answers, notes, doses, and what other patients did.
- The menu: from here a patient can reach nothing else by a stray touch.

A number that went up is said as plainly as one that went down, and nothing is said to
have caused either.
"""

import streamlit as st

from data.errors import RecordError
from data.patients import Patient, get_course, get_patient
from views import state, wording
from views.course_record import CourseRecord, load_course
from views.drawn import Drawn
from views.layout import NOT_ON_PAPER, fit_on_paper, screen_style
from views.own_answers import (
    IN_CLOSING,
    NOTHING_YET,
    OwnAnswers,
    own_alt,
    own_answers,
    own_figure,
    since_words,
)
from views.seen import note_shown_to_patient
from views.state import reading


def patient_view() -> None:
    """Draw the page."""
    screen_style()
    fit_on_paper()
    _own_style()
    found = _load(st.query_params.get("course", ""))
    if found is None:
        st.title("Your answers")
        st.info("There is no course at this address. Choose a patient first.")
        if st.button("Open the caseload", type="primary"):
            state.go_to("caseload.py")
        return
    patient, record = found
    note_shown_to_patient(state.engine(), patient.id)
    _heading(patient, record)
    for trajectory in record.trajectories.values():
        _measure(own_answers(trajectory), record)
    if not record.trajectories:
        st.markdown(NOTHING_YET)
    st.markdown(IN_CLOSING)


def _own_style() -> None:
    """Use big letters, and leave the menu away."""
    st.html(
        "<style>"
        "[data-testid=stSidebar], [data-testid=stExpandSidebarButton]"
        " { display: none !important }"
        ".stMainBlockContainer { max-width: 1000px; margin: 0 auto }"
        ".stMain [data-testid=stMarkdownContainer] p { font-size: 1.3rem }"
        ".stMain button p { font-size: 1rem !important }"
        "</style>"
    )


def _load(course_id: str) -> tuple[Patient, CourseRecord] | None:
    """Return whose course it is and what is in it; None where there is none."""
    if not (course_id.isascii() and course_id.isdecimal() and len(course_id) < 10):
        return None
    with reading(state.engine()) as connection:
        try:
            course = get_course(connection, int(course_id))
        except RecordError:
            return None
        patient = get_patient(connection, course.patient_id)
        return patient, load_course(connection, course)


def _heading(patient: Patient, record: CourseRecord) -> None:
    name, back = st.columns([5, 1], vertical_alignment="center")
    name.title("Your answers", anchor=False)
    with back.container(key=f"{NOT_ON_PAPER}_back"):
        if st.button("Back", width="stretch", help="To the clinician's page"):
            state.go_to("patient.py", patient=patient.id)
    whose = wording.escape(patient.name) or wording.NAME_NOT_RECORDED
    st.markdown(f"{whose}. {since_words(record.infusions)}.")


def _measure(shown: OwnAnswers, record: CourseRecord) -> None:
    st.subheader(shown.title, anchor=False)
    st.markdown("  \n".join(shown.said))
    if shown.points:
        st.plotly_chart(
            Drawn(own_figure(shown, record.infusions)),
            key=shown.title,
            config={"staticPlot": True},
            alt=own_alt(shown),
        )
    st.markdown(" ".join([shown.explained, *shown.left_out]))


patient_view()
