"""What leads from a patient's page to paper, to a note, and to the patient's eyes."""

import streamlit as st

from views import state
from views.course_record import CourseRecord
from views.layout import NOT_ON_PAPER
from views.note_text import note_text
from views.report_route import report_address
from views.seen import note_export


def report_links(record: CourseRecord) -> None:
    """Offer the report, a text to copy, and the page for the patient.

    Parameters
    ----------
    record
        The course that is looked at.
    """
    course = record.course
    with st.container(key=f"{NOT_ON_PAPER}_report", horizontal=True, gap="small"):
        st.link_button(
            "Report (PDF)",
            report_address(course.id, is_example=state.in_example()),
            help="One page, in a new tab",
        )
        if st.button(
            "Text for a note",
            key=f"note_text_{course.id}",
            help="To copy into another program",
        ):
            _offer_text(record)
        if st.button(
            "Show to the patient",
            key=f"own_view_{course.id}",
            help="The patient's own answers in plain words; turn the screen",
        ):
            state.go_to("patient_view.py", course=course.id)


def _offer_text(record: CourseRecord) -> None:
    """Note the export before the text is shown: copying it asks nobody again."""
    note_export(state.engine(), "note text", record.course.patient_id)
    _text_dialog(note_text(record))


@st.dialog("Text for a note", width="large")
def _text_dialog(text: str) -> None:
    st.caption("Copy it with the button in its corner. Nobody is named in it.")
    st.code(text, language=None, wrap_lines=True)
