"""Outcomes: the practice's rate, how sure it is, and what has been published."""

from collections.abc import Mapping, Sequence

import pandas as pd
import streamlit as st

from analysis.outcomes import OutcomeRate
from data.database import Connection, reading
from data.patients import Patient, list_patients
from data.published import Catalogue, load_catalogue
from views import outcome_charts as charts
from views import outcome_wording as wording
from views import published_wording, recut, state
from views.components import empty_practice
from views.outcome_filters import Question, ask_of_whom, ask_what
from views.recut import Practice
from views.wording import escape


CHART = {"displaylogo": False, "displayModeBar": False}
WARNING_FIGURE = "lii_2023_day1"


def outcomes() -> None:
    """Draw the page."""
    st.title("Outcomes")
    engine = state.engine()
    with reading(engine) as connection:
        patients = {patient.id: patient for patient in list_patients(connection)}
        if not patients:
            empty_practice(engine)
        question = ask_what()
        practice = ask_of_whom(connection, question)
        _stop_without_courses(practice, question)
        _rate(practice, question, patients)
        catalogue = load_catalogue()
        _caution(catalogue)
        _beside(practice, question, catalogue)
        _by_infusion(practice, question)
        _changes(practice, question, catalogue)


outcomes()
