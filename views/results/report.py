"""A report of a question to take along: a PDF, and its methods ready to be pasted."""

import streamlit as st

from data.database import Connection
from data.moments import now_at_practice
from data.published import load_catalogue
from data.settings import read_settings
from views import state
from views.layout import NOT_ON_PAPER
from views.report_facts import Printed
from views.results.counts.recut import Practice, figures_beside
from views.results.counts.report import outcome_of
from views.results.filters import Question
from views.results.report_pdf import results_pdf
from views.results.wording import report as wording
from views.seen import offer_file


FILE_NAME = "report.pdf"
WHAT_IT_HOLDS = (
    "The rate with its denominators and what is missing, everybody and each "
    "indication, by infusion, by quarter, how long it lasts, the forest plot of "
    "published figures, and the methods with their references. Small numbers are not "
    "shown, and no patient is named."
)


def report_section(practice: Practice, question: Question) -> None:
    """Offer the report of a question.

    Parameters
    ----------
    practice
        The chosen courses.
    question
        What is asked of them.
    """
    with st.container(key=f"{NOT_ON_PAPER}_results_report"):
        st.header("Report", anchor=False)
        st.markdown(WHAT_IT_HOLDS)
        _file(practice, question)
        with st.expander("Methods and references, ready to be pasted"):
            st.code(_methods(practice, question), language=None, wrap_lines=True)


def _file(practice: Practice, question: Question) -> None:
    who, selection = state.actor(), practice.selection
    is_example = state.in_example()

    def make(connection: Connection) -> bytes:
        return results_pdf(
            Practice(connection, selection),
            question.criterion,
            question.timepoint.code,
            Printed(
                by=who.name,
                at=now_at_practice(),
                practice=read_settings(connection).practice_name,
                is_example=is_example,
            ),
            recall_window=question.window.code,
        )

    offer_file(
        "Report (PDF)",
        make,
        file_name=FILE_NAME,
        mime="application/pdf",
        what=f"results {FILE_NAME}",
        key="results_report",
    )


def _methods(practice: Practice, question: Question) -> str:
    criterion = question.criterion
    beside = figures_beside(load_catalogue(), criterion.measure, outcome_of(criterion))
    return wording.methods(
        criterion,
        question.timepoint,
        practice.selection,
        beside,
        read_settings(practice.connection).small_number,
    ).text
